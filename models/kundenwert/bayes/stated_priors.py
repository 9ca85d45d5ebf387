"""Priors as people write them in settings: text that is parsed, never run."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from kundenwert.bayes.priors import Prior
from kundenwert.errors import SchemaError
from kundenwert.laws import PURCHASE_LAWS, SPEND_LAWS, Law
from kundenwert.messages import Code
from kundenwert.settings.record import meant


def _names(kinds: Mapping[str, type[Law]]) -> tuple[str, ...]:
    """Quantities and parameters of some laws that can carry a prior, each once."""
    groups = [group for kind in kinds.values() for group in kind.quantities]
    return tuple(dict.fromkeys(name for group in groups for name in (*group.priors, *group.parameters)))


PURCHASE_NAMES, SPEND_NAMES = _names(PURCHASE_LAWS), _names(SPEND_LAWS)


def parse_prior(text: str, name: str = "prior") -> Prior:
    """Read a prior written as a distribution with its parameters.

    Parameters
    ----------
    text
        Such as "LogNormal(mu=0, sigma=1)": a name, and numbers by name. Nothing else is read, and nothing is run.
    name
        Quantity that it is on, for the message.

    Returns
    -------
    Prior

    Raises
    ------
    SchemaError
        If the text is of another form.

    Examples
    --------
    >>> parse_prior("LogNormal(mu=-0.7, sigma=1)")
    LogNormal(mu=-0.7, sigma=1)
    """
    refusal = SchemaError(Code.PRIOR_BAD, parameter="priors", text=text, name=name)
    try:
        call = ast.parse(str(text).strip(), mode="eval").body
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.keywords and not call.args):
            raise refusal
        values = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise refusal from None
    numbers = {key: value for key, value in values.items() if key is not None and type(value) in (int, float)}
    if len(numbers) < len(call.keywords):
        raise refusal
    return Prior(call.func.id, numbers)


def stated_priors(priors: Mapping[str, str]) -> tuple[dict[str, Prior], dict[str, Prior]]:
    """Read priors by the quantity that they are on, those of the purchase model and those of the spend model.

    Parameters
    ----------
    priors
        Texts as in `parse_prior` by the names in `kundenwert.bayes.priors`.

    Returns
    -------
    tuple of dict
        Priors of the purchase model, and of the spend model.

    Raises
    ------
    SchemaError
        If a name is not known, or a text is not understood.

    Examples
    --------
    >>> stated_priors({"half_life": "LogNormal(mu=0, sigma=1)", "purchase_cv": "Gamma(alpha=2, beta=4)"})
    ({'half_life': LogNormal(mu=0, sigma=1)}, {'purchase_cv': Gamma(alpha=2, beta=4)})
    """
    known = (*PURCHASE_NAMES, *SPEND_NAMES)
    for name in priors:
        if name not in known:
            near = meant(name, known)
            raise SchemaError(Code.PRIOR_UNKNOWN, parameter="priors", name=name, meant=near, known=", ".join(known))
    read = {name: parse_prior(text, name) for name, text in priors.items()}
    return (
        {name: prior for name, prior in read.items() if name in PURCHASE_NAMES},
        {name: prior for name, prior in read.items() if name in SPEND_NAMES},
    )
