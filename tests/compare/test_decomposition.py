"""The reasons multiply to the quotient, the steps add up to the difference, and both sides are those of the tables."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import kundenwert as kw
from kundenwert import formula
from kundenwert.compare import FACTORS, decompose
from kundenwert.errors import DomainError, SchemaError
from kundenwert.kernels import gamma_gamma, pareto_nbd

WEEKS = 365.25 / 7
BASIS = {"horizon": 52.0, "discount_rate": 0.10, "margin": 0.3}


@pytest.fixture(scope="module")
def fits(made, posterior):
    return made(*posterior(300))


def found(fits, table, **options):
    return decompose(*fits, table, units_per_year=WEEKS, samples=None, **(BASIS | options))


@pytest.mark.parametrize("method", ["observed", "churn", "assumed"])
def test_factors_multiply_and_steps_add_up_in_every_draw(fits, customers, method):
    table = customers.assign(active_before=True, active_after=[True, False] * 5, cohort=["x"] * 4 + ["y"] * 6)
    result = found(fits, table, method=method)
    assert result.cohorts == ("x", "y", "all")
    assert result.posterior_value.shape == (300, 3)
    ratio = result.formula_value / result.posterior_value
    product = np.prod([result.factors[name] for name in FACTORS], axis=0)
    np.testing.assert_allclose(product, ratio, rtol=1e-12)
    np.testing.assert_allclose(sum(result.log_contributions().values()), np.log(ratio), rtol=0, atol=1e-12)
    difference = result.posterior_value - result.formula_value
    np.testing.assert_allclose(sum(result.money.values()), difference, rtol=0, atol=1e-10)
    assert np.isfinite(product).all()
    level = np.broadcast_to(result.formula_value, ratio.shape)
    for name in FACTORS:
        np.testing.assert_allclose(result.money[name], level / result.factors[name] - level, rtol=1e-9, atol=1e-10)
        level = level / result.factors[name]


def test_both_ends_are_those_of_the_tables(fits, summary):
    """F + cost is the formula's column, V is the mean expected CLV plus cost of the value table, in every draw."""
    values = kw.value_table(*fits, summary, seed=1, cac=4.0, **BASIS)
    result = found(fits, summary.table)
    sizes = values.totals["customers"].to_numpy()
    wanted = (values.totals["expected_clv"] / sizes).transpose("sample", "cohort").to_numpy() + 4.0
    np.testing.assert_allclose(result.posterior_value[:, :-1], wanted, rtol=1e-7)
    compared = kw.compare_cohorts(summary, values)
    np.testing.assert_allclose(result.formula_value - 4.0, compared["formula_observed"], rtol=1e-12)
    assumed = found(fits, summary.table, method="assumed", lifespan_years=3.0)
    np.testing.assert_allclose(assumed.formula_value - 4.0, compared["formula_assumed"], rtol=1e-12)


def test_factors_of_one_draw_by_plain_loops(fits, customers):
    law = {"r": 0.6, "alpha": 9.0, "s": 0.7, "beta": 14.0}
    money = {"p": 6.0, "q": 4.0, "v": 15.0}
    one = kw.known(kw.ParetoNBD(), **law), kw.known(kw.GammaGamma(), **money)
    result = found(one, customers.assign(cohort="all"))
    spend = rate = life = plain = paid = 0.0
    delta = np.log(1.1) / WEEKS
    for row in customers.itertuples():
        history = row.frequency, row.recency, row.T
        each = float(gamma_gamma.expected_spend(row.frequency, row.monetary_value, **money))
        ahead = float(pareto_nbd.expected_purchases(*history, horizon=52.0, **law))
        discounted = float(pareto_nbd.dert(*history, discount_rate=delta, horizon=52.0, **law))
        alive = float(pareto_nbd.p_alive(*history, **law))
        spend += each / 10
        rate += float(pareto_nbd.expected_purchase_rate(*history, **law)) * WEEKS / 10
        life += float(pareto_nbd.expected_lifetime_to_date(*history, **law)) / WEEKS / 10
        life += alive * float(pareto_nbd.expected_lifetime(horizon=52.0, s=0.7, scale=14.0 + row.T)) / WEEKS / 10
        plain += 0.3 * (row.value_to_date + each * ahead) / 10
        paid += 0.3 * (row.value_to_date + each * discounted) / 10
    counts = formula.kpis(customers, units_per_year=WEEKS, by=None).iloc[0]
    wanted = {
        "order_value": counts["aov"] / spend,
        "frequency": counts["purchase_frequency"] / rate,
        "lifespan": counts["lifespan_observed"] / life,
        "heterogeneity": 0.3 * spend * rate * life / plain,
        "discounting": plain / paid,
    }
    assert {name: value.item() for name, value in result.factors.items()} == pytest.approx(wanted, rel=1e-7)


