"""The truth: realised sums from the log itself, expectations against quadrature and brute force.

The false-alarm rate stands in `test_process.py`.
"""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special, stats

from kundenwert.kernels import pareto_nbd
from kundenwert.simulate import (
    Law,
    expected_purchases,
    expected_purchases_new,
    from_dict,
    random_populations,
    simulate_population,
    spend_rate_ratio,
)
from kundenwert.simulate.expectation import fading_integral
from kundenwert.simulate.process import season_of

SEASON = (0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.4, 1.2, 1.0, 0.8, 0.6)
BREACHES = {
    "plain": {},
    "regular": {"regularity": 4},
    "aging": {"aging": 0.03},
    "season": {"season": SEASON},
    "correlated": {"spend_correlation": 0.5},
    "all but one": {"regularity": 3, "aging": 0.02, "season": SEASON, "refund_share": 0.05},
    "another": {"spend_correlation": -0.5, "aging": 0.02, "season": SEASON},
}
breaches = pytest.mark.parametrize("broken", BREACHES.values(), ids=BREACHES)


def near(sample, mean=0.0, errors=5.0):
    return abs(sample.mean() - mean) < errors * sample.std() / np.sqrt(sample.size)


@breaches
def test_what_happens_is_what_was_expected(plain, broken):
    """Realised minus expected has mean 0, for every pair of columns: brute force against each closed form."""
    made = simulate_population(
        plain(30_000, group={"q": 6.0}, **broken), seed=11, horizons=(26, 100), relationship=(40, 156), margin=0.4
    )
    truth = made.truth
    pairs = [(f"{what}_{H}", f"expected_{what}_{H}") for what in ("purchases", "value", "rlv") for H in (26, 100)]
    pairs += [(f"holdout_{what}", f"expected_holdout_{what}") for what in ("purchases", "value")]
    for kind in ("clv_40", "clv_156", "clv_undiscounted_40", "clv_undiscounted_156"):
        pairs += [(kind, f"expected_{kind}"), (kind, f"law_{kind}")]
    wrong = [pair for pair in pairs if not near(truth[pair[0]] - truth[pair[1]])]
    assert wrong == []
    assert (truth.loc[~truth["alive"], "purchases_100"] == 0).all()
    assert (truth.loc[~truth["alive"], "expected_purchases_100"] == 0).all()


@pytest.mark.parametrize("broken", ["regular", "aging"])
def test_what_breaks_the_purchases_would_be_seen(plain, broken):
    """The same comparison fails where the breach is left out of the expectation."""
    truth = simulate_population(plain(30_000, **BREACHES[broken]), seed=11).truth
    without = pareto_nbd.expected_purchases_new(horizon=truth["T"].to_numpy(), r=1.2, alpha=6.0, s=1.6, beta=40.0)
    assert not near(truth["purchases_to_date"] - 1 - without)


def test_a_correlation_would_be_seen(plain):
    truth = simulate_population(
        plain(30_000, group={"q": 6.0}, spend_correlation=0.5), seed=11, relationship=(156,)
    ).truth
    repeats = pareto_nbd.expected_purchases_new(horizon=156.0, r=1.2, alpha=6.0, s=1.6, beta=40.0)
    assert not near(truth["clv_undiscounted_156"] - 2.0 * 75.0 / 5.0 * (1 + repeats))


