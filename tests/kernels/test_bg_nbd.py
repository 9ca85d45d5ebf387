"""The BG/NBD and the MBG/NBD against published numbers, integrals over what is latent, and their own simulations."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panels import integrate, nodes, panels
from scipy import optimize, stats
from scipy.special import betaln, gammaln

from kundenwert.data import patterns
from kundenwert.kernels import bg_nbd, mbg_nbd, nbd

KERNELS = {"bg": bg_nbd, "mbg": mbg_nbd}
FLIPS = {"bg": 0, "mbg": 1}
NAMES = ("r", "alpha", "a", "b")
PUBLISHED = {  # estimates and log-likelihood on CDNOW: tests/reference/published.md
    "bg": ({"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}, -9582.429),
    "mbg": ({"r": 0.5248436, "alpha": 6.1830928, "a": 0.8913878, "b": 1.6140483}, -9582.1357),
}
LAWS = {
    "cdnow bg": (0.2425945, 4.4136019, 0.7929199, 2.4258881),
    "cdnow mbg": (0.5248436, 6.1830928, 0.8913878, 1.6140483),
    "a is 1": (0.5, 10.0, 1.0, 3.0),
    "a just below 1": (0.5, 10.0, 1 - 1e-9, 3.0),
    "few ever leave": (0.5, 10.0, 0.05, 5.0),
    "all or nothing": (0.5, 10.0, 0.05, 0.03),
    "everybody alike": (30.0, 200.0, 60.0, 400.0),
    "nearly certain to leave": (2.0, 9.0, 40.0, 0.5),
    "large scales": (0.3, 1e5, 2.0, 1e6),
}
HISTORIES = {
    "never came back": (0, 0.0, 38.86),
    "repeater": (2, 30.43, 38.86),
    "one, today": (1, 39.0, 39.0),
    "long gone": (7, 8.0, 38.86),
    "heavy": (26, 30.857, 31.0),
    "very heavy": (1000, 500.0, 520.0),
    "new": (0, 0.0, 0.0),
}
kernels = pytest.mark.parametrize("kind", KERNELS)
laws = pytest.mark.parametrize("law", [dict(zip(NAMES, law, strict=True)) for law in LAWS.values()], ids=LAWS)
histories = pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)


@pytest.fixture(scope="module")
def cdnow(cdnow_summary):
    data = patterns(cdnow_summary.table)
    return data.frequency, data.recency, data.T, data.count


@kernels
def test_cdnow_log_likelihood_as_published(cdnow, kind):
    law, published = PUBLISHED[kind]
    assert KERNELS[kind].total_log_likelihood(*cdnow, **law).item() == pytest.approx(published, abs=5e-4)
    assert KERNELS[kind].log_likelihood(*cdnow[:3], **law) @ cdnow[3] == pytest.approx(published, abs=5e-4)


@kernels
def test_cdnow_maximum_likelihood_as_published(cdnow, kind):
    def negative(logs):
        law = dict(zip(NAMES, np.exp(logs), strict=True))
        gradient = KERNELS[kind].log_likelihood_gradient(*cdnow[:3], **law)
        slope = [getattr(gradient, name) @ cdnow[3] * law[name] for name in NAMES]
        return -gradient.value @ cdnow[3], -np.array(slope)

    found = optimize.minimize(negative, [0.0, 2.0, 0.0, 1.0], jac=True, method="BFGS", options={"gtol": 1e-5})
    np.testing.assert_allclose(np.exp(found.x), list(PUBLISHED[kind][0].values()), rtol=5e-5)


@pytest.mark.parametrize(
    ("kind", "mae", "rmse", "total"), [("bg", 0.7855, 1.6080, 1653.4), ("mbg", 0.7648, 1.6072, 1576.7)]
)
def test_cdnow_holdout_as_published(cdnow_summary, kind, mae, rmse, total):
    """Errors per customer, and the sum of 39 weeks' expected purchases."""
    table = cdnow_summary.table
    columns = (table[name].to_numpy() for name in ("frequency", "recency", "T"))
    expected = KERNELS[kind].expected_purchases(*columns, horizon=39.0, **PUBLISHED[kind][0])
    error = expected - table["holdout_purchases"].to_numpy()
    assert expected.sum() == pytest.approx(total, abs=0.06)
    assert np.abs(error).mean() == pytest.approx(mae, abs=6e-5)
    assert np.sqrt((error**2).mean()) == pytest.approx(rmse, abs=6e-5)


