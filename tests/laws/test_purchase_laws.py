"""One catalogue of purchase laws, many properties: what each says of the past and of the future must be one law.

Written false-alarm rate: each statistical check fails right code with probability at most 1e-5; there are about 170.
Seeds are fixed.
"""

import ast
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import kundenwert
from known_laws import PARAMETERS
from kundenwert.bayes import known
from kundenwert.kernels.futures import Reach, first_times, running_sums, span_sums, window_sums
from kundenwert.kernels.streams import customer_keys
from kundenwert.laws import LAWS, NEWCOMER, PURCHASE_LAWS, SPEND_LAWS, History, Observed
from kundenwert.predict import Horizon, newcomers

Z, P = 4.5, 1e-5
HISTORIES = [(0, 0.0, 0.0), (0, 0.0, 38.86), (2, 30.43, 38.86), (26, 30.857, 31.0), (3, 5.0, 37.0), (1000, 38.0, 38.86)]
YEAR, WEEK = 52.18, np.log(1.1) / 52.18


@pytest.fixture(params=PURCHASE_LAWS)
def law(request):
    return PURCHASE_LAWS[request.param]()


def parameters(law, size=1):
    return {name: np.full(size, value) for name, value in PARAMETERS[law.name].items()}


def fields_of(rows):
    """What laws look at, one-dimensional; gaps that are all alike, but for the last, which is half as long."""
    x, t_x, T = (np.ravel(column).astype(float) for column in rows)
    gap = t_x / np.maximum(x - 0.5, 0.5)
    gaps = np.where(x > 1, (x - 1) * np.log(np.maximum(gap, 1e-300)) + np.log(np.maximum(gap / 2, 1e-300)), 0.0)
    gaps = np.where(x == 1, np.log(np.maximum(t_x, 1e-300)), gaps)
    return {"frequency": x, "recency": t_x, "T": T, "log_gaps": gaps}


def history(*rows):
    return History(*(np.array(column, dtype=float)[:, None] for column in zip(*rows, strict=True)))


def test_every_law_is_in_the_catalogue():
    assert set(PARAMETERS) == set(PURCHASE_LAWS)


def test_gradients_are_those_of_the_likelihood(law):
    fields = {name: fields_of(history(*HISTORIES))[name] for name in law.looks_at}
    seen = Observed(fields, np.ones(len(HISTORIES)), np.zeros(len(HISTORIES), dtype=int))
    one = parameters(law)
    value, slopes = law.pointwise(seen, one)
    np.testing.assert_allclose(value, law.log_likelihood(fields, one), rtol=1e-10)
    np.testing.assert_allclose(law.total(seen, one)[0], value.sum(), rtol=1e-10)
    for name in set(law.parameters) - set(law.whole):
        step = 1e-6 * one[name]
        up, down = (law.log_likelihood(fields, one | {name: one[name] + sign * step}) for sign in (1, -1))
        np.testing.assert_allclose(slopes[name] * np.ones(len(value)), (up - down) / (2 * step), rtol=2e-5, atol=1e-7)


def log_likelihood(law, x, t_x, T):
    """Log-likelihood of histories, each of one customer."""
    rows = np.broadcast_arrays(*(np.asarray(column, dtype=float) for column in (x, t_x, T)))
    return law.log_likelihood({name: fields_of(rows)[name] for name in law.looks_at}, parameters(law))


