"""Currencies: which ones amounts are in, and how several become one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis

from kundenwert.data.account import Note
from kundenwert.data.amounts import AMOUNT_TYPE, find_decimal, read_amount
from kundenwert.data.role_names import plain
from kundenwert.data.roles import Roles, fitting_names
from kundenwert.data.typed import Notation, as_text
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code, Setting, several
from kundenwert.settings import Reading
from kundenwert.settings.values import number
from kundenwert.sources import Source

CODES = frozenset(
    code
    for line in (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF",
        "CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD",
        "HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL",
        "LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR",
        "PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP",
        "TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL",
    )
    for code in line.split()
)
"""ISO 4217."""

_COMMON = frozenset(("EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF"))
SIGNS = {
    "€": "EUR",
    "EURO": "EUR",
    "$": "USD",
    "US$": "USD",
    "£": "GBP",
    "¥": "JPY",
    "ZŁ": "PLN",
    "KČ": "CZK",
    "FT": "HUF",
    "FR": "CHF",
    "SFR": "CHF",
    "₺": "TRY",
    "₽": "RUB",
    "₹": "INR",
    "RS": "INR",
    "R$": "BRL",
    "ЛВ": "BGN",
    "₴": "UAH",
    "₩": "KRW",
    "₪": "ILS",
    "RMB": "CNY",
    "KR": "kr",
}
"""Codes of signs and abbreviations, in capitals; kr may be of four countries and stays as it is written."""

KNOWN = CODES | set(SIGNS.values())
_CROWNS = ("SEK", "NOK", "DKK", "ISK")
_NO_SIGN = ("S", "H", "C", "D", "CR", "DR", "E")  # marks of debit and credit, and of powers of ten
LONGEST = 4
"""Letters and signs that a currency's abbreviation may have."""

_NUMBER_SIGNS = "\\d.,'’+\\-−–()\\s\u00a0\u202f\u2009"


def code_of(text: str) -> str:
    """Return the code of a sign or abbreviation; the text itself where it is not known.

    Examples
    --------
    >>> code_of("€"), code_of("eur"), code_of("kr"), code_of("Kč"), code_of("$CAD")
    ('EUR', 'EUR', 'kr', 'CZK', 'CAD')
    """
    bare = text.strip().strip(".").upper()
    ends = [part for part in (bare[-3:], bare[:3]) if part in CODES]  # a code counts before a sign: $CAD
    return SIGNS.get(bare, ends[0] if ends and not bare.isalpha() else bare if bare in CODES else text.strip())


def sign_in(text: ibis.Value) -> ibis.Value:
    """Return the sign or code of a currency in an amount's text, as it stands there; missing where there is none."""
    sign = text.re_replace(f"[{_NUMBER_SIGNS}]", "")
    fits = text.re_search(r"\d") & (sign.length() <= LONGEST) & ~sign.upper().isin(_NO_SIGN)
    return ibis.ifelse(fits, sign.nullif(""), ibis.null("string"))


def _mapped(text: ibis.Value, texts: Iterable[str]) -> ibis.Value:
    """Return the codes of texts of which all that occur are known."""
    known: dict[str, list[str]] = {}
    for value in texts:
        known.setdefault(code_of(value), []).append(value)
    cases = [(text.isin(values), code) for code, values in sorted(known.items())]
    return ibis.cases(*cases) if cases else ibis.null("string")


@dataclass(frozen=True)
class _Found:
    """A currency, the rows and the money in it."""

    code: str
    rows: int
    money: float

    def __str__(self) -> str:
        return f"{self.code} ({several(self.rows, 'row')}, {self.money:,.2f})"


def one_currency(
    rows: ibis.Table,
    opened: Source,
    roles: Roles,
    reading: Reading,
    notation: Notation,
    few: Mapping[str, Mapping[str, int]],
) -> tuple[ibis.Table, str | None, tuple[Note, ...]]:
    """Find the currency of all amounts; convert where there are several and rates are given, or refuse.

    Parameters
    ----------
    rows : ibis.Table
        Rows with the source's columns, `amount`, `amount_text` and `fate`.
    opened : Source
        The source.
    roles : Roles
        Which columns there are.
    reading : Reading
        With currency, rates and the column of codes, as far as they are stated.
    notation : Notation
        How amounts are written.
    few : mapping
        Columns of few values, with the rows of each.

    Returns
    -------
    tuple
        The rows with amounts in one currency; its code, None where nothing says it; what was converted.

    Raises
    ------
    DomainError
        If amounts are in several currencies and rates are missing.
    SchemaError
        If two columns could hold the codes.
    """
    label = roles.names.get("currency_column") or _code_column(opened, roles, few)
    money = roles.columns["amount"]
    target = code_of(reading.currency) if reading.currency else None
    if label is None and not rows[money].type().is_string():
        return rows, target, ()
    column = f"c{opened.names.index(label)}" if label else None
    counted = _stated(rows.filter(rows.fate.isnull()) if reading.where else opened.table, money, column)
    signs = {sign for sign, _ in counted if sign and code_of(sign) in KNOWN}  # others make an amount unreadable
    values = {value for _, value in counted if value}
    codes = sorted({code_of(sign if sign in signs else value) for sign, value in counted if sign in signs or value})
    if len(codes) <= 1 and (not codes or target in (None, codes[0])):
        return rows, target or (codes[0] if codes else None), _bare(rows, counted, codes, column)
    text = as_text(rows[money]) if signs else ibis.null("string")
    stated = _mapped(sign_in(text), signs) if signs else ibis.null("string")
    of_column = _mapped(as_text(rows[column]), values) if column else ibis.null("string")
    rows = rows.mutate(stated=stated, code=stated.coalesce(of_column))
    if len(signs) > 1 and "quantity" not in roles.columns:
        rows = _by_sign(rows, text, sorted({code_of(sign) for sign in signs}), reading, roles.names["amount"])
    found = _money(rows)
    if reading.rates is None:
        _refuse(found, label, target, roles.names["amount"])
    rates = read_rates(reading.rates)
    target = target or _target(rates, codes)
    rows, note = _converted(rows, found, rates, target)
    return rows.drop("stated", "code"), target, (note,)