def test_a_customer_as_in_the_literature():
    law = PUBLISHED["bg"][0]
    assert bg_nbd.p_alive(2, 30.43, 38.86, **law) == pytest.approx(0.7266086, abs=5e-8)
    assert bg_nbd.expected_purchases(2, 30.43, 38.86, horizon=39.0, **law) == pytest.approx(1.2259057, abs=5e-8)


@kernels
@laws
@histories
def test_gradient_agrees_with_finite_differences(kind, law, history):
    """Central differences of fourth order in the logarithm of each parameter, step 2e-3."""
    gradient = KERNELS[kind].log_likelihood_gradient(*history, **law)
    assert gradient.value == pytest.approx(KERNELS[kind].log_likelihood(*history, **law), rel=1e-14)
    for name in NAMES:
        steps = np.exp(2e-3 * np.array([-2, -1, 1, 2]))
        values = KERNELS[kind].log_likelihood(*history, **law | {name: law[name] * steps})
        slope = (values @ [1, -8, 8, -1]) / (12 * 2e-3)
        size = 1 + abs(float(gradient.value))
        assert getattr(gradient, name) * law[name] == pytest.approx(slope, rel=1e-7, abs=2e-11 * size)


@kernels
def test_the_total_counts_each_history(kind):
    x, t_x, T = np.array(list(HISTORIES.values())).T
    count = np.arange(1.0, x.size + 1)
    sets = dict(zip(NAMES, np.array(list(LAWS.values())).T, strict=True))
    single = KERNELS[kind].log_likelihood(x, t_x, T, **{name: values[:, None] for name, values in sets.items()})
    total = KERNELS[kind].total_log_likelihood(x, t_x, T, count, **sets)
    np.testing.assert_allclose(total, single @ count, rtol=1e-11)


@kernels
@pytest.mark.parametrize("r", [1e-6, 1.0, 1e6])
def test_extreme_parameters_stay_finite(kind, r):
    x, t_x, T = np.array([0, 1, 1000, 1000]), np.array([0, 39.0, 39.0, 1.0]), np.array([39.0, 39.0, 39.0, 3900.0])
    for law in np.array(np.meshgrid(r, *[[1e-6, 1.0, 1e6]] * 3)).reshape(4, -1).T:
        gradient = KERNELS[kind].log_likelihood_gradient(x, t_x, T, **dict(zip(NAMES, law, strict=True)))
        assert np.isfinite(gradient).all()
        alive = KERNELS[kind].p_alive(x, t_x, T, **dict(zip(NAMES, law, strict=True)))
        assert ((alive >= 0) & (alive <= 1)).all()


class Latent:
    """Posterior of λ and p by the trapezoidal rule in log λ and log p/(1-p): mass alive at T, and all mass."""

    def __init__(self, kind, history, law):
        (x, t_x, T), (r, alpha, a, b), n = history, law.values(), history[0] + FLIPS[kind]
        peak = np.log((r + x) / (alpha + T))
        low, high = peak - 60 / (r + x) - 6, max(np.log((r + x + 40) / (alpha + t_x)), peak) + 3
        step = min(0.2, 0.4 / np.sqrt(r + x))
        log_rate = np.arange(low, high, step)[:, None]
        y = np.arange(-3 - 60 / a, 3 + 60 / b, 0.1)
        log_p, log_q = -np.logaddexp(0, -y), -np.logaddexp(0, y)
        self.rate, self.p, self.log_q = np.exp(log_rate), np.exp(log_p), log_q
        prior = (r + x) * log_rate + r * np.log(alpha) - gammaln(r) + a * log_p + b * log_q - betaln(a, b)
        step *= 0.1
        self.alive = step * np.exp(prior + n * log_q - self.rate * (alpha + T))
        self.all = self.alive.sum()
        if n:
            self.all += step * np.exp(prior + log_p + (n - 1) * log_q - self.rate * (alpha + t_x)).sum()

    def mean(self, function):
        """Posterior mean of a function of λ and p that is 0 for those who have left."""
        return float((self.alive * function(self.rate, self.p)).sum() / self.all)


def staying(h, rate, p):
    return np.exp(-rate * p * h)


def discounted_purchases(h, d, rate, p):
    return rate * -np.expm1(-(d + rate * p) * h) / (d + rate * p)