@pytest.mark.parametrize("ahead", [0.5, 13.0])
def test_a_longer_silence_is_as_much_less_likely_as_it_was_foreseen(law, ahead):
    """`L(x, t_x, T + h) = L(x, t_x, T) P(nothing within h)`."""
    rows = history(*HISTORIES)
    x, t_x, T = (column[:, 0] for column in rows)
    foreseen = law.log_purchase_probability(rows, parameters(law), horizon=ahead, number=0)[:, 0]
    found = log_likelihood(law, x, t_x, T + ahead) - log_likelihood(law, x, t_x, T)
    np.testing.assert_allclose(np.ravel(found), foreseen, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("length", [0.5, 13.0, 52.0])
def test_newcomers_buy_never_and_once_as_often_as_foreseen(law, length):
    """`L(0, 0, T) = P(0)` and `∫ L(1, u, T) du = P(1)`: a likelihood of purchase times adds up to probabilities."""
    one = parameters(law)
    never = law.log_purchase_probability(NEWCOMER, one, horizon=length, number=0).item()
    assert np.ravel(log_likelihood(law, 0, 0.0, length)) == pytest.approx(never, rel=2e-7, abs=1e-12)
    once = np.exp(law.log_purchase_probability(NEWCOMER, one, horizon=length, number=1)).item()
    nodes, weights = np.polynomial.legendre.leggauss(200)
    times = length * (nodes + 1) / 2
    density = np.exp(np.ravel(log_likelihood(law, 1, times, length)))
    assert length / 2 * weights @ density == pytest.approx(once, rel=1e-6)


def test_effects_shift_quantities_and_parameters_as_they_say(law):
    """One step in the quantity moves the logarithm of the parameter that effects act on by as much as the signs say."""
    names = [name for group in law.quantities for name in group.priors]
    plain = {name: np.ones(1) for name in names}
    of = list(law.variants().values())[-1]
    before = of.derive(plain, 52.0)
    for process, (parameter, sign) in law.acts_on.items():
        (quantity, direction), (beside, other) = law.intercepts[process]
        assert (beside, other) == (parameter, sign)
        after = of.derive(plain | {quantity: np.exp(1e-6 * np.ones(1))}, 52.0)
        moved = np.log(after[parameter] / before[parameter]).item()
        assert moved * direction * sign > 0


def test_quantities_give_the_parameters_back(law):
    """Every law's quantities determine its parameters, all positive."""
    names = [name for group in law.quantities for name in group.priors]
    found = list(law.variants().values())[-1].derive({name: np.array([0.7, 1.3]) for name in names}, 52.0)
    assert set(found) == {*names, *law.parameters}
    assert all((found[name] > 0).all() for name in law.parameters)


def test_expected_purchases_are_the_mean_of_the_counts(law):
    rows = history(*HISTORIES[:-1])
    numbers = np.arange(3000.0)
    for row in range(len(rows.T)):
        own = rows.at(np.array([row]))
        repeated = History(*(np.repeat(column, len(numbers), axis=0) for column in own))
        p = np.exp(law.log_purchase_probability(repeated, parameters(law), horizon=39.0, number=numbers[:, None])[:, 0])
        assert p.sum() == pytest.approx(1, abs=1e-6)
        assert p @ numbers == pytest.approx(law.expected_purchases(own, parameters(law), horizon=39.0).item(), rel=2e-6)
        assert law.p_purchase(own, parameters(law), horizon=39.0).item() == pytest.approx(1 - p[0], abs=1e-9)


def test_discounting_is_an_integral_over_the_undiscounted(law):
    rows, one, times = history(*HISTORIES), parameters(law), np.linspace(0, YEAR, 2001)
    bought = np.concatenate(
        [law.expected_purchases(rows, one, horizon=time) if time else 0 * rows.T for time in times], axis=1
    )
    middle = np.exp(-5 * WEEK * (times[1:] + times[:-1]) / 2)
    wanted = (np.diff(bought, axis=1) * middle).sum(axis=1)
    np.testing.assert_allclose(
        law.expected_purchases(rows, one, horizon=YEAR, discount_rate=5 * WEEK)[:, 0], wanted, rtol=2e-6
    )
    endless = law.expected_purchases(rows, one, horizon=np.inf, discount_rate=50 * WEEK)
    np.testing.assert_allclose(
        endless, law.expected_purchases(rows, one, horizon=30 * YEAR, discount_rate=50 * WEEK), rtol=1e-6
    )


def test_time_as_a_customer_is_the_integral_of_being_one(law):
    rows, one = history(*HISTORIES), parameters(law)
    times = np.linspace(0, 26.0, 201)
    alive = np.concatenate([law.p_alive(rows, one, horizon=time) * np.ones_like(rows.T) for time in times], axis=1)
    assert ((alive >= 0) & (alive <= 1)).all()
    assert (np.diff(alive, axis=1) <= 1e-9).all()
    found = law.expected_time(rows, one, horizon=26.0) * np.ones_like(rows.T)
    np.testing.assert_allclose(found[:, 0], np.trapezoid(alive, times, axis=1), rtol=2e-4, atol=1e-12)


def test_a_life_so_far_lies_between_last_purchase_and_now(law):
    rows = history(*HISTORIES)
    life = law.life_to_date(rows, parameters(law))
    np.testing.assert_allclose(life.p_alive, law.p_alive(rows, parameters(law)) * np.ones_like(rows.T), atol=1e-5)
    assert (life.time >= rows.recency - 1e-9).all()
    assert (life.time <= rows.T + 1e-9).all()
    assert (life.purchase_rate > 0).all()


@pytest.mark.parametrize("who", range(len(HISTORIES)))
def test_drawn_futures_are_those_of_the_law(law, who):
    """Counts by chi-square, means of counts and discounted counts, first times, and monthly sums that add up."""
    size = 40_000
    rows, many = history(HISTORIES[who]), parameters(law, size)
    alive = law.p_alive(rows, many) * np.ones((1, size))
    reach = Reach(np.array([39.0, 13.0]), np.inf, 1e4)
    futures = law.draw_futures(
        rows, many, alive=alive, reach=reach, keys=customer_keys(7, np.array([who], dtype=np.uint64))
    )
    value = np.ones(futures.time.size)
    counts, money = span_sums(futures, value, np.ones(size), np.array([39.0, 13.0]), np.array([WEEK, 0.0]), 1, size)
    one = parameters(law)
    for found, wanted in (
        (counts[0], law.expected_purchases(rows, one, horizon=39.0)),
        (counts[1], law.expected_purchases(rows, one, horizon=13.0)),
        (money[0], law.expected_purchases(rows, one, horizon=39.0, discount_rate=WEEK)),
    ):
        spread = max(found.std(), np.sqrt(40 * wanted.item()))  # of rare survivors none may be drawn
        assert abs(found.mean() - wanted.item()) < Z * spread / np.sqrt(size) + 1e-9
    most = 8
    p = [np.exp(law.log_purchase_probability(rows, one, horizon=39.0, number=n)).item() for n in range(most)]
    expected = np.append(p, max(1 - sum(p), 0)) * size
    seen = np.bincount(np.minimum(counts[0, 0], most).astype(int), minlength=most + 1)
    some = expected > 5
    if some.sum() > 1:
        expected, seen = np.append(expected[some], expected[~some].sum()), np.append(seen[some], seen[~some].sum())
        assert stats.chisquare(seen[expected > 0], expected[expected > 0] * size / expected.sum()).pvalue > P
    first = first_times(futures, size)
    share = law.p_purchase(rows, one, horizon=13.0).item()
    assert abs((first <= 13.0).mean() - share) < Z * np.sqrt(share * (1 - share) / size) + 1e-9
    monthly, _ = window_sums(futures, value, np.ones(size), np.array([0.0, 13.0, 26.0, 39.0]), 1, size)
    np.testing.assert_allclose(monthly.sum(axis=0), counts[0])


def test_what_is_not_drawn_one_by_one_has_the_same_mean(law):
    size = 40_000
    many = parameters(law, size) | {"r": np.full(size, 4.0)}
    reach = Reach(np.array([39.0]), np.inf, 1.5)
    alive = law.p_alive(NEWCOMER, many) * np.ones((1, size))
    futures = law.draw_futures(
        NEWCOMER, many, alive=alive, reach=reach, keys=customer_keys(3, np.zeros(1, dtype=np.uint64))
    )
    assert futures.tails.cell.size > size / 10
    ones = np.ones(futures.time.size)
    counts, money = span_sums(futures, ones, np.ones(size), np.array([39.0]), np.array([WEEK]), 1, size)
    one = {name: values[:1] for name, values in many.items()}
    for found, wanted in ((counts, 0.0), (money, WEEK)):
        expected = law.expected_purchases(NEWCOMER, one, horizon=39.0, discount_rate=wanted).item()
        assert abs(found.mean() - expected) < Z * found.std() / np.sqrt(size)


@pytest.mark.parametrize("who", range(len(HISTORIES)))
def test_drawn_lives_end_as_the_law_says(law, who):
    """Time as a customer and purchases, discounted or not, and who is a customer still after a while."""
    size, rows = 40_000, history(HISTORIES[who])
    many, one = parameters(law, size), parameters(law)
    alive = law.p_alive(rows, many) * np.ones((1, size))
    reach = Reach(np.array([39.0]), np.inf, 1e4)
    futures = law.draw_futures(
        rows, many, alive=alive, reach=reach, keys=customer_keys(11, np.array([who], dtype=np.uint64))
    )
    for length, rate in ((39.0, 0.0), (39.0, 5 * WEEK), (13.0, 5 * WEEK)):
        bought, time = running_sums(futures, length, rate, 1, size)
        assert (time >= 0).all()
        assert (time <= length).all()
        assert ((time > 0) == (futures.life > 0)).all()
        for found, ask, unit in ((bought, law.expected_purchases, 1.0), (time, law.expected_time, 39.0)):
            wanted = np.broadcast_to(ask(rows, one, horizon=length, discount_rate=rate), (1, 1)).item()
            spread = max(found.std(), np.sqrt(40 * unit * wanted))  # of rare survivors none may be drawn
            assert abs(found.mean() - wanted) < Z * spread / np.sqrt(size) + 1e-9
    share = np.broadcast_to(law.p_alive(rows, one, horizon=13.0), (1, 1)).item()
    assert abs((futures.life > 13.0).mean() - share) < Z * np.sqrt(share * (1 - share) / size) + 1e-9


def test_a_life_that_ends_beyond_what_is_drawn_has_the_same_mean(law):
    size, length = 40_000, 39.0
    many = parameters(law, size) | {"r": np.full(size, 4.0)}
    one = {name: values[:1] for name, values in many.items()}
    alive = law.p_alive(NEWCOMER, many) * np.ones((1, size))
    for reach in (Reach(np.array([length]), np.inf, 1.5), Reach(np.array([length]), 5.0, 1e4)):
        futures = law.draw_futures(
            NEWCOMER, many, alive=alive, reach=reach, keys=customer_keys(3, np.ones(1, dtype=np.uint64))
        )
        assert futures.tails.cell.size > size / 10
        np.testing.assert_array_equal(futures.life[futures.tails.cell], futures.tails.start)
        bought, time = running_sums(futures, length, 5 * WEEK, 1, size)
        for found, ask in ((bought, law.expected_purchases), (time, law.expected_time)):
            wanted = np.broadcast_to(ask(NEWCOMER, one, horizon=length, discount_rate=5 * WEEK), (1, 1)).item()
            assert abs(found.mean() - wanted) < Z * found.std() / np.sqrt(size) + 1e-9


def test_simulated_customers_are_newcomers(law):
    size = 40_000
    x, t_x = law.simulate(np.full(size, 39.0), parameters(law, size), rng=np.random.default_rng(5))
    expected = law.expected_purchases(NEWCOMER, parameters(law), horizon=39.0).item()
    assert abs(x.mean() - expected) < Z * x.std() / np.sqrt(size)
    assert ((t_x >= 0) & (t_x <= 39.0) & ((t_x > 0) == (x > 0))).all()
    returned = fields_of(history(*zip(x[:200], t_x[:200], np.full(200, 39.0), strict=True)))
    assert np.isfinite(law.log_likelihood({name: returned[name] for name in law.looks_at}, parameters(law))).all()


def test_parameters_that_differ_between_customers(law):
    rows = history(*HISTORIES[1:4])
    each = {name: value * np.array([[0.5], [1.0], [2.0]]) for name, value in parameters(law).items()}
    each |= {name: parameters(law)[name] for name in law.whole}
    for number in range(3):
        own = {name: values[number] if values.ndim == 2 else values for name, values in each.items()}
        alone = rows.at(np.array([number]))
        for ask in (
            law.p_alive,
            lambda h, p: law.expected_purchases(h, p, horizon=26.0),
            lambda h, p: law.expected_time(h, p, horizon=26.0),
        ):
            wanted, found = np.broadcast_to(ask(alone, own), (1, 1)), np.broadcast_to(ask(rows, each), (3, 1))
            np.testing.assert_allclose(found[number], wanted[0], rtol=1e-7)


def test_known_parameters_are_checked(law):
    with pytest.raises(ValueError, match="missing or not one: speed"):
        known(law, **PARAMETERS[law.name], speed=1.0)


# ---------------------------------------------------------------------------------------------------------- the seam

PACKAGE = Path(kundenwert.__file__).parent
NAMES = {name for law in LAWS.values() for name in law.parameters}
OUTSIDE = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.relative_to(PACKAGE).parts[0] not in {"laws", "bayes", "kernels"}
]


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nobody_else_knows_a_parameter_by_its_name(path):
    """No subscript and no key of a dictionary is the name of a law's parameter, but where a truth is simulated."""
    if path.relative_to(PACKAGE).parts[0] in {"simulate", "sources", "data"}:
        return  # populations have rates of their own; readers have letters of other kinds
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        keys = []
        if isinstance(node, ast.Subscript):
            keys = [node.slice]
        elif isinstance(node, ast.Dict):
            keys = [key for key in node.keys if key is not None]
        found = {key.value for key in keys if isinstance(key, ast.Constant)} & NAMES
        assert not found or path.name == "cohort_totals.py", f"{path.name} line {node.lineno} knows {found}"


def test_only_the_registry_imports_laws():
    files = {f"kundenwert.laws.{kind}" for kind in LAWS}
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent.name == "laws":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.module not in files, f"{path.name} imports a law by its file"


def test_newcomers_of_a_law_that_lets_them_leave_at_once():
    """Under the MBG/NBD the share who stay after the first purchase is b/(a+b); outcomes and expectation agree."""
    mbg = PURCHASE_LAWS["mbg_nbd"]()
    size = 20_000
    one = PARAMETERS["mbg_nbd"]
    new = newcomers(
        known(mbg, **{name: np.full(size, value) for name, value in one.items()}),
        known(SPEND_LAWS["gamma_gamma"](), p=np.full(size, 6.25), q=3.74, v=15.44),
        units_per_year=YEAR,
    )
    drawn = new.draw("all", horizon=Horizon(39.0), seed=2)
    expected = 1 + new.expected_purchases("all", horizon=39.0)[0]
    assert abs(drawn.purchases.mean() - expected) < Z * drawn.purchases.std() / np.sqrt(size)
    stay = mbg.p_alive(NEWCOMER, parameters(mbg)).item()
    assert stay == pytest.approx(one["b"] / (one["a"] + one["b"]))