def _bare(
    rows: ibis.Table, counted: Sequence[tuple[str, str]], codes: Sequence[str], column: str | None
) -> tuple[Note, ...]:
    """Say how many amounts name no currency where the others name one."""
    if not codes or ("", "") not in counted:
        return ()
    stated = sign_in(rows.amount_text)
    stated = stated.coalesce(as_text(rows[column])) if column else stated
    good = rows.filter(rows.fate.isnull() & rows.amount_text.notnull())
    bare = good.mutate(bare=stated.isnull()).agg(n=lambda t: t.bare.sum(), rows=lambda t: t.count())
    found = bare.to_pyarrow().to_pylist()[0]
    if not found["n"] or found["n"] == found["rows"]:
        return ()
    return (Note(Code.CURRENCY_SOMETIMES, int(found["n"]), caution=True, figures={"currency": codes[0]}),)


def _stated(table: ibis.Table, money: str, column: str | None) -> list[tuple[str, str]]:
    """Return which signs in amounts, and which values of a column of codes, occur with each other."""
    text = table[money].type().is_string()
    sign = sign_in(as_text(table[money])) if text else ibis.null("string")
    value = as_text(table[column]) if column else ibis.null("string")
    given = as_text(table[money]).notnull() if text else table[money].notnull()
    found = table.filter(given).select(sign=sign, value=value).distinct()
    return [(row["sign"] or "", row["value"] or "") for row in found.to_pyarrow().to_pylist()]


def _code_column(opened: Source, roles: Roles, few: Mapping[str, Mapping[str, int]]) -> str | None:
    """Return the column of currency codes, by its name or by its values."""
    taken = {name for role, name in roles.names.items() if role != "currency_column"}
    named = [name for tier in fitting_names(opened, "currency_column", taken) for name in tier if name in few]
    named = [name for name in named if plain(name) not in ("iso", "isocode") or _all_codes(few[name])]
    others = [name for name, held in few.items() if name not in taken and _all_codes(held) and _COMMON & set(held)]
    columns = list(dict.fromkeys(named or others))
    held = [frozenset(map(code_of, few[name])) for name in columns]
    if len(columns) > 1 and (len(set(held)) > 1 or len(held[0]) > 1):
        raise SchemaError(
            Code.CURRENCY_COLUMN_UNCLEAR,
            parameter="currency_column",
            columns=" and ".join(map(repr, columns[:3])),
            choices=[Setting("currency_column", name) for name in columns[:3]],
        )
    return columns[0] if columns else None


def _all_codes(held: Mapping[str, int]) -> bool:
    return all(value.upper() in CODES for value in held)


def _by_sign(rows: ibis.Table, text: ibis.Value, signs: Sequence[str], reading: Reading, label: str) -> ibis.Table:
    """Read amounts anew where each currency may have a decimal mark of its own."""
    bare = text.re_replace(f"[^{_NUMBER_SIGNS}]", "").re_replace(r"^[\s.]+|[\s]+$", "")
    bare = bare.re_replace(r"(\d)\s*\.$", r"\1").re_replace(r"^([+-])\s+", r"\1")
    negative = ibis.ifelse(rows.amount < 0, -1, 1).fill_null(1)
    cases = []
    for sign in signs:
        own = rows.filter(rows.stated == sign).select(text=bare)
        mark = reading.decimal or find_decimal(own, "text", label=label)
        value = read_amount(bare, mark)
        value = ibis.ifelse(value > 0, value * negative, value).cast(AMOUNT_TYPE)
        cases.append(((rows.stated == sign) & value.notnull(), value))
    return rows.mutate(amount=ibis.cases(*cases, else_=rows.amount))


def _money(rows: ibis.Table) -> list[_Found]:
    good = rows.filter(rows.fate.isnull() & rows.amount_text.notnull())
    sums = good.group_by("code").agg(n=lambda t: t.count(), money=lambda t: t.amount.sum())
    found = sums.order_by(sums.n.desc(), sums.code).to_pyarrow().to_pylist()
    return [_Found(row["code"] or "", int(row["n"]), float(row["money"] or 0)) for row in found]


