"""Tables of cohorts through time: counts against counting by hand, predictions against closed forms."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import kundenwert as kw
from kundenwert.data.cohort_ages import cohort_ages
from kundenwert.errors import DomainError, FitError, SchemaError
from kundenwert.predict import Horizon, customer_blocks
from kundenwert.validate import cohort_curves
from kundenwert.validate.cohort_curves import memberships
from kundenwert.validate.shrinkage import shrinkage_table


@pytest.fixture(scope="module")
def cdnow_log():
    return kw.read_transactions(Path(__file__).parents[1] / "data" / "cdnow" / "transactions.csv")


@pytest.fixture(scope="module")
def fits(made, posterior):
    return made(*posterior(120))


def by_hand(days, period):
    """Count active customers by cohort and age with pandas' periods."""
    frame = pd.DataFrame(days)
    when = pd.PeriodIndex(frame["date"], freq=period)
    first = when.to_series(index=frame.index).groupby(frame["customer_id"]).transform("min")
    age = [(a - b).n for a, b in zip(when, first, strict=True)]
    return frame.assign(cohort=first.astype(str), age=age).groupby(["cohort", "age"])["customer_id"].nunique()


@pytest.mark.parametrize("period", ["M", "Q", "Y"])
def test_active_customers_are_counted_as_by_hand(cdnow_log, period):
    days = cdnow_log.purchases.select("customer_id", "date").to_pyarrow().to_pandas()
    known = cohort_ages(cdnow_log, period=period)
    hand = by_hand(days, period)
    for row in known.itertuples():
        assert hand.get((row.cohort.replace("-Q", "Q"), row.age), 0) == row.active
    whole = hand if period != "Y" else hand[hand.index.get_level_values("age") == 0]  # 1998 ends with June
    assert len(known) == len(whole)
    assert known.groupby("cohort")["customers"].first().sum() == 2357


def test_cdnow_cohorts_have_known_sizes_and_all_revenue(cdnow_log):
    table = cohort_ages(cdnow_log)
    assert table.groupby("cohort")["customers"].first().to_dict() == {"1997-01": 781, "1997-02": 857, "1997-03": 719}
    assert table["purchases"].sum() == cdnow_log.purchases.count().to_pyarrow().as_py()
    assert table["revenue"].sum() == pytest.approx(cdnow_log.purchases.amount.sum().to_pyarrow().as_py(), abs=1e-6)


def test_periods_cut_short_are_left_out(cdnow_log):
    table = cohort_ages(cdnow_log, until="1997-03-30")
    assert table.groupby("cohort")["age"].max().to_dict() == {"1997-01": 1, "1997-02": 0}
    assert cohort_ages(cdnow_log, until="1997-03-31")["cohort"].nunique() == 3
    with pytest.raises(DomainError, match="no calendar year since the first purchase ended by 1997-11-30"):
        cohort_ages(cdnow_log, period="Y", until="1997-11-30")


def test_quiet_periods_are_zero_and_later_ones_absent():
    rows = pd.DataFrame(
        {"customer_id": ["a", "a", "a", "b"], "date": ["2023-12-31", "2024-03-01", "2024-03-01", "2024-02-29"],
         "amount": [5.0, 2.0, 3.0, 8.0]}
    )  # fmt: skip
    table = cohort_curves.retention_by_age(rows, until="2024-03-31")
    assert table[["cohort", "age", "share"]].to_numpy().tolist() == [
        ["2023-12", 0, 1.0], ["2023-12", 1, 0.0], ["2023-12", 2, 0.0], ["2023-12", 3, 1.0],
        ["2024-02", 0, 1.0], ["2024-02", 1, 0.0],
    ]  # fmt: skip
    assert table["purchases"].tolist() == [1, 0, 0, 1, 1, 0]
    assert table["revenue_to_date"].tolist() == [5.0, 5.0, 5.0, 10.0, 8.0, 8.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"period": "W"}, "period='W' is not understood; choose one of M, Q, Y"),
        ({"until": "soon"}, "until='soon' is not a date"),
    ],
)
def test_periods_and_ends_without_a_meaning_are_refused(cdnow_log, options, message):
    with pytest.raises(DomainError, match=message):
        cohort_ages(cdnow_log, **options)


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ({"customer_id": ["a"], "date": ["2024-01-01"]}, SchemaError, "no column 'amount'"),
        ({"customer_id": [], "date": [], "amount": []}, DomainError, "no purchase to follow"),
    ],
    ids=["column", "rows"],
)
def test_rows_that_cannot_be_followed_are_refused(rows, error, message):
    with pytest.raises(error, match=message):
        cohort_ages(pd.DataFrame(rows))


