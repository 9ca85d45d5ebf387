"""The currencies that amounts name: signs, words, and the codes of ISO 4217."""

from __future__ import annotations

import ibis

_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK "
    "HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL "
    "MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON "
    "RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH "
    "UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL DEM ATS FRF ITL ESP NLG"
)
ISO_CODES = _CODES.split()
"""Codes of ISO 4217, those of today and some that old logs still hold."""

WORDS = {
    "€": "EUR",
    "Euro": "EUR",
    "euro": "EUR",
    "EURO": "EUR",
    "Eur": "EUR",
    "eur": "EUR",
    "US$": "USD",
    "$": "USD",
    "C$": "CAD",
    "CA$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "R$": "BRL",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "Rs.": "INR",
    "Rs": "INR",
    "₽": "RUB",
    "₺": "TRY",
    "₩": "KRW",
    "₪": "ILS",
    "₫": "VND",
    "₴": "UAH",
    "Kč": "CZK",
    "kč": "CZK",
    "zł": "PLN",
    "Ft": "HUF",
    "SFr.": "CHF",
    "SFr": "CHF",
    "Fr.": "CHF",
    "Fr": "CHF",
    "sFr.": "CHF",
    "kr.": "kr",
    "kr": "kr",
    "Kr.": "kr",
    "Kr": "kr",
    "DM": "DEM",
    "lei": "RON",
    "лв": "BGN",
    "лв.": "BGN",
}
"""What is written for a currency besides its code; a crown may be of three countries and stays "kr"."""


def _escaped(word: str) -> str:
    return word.replace(".", r"\.").replace("$", r"\$")


CURRENCY = "|".join([*(_escaped(word) for word in sorted(WORDS, key=len, reverse=True)), *ISO_CODES])
"""Regular expression of everything that names a currency."""

_AROUND = "-+()\\s\u00a0\u202f\u2009\u2212"
_LEADING = rf"^[{_AROUND}]*({CURRENCY})[^A-Za-z]"
_TRAILING = rf"[^A-Za-z]({CURRENCY})[{_AROUND}]*$"


def currency_of(text: ibis.Value) -> ibis.Value:
    """Return the currency that an amount's text names, as a code of ISO 4217 ("kr" for crowns), or missing.

    A code counts before a sign: $12.50 CAD is in Canadian dollars.

    Parameters
    ----------
    text : ibis.Value
        Amounts as written.

    Returns
    -------
    ibis.Value

    Examples
    --------
    >>> import pyarrow as pa
    >>> texts = ["12,50 €", "CHF 1'200.--", "$12.50 CAD", "12.50"]
    >>> texts = ibis.memtable(pa.table({"text": texts})).text
    >>> currency_of(texts).to_pyarrow().to_pylist()
    ['EUR', 'CHF', 'CAD', None]
    """
    leading, trailing = (text.re_extract(pattern, 1).nullif("") for pattern in (_LEADING, _TRAILING))
    code = ibis.coalesce(*(ibis.cases((found.isin(ISO_CODES), found)) for found in (trailing, leading)))
    word = leading.coalesce(trailing)
    by_code: dict[str, list[str]] = {}
    for written, meant in WORDS.items():
        by_code.setdefault(meant, []).append(written)
    return code.coalesce(ibis.cases(*((word.isin(written), meant) for meant, written in by_code.items())))
