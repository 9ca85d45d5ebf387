"""Keys of customers' random numbers: a seed and an id, mixed; nothing is compiled for them."""

import numpy as np
from numpy.typing import NDArray

GOLDEN = 0x9E3779B97F4A7C15
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def customer_keys(seed: int, hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One key for each customer, from the seed and a hash of the customer's id.

    `key = mix(hash + mix(seed))`, with the finaliser of SplitMix64, a bijection whose every bit depends on all bits.

    Parameters
    ----------
    seed
        At least 0.
    hashes
        One for each customer.

    Returns
    -------
    ndarray of uint64
        Of the same shape; equal for equal seed and hash, whatever stands beside it.

    References
    ----------
    Steele, Lea & Flood (2014), "Fast Splittable Pseudorandom Number Generators".

    Examples
    --------
    >>> customer_keys(1, np.array([0, 1], dtype=np.uint64)).tolist()
    [6791897765849424158, 9716232063330790915]
    """
    words = [np.uint64(seed >> (64 * k) & 0xFFFFFFFFFFFFFFFF) for k in range(max(1, -(-seed.bit_length() // 64)))]
    key = np.zeros(1, dtype=np.uint64)
    for word in words:
        key = _mixed(key + word)
    return _mixed(np.asarray(hashes, dtype=np.uint64) + key)


def _mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    value = value + np.uint64(GOLDEN)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(FIRST)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(SECOND)
    return value ^ (value >> np.uint64(31))