def count_probability(y, h, rate, p):
    """Of y purchases of somebody alive: still there after the last one, or gone with it, whatever came after."""
    there = stats.poisson.pmf(y, h * rate) * (1 - p) ** y
    return there if y == 0 else there + stats.poisson.sf(y - 1, h * rate) * p * (1 - p) ** (y - 1)


MODERATE = [
    name for name in LAWS if name not in {"large scales", "everybody alike", "few ever leave", "all or nothing"}
]
moderate_laws = pytest.mark.parametrize(
    "law", [dict(zip(NAMES, LAWS[name], strict=True)) for name in MODERATE], ids=MODERATE
)
moderate_histories = pytest.mark.parametrize(
    "history", [(0, 0.0, 0.0), (0, 0.0, 38.86), (2, 30.43, 38.86), (26, 30.857, 31.0)], ids=str
)


@kernels
@moderate_laws
@moderate_histories
def test_agrees_with_integrals_over_rate_and_dropout_probability(kind, law, history):
    """Everything by its definition, from the same table of the latent state's posterior."""
    kernel, latent = KERNELS[kind], Latent(kind, history, law)
    assert np.exp(kernel.log_likelihood(*history, **law)) == pytest.approx(latent.all, rel=1e-10)
    assert kernel.p_alive(*history, **law) == pytest.approx(latent.mean(lambda rate, p: 1.0), rel=1e-10)
    for h in (0.3, 39.0, 2000.0):
        assert kernel.p_alive_at(*history, horizon=h, **law) == pytest.approx(
            latent.mean(partial(staying, h)), rel=3e-9
        )
        for d in (0.0, 1e-7, 0.0027, 0.2):
            expected = latent.mean(partial(discounted_purchases, h, d))
            assert kernel.expected_purchases(*history, horizon=h, discount_rate=d, **law) == pytest.approx(
                expected, rel=1e-8
            )
    forever = latent.mean(lambda rate, p: rate / (0.0027 + rate * p))
    assert kernel.expected_purchases(*history, horizon=np.inf, discount_rate=0.0027, **law) == pytest.approx(
        forever, rel=1e-8
    )
    for y in (0, 1, 9):
        wanted = latent.mean(partial(count_probability, y, 39.0)) + (y == 0) * (1 - latent.mean(lambda rate, p: 1.0))
        found = np.exp(kernel.log_purchase_probability(*history, horizon=39.0, number=y, **law))
        assert found == pytest.approx(wanted, rel=1e-9)


@kernels
@laws
@histories
def test_expected_purchases_agree_with_a_fine_rule(kind, law, history):
    """The mean over p on 800 panels in log p/(1-p)."""
    (x, _, T), n = history, history[0] + FLIPS[kind]
    r, alpha, a, b = law.values()
    p_mean = np.log(a / (b + n))
    ends = [p_mean - 45 / min(a, 1.0), p_mean + 45 / min(b + n, 1.0)]
    edges = p_mean + np.concatenate(
        [-panels(p_mean - ends[0], smallest=1e-6)[::-1], panels(ends[1] - p_mean, smallest=1e-6)[1:]]
    )
    at, weight = nodes(edges)
    height = a * at - (a + b + n) * np.logaddexp(0, at)
    mass = weight * np.exp(height - height.max())
    mass /= mass.sum()
    p = np.exp(np.maximum(-np.logaddexp(0, -at), -600))
    alive = KERNELS[kind].p_alive(*history, **law)
    for h in (0.01, 39.0, 1e5):
        wanted = alive * (mass * -np.expm1(-(r + x) * np.log1p(p * h / (alpha + T))) / p).sum()
        assert KERNELS[kind].expected_purchases(*history, horizon=h, **law) == pytest.approx(wanted, rel=1e-9)
        wanted = alive * (mass * np.exp(-(r + x) * np.log1p(p * h / (alpha + T)))).sum()
        assert KERNELS[kind].p_alive_at(*history, horizon=h, **law) == pytest.approx(wanted, rel=1e-8, abs=1e-12)


