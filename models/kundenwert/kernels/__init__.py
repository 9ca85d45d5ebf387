"""Pure array mathematics of the models: NumPy and SciPy in, NumPy out.

Nothing here validates user data, reads files or knows a table; shapes broadcast, results are float64.
"""

from kundenwert.kernels import bg_nbd, gamma_gamma, gamma_gamma_first, mbg_nbd, nbd, pareto_nbd

__all__ = ["bg_nbd", "gamma_gamma", "gamma_gamma_first", "mbg_nbd", "nbd", "pareto_nbd"]