@pytest.fixture(scope="module")
def curve(fits, cdnow_summary, cdnow_log):
    return cohort_curves.holdout_revenue_curve(*fits, cdnow_summary, cdnow_log, points=3, seed=5, samples=60)


def test_the_curve_ends_with_what_the_summary_holds(curve, cdnow_summary):
    known = cdnow_summary.table
    ends = curve.groupby("cohort").last()
    actual = known.groupby("cohort")["holdout_value"].mean()
    assert np.allclose(ends.loc[actual.index, "actual"], actual)
    assert ends.loc["all", "actual"] == pytest.approx(known["holdout_value"].mean())
    assert ends["time"].tolist() == [cdnow_summary.holdout_length] * 4
    assert ends.loc["all", "customers"] == 2357


def test_the_curve_predicts_what_single_draws_sum_to(curve, fits, cdnow_summary):
    length = cdnow_summary.holdout_length
    expected, outcome = 0.0, 0.0
    for block in customer_blocks(*fits, cdnow_summary.table, horizon=Horizon(length), seed=5, samples=60):
        expected, outcome = expected + block.expected_value.sum(axis=0), outcome + block.value.sum(axis=0)
    last = curve[curve["cohort"] == "all"].iloc[-1]
    assert last["predicted_mean"] == pytest.approx(expected.mean() / 2357, rel=1e-12)
    assert last["predicted_q95"] == pytest.approx(np.quantile(outcome / 2357, 0.95), rel=1e-12)


def test_the_curve_starts_at_nothing_and_grows(curve):
    numbers = ["actual", "predicted_mean", "predicted_q05", "predicted_q50", "predicted_q95"]
    assert (curve.loc[curve["time"] == 0, numbers] == 0).all(axis=None)
    for _, own in curve.groupby("cohort"):
        assert (own[numbers].diff().iloc[1:] >= 0).all(axis=None)
    whole = curve[curve["time"] > 0]
    assert (whole["predicted_q05"] < whole["predicted_mean"]).all()
    assert (whole["predicted_mean"] < whole["predicted_q95"]).all()


def test_a_cohort_called_as_the_total_is_told_apart(fits, cdnow_summary, cdnow_log):
    renamed = cdnow_summary.table.assign(cohort=lambda t: t["cohort"].where(t["cohort"] != "1997-01", "all"))
    summary = type(cdnow_summary)(**{**vars(cdnow_summary), "table": renamed})
    found = cohort_curves.holdout_revenue_curve(*fits, summary, cdnow_log, points=1, seed=5, samples=5)
    assert list(dict.fromkeys(found["cohort"])) == ["1997-02", "1997-03", "all", "all (total)"]


def test_the_curve_refuses_what_it_cannot_draw(fits, made, posterior, failed, summary, cdnow_summary, cdnow_log):
    with pytest.raises(DomainError, match="no dates of a hold-out"):
        cohort_curves.holdout_revenue_curve(*fits, summary, cdnow_log, seed=1)
    with pytest.raises(DomainError, match="points=0: a curve needs at least one time"):
        cohort_curves.holdout_revenue_curve(*fits, cdnow_summary, cdnow_log, points=0, seed=1)
    wrong = made(*posterior(9), diagnosis=failed)
    with pytest.raises(FitError, match="did not converge"):
        cohort_curves.holdout_revenue_curve(*wrong, cdnow_summary, cdnow_log, seed=1)