@pytest.mark.parametrize("regularity", [1, 2, 5, 20])
@pytest.mark.parametrize("aging", [0.0, 0.05])
@pytest.mark.parametrize("season", [(), SEASON], ids=["constant", "season"])
def test_expectations_by_quadrature(regularity, aging, season):
    """The renewal density is a sum of Gamma densities: another road to the same number."""
    lam, mu, delta, born, start, length = 0.6, 0.04, 0.002, -30.0, -10.0, 40.0
    year = season_of(season, end=pd.Timestamp("2022-12-31"), first=born, last=start + length, days_per_unit=7)

    def survival(u):
        return np.exp(-mu * (u if not aging else (np.exp(aging * (u + 20)) - np.exp(aging * 20)) / aging))

    def intensity(time):
        passed = year.operational(time) - year.operational(born)
        shapes = regularity * np.arange(1, 200)
        factor = year.factor[np.clip(np.searchsorted(year.edges, time) - 1, 0, len(year.factor) - 1)]
        return factor * stats.gamma.pdf(passed, shapes, scale=1 / (regularity * lam)).sum()

    inner = [edge - start for edge in year.edges if start < edge < start + length]
    expected = integrate.quad(
        lambda u: intensity(start + u) * survival(u) * np.exp(-delta * u),
        0,
        length,
        points=inner or None,
        limit=500,
        epsabs=1e-10,
    )[0]
    how = {"season": year, "regularity": regularity, "aging": aging}
    found = expected_purchases(lam, mu, horizon=length, discount_rate=delta, start=start, age=20.0, **how)
    assert float(found) == pytest.approx(expected, rel=2e-7)


@pytest.mark.parametrize("aging", [1e-8, 0.01, 0.5])
@pytest.mark.parametrize("hazard", [1e-6, 0.05, 3.0])
@pytest.mark.parametrize("fade", [0.0, 0.2, 4.0 + 6.0j])
def test_fading_integral(aging, hazard, fade):
    def height(u, unit):
        return np.real(np.exp(-fade * u - hazard * np.expm1(aging * u) / aging) * unit)

    parts = [(unit, integrate.quad(height, low, low + 1.0, (unit,))[0]) for unit in (1, -1j) for low in range(30)]
    expected = sum(part / unit for unit, part in parts)
    assert complex(fading_integral(fade, hazard, 30.0, aging)) == pytest.approx(expected, rel=1e-8, abs=1e-11)


@pytest.mark.parametrize(
    "broken",
    [{"season": SEASON}, {"aging": 0.02}, {"regularity": 3}, {"season": SEASON, "aging": 0.02, "regularity": 2}],
)
def test_the_law_is_the_mean_over_customers(broken):
    """Expected purchases given the law are the mean of those given the rates, by Gauss-Laguerre quadrature over the rates."""
    (x, u), (y, w) = special.roots_genlaguerre(40, 2.0), special.roots_genlaguerre(40, 3.0)
    rate, dropout = np.meshgrid(x / 12, y / 100)
    year = season_of(broken.get("season", ()), end=pd.Timestamp("2022-12-31"), first=-20.0, last=80.0, days_per_unit=7)
    how = {
        "season": year,
        "discount_rate": 0.002,
        **{name: value for name, value in broken.items() if name != "season"},
    }
    mean = (expected_purchases(rate, dropout, horizon=100.0, start=-20.0, **how) * np.outer(w, u)).sum() / 12
    one = np.ones(1)
    by_law = expected_purchases_new(
        Law(3 * one, 12 * one, 4 * one, 100 * one, one, one, one), horizon=100.0, start=-20 * one, **how
    )
    assert by_law[0] == pytest.approx(mean, rel=1e-6)  # what 40 nodes give; 90 agree to 1e-9


@pytest.mark.parametrize(("r", "q", "rho"), [(0.5, 3.0, 0.6), (1.2, 1.5, -0.4), (4.0, 6.0, 0.9)])
def test_spend_rate_ratio(r, q, rho):
    """By quantile functions of another library, on a coarser grid."""
    z, e = np.linspace(-8, 8, 81)[:, None], np.linspace(-9, 30, 261)
    spend = 1 / stats.gamma.ppf(stats.norm.sf(rho * z + np.sqrt(1 - rho**2) * e), q)
    rate = stats.gamma.isf(stats.norm.sf(z), r)
    value = (stats.norm.pdf(z) * stats.norm.pdf(e) * rate * spend).sum() * 0.2 * 0.15
    assert spend_rate_ratio(r, q, rho) == pytest.approx(value * (q - 1) / r, rel=1e-6)


