"""The laws there are, in order: a further one is a line here."""
# ruff: noqa: I001, PLC0414  the order is that of the list, and the names are for everybody

from inspect import isabstract

from kundenwert.errors import SchemaError
from kundenwert.messages import Code, Setting
from kundenwert.laws.law import Law, PurchaseLaw, SpendLaw
from kundenwert.laws.pareto_nbd import ParetoNBD as ParetoNBD
from kundenwert.laws.gamma_gamma import GammaGamma as GammaGamma
from kundenwert.laws.nbd import NBD as NBD
from kundenwert.laws.bg_nbd import BGNBD as BGNBD
from kundenwert.laws.mbg_nbd import MBGNBD as MBGNBD
from kundenwert.laws.gamma_gamma_first import GammaGammaFirst as GammaGammaFirst
from kundenwert.laws.mbg_cnbd import MBGCNBD as MBGCNBD

_FOUND = [kind for kind in tuple(globals().values()) if isinstance(kind, type) and issubclass(kind, Law)]
KINDS: tuple[type[Law], ...] = tuple(kind for kind in _FOUND if not isabstract(kind))
LAWS = {kind.name: kind for kind in KINDS}
PURCHASE_LAWS = {kind.name: kind for kind in KINDS if issubclass(kind, PurchaseLaw)}
SPEND_LAWS = {kind.name: kind for kind in KINDS if issubclass(kind, SpendLaw)}


def purchase_law(name: str) -> type[PurchaseLaw]:
    """Find a law of purchases by its name; hyphens and underscores count as the same.

    Parameters
    ----------
    name
        Such as "bg-nbd" or "bg_nbd".

    Raises
    ------
    SchemaError
        If there is none.

    Examples
    --------
    >>> purchase_law("bg-nbd").title
    'BG/NBD'
    """
    found = PURCHASE_LAWS.get(name.lower().replace("-", "_"))
    if found is None:
        known = ", ".join(one.replace("_", "-") for one in PURCHASE_LAWS)
        raise SchemaError(Code.NO_SUCH_MODEL, parameter="model", given=Setting("model", name), known=known)
    return found
