"""Costs beside the log: what winning customers cost, by cohort and period, and what serving and keeping them costs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.data.account import Note
from kundenwert.data.tables.small import SmallTable, amounts, check, open_small, period, require
from kundenwert.errors import DomainError
from kundenwert.messages import Code

if TYPE_CHECKING:
    import pandera.pandas

    from kundenwert.data.customers import CustomerSummary

NAMES = {
    "cohort": ("kohorte", "channel", "kanal", "region", "segment", "vertriebskanal"),
    "cac": ("cost per customer", "kosten je kunde", "akquisekosten"),
    "cost": ("kosten", "spend", "ausgaben", "betrag", "amount", "costs"),
    "kind": ("art", "kostenart", "type", "typ"),
    "period": ("zeitraum", "monat", "month", "quarter", "quartal", "year", "jahr", "date", "datum"),
    "per": ("je", "pro", "basis"),
}
"""Columns of a table of costs, and other names of them."""

KINDS = {
    "acquisition": ("akquise", "kundengewinnung", "werbung", "marketing", "advertising"),
    "activation": ("aktivierung", "onboarding"),
    "service": ("wartung", "support", "betreuung"),
    "retention": ("bindung", "kundenbindung", "loyalty"),
}
PER = {
    "total": ("gesamt", "summe"),
    "customer": ("kunde", "je kunde"),
    "order": ("auftrag", "bestellung", "purchase", "kauf"),
    "customer and year": ("kunde und jahr", "customer-year", "jahr", "year"),
    "customer and month": ("kunde und monat", "customer-month", "monat", "month"),
}
RUNNING = {
    "order": ("order_cost", 1.0),
    "customer and year": ("service_cost", 1.0),
    "customer and month": ("service_cost", 12.0),
}
"""What a cost of serving is stated for: the setting of `Terms` that it is, and how often it is paid for it."""

WINNING = ("acquisition", "activation")
"""Kinds of costs that win a customer."""


@dataclass(frozen=True)
class Costs:
    """What customers cost, as stated.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per statement: `kind, cost, per, cohort` (missing: all), `start, end` (missing: always).
    name : str
        Of the file.
    """

    table: pd.DataFrame
    name: str

    def by_cohort(self, summary: CustomerSummary) -> tuple[dict[str, float], tuple[Note, ...]]:
        """Return what a customer of each cohort cost to win: money spent, divided by the customers won for it.

        `CAC of a cohort = mean over its customers of Σ cost / customers won`, each cost shared by the customers of its
        cohort whose first purchase lies in its period.

        Parameters
        ----------
        summary : CustomerSummary
            The customers, with cohorts that the costs are for.

        Returns
        -------
        tuple
            Cost by cohort, ≥ 0; and notes: money spent after the end of observation, which is left out, money with
            which nobody was won, which counts for no customer, customers won without a cost.

        Raises
        ------
        DomainError
            If costs are for cohorts of another kind than the summary's.
        """
        winning = self.table.loc[self.table["kind"].isin(WINNING)]
        if winning.empty:
            raise DomainError(Code.NO_WINNING_COST, source=self.name, kinds=" and ".join(WINNING))
        labels = summary.table["cohort"].astype(str)
        stated = winning["cohort"].dropna().astype(str)
        if len(stated) and not set(stated) & set(labels):
            raise DomainError(
                Code.COSTS_OF_OTHER_COHORTS,
                parameter="cohort",
                source=self.name,
                stated=", ".join(map(repr, sorted(set(stated))[:5])),
                known=", ".join(map(repr, sorted(set(labels))[:5])),
            )
        late = self._late(winning, summary)
        cost, lone = self._shared(winning.loc[~late], summary, labels)
        notes = [
            Note(Code.COST_AFTER_END, int(late.sum()), money=float(winning.loc[late, "cost"].sum())),
            Note(Code.COST_WITHOUT_CUSTOMERS, len(lone), money=float(sum(lone)), caution=True),
            Note(Code.CUSTOMERS_WITHOUT_COST, int(np.isnan(cost).sum()), caution=True),
        ]
        means = pd.Series(np.nan_to_num(cost)).groupby(labels.to_numpy()).mean()
        return {str(label): float(value) for label, value in means.items()}, tuple(note for note in notes if note.count)

    def _late(self, winning: pd.DataFrame, summary: CustomerSummary) -> pd.Series:
        """Which costs were spent after the end of observation."""
        if summary.observation_end is None:
            return pd.Series(data=False, index=winning.index)
        return winning["start"] > pd.Timestamp(summary.observation_end)

    def _shared(
        self, winning: pd.DataFrame, summary: CustomerSummary, labels: pd.Series
    ) -> tuple[NDArray[np.float64], list[float]]:
        """Share each cost among the customers won for it, NaN where there is none; and costs that won nobody."""
        first = pd.to_datetime(summary.table["first_purchase"]) if "first_purchase" in summary.table else None
        found, lone = np.full(len(labels), np.nan), []
        for row in winning.to_dict("records"):
            cost, start, end, cohort = float(row["cost"]), row["start"], row["end"], row["cohort"]
            own = np.ones(len(labels), dtype=bool) if pd.isna(cohort) else (labels == str(cohort)).to_numpy()
            if pd.notna(start) and first is not None:
                own = own & first.between(start, end).to_numpy()
            if own.any():
                found[own] = np.nan_to_num(found[own]) + (cost / own.sum() if row["per"] == "total" else cost)
            elif row["per"] == "total":
                lone.append(cost)
        return found, lone

    def of(self, summary: CustomerSummary) -> tuple[dict[str, float], tuple[Note, ...]]:
        """Return what a customer of each cohort cost: as stated, or as money spent divided by the customers won.

        Parameters
        ----------
        summary : CustomerSummary
            The customers.

        Returns
        -------
        tuple
            Cost by cohort, ≥ 0, and notes.
        """
        left_out = len(self.serving()) - int(self._counted().sum())
        serving = Note(Code.SERVING_NOT_COUNTED, left_out, caution=True, figures={"source": self.name})
        of_serving = (serving,) if serving.count else ()
        if self.is_by_customer:
            return self.stated(), of_serving
        found, notes = self.by_cohort(summary)
        return found, (*notes, *of_serving)

    def running(self, summary: CustomerSummary) -> dict[str, dict[str, float]]:
        """Return what each order, and each year of serving and keeping a customer, costs, by cohort.

        Counted is what the table states per order, or per customer and year or month, for all time.

        Parameters
        ----------
        summary : CustomerSummary
            The customers.

        Returns
        -------
        dict
            By setting of `Terms`, `order_cost` and `service_cost`, the cost of every cohort, ≥ 0; only what is stated.
        """
        stated = self.serving().loc[self._counted()]
        labels = sorted(set(summary.table["cohort"].astype(str)))
        found: dict[str, dict[str, float]] = {}
        for row in stated.to_dict("records"):
            name, times = RUNNING[row["per"]]
            costs = found.setdefault(name, dict.fromkeys(labels, 0.0))
            for label in labels if pd.isna(row["cohort"]) else [str(row["cohort"])]:
                costs[label] = costs.get(label, 0.0) + times * float(row["cost"])
        return found

    def _counted(self) -> pd.Series:
        """Which of the costs of serving are counted."""
        serving = self.serving()
        return serving["per"].isin(list(RUNNING)) & serving["start"].isna()

    @property
    def is_by_customer(self) -> bool:
        """Whether the table states what one customer of each cohort cost."""
        own = (self.table["per"] == "customer") & self.table["cohort"].notna() & self.table["kind"].isin(WINNING)
        return bool(own.all())

    def stated(self) -> dict[str, float]:
        """Return the cost of one customer by cohort, where the table states just that.

        Raises
        ------
        DomainError
            If it states money spent, which must be divided by the customers won: `by_cohort` does that.
        """
        if not self.is_by_customer:
            raise DomainError(Code.COSTS_ARE_SPENDING, source=self.name)
        return dict(zip(self.table["cohort"].astype(str), self.table["cost"].astype(float), strict=True))

    def serving(self) -> pd.DataFrame:
        """Return what serving and keeping customers costs, as stated: kind, cost, per."""
        return self.table.loc[~self.table["kind"].isin(WINNING)].reset_index(drop=True)


def read_costs(source: object) -> Costs:
    """Read costs from a table: acquisition costs by cohort, or money spent by kind, cohort and period.

    Two forms are understood. `cohort, cac`: what one customer of each cohort cost. `cost` with at least one of `kind`
    (acquisition, activation, service, retention), `period` (a month, quarter or year) and `per` (total, customer,
    order, customer and year, customer and month), and optionally `cohort`: money as spent, divided by the customers
    won for it where it is a total.

    Parameters
    ----------
    source : str, Path or table
        Anything that a transaction log can be read from. Amounts are read as those of transactions are.

    Returns
    -------
    Costs

    Raises
    ------
    SchemaError
        If a column is missing, or the file holds no table.
    DomainError
        If a cohort stands twice, a cost is no amount of at least 0, or nothing tells thousands from decimals.

    Examples
    --------
    >>> costs = read_costs(pd.DataFrame({"cohort": ["fair", "web"], "cac": ["1.200,50 €", "35,00 €"]}))
    >>> costs.table[["kind", "cohort", "cost", "per"]].to_numpy().tolist()
    [['acquisition', 'fair', 1200.5, 'customer'], ['acquisition', 'web', 35.0, 'customer']]
    """
    table = open_small(source, NAMES, what="costs")
    simple = not {"kind", "per", "period"} & set(table.frame)
    require(table, *(("cohort", "cac") if simple else ("cost",)))
    read = _simple(table) if simple else _spending(table)
    money = "cac" if simple else "cost"
    check(read.rename(columns={"cost": money}).astype({money: "float64"}), _schema(money, simple=simple), table)
    return Costs(read, table.source.info.name)


def _simple(table: SmallTable) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": "acquisition",
            "cost": amounts(table, "cac"),
            "per": "customer",
            "cohort": table.frame["cohort"].replace("", None),
            "start": pd.NaT,
            "end": pd.NaT,
        }
    )


def _spending(table: SmallTable) -> pd.DataFrame:
    frame = table.frame
    blank = pd.Series("", index=frame.index)
    spans = [period(text) if text else None for text in frame.get("period", blank)]
    wrong = [
        n for n, (text, span) in enumerate(zip(frame.get("period", blank), spans, strict=True)) if text and not span
    ]
    if wrong:
        raise DomainError(
            Code.TABLE_NO_PERIOD,
            source=table.source.info.name,
            column="period",
            count=len(wrong),
            first=table.places(wrong, "period"),
        )
    cohort = frame.get("cohort", blank)
    return pd.DataFrame(
        {
            "kind": _words(frame.get("kind", blank), KINDS, "acquisition"),
            "cost": amounts(table, "cost"),
            "per": _words(frame.get("per", blank), PER, "total"),
            "cohort": cohort.where(~cohort.str.casefold().isin(["", "alle", "all cohorts"]), None),
            "start": _stamps(span[0] if span else None for span in spans),
            "end": _stamps(span[1] if span else None for span in spans),
        }
    )


def _stamps(found: Iterable[dt.date | None]) -> list[Any]:
    return [pd.NaT if value is None else pd.Timestamp(value) for value in found]


def _words(column: pd.Series, known: dict[str, tuple[str, ...]], default: str) -> pd.Series:
    """Call values by their names here; an empty cell is the default, what is not known stays as it is."""
    names = {alias: name for name, aliases in known.items() for alias in (name, *aliases)} | {"": default}
    return column.str.casefold().map(lambda word: names.get(word, word))


def _schema(money: str, *, simple: bool) -> pandera.pandas.DataFrameSchema:
    import pandera.pandas as pandera  # noqa: PLC0415

    unique = ["cohort"] if simple else ["kind", "cohort", "start", "end", "per"]
    once = pandera.Check(lambda t: ~t.duplicated(unique, keep=False), error=f"stand once for each {unique[0]}")
    amount = pandera.Check(lambda t: t.ge(0), ignore_na=False, error="be an amount of at least 0")
    given = pandera.Check(lambda t: t.notna(), ignore_na=False, error="be given")
    columns = {
        "kind": pandera.Column(None, pandera.Check.isin(list(KINDS), error=f"be one of {', '.join(KINDS)}")),
        "per": pandera.Column(None, pandera.Check.isin(list(PER), error=f"be one of {', '.join(PER)}")),
        money: pandera.Column(None, amount, nullable=True),
    }
    if simple:
        columns["cohort"] = pandera.Column(None, given, nullable=True)
    return pandera.DataFrameSchema(columns, checks=[once])