def test_without_discounting_its_factor_is_one(fits, customers):
    result = found(fits, customers, discount_rate=0.0)
    assert (result.factors["discounting"] == 1).all()
    assert (result.money["discounting"] == 0).all()
    assert (found(fits, customers).factors["discounting"] > 1).all()


def test_alike_customers_leave_only_the_first_purchase_to_heterogeneity(customers):
    """Rates that hardly differ, nobody leaves: product and mean differ by the first purchases alone."""
    buying = kw.known(kw.ParetoNBD(), r=5e6, alpha=5e7, s=1e-9, beta=10.0)
    sharp = buying, kw.known(kw.GammaGamma(), p=5e5, q=2e6, v=80.0)
    rows = customers.iloc[[0, 2]].assign(
        cohort="all", T=40.0, frequency=[4, 4], recency=[30.0, 30.0], monetary_value=20.0
    )
    rows["value_to_date"] = 100.0
    result = found(sharp, rows, discount_rate=0.0)
    # 4 of the 0.1 · (40 + 52) = 9.2 purchases of 20 are known, one more came first: 9.2 / (5 + 5.2)
    assert result.factors["heterogeneity"].item() == pytest.approx(9.2 / 10.2, rel=1e-4)
    assert result.factors["frequency"].item() == pytest.approx((10 / 80) / 0.1, rel=1e-4)
    assert result.factors["order_value"].item() == pytest.approx(1.0, rel=1e-4)


def test_the_table_adds_up_on_the_log_scale_and_in_money(fits, customers):
    table = found(fits, customers).table()
    steps = ["formula", *FACTORS, "posterior", "ratio"]
    assert table.groupby("cohort", sort=False)["step"].apply(list).tolist() == [steps] * 3
    for _, part in table.groupby("cohort"):
        rows = part.set_index("step")
        assert rows.loc[list(FACTORS), "log_mean"].sum() == pytest.approx(rows.loc["ratio", "log_mean"], abs=1e-12)
        total = rows.loc["formula", "money_mean"] + rows.loc[list(FACTORS), "money_mean"].sum()
        assert total == pytest.approx(rows.loc["posterior", "money_mean"], abs=1e-9)
        inside = rows.loc[list(FACTORS)]
        assert (inside["factor_q05"] <= inside["factor_q50"]).all()
        assert (inside["factor_q50"] <= inside["factor_q95"]).all()
    assert table["customers"].unique().tolist() == [5, 10]


@pytest.fixture(scope="module")
def shifted(made, posterior):
    """Both fits with effects of two cohorts: one buys a third as often, and spends three times as much."""

    def with_effects(fit, effects):
        posterior = fit.tree["posterior"].to_dataset()
        for process, values in effects.items():
            draws = np.broadcast_to(values, (*posterior["chain"].shape, posterior.sizes["draw"], 2))
            posterior[f"{process}_effect_cohort"] = (("chain", "draw", "cohort_level"), draws)
            posterior[f"{process}_spread_cohort"] = (("chain", "draw"), np.ones(draws.shape[:2]))
        design = {"cohorts": {"cohort": ["1997-01", "1997-02"]}, "numeric": {}, "categorical": {}}
        model = replace(fit.model, cohorts=("cohort",))
        tree = xr.DataTree.from_dict({"posterior": posterior})
        return kw.Fit(model, tree, fit.diagnosis, fit.info | {"design": design, "seed": 1})

    purchases, spend = made(*posterior(50))
    apart = np.array([0.0, -np.log(3.0)])
    return with_effects(purchases, {"purchase": apart, "dropout": 0 * apart}), with_effects(spend, {"spend": -apart})


