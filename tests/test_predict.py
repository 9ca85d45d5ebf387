"""Draws for each customer: against explicit event loops, against expectations, and independent of their surroundings.

Written false-alarm rate: each statistical check fails right code with probability at most 1e-6; there are fewer than
100. Seeds are fixed.
"""

import time
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import kundenwert as kw
from kundenwert.errors import DomainError
from kundenwert.kernels import gamma_gamma, pareto_nbd
from kundenwert.predict import CustomerDraws, Horizon, customer_blocks

FALSE_ALARM = 1e-6
Z = 4.9
"""|z| beyond which a normal variable lies with probability 1e-6."""

NOT_BY_CUSTOMER = {"rows", "futures", "event_value", "mean_value", "expected_until", "time_until", "running"} | {
    "calendar"
}
FIELDS = [name for name in CustomerDraws.__dataclass_fields__ if name not in NOT_BY_CUSTOMER]
WEEK = np.log(1.10) / (365.25 / 7)
LAW = {"r": 0.553, "alpha": 10.58, "s": 0.606, "beta": 11.67}
MONEY = {"p": 6.25, "q": 3.74, "v": 15.44}
SIZE = 6000


def drawn(fits, table, **options):
    """All blocks put together, in the order of the table."""
    settings = {"horizon": Horizon(52.0, WEEK, 39.0), "seed": 7} | options
    blocks = list(customer_blocks(*fits, table, **settings))
    rows = np.concatenate([block.rows for block in blocks])
    assert sorted(rows) == list(range(len(table))), "each customer is in one block"
    back = np.argsort(rows)
    present = [name for name in FIELDS if getattr(blocks[0], name) is not None]
    return {name: np.concatenate([getattr(block, name) for block in blocks])[back] for name in present}


@pytest.fixture(scope="module")
def fits(made, posterior):
    return made(*posterior(1500))


@pytest.fixture(scope="module")
def fixed(made):
    """A posterior without width, so that the draws of a customer are independent and alike."""
    return made(*({name: np.full(SIZE, value) for name, value in part.items()} for part in (LAW, MONEY)))


@pytest.fixture(scope="module")
def outcomes(fixed, customers):
    return drawn(fixed, customers)


# ------------------------------------------------------------------------------------------------ surroundings


def same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.fixture(scope="module")
def base(fits, customers):
    return drawn(fits, customers)


@pytest.mark.parametrize("seed", range(3))
def test_order_of_rows(fits, customers, base, seed):
    order = np.random.default_rng(seed).permutation(len(customers))
    same(drawn(fits, customers.iloc[order]), {name: values[order] for name, values in base.items()})


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads(fits, customers, base, threads):
    same(drawn(fits, customers, threads=threads), base)


@pytest.mark.parametrize("chosen", [[0], [9], [3, 5], list(range(1, 10))])
def test_other_customers(fits, customers, base, chosen):
    same(drawn(fits, customers.iloc[chosen]), {name: values[chosen] for name, values in base.items()})


@pytest.mark.parametrize("cells", [1, 4000, 10**6])
def test_blocks(fits, customers, base, monkeypatch, cells):
    monkeypatch.setattr("kundenwert.predict.blocks.BLOCK_CELLS", cells)
    same(drawn(fits, customers), base)


def test_seeds_and_customers_differ(fits, customers, base):
    other = drawn(fits, customers, seed=8)
    np.testing.assert_array_equal(other["expected_value"], base["expected_value"])
    assert (other["purchases"] != base["purchases"]).any(axis=1).all()
    twins = customers.iloc[[5, 5]].assign(customer_id=["a", "b"])
    values = drawn(fits, twins)["value"]
    assert abs(stats.spearmanr(values[0], values[1]).statistic) < Z / np.sqrt(1500) + 0.1


def test_text_and_number_keys_agree(fits, customers):
    numbers = customers.assign(customer_id=np.arange(10))
    same(drawn(fits, numbers), drawn(fits, numbers.assign(customer_id=[str(i) for i in range(10)])))


# ------------------------------------------------------------------------------------------------ brute force


def loop(x, t_x, T, z, length, holdout, size, seed):
    """One customer's future by an explicit loop over events: latent state, gaps between purchases, basket by basket."""
    rng = np.random.default_rng(seed)
    state = pareto_nbd.draw_latents(np.full(size, x), t_x, T, **LAW, rng=rng)
    nu = MONEY["p"] / gamma_gamma.draw_spend(x, z, **{n: np.full(size, v) for n, v in MONEY.items()}, rng=rng)
    rows = np.zeros((4, size))
    for i in range(size):
        left = state.lifetime[i] - T if state.alive[i] else 0.0
        at = rng.exponential(1 / state.purchase_rate[i])
        while at <= min(left, max(length, holdout)):
            value = rng.gamma(MONEY["p"]) / nu[i]
            if at <= length:
                rows[0, i] += 1
                rows[1, i] += value * np.exp(-WEEK * at)
            if at <= holdout:
                rows[2, i] += 1
                rows[3, i] += value
            at += rng.exponential(1 / state.purchase_rate[i])
    return dict(zip(("purchases", "value", "holdout_purchases", "holdout_value"), rows, strict=True))


