"""The laws there are, in order: a further one is a line here."""

from inspect import isabstract

from kundenwert.laws.law import Law, PurchaseLaw, SpendLaw
from kundenwert.laws.pareto_nbd import ParetoNBD as ParetoNBD
from kundenwert.laws.gamma_gamma import GammaGamma as GammaGamma
from kundenwert.laws.nbd import NBD as NBD

KINDS: tuple[type[Law], ...] = tuple(
    kind for kind in tuple(globals().values()) if isinstance(kind, type) and issubclass(kind, Law) and not isabstract(kind)
)
LAWS = {kind.name: kind for kind in KINDS}
PURCHASE_LAWS = {kind.name: kind for kind in KINDS if issubclass(kind, PurchaseLaw)}
SPEND_LAWS = {kind.name: kind for kind in KINDS if issubclass(kind, SpendLaw)}
