"""A law's likelihood as an operation of PyTensor, with the gradient that the law itself gives."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.gradient import grad_undefined
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.tensor import TensorVariable as Variable

from kundenwert.laws import Law, Observed


def wrapped(model: Law) -> Callable[..., Variable]:
    """The log-likelihood of one customer of each observation, as a function of graph variables.

    Parameters
    ----------
    model
        A law; its `pointwise` gives values and derivatives.

    Returns
    -------
    Callable
        From what is observed (the columns that a law looks at) and the law's parameters, in order.
    """
    fields = model.looks_at
    operation = _Pointwise(model, fields)

    def density(*given: Variable) -> Variable:
        spread = pt.broadcast_arrays(*(pt.as_tensor(value).astype("float64") for value in given))
        flat = [pt.flatten(value) for value in spread]
        return operation(*flat)[0].reshape(spread[0].shape)

    return density


class _Pointwise(Op):  # type: ignore[misc]  # PyTensor's bases are untyped
    """Values and derivatives by parameter, from vectors of one length."""

    __props__ = ("model", "fields")

    def __init__(self, model: Law, fields: tuple[str, ...]) -> None:
        self.model, self.fields = model, fields

    def make_node(self, *given: Variable) -> Apply:
        """Vectors in; the values, and a vector of derivatives for each parameter, out."""
        inputs = [pt.as_tensor(value) for value in given]
        return Apply(self, inputs, [pt.dvector() for _ in range(1 + len(self.model.parameters))])

    def perform(self, node: Apply, inputs: list[NDArray[np.float64]], outputs: list[list[NDArray[np.float64]]]) -> None:
        """Ask the law."""
        del node
        number = len(self.fields)
        size = inputs[0].size
        seen = Observed(dict(zip(self.fields, inputs[:number], strict=True)), np.ones(size), np.arange(size))
        law = dict(zip(self.model.parameters, inputs[number:], strict=True))
        with np.errstate(all="ignore"):
            value, slopes = self.model.pointwise(seen, law)
        outputs[0][0] = np.asarray(value, dtype=np.float64)
        for output, name in zip(outputs[1:], self.model.parameters, strict=True):
            output[0] = np.asarray(np.broadcast_to(slopes[name], size), dtype=np.float64)

    def pullback(self, inputs: list[Variable], outputs: list[Variable], cotangents: list[Variable]) -> list[Variable]:
        """Derivatives by parameters times what comes in; what was observed is not differentiated by."""
        number = len(self.fields)
        seen = [grad_undefined(self, k, inputs[k], "the data are given") for k in range(number)]
        return [*seen, *(cotangents[0] * slope for slope in outputs[1:])]