@pytest.mark.parametrize("who", [1, 2, 3, 5, 9])
def test_outcomes_against_event_loops(outcomes, customers, who):
    row = customers.iloc[who]
    wanted = loop(row["frequency"], row["recency"], row["T"], row["monetary_value"], 52.0, 39.0, SIZE, 100 + who)
    for name, values in wanted.items():
        found = outcomes[name][who]
        assert abs((found > 0).mean() - (values > 0).mean()) < Z * np.sqrt(0.5 / SIZE)
        # ties at 0 make the test conservative, never the other way
        assert stats.ks_2samp(found, values, method="asymp").pvalue > FALSE_ALARM, name
    # purchases and value move together, as in the loop
    joint = [
        np.corrcoef(part["purchases"], part["value"])[0, 1] for part in ({n: outcomes[n][who] for n in wanted}, wanted)
    ]
    assert joint[0] == pytest.approx(joint[1], abs=0.1)


def test_an_interval_of_poisson_width_alone_would_be_caught(outcomes, customers):
    """A likely mistake, Poisson noise around the expectation, is rejected by the same comparison."""
    row = customers.iloc[3]
    wanted = loop(row["frequency"], row["recency"], row["T"], row["monetary_value"], 52.0, 39.0, SIZE, 1)
    wrong = np.random.default_rng(1).poisson(outcomes["expected_purchases"][3])
    assert stats.ks_2samp(wrong, wanted["purchases"]).pvalue < FALSE_ALARM


@pytest.mark.parametrize("name", ["purchases", "value", "holdout_purchases", "holdout_value"])
def test_outcomes_average_to_expectations(outcomes, name):
    found, expected = outcomes[name], outcomes[f"expected_{name}"]
    error = found.std(axis=1) / np.sqrt(SIZE)
    # skewed sums converge slowly: one-timers' means get a little more room
    assert (np.abs(found.mean(axis=1) - expected[:, 0]) < Z * error + 0.01 * expected[:, 0]).all()


def test_expectations_are_the_kernels(fits, customers, base):
    law = fits[0].draws() | fits[1].draws()
    times = {n: law[n] for n in LAW}
    x, t_x, T, z = (customers[n].to_numpy(float)[:, None] for n in ("frequency", "recency", "T", "monetary_value"))
    spend = gamma_gamma.expected_spend(x, z, **{n: law[n] for n in MONEY})
    wanted = {
        "p_alive": pareto_nbd.p_alive(x, t_x, T, **times),
        "expected_purchase_rate": (times["r"] + x) / (times["alpha"] + T),
        "expected_purchases": pareto_nbd.expected_purchases(x, t_x, T, horizon=52.0, **times),
        "expected_spend": spend,
        "expected_value": spend * pareto_nbd.dert(x, t_x, T, discount_rate=WEEK, horizon=52.0, **times),
        "expected_holdout_purchases": pareto_nbd.expected_purchases(x, t_x, T, horizon=39.0, **times),
        "expected_holdout_value": spend * pareto_nbd.expected_purchases(x, t_x, T, horizon=39.0, **times),
    }
    for name, values in wanted.items():
        np.testing.assert_allclose(base[name], values, rtol=1e-10, err_msg=name)


@pytest.mark.parametrize(("count", "money"), [("purchases", "value"), ("holdout_purchases", "holdout_value")])
def test_outcomes_are_possible(base, count, money):
    assert (base[count] == np.floor(base[count])).all()
    assert (base[count] >= 0).all()
    assert ((base[money] > 0) == (base[count] > 0)).all()
    assert (base["holdout_purchases"] <= base["purchases"]).all()  # 39 weeks lie within 52


def test_what_the_holdout_is_worth_is_not_discounted(fits, customers):
    """Its money is compared with the log's: whatever discounts the horizon leaves each drawn hold-out as it is."""
    plain = drawn(fits, customers, horizon=Horizon(52.0, 0.0, 39.0))
    dear = drawn(fits, customers, horizon=Horizon(52.0, 20 * WEEK, 39.0))
    assert dear["value"].sum() < 0.7 * plain["value"].sum()
    for name in ("holdout_value", "expected_holdout_value", "holdout_purchases"):
        np.testing.assert_allclose(dear[name], plain[name], rtol=1e-12, err_msg=name)
    assert Horizon(52.0, WEEK, 39.0).spans == ((52.0, WEEK), (39.0, 0.0))