def test_the_pooled_rate_is_that_of_the_counts(cdnow_summary):
    law = {"r": 0.5534, "alpha": 10.578, "s": 0.6061, "beta": 11.669}
    fit = kw.Fit(kw.ParetoNBD(), tree(law), None, {})
    table = shrinkage_table(fit, cdnow_summary.table)
    own = cdnow_summary.table.groupby("cohort")
    assert np.allclose(table["raw"], own["frequency"].sum() / own["T"].sum())
    T = own.get_group("1997-01")["T"].to_numpy()
    expected = kw.kernels.pareto_nbd.expected_purchases_new(horizon=T, **law).sum() / T.sum()
    assert table.loc[0, "pooled_mean"] == pytest.approx(expected, rel=1e-12)
    assert table.loc[0, "raw"] == pytest.approx(expected, rel=0.06)
    assert (table["purchase_rate_mean"] > 1.3 * table["pooled_mean"]).all()
    assert (table["raw_q05"] < table["raw"]).all()


def tree(law):
    arrays = {name: (("chain", "draw"), [[value]]) for name, value in law.items()}
    return xr.DataTree.from_dict({"posterior": xr.Dataset(arrays)})


def test_the_pooled_rate_has_the_effects_of_its_cohort():
    law = {"r": 1.0, "alpha": 9.0, "s": 1.0, "beta": 9.0}
    effect = {"purchase_effect_cohort": [0.5, -0.5], "dropout_effect_cohort": [0.0, 0.2]}
    arrays = {name: (("chain", "draw"), [[value]]) for name, value in law.items()}
    arrays |= {name: (("chain", "draw", "cohort_level"), [[value]]) for name, value in effect.items()}
    arrays |= {f"{process}_spread_cohort": (("chain", "draw"), [[0.5]]) for process in ("purchase", "dropout")}
    data = xr.DataTree.from_dict({"posterior": xr.Dataset(arrays)})
    design = {"cohorts": {"cohort": ["x", "y"]}, "numeric": {}, "categorical": {}}
    fit = kw.Fit(kw.ParetoNBD(cohorts=("cohort",)), data, None, {"design": design, "seed": 1})
    frame = pd.DataFrame({"cohort": ["y", "x", "x"], "frequency": [1, 2, 0], "T": [20.0, 30.0, 10.0]})
    table = shrinkage_table(fit, frame).set_index("cohort")
    of = kw.kernels.pareto_nbd.expected_purchases_new
    faster = of(horizon=np.array([30.0, 10.0]), **law | {"alpha": 9.0 * np.exp(-0.5)}).sum() / 40
    slower = of(horizon=20.0, **law | {"alpha": 9.0 * np.exp(0.5), "beta": 9.0 * np.exp(-0.2)}) / 20
    assert table["pooled_mean"].to_dict() == pytest.approx({"x": faster, "y": slower}, rel=1e-12)
    assert table.loc["x", "purchase_rate_mean"] == pytest.approx(np.exp(0.5) / 9, rel=1e-12)
    overall = (40 * faster + 20 * slower) / 60
    assert table["population_mean"].tolist() == pytest.approx([overall, overall], rel=1e-12)


def test_poisson_limits_are_garwoods():
    fit = kw.Fit(kw.ParetoNBD(), tree({"r": 1.0, "alpha": 9.0, "s": 1.0, "beta": 9.0}), None, {})
    frame = pd.DataFrame({"cohort": ["x", "y", "z"], "frequency": [10, 0, 0], "T": [1.0, 1.0, 0.0]})
    table = shrinkage_table(fit, frame)
    assert table.loc[0, ["raw_q05", "raw_q95"]].astype(float).round(3).tolist() == [5.425, 16.962]
    assert table.loc[1, ["raw_q05", "raw_q95"]].astype(float).round(4).tolist() == [0.0, 2.9957]
    assert table.loc[2, ["raw", "pooled_mean"]].isna().all()
    with pytest.raises(SchemaError, match="no column 'region'"):
        shrinkage_table(fit, frame, by="region")


@pytest.fixture(scope="module")
def values(fits, summary):
    return kw.value_table(*fits, summary, horizon=39, seed=3, samples=120)


