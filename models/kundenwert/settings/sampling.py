"""What is fitted and how: effects, covariates, priors, sampler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from kundenwert.errors import SchemaError
from kundenwert.messages import Code
from kundenwert.settings.record import check_choices, several_texts
from kundenwert.settings.values import whole


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """What is fitted and how."""

    model: str = "pareto-nbd"
    """Law of purchases: pareto-nbd, nbd, bg-nbd, mbg-nbd, or mbg-cnbd for regular buyers; auto compares them."""

    first_value: Literal["auto", "on", "off"] = "auto"
    """Whether the first purchase says what a customer will spend; auto: where it does in the data."""

    effects: Sequence[str] = ()
    """cohort, or a column: groups with partially pooled effects; repeatable."""

    covariate: Sequence[str] = ()
    """Column with an effect on rates and spend; repeatable."""

    method: Literal["auto", "importance", "nuts", "map"] = "auto"
    """auto: importance sampling, NUTS where it fails."""

    draws: int | None = None
    """Draws kept per chain; if not given 1000, or fewer where NUTS has enough sooner."""

    tune: int = 200
    """Tuning steps per chain, for NUTS."""

    chains: int = 4
    """Chains."""

    seed: int = 1
    """Seed; the same seed gives the same numbers."""

    priors: Mapping[str, str] = field(default_factory=dict)
    """Priors by the quantity they are on, such as half_life = "LogNormal(mu=0, sigma=1)"."""

    def __post_init__(self) -> None:
        """Check every setting by itself."""
        check_choices(self)
        several_texts(self, "effects", "covariate")
        if not isinstance(self.priors, Mapping):
            raise SchemaError(Code.PRIOR_BAD, parameter="priors", text=self.priors, name="priors")
        for name, least in (("draws", 50), ("tune", 50), ("chains", 2), ("seed", 0)):
            if name == "draws" and self.draws is None:
                continue
            object.__setattr__(self, name, whole(getattr(self, name), name, least=least))