def test_a_holdout_longer_than_the_horizon(fits, customers):
    """Both lengths live in one simulated future, whichever is longer."""
    found = drawn(fits, customers, horizon=Horizon(10.0, WEEK, 39.0))
    assert (found["purchases"] <= found["holdout_purchases"]).all()
    assert (found["value"] <= found["holdout_value"] + 1e-9).all()
    alone = drawn(fits, customers, horizon=Horizon(10.0, WEEK))
    np.testing.assert_array_equal(alone["expected_value"], found["expected_value"])
    assert "holdout_value" not in alone


# ------------------------------------------------------------------------------------------------ horizons


def test_infinite_horizon_is_a_long_one(made, customers):
    """Where later purchases enter at their expectation, and where each is simulated: same means, near the same spread."""
    law = LAW | {"s": 1.5}
    fits = made(*({n: np.full(4000, v) for n, v in part.items()} for part in (law, MONEY)))
    strong = np.log(1.5) / (365.25 / 7)
    forever = drawn(fits, customers, horizon=Horizon(np.inf, strong))
    far = drawn(fits, customers, horizon=Horizon(40 / strong, strong))
    np.testing.assert_allclose(forever["expected_value"], far["expected_value"], rtol=1e-9)
    for found in (forever, far):
        error = found["value"].std(axis=1) / np.sqrt(4000)
        gap = np.abs(found["value"].mean(axis=1) - found["expected_value"][:, 0])
        assert (gap < Z * error + 0.01 * found["expected_value"][:, 0]).all()
    assert np.isfinite(forever["value"]).all()
    assert np.isfinite(forever["purchases"]).all()


def test_the_tail_at_its_expectation_changes_no_quantile(made, customers, monkeypatch):
    """Simulating to e^-δt = 1e-6 instead of 1e-2 leaves the distribution of value where it was."""
    fits = made(*({n: np.full(4000, v) for n, v in part.items()} for part in (LAW, MONEY)))
    strong = Horizon(np.inf, np.log(1.3) / (365.25 / 7))
    usual = drawn(fits, customers.iloc[[3, 5]], horizon=strong)
    monkeypatch.setattr("kundenwert.predict.horizon.SIMULATED_DISCOUNT", 1e-6)
    longer = drawn(fits, customers.iloc[[3, 5]], horizon=strong, seed=8)
    for one, other in zip(usual["value"], longer["value"], strict=True):
        assert stats.ks_2samp(one[one > 0], other[other > 0]).pvalue > FALSE_ALARM


def test_short_horizon(fits, customers):
    found = drawn(fits, customers, horizon=Horizon(1e-9))
    assert (found["purchases"] == 0).all()
    assert (found["expected_purchases"] < 1e-7).all()


@pytest.mark.parametrize(
    ("length", "rate"), [(0.0, 0.1), (-1.0, 0.1), (np.nan, 0.1), (np.inf, 0.0), (52.0, -0.1), (52.0, np.nan)]
)
def test_horizons_without_a_meaning(length, rate):
    with pytest.raises(DomainError, match=r"horizon|discount rate"):
        Horizon(length, rate)


@pytest.mark.parametrize("holdout", [0.0, -3.0, np.nan, np.inf])
def test_holdouts_without_a_meaning(holdout):
    with pytest.raises(DomainError, match=r"hold-?out"):
        Horizon(52.0, 0.0, holdout)


# ------------------------------------------------------------------------------------------------ extremes


def test_extreme_customers(fits):
    """Heavy and recent, heavy and gone, one second old, and a lifetime of silence: finite, in range, no warning."""
    table = pd.DataFrame(
        {
            "customer_id": list("abcdef"),
            "frequency": [5000, 5000, 0, 0, 1, 1],
            "recency": [38.8, 0.5, 0.0, 0.0, 1e-6, 38.86],
            "T": [38.86, 38.86, 0.0, 5000.0, 38.86, 38.86],
            "monetary_value": [10.0, 1e-6, np.nan, np.nan, 1e7, 0.0],
        }
    )
    found = drawn(fits, table)
    for name, values in found.items():
        assert np.isfinite(values).all(), name
        assert (values >= 0).all(), name
    assert (found["p_alive"] <= 1).all()
    assert found["p_alive"][1].max() < 1e-100
    assert (found["purchases"][1] == 0).all()
    assert found["purchases"][0].mean() > 1000


