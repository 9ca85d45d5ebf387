r"""Random streams that can be started anywhere: one for each customer, draw and purpose.

A stream is a xoshiro256++ generator (Blackman & Vigna 2021) whose state of four words is hashed from its three names,
so that a customer's draws depend neither on who else is there nor on the order, the block or the thread. Starting one
costs a few nanoseconds. The functions are put into the compiled functions that call them; the state is an array
of four uint64, changed in place. What is seldom needed is called, and what is put in place holds no loop: around one
the compiler would count references after all. Every sampler is exact: nothing is approximated by a normal law.
"""

from kundenwert.kernels.streams.samplers import TINY, beta, gamma, geometric, poisson
from kundenwert.kernels.streams.state import PURCHASES, SPEND, State, bits, customer_keys, mix, start, uniform
from kundenwert.kernels.streams.ziggurat import exponential, normal

__all__ = [
    "PURCHASES",
    "SPEND",
    "TINY",
    "State",
    "beta",
    "bits",
    "customer_keys",
    "exponential",
    "gamma",
    "geometric",
    "mix",
    "normal",
    "poisson",
    "start",
    "uniform",
]
