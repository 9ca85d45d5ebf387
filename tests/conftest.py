"""Fixtures that several tests share: small enough to be quick, made once."""

import matplotlib as mpl

mpl.use("Agg")