@kernels
@laws
@pytest.mark.parametrize("history", [(0, 0.0, 0.0), (2, 30.43, 38.86), (1000, 500.0, 520.0)], ids=str)
@pytest.mark.parametrize("discount_rate", [1e-4, 0.0027, 0.3])
def test_discounting_is_what_it_is_by_parts(kind, law, history, discount_rate):
    """`∫ e^(-δu) dE(u) = e^(-δh) E(h) + δ ∫ e^(-δu) E(u) du`, E without discounting."""

    def plain(u):
        return KERNELS[kind].expected_purchases(*history, horizon=u, **law)

    for h in (39.0, np.inf):
        end = min(h, 40 / discount_rate)
        waited = integrate(lambda u: np.exp(-discount_rate * u) * plain(u), panels(end, count=40, smallest=1e-9))
        wanted = np.exp(-discount_rate * end) * plain(end) + discount_rate * waited
        found = KERNELS[kind].expected_purchases(*history, horizon=h, discount_rate=discount_rate, **law)
        assert found == pytest.approx(wanted, rel=1e-8)


@kernels
def test_for_ever_and_undiscounted(kind):
    """`P(alive) (a+b+n-1)/(a-1)` where a > 1; infinite where it is not, for those who may be alive."""
    law = {"r": 0.5, "alpha": 10.0, "a": np.array([3.0, 1.0, 0.5]), "b": 2.0}
    found = KERNELS[kind].expected_purchases(2, 30.0, 39.0, horizon=np.inf, **law)
    alive = KERNELS[kind].p_alive(2, 30.0, 39.0, **law)
    np.testing.assert_allclose(found, [alive[0] * (3 + 2 + 2 + FLIPS[kind] - 1) / 2, np.inf, np.inf], rtol=1e-14)
    many = KERNELS[kind].expected_purchases(*np.full((3, 90, 1), [[[2]], [[30.0]], [[39.0]]]), horizon=np.inf, **law)
    np.testing.assert_array_equal(many, np.tile(found, (90, 1)))
    gone = KERNELS[kind].expected_purchases(900, 1.0, 4e3, horizon=np.inf, **law | {"a": 0.5})
    assert gone == 0.0


@kernels
def test_nothing_happens_in_no_time(kind):
    law = PUBLISHED[kind][0]
    np.testing.assert_array_equal(
        KERNELS[kind].expected_purchases(2, 30.43, 38.86, horizon=0.0, discount_rate=[0.0, 0.1], **law), 0.0
    )
    found = np.exp(KERNELS[kind].log_purchase_probability(2, 30.43, 38.86, horizon=0.0, number=[0, 1, 5], **law))
    np.testing.assert_allclose(found, [1.0, 0.0, 0.0], rtol=1e-15)
    now = KERNELS[kind].p_alive_at(2, 30.43, 38.86, horizon=0.0, **law)
    assert now == pytest.approx(KERNELS[kind].p_alive(2, 30.43, 38.86, **law), rel=1e-10)


@kernels
@histories
def test_probabilities_sum_to_one_and_have_the_known_mean(kind, history):
    law, y = PUBLISHED[kind][0], np.arange(6000.0)
    p = np.exp(KERNELS[kind].log_purchase_probability(*history, horizon=20.0, number=y, **law))
    assert p.sum() == pytest.approx(1.0, rel=1e-11)
    assert (y * p).sum() == pytest.approx(KERNELS[kind].expected_purchases(*history, horizon=20.0, **law), rel=1e-8)


@kernels
def test_the_logarithm_stays_finite_where_the_probability_underflows(kind):
    numbers = np.array([400, 4000, 40_000])
    logs = KERNELS[kind].log_purchase_probability(0, 0.0, 38.86, horizon=39.0, number=numbers, **PUBLISHED[kind][0])
    assert np.isfinite(logs).all()
    q = 39.0 / (PUBLISHED[kind][0]["alpha"] + 38.86 + 39.0)
    assert np.diff(logs)[-1] / 36_000 == pytest.approx(np.log(q), rel=2e-3)


relation = settings(deadline=None, derandomize=True, max_examples=100)
times = st.tuples(st.integers(0, 400), st.floats(0, 1), st.floats(0.1, 500))
shape = st.floats(0.05, 20)


@kernels
@relation
@given(times, shape, st.floats(0.1, 300), shape, shape, st.floats(0.01, 100))
def test_units_of_time_do_not_matter(kind, one, r, alpha, a, b, unit):
    """A change of unit shifts the log density of x times by x log(unit), and changes no expectation."""
    x, share, T = one
    kernel, t_x = KERNELS[kind], share * T if x else 0.0
    law, scaled = {"r": r, "alpha": alpha, "a": a, "b": b}, {"r": r, "alpha": alpha * unit, "a": a, "b": b}
    other = kernel.log_likelihood(x, t_x * unit, T * unit, **scaled)
    assert other == pytest.approx(kernel.log_likelihood(x, t_x, T, **law) - x * np.log(unit), rel=1e-9, abs=1e-9)
    later = kernel.expected_purchases(x, t_x * unit, T * unit, horizon=10 * unit, discount_rate=0.01 / unit, **scaled)
    assert later == pytest.approx(
        kernel.expected_purchases(x, t_x, T, horizon=10.0, discount_rate=0.01, **law), rel=1e-8
    )