def test_no_money_is_promised_where_there_is_no_closed_form(plain):
    truth = simulate_population(plain(50, regularity=2, spend_correlation=0.3), seed=1, relationship=(156,)).truth
    assert truth["law_clv_156"].isna().all()
    assert truth["law_purchases_156"].notna().all()
    assert truth["expected_clv_156"].notna().all()


@breaches
def test_the_log_adds_up_to_the_truth(plain, broken):
    """Days and cents: the realised numbers are those of the log, customer by customer, with no order on a wrong side."""
    made = simulate_population(plain(500, **broken), seed=12)
    log, truth = made.transactions, made.truth.set_index("customer_id")
    orders = log[log["amount"] > 0]
    for chosen, name in ((orders["date"] <= "2021-12-31", "{}_to_date"), (orders["date"] > "2021-12-31", "holdout_{}")):
        found = orders[chosen].groupby("customer_id")["amount"].agg(["size", "sum"]).reindex(truth.index, fill_value=0)
        np.testing.assert_array_equal(found["size"], truth[name.format("purchases")])
        np.testing.assert_allclose(found["sum"], truth[name.format("value")], atol=1e-6)
    first = log.groupby("customer_id")["date"].min()
    pd.testing.assert_series_equal(first, truth["first_purchase"], check_names=False)
    assert (orders.groupby("customer_id")["date"].value_counts().loc[list(first.items())] == 1).all()
    assert ((pd.Timestamp("2021-12-31") - first).dt.days / 7).to_numpy() == pytest.approx(truth["T"].to_numpy())
    assert log["date"].is_monotonic_increasing
    assert log["date"].max() <= pd.Timestamp("2022-12-31")
    assert (log["amount"] == log["amount"].round(2)).all()
    dead = truth.index[~truth["alive"]]
    assert not orders[orders["date"] > "2021-12-31"]["customer_id"].isin(dead).any()


def test_refunds_are_negative_and_their_sum_is_in_the_truth(plain):
    made = simulate_population(plain(3000, refund_share=0.1, refund_partial=0.5, refund_days=10.0), seed=13)
    refunds = made.transactions[made.transactions["amount"] < 0]
    truth = made.truth
    assert 0.08 * len(made.transactions) < len(refunds) < 0.1 * len(made.transactions)
    given = truth["refunded_to_date"].sum() + truth["holdout_refunded"].sum()
    assert 0.97 * given < -refunds["amount"].sum() < given  # those after the last day are not in the log
    share = truth["refunded_to_date"].sum() / truth["value_to_date"].sum()
    assert share == pytest.approx(made.population.breaches.refunded, abs=0.015)
    assert (
        refunds["date"].to_numpy()
        > refunds["customer_id"].map(truth.set_index("customer_id")["first_purchase"]).to_numpy()
    ).all()


def test_discounts_and_costs(plain):
    """One customer by hand."""
    made = simulate_population(
        plain(40, group={"cac": 7.0}), seed=14, horizons=(52,), relationship=(52,), discount_rate=0.2, margin=0.5
    )
    rate = np.log(1.2) * 7 / 365.25
    assert made.outlook.continuous_rate == pytest.approx(rate)
    log, truth = made.transactions, made.truth
    who = truth.loc[truth["purchases_52"].idxmax(), "customer_id"]
    one = truth.set_index("customer_id").loc[who]
    mine = log[log["customer_id"] == who]
    weeks = (mine["date"] - pd.Timestamp("2021-12-31")).dt.days / 7
    held = (weeks > 0) & (weeks <= 52)
    assert one["value_52"] == pytest.approx(mine.loc[held, "amount"].sum())
    later = (0.5 * mine["amount"] * np.exp(-rate * weeks))[held].sum()
    assert later < one["rlv_52"] < later * np.exp(rate / 7)  # the moment lies within the day
    age = (mine["date"] - one["first_purchase"]).dt.days / 7
    early = age <= 52
    assert one["clv_undiscounted_52"] == pytest.approx(0.5 * mine.loc[early, "amount"].sum() - 7)
    worth = (0.5 * mine["amount"] * np.exp(-rate * age))[early].sum()
    assert worth - 7 <= one["clv_52"] < worth * np.exp(rate / 7) - 7