def _refuse(found: Sequence[_Found], label: str | None, target: str | None, amount: str) -> None:
    known = [item for item in found if item.code]
    bare = sum(item.rows for item in found if not item.code)
    held = ", ".join(map(str, known)) + (f", without a sign {several(bare, 'row')}" if bare else "")
    main = target or known[0].code
    figures = {
        "column": label or amount,
        "held": held,
        "currency": Setting("currency", main),
        "rates": Setting("rates", "rates.csv"),
        "where": Setting("where", [f"{_quoted(label or amount)} = {known[0].code}"]),
    }
    if len(known) == 1:
        raise DomainError(Code.CURRENCY_OTHER, parameter="currency", **figures)
    code = Code.CURRENCIES_MIXED if label else Code.CURRENCIES_MIXED_SIGNS
    raise DomainError(code, parameter="rates", **figures)


def _quoted(name: str) -> str:
    return name if plain(name) == name.lower() else f'"{name}"'


def read_rates(rates: str | Path | Mapping[str, float] | None) -> dict[str, float]:
    """Return rates by code: how much one unit of each currency is worth.

    Parameters
    ----------
    rates : str, Path or mapping
        A mapping, or a CSV file with columns currency and rate, decimal commas or points.

    Raises
    ------
    SchemaError
        If the file cannot be read or has not these columns.
    DomainError
        If a rate is no positive number.

    Examples
    --------
    >>> read_rates({"usd": "0,92", "€": 1})
    {'USD': 0.92, 'EUR': 1.0}
    """
    given = rates if isinstance(rates, Mapping) else _rates_of_file(Path(rates or ""))
    found: dict[str, float] = {}
    for name, value in given.items():
        rate = number(value, "rates")
        if rate is None or not 0 < rate < float("inf"):
            raise DomainError(Code.RATE_BAD, parameter="rates", currency=name, rate=value)
        if found.setdefault(code_of(name), rate) != rate:
            raise DomainError(Code.RATE_TWICE, parameter="rates", currency=code_of(name))
    return found


def _rates_of_file(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(Code.RATES_FILE, parameter="rates", file=path.name) from error
    first = text.strip().split("\n")[0]
    lines = [line for line in csv.reader(io.StringIO(text), delimiter=max(";,\t", key=first.count)) if any(line)]
    head = [plain(name) for name in lines[0]] if lines else []
    names = [next((head.index(n) for n in words if n in head), None) for words in
             (("currency", "waehrung", "code"), ("rate", "kurs"))]  # fmt: skip
    if None in names or any(len(line) != len(head) for line in lines):
        raise SchemaError(Code.RATES_FILE, parameter="rates", file=path.name)
    code, rate = names
    found: dict[str, str] = {}
    for line in lines[1:]:
        if found.setdefault(line[code].strip(), line[rate].strip()) != line[rate].strip():  # type: ignore[index]
            raise DomainError(Code.RATE_TWICE, parameter="rates", currency=line[code].strip())  # type: ignore[index]
    return found


def _target(rates: Mapping[str, float], codes: Sequence[str]) -> str:
    """Return the currency whose rate is 1, or that alone has none."""
    ones = [code for code, rate in rates.items() if rate == 1]
    without = [code for code in codes if _rate(rates, code) is None]
    for found in (ones, without):
        if len(found) == 1:
            return found[0]
    raise DomainError(Code.RATES_NO_CURRENCY, parameter="currency", hint=Setting("currency", codes[0]))


def _rate(rates: Mapping[str, float], code: str) -> float | None:
    """Return a currency's rate; that of kr is the one of the only crown among the rates."""
    crowns = [name for name in _CROWNS if name in rates]
    if code == "kr" and code not in rates and len(crowns) == 1:
        return rates[crowns[0]]
    return rates.get(code)


def _converted(
    rows: ibis.Table, found: Sequence[_Found], rates: Mapping[str, float], target: str
) -> tuple[ibis.Table, Note]:
    """Convert what is not in the currency wanted; amounts without a sign are in it."""
    others = [item for item in found if item.code and item.code != target]
    if lacking := [item for item in others if _rate(rates, item.code) is None]:
        raise DomainError(Code.RATE_MISSING, parameter="rates", held=", ".join(map(str, lacking)), currency=target)
    converted = rows.amount.cast("float64")
    cases = []
    for item in others:
        worth = (converted * (_rate(rates, item.code) or 0.0)).round(9).try_cast(AMOUNT_TYPE)
        cases.append((rows.code == item.code, worth))
    rows = rows.mutate(amount=ibis.cases(*cases, else_=rows.amount))
    worth_all = sum(item.money * (_rate(rates, item.code) or 0.0) for item in others)
    figures = {"held": ", ".join(map(str, others)), "currency": target, "money": worth_all}
    return rows, Note(Code.CONVERTED, sum(item.rows for item in others), money=worth_all, figures=figures)
