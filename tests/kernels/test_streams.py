"""Random streams: every sampler against its law, streams against one another, and the values that must not change.

Written false-alarm rate: each statistical check fails a right sampler with probability at most 1e-6, and there are
fewer than 100. Seeds are fixed: a right sampler that passes today passes tomorrow.
"""

import numpy as np
import pytest
from scipy import stats

from kundenwert.kernels import streams
from kundenwert.kernels.compiled import compiled

FALSE_ALARM = 1e-6
SIZE = 200_000
MASK = 2**64 - 1


@compiled
def drawn_uniform(state, size):
    return np.array([streams.uniform(state) for _ in range(size)])


@compiled
def drawn_exponential(state, size):
    return np.array([streams.exponential(state) for _ in range(size)])


@compiled
def drawn_normal(state, size):
    return np.array([streams.normal(state) for _ in range(size)])


@compiled
def drawn_gamma(state, shape, size):
    return np.array([streams.gamma(state, shape) for _ in range(size)])


@compiled
def drawn_beta(state, a, b, size):
    return np.array([streams.beta(state, a, b) for _ in range(size)])


@compiled
def drawn_poisson(state, mean, size):
    return np.array([streams.poisson(state, mean) for _ in range(size)])


@compiled
def first_uniforms(keys, draws, purpose):
    """One uniform of each stream, keys × draws."""
    found = np.empty((keys.size, draws.size))
    state = np.empty(4, np.uint64)
    for i in range(keys.size):
        for d in range(draws.size):
            streams.start(state, keys[i], draws[d], purpose)
            found[i, d] = streams.uniform(state)
    return found


def state(key=11, draw=3, purpose=1):
    found = np.empty(4, np.uint64)
    streams.start(found, np.uint64(key), draw, purpose)
    return found


def is_uniform(sample):
    return stats.kstest(sample, "uniform").pvalue