@kernels
@relation
@given(times, shape, st.floats(0.1, 300))
def test_it_is_the_nbd_of_customers_who_never_leave(kind, one, r, alpha):
    """Mean of p 1e-12 and no silence longer than the likelihood ratio forgives."""
    x, _, T = one
    kernel, law = KERNELS[kind], {"r": r, "alpha": alpha, "a": 1.0, "b": 1e12}
    t_x = T if x else 0.0
    ours = kernel.log_likelihood(x, t_x, T, **law)
    assert ours == pytest.approx(nbd.log_likelihood(x, t_x, T, r=r, alpha=alpha), rel=1e-8, abs=1e-8)
    ahead = kernel.expected_purchases(x, t_x, T, horizon=10.0, **law)
    assert ahead == pytest.approx(nbd.expected_purchases(x, t_x, T, horizon=10.0, r=r, alpha=alpha), rel=1e-6)


@kernels
@pytest.mark.parametrize(
    "law", [PUBLISHED["bg"][0], {"r": 5.0, "alpha": 8.0, "a": 3.0, "b": 20.0}], ids=["cdnow", "busy"]
)
def test_simulated_histories_follow_the_law(kind, law):
    """Counts by chi-square, times of the last of three purchases by Kolmogorov-Smirnov: false alarms 1 in 10,000 each."""
    kernel, T, size = KERNELS[kind], 39.0, 100_000
    x, t_x = kernel.simulate(np.full(size, T), **law, rng=np.random.default_rng(31))
    p = np.exp(kernel.log_purchase_probability(0, 0.0, 0.0, horizon=T, number=np.arange(14), **law))
    counts = np.bincount(np.minimum(x, 14).astype(int), minlength=15)
    assert stats.chisquare(counts, np.append(p, 1 - p.sum()) * size).pvalue > 1e-4
    assert (t_x[x == 0] == 0).all()
    edges = np.linspace(0, T, 400)
    at, weight = nodes(edges)
    density = (weight * np.exp(kernel.log_likelihood(3, at, T, **law)) * at**2 / 2).sum(axis=1)
    assert density.sum() == pytest.approx(p[3], rel=1e-9)
    cdf = np.concatenate([[0.0], np.cumsum(density) / density.sum()])
    assert stats.kstest(t_x[x == 3], lambda t: np.interp(t, edges, cdf)).pvalue > 1e-4


@kernels
@pytest.mark.parametrize(("horizon", "discount_rate"), [(39.0, 0.0), (39.0, 0.01), (np.inf, 0.0027)])
def test_customers_who_share_parameters_are_valued_as_one_by_one(kind, horizon, discount_rate):
    """Customers × draws are interpolated in α+T: 400 customers of ages from days to eight years, among all laws."""
    rng, kernel = np.random.default_rng(12), KERNELS[kind]
    x = np.repeat([0.0, 1.0, 30.0, 1000.0], 100)[:, None]
    T = np.exp(rng.uniform(0, 6, x.shape))
    t_x = np.where(x > 0, T * 0.99, 0.0)
    sets = dict(zip(NAMES, np.array(list(LAWS.values())).T, strict=True))
    together = kernel.expected_purchases(x, t_x, T, horizon=horizon, discount_rate=discount_rate, **sets)
    flat = [np.ravel(values) for values in np.broadcast_arrays(x, t_x, T, *sets.values())]
    alone = kernel.expected_purchases(
        *flat[:3], horizon=horizon, discount_rate=discount_rate, **dict(zip(NAMES, flat[3:], strict=True))
    )
    np.testing.assert_allclose(together, alone.reshape(together.shape), rtol=1e-8)
    if np.isfinite(horizon):
        later = kernel.p_alive_at(x, t_x, T, horizon=horizon, **sets)
        alone = kernel.p_alive_at(*flat[:3], horizon=horizon, **dict(zip(NAMES, flat[3:], strict=True)))
        np.testing.assert_allclose(later, alone.reshape(later.shape), rtol=1e-8, atol=1e-12)
