"""Who a customer is: ids that are written in several ways, replaced, damaged, or no customers at all."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import pyarrow as pa

from kundenwert.data.account import Note
from kundenwert.data.alike import spellings
from kundenwert.data.id_map import Pair, read_id_map, resolved
from kundenwert.data.roles import Roles
from kundenwert.data.typed import as_text
from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting
from kundenwert.settings import Reading
from kundenwert.sources import Source
from kundenwert.sources.engine import store

INVISIBLE = "[\u00ad\u200b\u2060\ufeff]"
OUTER = (
    "^[\\s\u00a0\u2000-\u200f\u2028\u2029\u202f\u205f\u3000]+|[\\s\u00a0\u2000-\u200f\u2028\u2029\u202f\u205f\u3000]+$"
)
"""Signs that nobody sees: within an id, and at its ends."""

DAMAGED = r"^\d(?:[.,]\d+)?[eE]\+\d{2,3}$"
"""A long number as spreadsheets show it, such as 4.711E+18; what stood behind the first digits is lost."""

EXACT = 2**53
"""Whole numbers up to which a column of floating point numbers tells one from the next."""

WHOLE_SHARE = 0.5
"""Share of whole numbers among ids from which on 12.0 is 12, if no id has a fraction such as 1.2."""

MAIL_SAMPLE, MAIL_SHARE, SHARED_MAIL_SHARE, OWN_MAIL_SHARE = 200, 0.5, 0.05, 0.5
"""Rows in which e-mail addresses are looked for, the share of them that makes a column one of addresses, the share of
ids from which on it is worth a caution that they share an address with another, and the share of ids from which on one
address is the shop's own, such as that of a payment's receiver."""


E_MAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
"""What an e-mail address looks like."""


@dataclass(frozen=True)
class Rule:
    """How ids are written alike, before any of them is replaced.

    Parameters
    ----------
    case : {"emails", "fold", "keep"}
        In which ids small and capital letters are the same.
    whole : bool
        Whether 12.0 is 12.
    """

    case: str
    whole: bool = False

    def trimmed(self, ids: ibis.Value) -> ibis.Value:
        """Take off what nobody sees."""
        return ids.re_replace(INVISIBLE, "").re_replace(OUTER, "").nullif("")

    def numbered(self, ids: ibis.Value) -> ibis.Value:
        """Take off a fraction of nothing, where ids are whole numbers."""
        return ids.re_replace(r"^(\d+)[.,]0{1,2}$", r"\1") if self.whole else ids

    def cased(self, ids: ibis.Value) -> ibis.Value:
        """Write in small letters what differs in nothing else."""
        if self.case == "keep":
            return ids
        return ids.lower() if self.case == "fold" else ibis.ifelse(ids.re_search(E_MAIL), ids.lower(), ids)

    def __call__(self, ids: ibis.Value) -> ibis.Value:
        """Write ids alike."""
        return self.cased(self.numbered(self.trimmed(ids)))

    def of(self, texts: Sequence[str]) -> list[str]:
        """Write single ids alike, composed characters too."""
        if not texts:
            return []
        table = ibis.memtable(pa.table({"n": range(len(texts)), "id": pa.array(list(texts), pa.string())}))
        found = table.select("n", id=self(table["id"])).order_by("n").to_pyarrow()["id"].to_pylist()
        return [unicodedata.normalize("NFC", text or "") for text in found]


def settle_ids(rows: ibis.Table, opened: Source, roles: Roles, reading: Reading) -> tuple[ibis.Table, tuple[Note, ...]]:
    """Give each customer one id, and say what was merged and what looks wrong.

    Blanks and invisible signs around ids are taken off, 12.0 is 12 in a column of whole numbers, small and capital
    letters are the same in e-mail addresses, accents are the same however they are encoded, and `Reading.id_map`
    replaces ids. Leading zeros are never taken off. One pass over the column of ids tells which of that there is.

    Parameters
    ----------
    rows : ibis.Table
        Result of `typed_rows`.
    opened : Source
        The source.
    roles : Roles
        Which column serves as what.
    reading : Reading
        What is the same, replaced and excluded.

    Returns
    -------
    tuple
        The rows with their `customer_id`, and with a fate where a customer is excluded; and notes.

    Raises
    ------
    DomainError
        If ids were damaged by a spreadsheet, ids cannot be replaced as asked, or a customer to be excluded is misspelt.
    """
    column = roles.columns["customer_id"]
    distinct = opened.table.group_by(raw=opened.table[column]).agg(n=lambda t: t.count())
    if opened.materialised:
        distinct = store(opened.table.get_backend(), "ids", distinct)
    ids = distinct.select("raw", "n", id=as_text(distinct.raw))
    rule = Rule(reading.id_case, _are_whole(ids))
    notes = [*_damaged(ids, roles, reading, rule)]
    steps, ascii_only = _merged(ids, rule)
    notes += steps
    ends, told = _replaced(ids.select("n", id=rule(ids.id)), rule, reading, ascii_only=ascii_only)
    notes += told
    rows = _mapped(rows.mutate(customer_id=rule(rows.customer_id)), ends)
    known = _mapped(ids.select("n", customer_id=rule(ids.id)), ends)
    known = known.group_by("customer_id").agg(n=known.n.sum())
    excluded, told = _excluded(known, rule, ends, reading)
    notes += [*told, *_zeros(known), *spellings(known, fold=reading.id_case != "keep")]
    if mails := _column_of_mails(opened, roles):
        alike = opened.table.select(mail=opened.table[mails], customer_id=rule(as_text(opened.table[column])))
        notes += _many_of_one_mail(_mapped(alike, ends), opened.names[int(mails[1:])])
    if excluded:
        gone = ibis.cases((rows.customer_id.isin(excluded), str(Code.EXCLUDED_CUSTOMER)))
        rows = rows.mutate(fate=rows.fate.coalesce(gone))
    if opened.materialised:
        opened.table.get_backend().raw_sql("DROP TABLE temp.ids")
    return rows, tuple(notes)


def _are_whole(ids: ibis.Table) -> bool:
    """Whether ids are whole numbers, some of them written with a fraction of zero, as 12.0."""
    found = ids.agg(
        all=ids.id.count(),
        pointed=ids.id.re_search(r"^\d+[.,]0{1,2}$").sum(),
        numbers=ids.id.re_search(r"^\d+([.,]0{1,2})?$").sum(),
        fractions=ids.id.re_search(r"^\d+[.,]\d+$").sum(),
    )
    row = found.to_pyarrow().to_pylist()[0]
    pointed, fractions = int(row["pointed"] or 0), int(row["fractions"] or 0)
    return pointed > 0 and fractions == pointed and int(row["numbers"] or 0) >= WHOLE_SHARE * row["all"]


def _damaged(ids: ibis.Table, roles: Roles, reading: Reading, rule: Rule) -> list[Note]:
    """Refuse ids of which a spreadsheet has kept the first digits only, or note them where they are to stay."""
    lost = ids.id.re_search(DAMAGED)
    if ids.raw.type().is_floating():
        lost = ids.raw.abs() >= EXACT
    excused = [*reading.exclude_customers, *reading.placeholders]
    bad = ids.filter(lost & ~ids.id.isin(excused) & ~rule(ids.id).isin(rule.of(excused)))
    row = bad.agg(ids=bad.id.nunique(), rows=bad.n.sum(), example=bad.id.argmax(bad.n)).to_pyarrow().to_pylist()[0]
    if not row["ids"]:
        return []
    figures = {"ids": row["ids"], "rows": int(row["rows"]), "column": roles.names["customer_id"]}
    figures |= {"example": row["example"]}
    if reading.damaged_ids == "keep":
        return [Note(Code.IDS_DAMAGED_KEPT, int(row["rows"]), caution=True, figures=figures)]
    raise DomainError(Code.IDS_DAMAGED, parameter="damaged_ids", keep=Setting("damaged_ids", "keep"), **figures)


def _merged(ids: ibis.Table, rule: Rule) -> tuple[list[Note], bool]:
    """Say which ids became one because they are written in several ways; and whether all have plain letters."""
    raw = ids.raw if ids.raw.type().is_string() else ids.id
    trimmed = rule.trimmed(ids.id)
    numbered = rule.numbered(trimmed)
    stages = [raw, trimmed, numbered, rule.cased(numbered)]
    figures = {f"ids{i}": stage.nunique() for i, stage in enumerate(stages)}
    figures |= {f"rows{i}": ids.n.sum(where=stages[i] != stages[i - 1]) for i in (1, 2, 3)}
    blank = (trimmed.isnull() & raw.notnull()).any()
    plain = ids.id.re_search("[^\\x00-\\x7f]").any()
    row = ids.agg(**figures, blank=blank, accents=plain).to_pyarrow().to_pylist()[0]
    before = [row["ids0"] - bool(row["blank"] and row["ids0"] > row["ids1"]), *(row[f"ids{i}"] for i in (1, 2, 3))]
    codes = (Code.IDS_TRIMMED, Code.IDS_WHOLE, Code.IDS_CASE)
    return [
        Note(code, int(row[f"rows{i}"] or 0), figures={"before": before[i - 1], "after": before[i]})
        for i, code in enumerate(codes, 1)
        if before[i] < before[i - 1]
    ], not row["accents"]


def _replaced(ids: ibis.Table, rule: Rule, reading: Reading, *, ascii_only: bool) -> tuple[dict[str, str], list[Note]]:
    """Which ids are replaced by which, because accents are encoded in two ways or because the reader says so."""
    notes: list[Note] = []
    composed: dict[str, str] = {}
    if not ascii_only:
        accented = ids.filter(ids.id.re_search("[^\\x00-\\x7f]")).group_by("id").agg(n=ids.n.sum())
        found = {row["id"]: row["n"] for row in accented.to_pyarrow().to_pylist()}
        composed = {text: unicodedata.normalize("NFC", text) for text in found}
        composed = {text: new for text, new in composed.items() if text != new}
        after = len(found) - sum(new in found for new in composed.values())
        if composed and after < len(found):
            figures = {"before": len(found), "after": after}
            notes.append(Note(Code.IDS_COMPOSED, int(sum(found[text] for text in composed)), figures=figures))
    if reading.id_map is None:
        return composed, notes
    pairs = read_id_map(reading.id_map)
    olds, news = rule.of([pair.old for pair in pairs]), rule.of([pair.new for pair in pairs])
    ends = resolved([Pair(old, new) for old, new in zip(olds, news, strict=True)])
    notes += _told_of_map(ids, composed, ends)
    return {text: ends.get(new, new) for text, new in composed.items()} | ends, notes


def _told_of_map(ids: ibis.Table, composed: dict[str, str], ends: dict[str, str]) -> list[Note]:
    """Say how many ids were replaced, how many customers that makes, and which are not in the log."""
    asked = {*ends, *ends.values()}
    spelt = [*asked, *(text for text, new in composed.items() if new in asked)]
    here = ids.filter(ids.id.isin(spelt)).group_by("id").agg(n=ids.n.sum())
    rows: dict[str, int] = {}
    for row in here.to_pyarrow().to_pylist():
        name = composed.get(row["id"], row["id"])
        rows[name] = rows.get(name, 0) + row["n"]
    olds = [old for old in ends if old in rows]
    after = len({ends.get(name, name) for name in rows})
    figures: dict[str, object] = {"before": len(rows), "after": after}
    notes = [Note(Code.IDS_MAPPED, int(sum(rows[old] for old in olds)), figures=figures)] if olds else []
    if absent := [old for old in ends if old not in rows]:
        figures = {"absent": len(absent), "asked": len(ends), "example": absent[0]}
        notes.append(Note(Code.ID_MAP_ABSENT, 0, caution=not olds, figures=figures))
    return notes


def _mapped(rows: ibis.Table, ends: dict[str, str]) -> ibis.Table:
    """Replace ids."""
    if not ends:
        return rows
    pairs = {"old_id": pa.array(list(ends), pa.string()), "new_id": pa.array(list(ends.values()), pa.string())}
    table = ibis.memtable(pa.table(pairs))
    joined = rows.left_join(table, rows.customer_id == table.old_id)
    return joined.mutate(customer_id=joined.new_id.coalesce(joined.customer_id)).drop("old_id", "new_id")


def _excluded(known: ibis.Table, rule: Rule, ends: dict[str, str], reading: Reading) -> tuple[list[str], list[Note]]:
    """Ids of no customers as the rows have them; refuse one that is nearly one of the log, and say which is absent."""
    if not reading.exclude_customers:
        return [], []
    asked = [ends.get(name, name) for name in rule.of(reading.exclude_customers)]
    present = known.filter(known.customer_id.isin(asked)).customer_id.to_pyarrow().to_pylist()
    notes = []
    for written, name in zip(reading.exclude_customers, asked, strict=True):
        if name in present:
            continue
        distance = known.customer_id.lower().levenshtein(name.lower())
        near = known.mutate(distance=distance).order_by("distance", ibis.desc("n")).limit(1)
        closest = near.to_pyarrow().to_pylist()
        if closest and closest[0]["customer_id"] and closest[0]["distance"] <= len(name) // 4:
            meant = closest[0]["customer_id"]
            raise DomainError(
                Code.EXCLUDED_MISSPELT,
                parameter="exclude_customers",
                given=written,
                meant=Setting("exclude_customers", [meant]),
            )
        notes.append(Note(Code.EXCLUDED_ABSENT, 0, figures={"given": written}))
    return present, notes


def _zeros(known: ibis.Table) -> list[Note]:
    """Note ids that differ in leading zeros only."""
    if not known.agg(some=known.customer_id.re_search(r"^0+\d+$").any()).to_pyarrow().to_pylist()[0]["some"]:
        return []
    padded = known.filter(known.customer_id.re_search(r"^0+\d+$"))
    padded = padded.select(padded="customer_id", rows="n", bare=padded.customer_id.re_replace(r"^0+(\d+)$", r"\1"))
    both = padded.join(known, padded.bare == known.customer_id)
    found = both.agg(
        pairs=both.count(),
        rows=(both.rows + both.n).sum(),
        padded=both.padded.min(),
        bare=both.bare.argmin(both.padded),
    )
    row = found.to_pyarrow().to_pylist()[0]
    if not row["pairs"]:
        return []
    figures = {"pairs": row["pairs"], "rows": int(row["rows"]), "padded": row["padded"], "bare": row["bare"]}
    return [Note(Code.LEADING_ZEROS, int(row["rows"]), caution=True, figures={**figures, "hint": Setting("id_map")})]


def _column_of_mails(opened: Source, roles: Roles) -> str | None:
    """Find a column, other than the ids', that holds e-mail addresses."""
    taken = {*roles.columns.values()}
    texts: list[str] = [
        name for name in opened.table.columns if name not in taken and opened.table[name].type().is_string()
    ]
    if not texts:
        return None
    sample = opened.table.select(*texts).limit(MAIL_SAMPLE).to_pyarrow()
    for name in texts:
        values = [value for value in sample[name].to_pylist() if value]
        if values and sum("@" in value for value in values) > MAIL_SHARE * len(values):
            return name
    return None


def _many_of_one_mail(rows: ibis.Table, label: str) -> list[Note]:
    """Note where one e-mail address has several ids."""
    mail = rows.mail.re_replace(OUTER, "").lower()
    each = rows.filter(mail.contains("@"), rows.customer_id.notnull()).group_by(mail=mail)
    per = each.agg(ids=rows.customer_id.nunique(), n=lambda t: t.count())
    several = per.ids > 1
    found = per.agg(
        mails=per.count(),
        ids=per.ids.sum(),
        shared=several.sum(),
        many=per.ids.sum(where=several),
        n=per.n.sum(where=several),
        most=per.ids.max(),
    )
    row = {name: int(value or 0) for name, value in found.to_pyarrow().to_pylist()[0].items()}
    if row["many"] - row["shared"] <= SHARED_MAIL_SHARE * row["ids"] or row["most"] > OWN_MAIL_SHARE * row["ids"]:
        return []
    figures: dict[str, object] = {key: row[key] for key in ("ids", "mails", "shared")}
    figures |= {"column": label, "hint": Setting("customer_id", label)}
    return [Note(Code.IDS_PER_MAIL, row["n"], caution=True, figures=figures)]