@pytest.mark.parametrize(("unit", "year"), [("D", 365.25), ("W", 365.25 / 7), ("M", 12.0), ("Y", 1.0)])
def test_a_year_has_365_and_a_quarter_days_in_every_unit(plain, unit, year):
    made = simulate_population(plain(5, population={"time_unit": unit}), seed=1)
    assert made.outlook.horizons == pytest.approx((year,), rel=1e-15)
    assert made.outlook.relationship == pytest.approx((3 * year, 10 * year), rel=1e-15)
    assert made.outlook.continuous_rate * made.outlook.horizons[0] == pytest.approx(np.log(1.1), rel=1e-15)


@pytest.mark.parametrize("german", [False, True], ids=["plain", "german"])
def test_the_same_seed_gives_the_same_bytes(plain, tmp_path, german):
    population = plain(300, **BREACHES["all but one"])
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        simulate_population(population, seed=seed).write(tmp_path / name, german=german)
    names = ["costs.csv", "customers.csv", "population.json", "transactions.csv", "truth.csv"]
    assert sorted(file.name for file in (tmp_path / "a").iterdir()) == names
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert (tmp_path / "a" / "transactions.csv").read_bytes() != (tmp_path / "c" / "transactions.csv").read_bytes()
    content = json.loads((tmp_path / "a" / "population.json").read_text(encoding="utf-8"))
    assert content["seed"] == 5
    assert from_dict(content["population"]) == population


def test_a_log_without_a_hold_out_ends_with_the_observation(plain):
    made = simulate_population(plain(200, population={"holdout_end": None}), seed=1, horizons=(52,))
    assert made.transactions["date"].max() <= pd.Timestamp("2021-12-31")
    assert not [name for name in made.truth if "holdout" in name]
    assert made.truth["purchases_52"].sum() > 0


@pytest.fixture(scope="module")
def family():
    return random_populations(20, seed=3)


def test_a_family_of_populations(family):
    assert [len(one.groups) for one in family] == [12] * 20
    assert len({one.groups[0].alpha for one in family}) == 20


@pytest.mark.parametrize("number", range(3))
def test_members_of_a_family_are_plausible(family, number):
    one = family[number]
    made = simulate_population(one, seed=1)
    sizes = made.truth["cohort"].value_counts()
    assert (sizes.min(), sizes.max()) == (3, 400)
    assert 1.2 < made.truth["purchases_to_date"].mean() < 8
    assert 0.05 < made.truth["alive"].mean() < 0.95
    effects = one.effects.purchase
    law = made.truth.groupby("cohort")["alpha"].first()
    base = one.groups[0].alpha
    assert [law[name.removeprefix("cohort=")] for name in effects] == pytest.approx(
        [base * np.exp(-x) for x in effects.values()]
    )
    assert one.observation_end - min(group.start for group in one.groups) == dt.timedelta(weeks=78)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"horizons": (0,)}, r"horizons holds 0; give finite lengths above 0"),
        ({"relationship": (12, np.inf)}, r"relationship holds inf"),
        ({"discount_rate": -0.1}, r"discount_rate=-0\.1 must be an annual rate of at least 0"),
        ({"margin": 0}, r"margin=0 must be a share"),
        ({"seed": -1}, r"seed=-1 must be a whole number"),
    ],
)
def test_settings_without_meaning(plain, settings, message):
    with pytest.raises(ValueError, match=message):
        simulate_population(plain(10), **{"seed": 1, **settings})