@pytest.mark.parametrize(("position", "cohort"), [(0, "1997-01"), (1, "1997-02")])
def test_cohorts_with_laws_of_their_own_are_taken_apart_as_if_alone(shifted, customers, position, cohort):
    both = found(shifted, customers)
    alone = found(shifted, customers[customers["cohort"] == cohort])
    assert alone.cohorts == (cohort, "all")
    for name in FACTORS:
        np.testing.assert_allclose(both.factors[name][:, position], alone.factors[name][:, 0], rtol=1e-12)


@pytest.mark.parametrize("cells", [1, 900, 10**7], ids=["one by one", "blocks", "whole"])
def test_order_and_blocks_change_nothing(fits, customers, monkeypatch, cells):
    straight = found(fits, customers)
    monkeypatch.setattr("kundenwert.compare.decomposition.BLOCK_CELLS", cells)
    turned = found(fits, customers.sample(frac=1, random_state=1))
    for name in FACTORS:
        np.testing.assert_allclose(straight.factors[name], turned.factors[name], rtol=1e-13)


def test_missing_pieces_are_missing_and_say_why(made, posterior, customers):
    fits = made(*posterior(20))
    once = customers[customers["frequency"] == 0].assign(cohort="all")
    result = found(fits, once)
    assert result.formula_value.tolist() == [0.0]
    assert "the observed lifespan is 0" in result.notes[0]
    np.testing.assert_allclose(sum(result.money.values()), result.posterior_value, rtol=1e-12)
    assert result.table()["log_mean"].notna().sum() == 4
    loyal = found(fits, customers.assign(active_before=True, active_after=True), method="churn")
    assert np.isnan(loyal.formula_value).all()
    assert "1 / churn is infinite" in loyal.notes[0]
    endless = made(*posterior(20, q=0.9))
    result = found(endless, customers.assign(cohort=["one"] * 2 + ["more"] * 8))
    assert [("no mean" in note) for note in result.notes] == [False, True, True]
    table = result.table().set_index(["cohort", "step"])
    assert np.isfinite(table.loc[("more", "ratio"), "factor_q50"])
    assert np.isnan(table.loc[("one", "ratio"), "factor_q50"])


@pytest.mark.parametrize(
    ("gone", "terms", "error", "message"),
    [
        ([], {"horizon": np.inf}, DomainError, "the horizon is inf time units"),
        ([], {"margin": 30}, DomainError, "the margin is 30"),
        ([], {"method": "guess"}, DomainError, "unknown lifespan method 'guess'"),
        (["monetary_value"], {}, SchemaError, "no column 'monetary_value'"),
    ],
    ids=["horizon", "margin", "lifespan", "column"],
)
def test_assumptions_without_meaning_are_refused(fits, customers, gone, terms, error, message):
    with pytest.raises(error, match=message):
        found(fits, customers.drop(columns=gone), **terms)


def test_effects_of_cohorts_are_those_of_the_fit(shifted, made, posterior, customers):
    """The cohorts' effects count, as they do in the value table."""
    summary = kw.CustomerSummary.from_frame(customers, time_unit="W")
    values = kw.value_table(*shifted, summary, seed=1, **BASIS)
    sizes = values.totals["customers"].to_numpy()
    wanted = (values.totals["expected_clv"] / sizes).transpose("sample", "cohort").to_numpy()
    result = found(shifted, summary.table)
    np.testing.assert_allclose(result.posterior_value[:, :-1], wanted, rtol=1e-7)
    plain = found(made(*posterior(50)), summary.table)
    assert np.abs(plain.posterior_value / result.posterior_value - 1).max() > 0.05


def test_years_belong_to_the_assumed_lifespan(fits, customers):
    with pytest.raises(DomainError, match="lifespan_years=10 is for method='assumed'"):
        found(fits, customers, lifespan_years=10.0)
    three, ten = (found(fits, customers, method="assumed", lifespan_years=years) for years in (None, 10.0))
    np.testing.assert_allclose(ten.formula_value / three.formula_value, 10 / 3)