def counts_p_value(sample, law):
    """Chi-square of whole numbers, in cells of expectation ≥ 20."""
    inner = np.arange(law.ppf(20 / sample.size), law.isf(20 / sample.size) + 1)
    inner = np.unique(inner[:: max(1, inner.size // 200)])  # edges: a cell is (edge, next edge]
    chance = np.diff(np.concatenate([[0.0], law.cdf(inner), [1.0]]))
    seen = np.bincount(np.searchsorted(inner, sample), minlength=chance.size)
    kept = chance * sample.size >= 5
    assert chance[~kept].sum() < 1e-3
    expected = chance[kept] / chance[kept].sum() * seen[kept].sum()
    return stats.chisquare(seen[kept], expected).pvalue


@pytest.mark.parametrize(
    ("draw", "law"), [(drawn_uniform, "uniform"), (drawn_exponential, "expon"), (drawn_normal, "norm")]
)
def test_laws_without_parameters(draw, law):
    assert stats.kstest(draw(state(), SIZE), law).pvalue > FALSE_ALARM


@pytest.mark.parametrize(("edge", "law"), [(7.697, stats.expon), (10.0, stats.expon), (3.654, stats.halfnorm)])
def test_the_tails_beyond_the_last_layer(edge, law):
    """Rare enough that the tests of the whole law would not notice: their share and their own law."""
    size = 5_000_000
    draw = drawn_exponential if law is stats.expon else drawn_normal
    sample = np.abs(draw(state(5), size))
    tail = sample[sample > edge]
    assert stats.binomtest(tail.size, size, law.sf(edge)).pvalue > FALSE_ALARM
    assert is_uniform(law.sf(tail) / law.sf(edge)) > FALSE_ALARM


def test_the_normal_law_is_even():
    sample = drawn_normal(state(6), SIZE)
    assert stats.binomtest(int((sample > 0).sum()), SIZE).pvalue > FALSE_ALARM
    assert stats.ks_2samp(sample[sample > 0], -sample[sample < 0]).pvalue > FALSE_ALARM


@pytest.mark.parametrize("shape", [0.01, 0.3, 0.999, 1.0, 2.5, 100.0, 1e4])
def test_gamma(shape):
    sample = drawn_gamma(state(), shape, SIZE)
    assert sample.min() >= streams.TINY
    floored = sample == streams.TINY
    lowest = stats.gamma.cdf(streams.TINY, shape)  # the share below the floor; the rest follows the law
    if lowest > 1e-100:
        assert stats.binomtest(int(floored.sum()), SIZE, lowest).pvalue > FALSE_ALARM
    given = stats.gamma.cdf(sample[~floored], shape)
    assert is_uniform((given - lowest) / (1 - lowest)) > FALSE_ALARM


@pytest.mark.parametrize(("a", "b"), [(0.01, 0.02), (0.3, 0.3), (1.0, 1.0), (2.5, 0.3), (0.01, 100.0), (100.0, 30.0)])
def test_beta(a, b):
    sample = drawn_beta(state(), a, b, SIZE)
    assert ((sample >= 0) & (sample <= 1)).all()
    inside = (sample > 1e-12) & (sample < 1 - 1e-12)
    low, high = stats.beta.cdf([1e-12, 1 - 1e-12], a, b)
    assert stats.binomtest(int((sample <= 1e-12).sum()), SIZE, low).pvalue > FALSE_ALARM
    assert stats.binomtest(int(inside.sum()), SIZE, high - low).pvalue > FALSE_ALARM
    assert is_uniform((stats.beta.cdf(sample[inside], a, b) - low) / (high - low)) > FALSE_ALARM


@pytest.mark.parametrize("shape", [1e-4, 1e-8, 1e-300])
def test_beta_of_tiny_shapes_is_a_coin(shape):
    sample = drawn_beta(state(), shape, 3 * shape, SIZE)
    assert stats.binomtest(int((sample > 0.5).sum()), SIZE, 0.25).pvalue > FALSE_ALARM
    assert ((sample > 1e-3) & (sample < 1 - 1e-3)).mean() < 0.01


@pytest.mark.parametrize("mean", [0.1, 1.0, 5.0, 9.99, 10.0, 15.0, 30.0, 1e4])
def test_poisson(mean):
    sample = drawn_poisson(state(), mean, SIZE)
    assert (sample == np.floor(sample)).all()
    assert counts_p_value(sample, stats.poisson(mean)) > FALSE_ALARM


@pytest.mark.parametrize("mean", [1e8, 1e15])
def test_poisson_of_large_means(mean):
    """Beyond 1e8 the law is normal to 1e-4 of a standard deviation, less than 200,000 draws can see."""
    sample = drawn_poisson(state(), mean, SIZE)
    assert stats.kstest((sample + 0.5 - mean) / np.sqrt(mean), "norm").pvalue > FALSE_ALARM


def test_poisson_without_mean_is_zero():
    assert not drawn_poisson(state(), 0.0, 1000).any()


@pytest.mark.parametrize("mean", [5.0, 10.0])
def test_a_rounded_normal_in_place_of_poisson_would_be_caught(mean):
    wrong = np.maximum(np.round(np.random.default_rng(1).normal(mean, np.sqrt(mean), SIZE)), 0)
    assert counts_p_value(wrong, stats.poisson(mean)) < FALSE_ALARM


def neighbours():
    """Pairs of uniforms that are next to each other in one of the three names."""
    keys = streams.customer_keys(1, np.arange(300, dtype=np.uint64))
    plain = np.arange(301, dtype=np.uint64)  # keys that were not even mixed
    draws = np.arange(1000)
    square, bare = first_uniforms(keys, draws, 1), first_uniforms(plain, draws, 1)
    other_seed = first_uniforms(streams.customer_keys(2, np.arange(300, dtype=np.uint64)), draws, 1)
    return {
        "draws": (square[:, :-1], square[:, 1:]),
        "keys": (square[:-1], square[1:]),
        "plain keys": (bare[:-1], bare[1:]),
        "purposes": (square, first_uniforms(keys, draws, 2)),
        "seeds": (square, other_seed),
        "key and draw swapped": (bare[:300, :300], bare[:300, :300].T),
    }


PAIRS = neighbours()


@pytest.mark.parametrize("name", PAIRS)
def test_neighbouring_streams_are_independent(name):
    one, other = (part.ravel() for part in PAIRS[name])
    if name == "key and draw swapped":  # each pair once, none with itself
        upper = np.triu_indices(300, 1)
        one, other = (part[upper] for part in PAIRS[name])
    assert abs(np.corrcoef(one, other)[0, 1]) * np.sqrt(one.size) < stats.norm.isf(FALSE_ALARM / 2)
    cells = np.bincount((np.floor(one * 32) * 32 + np.floor(other * 32)).astype(int), minlength=1024)
    assert stats.chisquare(cells).pvalue > FALSE_ALARM


def test_no_two_streams_are_the_same():
    firsts = np.concatenate([PAIRS["purposes"][0].ravel(), PAIRS["purposes"][1].ravel(), PAIRS["seeds"][1].ravel()])
    assert np.unique(firsts).size == firsts.size


def test_a_stream_does_not_depend_on_the_order():
    keys, draws = streams.customer_keys(1, np.arange(40, dtype=np.uint64)), np.arange(25)
    there, back = first_uniforms(keys, draws, 1), first_uniforms(keys[::-1].copy(), draws[::-1].copy(), 1)
    np.testing.assert_array_equal(there, back[::-1, ::-1])


def by_hand(z):
    """The finaliser of splitmix64 in whole numbers of Python."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


@pytest.mark.parametrize("z", [0, 1, 2**63, MASK, 0x9E3779B97F4A7C15])
def test_mix(z):
    assert int(streams.mix(np.uint64(z))) == by_hand(z)


def test_splitmix_gives_its_published_numbers():
    """The first three of splitmix64 seeded with 1234567, as in Rosetta Code, "Pseudo-random numbers/Splitmix64"."""
    golden = 0x9E3779B97F4A7C15
    seen = [int(streams.mix(np.uint64((1234567 + golden * k) & MASK))) for k in (1, 2, 3)]
    assert seen == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_xoshiro_gives_its_published_numbers():
    """From the state 1, 2, 3, 4: the vector of the test in the Rust crate rand_xoshiro, made with the reference code."""
    here = np.array([1, 2, 3, 4], np.uint64)
    seen = [int(streams.bits(here)) for _ in range(6)]
    assert seen == [
        *(41943041, 58720359, 3588806011781223, 3591011842654386),
        *(9228616714210784205, 9973669472204895162),
    ]


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1, 2**70 + 5, -1])
def test_customer_keys_are_the_mix_of_seed_and_hash(seed):
    hashes = np.array([[0, 1], [2**63, MASK]], np.uint64)
    first = by_hand((seed + 0x9E3779B97F4A7C15) & MASK)
    expected = [[by_hand((int(one) + first) & MASK) for one in row] for row in hashes]
    np.testing.assert_array_equal(streams.customer_keys(seed, hashes), np.array(expected, np.uint64))


@pytest.mark.parametrize(
    ("place", "draw", "purpose"), [(0, 0, streams.PURCHASES), (1, 1, streams.PURCHASES), (2, 0, streams.SPEND)]
)
def test_first_values_are_pinned(place, draw, purpose):
    """A stored seed must give tomorrow what it gives today."""
    here = state(streams.customer_keys(20, np.array([12345], np.uint64))[0], draw, purpose)
    seen = [
        *(streams.uniform(here), streams.exponential(here), streams.normal(here), streams.gamma(here, 0.3)),
        *(streams.gamma(here, 2.5), streams.beta(here, 0.5, 2.0), streams.poisson(here, 3.0)),
        streams.poisson(here, 300.0),
    ]
    np.testing.assert_allclose(seen, PINNED[place], rtol=1e-12)


PINNED = [
    [
        0.7602894430789507,
        0.15697188769952244,
        -0.051714358813913945,
        0.5605424227714083,
        2.226996627112512,
        0.012356725637966432,
        4.0,
        301.0,
    ],
    [
        0.7252128049010104,
        0.7621250299470331,
        -0.02527306378919402,
        4.1271566868903636e-05,
        0.8184248015557293,
        0.636598432756247,
        3.0,
        281.0,
    ],
    [
        0.6362476345398668,
        0.30570557047009506,
        2.0837407134450405,
        0.016940807165779732,
        1.109209373980862,
        0.24103949286138412,
        3.0,
        305.0,
    ],
]