@pytest.mark.parametrize(
    ("column", "source"), [("predicted_mean", "predicted_holdout_value_mean"), ("actual_mean", "holdout_value")]
)
def test_deciles_average_what_was_predicted_and_what_happened(summary, values, fits, column, source):
    table = cohort_curves.decile_table(summary, values, groups=5, fits=fits, seed=3)
    known = values.table.sort_values("predicted_holdout_value_mean", ascending=False)
    assert np.allclose(table[column], known[source].to_numpy().reshape(5, 2).mean(axis=1))
    assert table["predicted_mean"].is_monotonic_decreasing
    assert (table["predicted_q05"] <= table["predicted_mean"]).all()
    assert (table["predicted_mean"] <= table["predicted_q95"]).all()
    assert table["overall_mean"].iloc[0] == pytest.approx(known["holdout_value"].mean())


def test_one_decile_has_the_interval_of_the_total(summary, values, fits):
    table = cohort_curves.decile_table(summary, values, groups=1, quantity="purchases", fits=fits, seed=3, samples=120)
    total = values.totals["holdout_purchases"].sum("cohort") / 10
    assert table.loc[0, "predicted_q95"] == pytest.approx(float(np.quantile(total, 0.95)))


def test_deciles_do_not_depend_on_the_order_of_the_rows(summary, values):
    mixed = type(summary).from_frame(summary.table.sample(frac=1, random_state=2), time_unit="W", holdout_length=39.0)
    first, second = (cohort_curves.decile_table(one, values, groups=4) for one in (summary, mixed))
    pd.testing.assert_frame_equal(first, second)


def test_ties_are_shared_between_groups():
    share = memberships(np.array([3.0, 3.0, 3.0, 9.0]), 4)
    assert np.allclose(share.sum(axis=0), 1)
    assert np.allclose(share.sum(axis=1), 1)
    assert np.allclose(share[0], [0, 1 / 3, 1 / 3, 1 / 3])
    assert np.allclose(memberships(np.array([1.0, np.inf, 2.0]), 3), [[0, 0, 1], [1, 0, 0], [0, 1, 0]])


def test_deciles_refuse_what_they_cannot_group(summary, values):
    with pytest.raises(DomainError, match="choose 'purchases' or 'revenue'"):
        cohort_curves.decile_table(summary, values, quantity="luck")
    bare = kw.CustomerSummary.from_frame(summary.table, time_unit="W")
    with pytest.raises(DomainError, match="no hold-out"):
        cohort_curves.decile_table(bare, values)


def test_the_pooled_rate_of_unlike_customers_is_the_mean_over_them():
    """With a covariate besides the cohort, each customer counts with their own law, not a typical one."""
    law = {"r": 1.0, "alpha": 9.0, "s": 1.0, "beta": 9.0}
    arrays = {name: (("chain", "draw"), [[value]]) for name, value in law.items()}
    for process, steep in (("purchase", 1.0), ("dropout", 0.0)):
        arrays[f"{process}_spread_cohort"] = (("chain", "draw"), [[0.5]])
        arrays[f"{process}_effect_cohort"] = (("chain", "draw", "cohort_level"), [[[0.0, 0.3]]])
        arrays[f"{process}_coefficient"] = (("chain", "draw", "covariate"), [[[steep]]])
    design = {"cohorts": {"cohort": ["x", "y"]}, "numeric": {"size": [0.0, 1.0]}, "categorical": {}}
    model = kw.ParetoNBD(cohorts=("cohort",), covariates=("size",))
    fit = kw.Fit(model, xr.DataTree.from_dict({"posterior": xr.Dataset(arrays)}), None, {"design": design, "seed": 1})
    frame = pd.DataFrame({"cohort": "x", "frequency": [1, 2], "T": [20.0, 30.0], "size": [-1.0, 1.0]})
    found = shrinkage_table(fit, frame).iloc[0]
    of = kw.kernels.pareto_nbd.expected_purchases_new
    each = [of(horizon=T, **law | {"alpha": 9.0 * np.exp(-size)}) for T, size in ((20.0, -1.0), (30.0, 1.0))]
    assert found["pooled_mean"] == pytest.approx(sum(each) / 50, rel=1e-12)
