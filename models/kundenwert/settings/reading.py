"""How a source is read: which columns hold what, what values mean, which rows count, who is one customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kundenwert.settings.record import check_choices, several_texts
from kundenwert.settings.values import share, time_zone, whole

PLACEHOLDERS = (
    *("#NV", "#N/A", "#NAME?", "#WERT!", "#VALUE!", "#BEZUG!", "#REF!", "NULL", "(NULL)", "<NULL>", "NaN", "None"),
    *("n/a", "<NA>", "-", "--", "(leer)", "(blank)", "\\N", "[NULL]", "nil", "undefined", "k.A.", "k. A."),
    *("keine Angabe", "ohne Angabe"),
)
"""Customer ids, in small or capital letters, by which spreadsheets and databases say that there is none."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a source is read.

    Roles that are not named are recognised by their names, German and English; what was recognised is told.
    """

    table: str | None = None
    """Sheet of a workbook, or table of a database; its only one if not given."""

    skip_lines: int = 0
    """Lines above the one with the column names, such as a title."""

    on_bad_lines: Literal["exclude", "refuse", "repair"] = "exclude"
    """What to do with lines that do not split into the file's columns: leave them out and tell them, refuse the file,
    or repair those whose repair is certain."""

    preset: str | None = None
    """Known export, such as shopify or datev; recognised by its columns if not given, "none" for no preset."""

    customer_id: str | None = None
    """Column of the customer key."""

    date: str | None = None
    """Column of the date; a time of day is ignored."""

    amount: str | None = None
    """Column of the amount."""

    order_id: str | None = None
    """Column of the order number. Where 95 % of the orders with several amounts repeat one on all their rows, it is the
    order's total and counts once; else amounts are those of items and add up. Rows without an amount are further items
    where 95 % of the orders on several rows have one amount only."""

    quantity: str | None = None
    """Column of the quantity, where `unit_price` is the column of the price of one."""

    unit_price: str | None = None
    """Column of the price of one unit; the amount is quantity times price."""

    debit: str | None = None
    """Column of amounts that a customer owes, where they are apart from those in `credit`."""

    credit: str | None = None
    """Column of amounts that are taken back from what a customer owes."""

    mark: str | None = None
    """Column that says by `refund_marks` which positive amounts are taken back, such as Soll/Haben or Belegart."""

    refund_marks: Sequence[str] = ("H", "Haben", "Gutschrift", "Storno", "Stornorechnung", "Rechnungskorrektur",
                                   "credit note", "credit memo", "refund", "return")  # fmt: skip
    """Values of the column `mark` that make an amount negative, in small or capital letters."""

    refund_amount: str | None = None
    """Column of refunds as positive amounts, taken off the amount of their row."""

    margin_amount: str | None = None
    """Column of each row's contribution margin in money; may be negative."""

    currency_column: str | None = None
    """Column of currency codes."""

    keep: Sequence[str] = ()
    """Further columns of the customer, such as region or channel; the value at the first purchase counts."""

    date_format: str | None = None
    """strftime format of the dates, or one of excel-days, unix-seconds, unix-milliseconds, iso-weeks, quarters; found
    out if not given."""

    decimal: str | None = None
    """Decimal mark of the amounts, "." or ","; found out if not given."""

    timezone: str | None = None
    """Time zone whose days count where times of day carry offsets from UTC, or are seconds since 1970, such as
    Europe/Berlin. If it is not given, the day as written counts (of seconds, that of UTC); a caution tells where rows
    in UTC stand among rows in local time."""

    currency: str | None = None
    """Currency that amounts are counted in; rows in others are converted by `rates`, or refused."""

    rates: str | Path | Mapping[str, float] | None = None
    """CSV with columns currency, rate: how much of `currency` one unit of each is worth."""

    vat: float | str | None = None
    """Tax rate that amounts include and that is taken off, such as 0.19 or 19 %."""

    where: Sequence[str] = ()
    """Conditions that rows must meet to count, such as "status = completed"; repeatable, all must hold."""

    id_case: Literal["emails", "fold", "keep"] = "emails"
    """Whether small and capital letters differ in ids: not in e-mail addresses, in none (fold), or in all (keep)."""

    id_map: str | Path | Mapping[str, str] | None = None
    """CSV with columns old, new: ids to be replaced, so that a customer with two ids is one."""

    damaged_ids: Literal["refuse", "keep"] = "refuse"
    """What to do with ids that a spreadsheet has rounded, such as 4.711E+18, so that several customers share one."""

    customers: str | Path | None = None
    """Table of customers: customer_id, attributes such as region, and optionally the day since which they hold."""

    exclude_customers: Sequence[str] = ()
    """Ids that are no customers, such as those of walk-in sales; repeatable."""

    placeholders: Sequence[str] = PLACEHOLDERS
    """Customer ids that stand for none, in small or capital letters."""

    refunds: Literal["match", "exclude", "net", "earlier"] = "match"
    """What to do with negative amounts: take them off the purchase that they belong to, which is one of their day or,
    where it is clear which, an earlier one (match); leave them out (exclude); or take them off the customer's
    purchases: of their day only (net), or of that day and then of earlier ones, the latest first (earlier). A purchase
    of which nothing is left is dropped; what finds no purchase is excluded. With match, observation knows only credit
    notes up to its end; with earlier a credit note changes a purchase of the past: for an honest hold-out, read a log
    without the credit notes that came after the end of observation."""

    zero_amounts: Literal["keep", "exclude"] = "keep"
    """Whether a purchase for nothing is a purchase."""

    duplicates: Literal["keep", "drop"] = "keep"
    """What to do with rows equal to an earlier one in all columns of the source."""

    future: Literal["exclude", "keep"] = "exclude"
    """What to do with rows dated after today: one mistyped year would end the log in a time when nobody bought. Keep
    them in a log that is simulated."""

    isolated_days: Literal["exclude", "keep", "refuse"] = "exclude"
    """What to do with a few rows at the beginning or the end that a gap out of all proportion parts from all others:
    one mistyped year would move the end of observation into a time when nobody bought. Leave them out, keep them, or
    refuse the log; they are told with their days each time."""

    pseudonymise: bool = False
    """Whether customers get pseudonyms instead of their ids, in everything that is written and said, and no row is
    quoted."""

    pseudonym_key: str | Path | None = None
    """File with the key of the pseudonyms, made if missing; with the same key a customer has the same pseudonym in each
    run. The environment variable KUNDENWERT_KEY if not given, else a new key that nobody keeps."""

    def __post_init__(self) -> None:
        """Check every setting by itself, and those that exclude each other."""
        check_choices(self)
        several_texts(self, "refund_marks", "keep", "where", "exclude_customers", "placeholders")
        object.__setattr__(self, "skip_lines", whole(self.skip_lines, "skip_lines", least=0))
        object.__setattr__(self, "timezone", time_zone(self.timezone, "timezone"))
        object.__setattr__(self, "vat", share(self.vat, "vat"))
