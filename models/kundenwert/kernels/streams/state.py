"""Where a stream begins, its state, its words, and uniform variates."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kundenwert.kernels.compiled import inlined

type State = NDArray[np.uint64]

PURCHASES = 1
"""Purpose of the stream that draws whether, when and how often customers buy."""

SPEND = 2
"""Purpose of the stream that draws what their purchases are worth."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_PURPOSE = np.uint64(0xD1342543DE82EF95)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def customer_keys(seed: int, hashes: ArrayLike) -> NDArray[np.uint64]:
    r"""Return the key of each customer: the seed and the hash of the customer's id, mixed.

    `key = mix(hash + mix(seed + golden))`, with the finaliser of splitmix64 as `mix`; different hashes give different
    keys.

    Parameters
    ----------
    seed
        Any integer; counts modulo 2^64.
    hashes
        Hash of each customer's id, uint64; a running number does as well.

    Returns
    -------
    ndarray of uint64
        Of the shape of `hashes`, for `start`.

    References
    ----------
    Steele, Lea & Flood (2014), "Fast Splittable Pseudorandom Number Generators".

    Examples
    --------
    >>> customer_keys(1, np.arange(2, dtype=np.uint64))
    array([15916886550466581944, 16051188185124956539], dtype=uint64)
    """
    start = np.array([(seed + int(_GOLDEN)) % 2**64], dtype=np.uint64)
    return np.asarray(_mixed(np.asarray(hashes, dtype=np.uint64) + _mixed(start)).reshape(np.shape(hashes)))


def _mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))


@inlined
def mix(z: np.uint64) -> np.uint64:
    """Return 64 bits that all depend on all of the given 64: the finaliser of splitmix64, one to one."""
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return np.uint64(z ^ (z >> np.uint64(31)))


@inlined
def start(state: State, key: np.uint64, draw: int, purpose: int) -> None:
    """Set the state to the beginning of the stream of a customer, a draw and a purpose.

    Two streams of one customer never share a state, nor do those of customers with different keys: one word is one to
    one with the key, the others with the draw. The state is never all 0.

    Parameters
    ----------
    state
        Four uint64, overwritten.
    key
        Of the customer, from `customer_keys`.
    draw, purpose
        Integers ≥ 0; purposes are `PURCHASES` and `SPEND`.

    Examples
    --------
    >>> state = np.empty(4, dtype=np.uint64)
    >>> start(state, np.uint64(7), 0, PURCHASES)
    >>> round(uniform(state), 12)
    0.763245901178
    """
    own = mix(np.uint64(key) + _PURPOSE * np.uint64(purpose))
    named = mix(own + _GOLDEN * np.uint64(draw))
    state[0] = mix(named + _GOLDEN)
    state[1] = mix(named + _GOLDEN * np.uint64(2))
    state[2] = mix(named + _GOLDEN * np.uint64(3))
    state[3] = own


@inlined
def bits(state: State) -> np.uint64:
    """Return the next 64 random bits: xoshiro256++ (Blackman & Vigna 2021)."""
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    added = s0 + s3
    result = ((added << np.uint64(23)) | (added >> np.uint64(41))) + s0
    shifted = s1 << np.uint64(17)
    s2 ^= s0
    s3 ^= s1
    state[1] = s1 ^ s2
    state[0] = s0 ^ s3
    state[2] = s2 ^ shifted
    state[3] = (s3 << np.uint64(45)) | (s3 >> np.uint64(19))
    return np.uint64(result)


@inlined
def fraction(word: np.uint64) -> float:
    """Return the upper 52 bits as the middle of one of 2^52 equal parts of (0, 1): exact, never 0, never 1."""
    return (float(np.int64(word >> np.uint64(12))) + 0.5) * 2.0**-52


@inlined
def uniform(state: State) -> float:
    """Return a uniform variate of the open interval (0, 1).

    Parameters
    ----------
    state
        Stream, moved on.

    Returns
    -------
    float
        In [2^-53, 1 - 2^-53].

    Examples
    --------
    >>> state = np.array([1, 2, 3, 4], dtype=np.uint64)
    >>> uniform(state) * 2.0**64  # the generator's first word is 41943041; its last 12 bits are not used
    41945088.0
    """
    return fraction(bits(state))