@pytest.mark.parametrize("shape", [0.005, 0.02])
def test_tiny_shapes(made, customers, shape):
    """Rates and drop-out rates that underflow: 0 · ∞ is nobody's purchase."""
    law = {
        "r": np.full(3000, shape),
        "alpha": np.full(3000, 10.0),
        "s": np.full(3000, shape),
        "beta": np.full(3000, 10.0),
    }
    fits = made(law, {n: np.full(3000, v) for n, v in MONEY.items()})
    found = drawn(fits, customers.iloc[:2], horizon=Horizon(np.inf, WEEK, 39.0))
    assert np.isfinite(found["value"]).all()
    assert np.isfinite(found["purchases"]).all()


def test_expected_value_of_the_dead_is_zero_even_at_infinite_spend(made):
    """P(alive) = 0 times a spend without mean is no money, not NaN."""
    law = {n: np.full(50, v) for n, v in {"r": 5.0, "alpha": 1.0, "s": 0.6, "beta": 10.0}.items()}
    fits = made(law, {"p": np.full(50, 2.0), "q": np.full(50, 0.5), "v": np.full(50, 20.0)})
    gone = pd.DataFrame(
        {"customer_id": ["a"], "frequency": [0], "recency": [0.0], "T": [1e80], "monetary_value": [np.nan]}
    )
    found = drawn(fits, gone)
    assert not any(np.isnan(values).any() for values in found.values())


@pytest.mark.parametrize("samples", [0, -1])
def test_no_samples(fits, customers, samples):
    with pytest.raises(DomainError, match="samples"):
        drawn(fits, customers, samples=samples)


def test_fewer_samples_are_a_choice_of_draws(fits, customers):
    found = drawn(fits, customers, samples=100)
    law = fits[0].draws(100)
    wanted = pareto_nbd.p_alive(
        customers["frequency"], customers["recency"], customers["T"], **{n: v[:, None] for n, v in law.items()}
    )
    np.testing.assert_allclose(found["p_alive"], wanted.T, rtol=1e-12)


def test_memory_does_not_grow_with_customers(made, posterior, customers, monkeypatch):
    """Three blocks of twenty customers wait at most: four times the customers do not take even twice the peak."""
    monkeypatch.setattr("kundenwert.predict.blocks.BLOCK_CELLS", 4000)
    fits = made(*posterior(200))
    peaks = []
    for many in (200, 800, 3200):  # the first time code is loaded
        table = pd.concat([customers] * (many // 10), ignore_index=True).assign(customer_id=np.arange(many))
        tracemalloc.start()
        rows = 0
        for block in customer_blocks(*fits, table, horizon=Horizon(10.0), seed=1, threads=1):
            rows += block.purchases.shape[0]
            time.sleep(0.02)  # a slow reader: as many blocks wait as may
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert rows == many
    assert peaks[2] < 1.6 * peaks[1], peaks


def test_draws_of_all_customers_carry_their_ids_in_the_order_of_the_table(fits, customers):
    table = customers.iloc[[3, 1, 2, 0]].reset_index(drop=True)
    how = {"horizon": Horizon(52.0, WEEK, 39.0), "seed": 7, "samples": 40}
    found = kw.customer_draws(*fits, table, **how)
    assert found["value"].dims == ("customer_id", "sample")
    assert found["customer_id"].to_numpy().tolist() == table["customer_id"].tolist()
    assert set(found.data_vars) == set(FIELDS)
    for name, values in drawn(fits, table, samples=40).items():
        np.testing.assert_array_equal(found[name].to_numpy(), values, err_msg=name)
    other = kw.customer_draws(*fits, table.iloc[::-1], **how, names=("value",))
    assert list(other.data_vars) == ["value"]
    who = table["customer_id"][1]
    np.testing.assert_array_equal(other["value"].sel(customer_id=who), found["value"].sel(customer_id=who))


def test_labelled_draws_that_cannot_be_are_refused(fits, customers, monkeypatch):
    table, how = customers.head(3), {"horizon": Horizon(9.0), "samples": 5}
    with pytest.raises(kw.SchemaError, match="no draws of 'holdout_value'; choose among p_alive, "):
        kw.customer_draws(*fits, table, **how, names=("holdout_value",))
    with pytest.raises(kw.DomainError, match="in more than one row"):
        kw.customer_draws(*fits, pd.concat([table, table]), **how)
    monkeypatch.setattr("kundenwert.predict.labelled.LARGEST", 119)
    with pytest.raises(kw.DomainError, match=r"8 quantities of 3 customers in 5 draws do not fit"):
        kw.customer_draws(*fits, table, **how)
