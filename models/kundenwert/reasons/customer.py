"""From fits and a customer to what explains the customer's forecast: each fact computed for this very customer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.errors import DomainError
from kundenwert.laws import UNSEEN_SPENDING, History, Parameters, PurchaseLaw, SpendLaw
from kundenwert.messages import Code
from kundenwert.outlook import next_purchase
from kundenwert.outlook.asked import rows_of
from kundenwert.predict import scorings
from kundenwert.reasons.explanation import Explanation
from kundenwert.reasons.sentences import reasons
from kundenwert.settings import Terms
from kundenwert.value import check_terms, value_table

if TYPE_CHECKING:
    from kundenwert.bayes import Fit
    from kundenwert.data import CustomerSummary, TransactionLog

type Array = NDArray[np.float64]


class _Laws(NamedTuple):
    """The laws of one customer, with draws of its parameters."""

    buying: PurchaseLaw
    rates: Parameters
    paying: SpendLaw
    prices: Parameters

    def alive(self, frequency: float, recency: float, T: float) -> float:
        """P(alive) with some history, averaged over draws."""
        return float(self.buying.p_alive(_one(frequency, recency, T), self.rates).mean())


def explain(
    customer_id: object,
    purchases: Fit[PurchaseLaw],
    spend: Fit[SpendLaw],
    summary: CustomerSummary,
    terms: Terms | None = None,
    *,
    log: TransactionLog | None = None,
    seed: int = 1,
    **changes: object,
) -> Explanation:
    """Explain one customer: history, forecast, and in a few sentences why it is what it is.

    What a sentence gives as a reason is computed for this customer: what P(alive) would be after a silence of one usual
    gap, how far the expected spend lies from that of a new customer towards the customer's own average, what one more
    purchase on the last day would change.

    Parameters
    ----------
    customer_id
        One of the summary's.
    purchases, spend
        Fits of a law of purchases and of one of spend.
    summary
        All customers, with whom this one is compared.
    terms
        What turns purchases into money, as in `value_table`.
    log
        What the summary was made from, to show each purchase.
    seed
        Makes the outcomes reproducible: with the seed of a value table they are the customer's row of it.
    **changes
        Settings of `terms` by name.

    Returns
    -------
    Explanation

    Raises
    ------
    DomainError
        If there is no such customer; similar ids are named.
    FitError
        If a fit did not converge, or is of another time unit.
    """
    rows = rows_of(summary.table, [customer_id])
    alone = replace(summary, table=summary.table.iloc[rows].reset_index(drop=True))
    assumed = check_terms(summary, terms, **changes)
    found = value_table(purchases, spend, alone, assumed, seed=seed)
    values = found.table.iloc[0]
    buying, paying = scorings(purchases, spend)
    first = np.zeros(1, dtype=np.int64)
    laws = _Laws(buying.law, buying.laws(alone.table)(first), paying.law, paying.laws(alone.table)(first))
    facts = _of_history(values, alone, summary) | _of_law(values, laws, summary.units_per_year)
    first_value = float(alone.table["first_value"].iloc[0]) if "first_value" in alone.table else np.nan
    looked_at = "first_value" in laws.paying.looks_at and first_value > 0
    facts |= {"first_value": first_value, "looks_at_first": looked_at}
    facts |= {"horizon": assumed.horizon, "days_per_unit": summary.days_per_unit}
    if values["recency"] < values["T"] and np.isfinite(values["expected_spend_mean"]):
        more = replace(alone, table=_one_more(alone.table, float(values["expected_spend_mean"])))
        then = value_table(purchases, spend, more, assumed, seed=seed).table.iloc[0]
        facts |= {"more_p_alive": then["p_alive_mean"], "more_rlv": then["rlv_mean"]}
    wait = next_purchase(buying, alone, samples=None).drop(columns=["customer_id", "p_alive_mean"]).iloc[0]
    facts |= {str(name): value for name, value in wait.items()}
    return Explanation(
        str(values["customer_id"]),
        str(values["cohort"]),
        _purchases(values, summary, log),
        facts,
        values,
        reasons(facts, values),
        found.marks,
    )


def _of_history(values: pd.Series, alone: CustomerSummary, summary: CustomerSummary) -> dict[str, object]:
    """What the customer did, and how often the others of its cohort came back."""
    x, t_x, T = (float(values[name]) for name in History._fields)
    same = summary.table["cohort"].eq(values["cohort"]) & summary.table["customer_id"].ne(values["customer_id"])
    others = summary.table.loc[same, "frequency"].to_numpy()
    shares = {"fewer": others < x, "as_many": others == x, "more": others > x}
    dates = {name: alone.table[name].iloc[0] for name in ("first_purchase", "last_purchase") if name in alone.table}
    return {
        **dates,
        "purchases": int(x) + 1,
        "repeat_purchases": int(x),
        "observed": T,
        "silence": T - t_x,
        "gap": t_x / x if x else np.nan,
        "others": len(others),
        **{f"others_{name}": float(share.mean()) if len(others) else np.nan for name, share in shares.items()},
    }


def _of_law(values: pd.Series, laws: _Laws, year: float) -> dict[str, object]:
    """What the laws say of it, of somebody new like it, and of it with another silence."""
    x, t_x, T = (float(values[name]) for name in History._fields)
    new = _one(0, 0, 0)
    usual = laws.alive(x, t_x, t_x + t_x / x) if x else np.nan
    spend_new = laws.paying.expected_spend(UNSEEN_SPENDING, laws.prices)
    return {
        "p_alive": float(values["p_alive_mean"]),
        "p_alive_after_usual_gap": usual,
        "p_alive_after_longer": laws.alive(x, t_x, 10 * T - 9 * t_x + year),
        "rate_observed": x / T * year if T > 0 else np.nan,
        "rate_expected": float(values["expected_purchase_rate_mean"]) * year,
        "rate_new": float(laws.buying.purchase_rate(new, laws.rates).mean()) * year,
        "spend_observed": float(values["monetary_value"]),
        "spend_expected": float(values["expected_spend_mean"]),
        "spend_new": float(spend_new.mean()),
        "law": laws.buying.title,
    }


def _one_more(table: pd.DataFrame, worth: float) -> pd.DataFrame:
    """The customer with one more purchase on the last day, of the value that is expected of its purchases."""
    x = table["frequency"]
    together = (x * table["monetary_value"]).fillna(0.0) + worth
    return table.assign(frequency=x + 1, recency=table["T"], monetary_value=together / (x + 1))


def _purchases(values: pd.Series, summary: CustomerSummary, log: TransactionLog | None) -> pd.DataFrame:
    """The customer's purchases, of a log that must be the summary's."""
    customer, wanted = str(values["customer_id"]), int(values["frequency"]) + 1
    if log is None or summary.observation_end is None:
        return pd.DataFrame({"date": pd.DatetimeIndex([]), "amount": np.empty(0)})
    days = log.known(summary.observation_end)
    days = days.filter(days.customer_id == customer, days.date <= summary.observation_end)
    found: pd.DataFrame = days.select("date", "amount").order_by("date").to_pyarrow().to_pandas()
    if len(found) != wanted:
        figures = {"customer": customer, "found": len(found), "wanted": wanted}
        raise DomainError(Code.LOG_OF_OTHERS, parameter="log", **figures)
    return found.assign(date=pd.to_datetime(found["date"]).astype("datetime64[s]"))


def _one(frequency: float, recency: float, T: float) -> History:
    return History(*(np.array([[float(value)]]) for value in (frequency, recency, T)))
