"""Dates as people write them: one known log in every format reads the same, and what could mislead is refused or told."""

import datetime as dt

import pandas as pd
import pytest

from kundenwert.data import read_transactions
from kundenwert.errors import DomainError
from kundenwert.messages import Code

MONTHS = {
    "german": [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    "german short": ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"],
    "german sheet": ["JAN", "FEB", "MRZ", "APR", "MAI", "JUN", "JUL", "AUG", "SEP", "OKT", "NOV", "DEZ"],
    "austrian": ["Jänner", "Feber", "März", "April", "Mai", "Juni", "Juli", "August", "Sept.", "Okt.", "Nov.", "Dez."],
    "english": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "english short": ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sept", "oct", "nov", "dec"],
}
DAYS = [dt.date(2023, 1, 11) + dt.timedelta(days=17 * n) for n in range(29)]  # every month, days 1 to 31
DAYS_OF_1970 = dt.date(1970, 1, 1)


def month(day, names):
    return MONTHS[names][day.month - 1]


FORMATS = {
    "%Y-%m-%d": lambda day: f"{day}",
    "%Y-%m-%d ": lambda day: f"{day}T10:00:00Z",
    "%d.%m.%Y": lambda day: f"{day:%d.%m.%Y}",
    "%d.%m.%Y ": lambda day: f"Mi, {day:%d.%m.%Y} 08:15 Uhr",
    "%Y%m%d": lambda day: f"{day:%Y%m%d}",
    "%Y%m%d%H%M%S": lambda day: f"{day:%Y%m%d}235959",
    "%d%m%Y": lambda day: f"{day:%d%m%Y}",
    "%d %b %Y": lambda day: f"{day.day}. {month(day, 'german')} {day.year}",
    "%d %b %Y ": lambda day: f"{day.day:02d}-{month(day, 'german short')}-{day.year}",
    "%d %b %Y  ": lambda day: f"{day.day} {month(day, 'austrian')} {day.year} 10:30",
    "%d %b %Y   ": lambda day: f"{day.day}-{month(day, 'english short').upper()}-{day.year}",
    "%d %b %Y    ": lambda day: f"Wed, {day.day} {month(day, 'english')} {day.year} 10:00:00 +0000",
    "%d %b %Y     ": lambda day: f"{day.day} {month(day, 'english' if day.day % 2 else 'german')} {day.year}",
    "%d %b %y": lambda day: f"{day.day:02d}-{month(day, 'german sheet')}-{day:%y}",
    "%b %d %Y": lambda day: f"{month(day, 'english')} {day.day}, {day.year}",
    "%b %d %Y ": lambda day: f"{month(day, 'english short')}. {day.day}th, {day.year} 1:05 PM",
    "%Y %b %d": lambda day: f"{day.year}-{month(day, 'english short')}-{day.day}",
    "excel-days": lambda day: str((day - dt.date(1899, 12, 30)).days),
    "excel-days ": lambda day: f"{(day - dt.date(1899, 12, 30)).days},75",
    "unix-seconds": lambda day: str((day - DAYS_OF_1970).days * 86400 + 86399),
    "unix-milliseconds": lambda day: str((day - DAYS_OF_1970).days * 86_400_000 + 86_399_999),
}


def csv(texts, amounts=None):
    amounts = amounts or [f"{1 + n},5" for n in range(len(texts))]
    lines = [f'c{n % 7};"{text}";{amount}' for n, (text, amount) in enumerate(zip(texts, amounts, strict=True))]
    return "\n".join(["customer_id;date;amount", *lines]) + "\n"


def days_of(log):
    return sorted(log.purchases.to_pyarrow()["date"].to_pylist())


def frame(texts):
    return pd.DataFrame({"customer_id": [f"c{n}" for n in range(len(texts))], "date": texts, "amount": 1.0})


def of_days(log):
    """Return what is said of days, not of the few customers."""
    return [note for note in log.account.notes if note.code != Code.TOO_FEW]


def codes(log):
    return [note.code for note in of_days(log)]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_names_the_same_days(write, name):
    log = read_transactions(write(csv([FORMATS[name](day) for day in DAYS])))
    assert (days_of(log), log.source.date_format) == (DAYS, name.strip())
    again = read_transactions(write(csv([FORMATS[name](day) for day in DAYS])), date_format=log.source.date_format)
    assert days_of(again) == DAYS


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_german_months_in_every_encoding(write, encoding):
    path = write(csv([FORMATS["%d %b %Y "](day) for day in DAYS]), encoding=encoding)
    assert days_of(read_transactions(path)) == DAYS


@pytest.mark.parametrize("stated", ["%d-%b-%Y", "%d. %B %Y", "%d %b %Y %H:%M"])
def test_a_stated_format_with_month_names_means_both_languages(write, stated):
    path = write(csv([FORMATS["%d %b %Y "](day) for day in DAYS]))
    assert days_of(read_transactions(path, date_format=stated)) == DAYS


@pytest.mark.parametrize("kind", ["int64", "float64"])
@pytest.mark.parametrize("name", ["excel-days", "unix-seconds", "unix-milliseconds", "%Y%m%d"])
def test_numbers_of_a_typed_column(name, kind):
    texts = [FORMATS[name](day) for day in DAYS]
    log = read_transactions(frame(pd.Series(texts).astype("int64").astype(kind)))
    assert (days_of(log), log.source.date_format) == (DAYS, name)


@pytest.mark.parametrize(
    "form", ["{0}-W{1:02d}", "{0}W{1:02d}", "{0}-W{1:02d}-4", "KW {1}/{0}", "{1}. KW {0}", "kw{1:02d} {0}"]
)
def test_weeks_are_their_mondays(form):
    weeks = [(2020, 53), (2021, 1), (2020, 53), (2021, 52)]
    rows = frame([form.format(*week) for week in weeks]).assign(customer_id="a")
    log = read_transactions(rows)
    shift = dt.timedelta(days=3 if form.endswith("-4") else 0)
    assert days_of(log) == [day + shift for day in (dt.date(2020, 12, 28), dt.date(2021, 1, 4), dt.date(2021, 12, 27))]
    note = log.account.notes[0]
    assert (note.code, note.count, note.figures["share"]) == (Code.DATES_ARE_WEEKS, 1, 25.0)


def test_a_year_without_week_53():
    with pytest.raises(DomainError, match=r"1 of 2 rows .* no readable date .*'2021-W53'"):
        read_transactions(frame(["2021-W52", "2021-W53"]))


@pytest.mark.parametrize(
    ("texts", "found", "code"),
    [
        (["2025-03", "2025-04"], "%Y-%m", Code.DATES_ARE_MONTHS),
        (["03/2025", "04/2025"], "%m/%Y", Code.DATES_ARE_MONTHS),
        (["03.2025", "4.2025"], "%m.%Y", Code.DATES_ARE_MONTHS),
        (["202503", "202504"], "%Y%m", Code.DATES_ARE_MONTHS),
        (["März 2025", "April 2025"], "%b %Y", Code.DATES_ARE_MONTHS),
        (["2025-Q1", "Q2 2025"], "quarters", Code.DATES_ARE_QUARTERS),
        (["1. Quartal 2025", "2. Quartal 2025"], "quarters", Code.DATES_ARE_QUARTERS),
    ],
)
def test_months_and_quarters_are_their_first_days(texts, found, code):
    log = read_transactions(frame([*texts, texts[0]]).assign(customer_id="a"))
    start = 1 if code == Code.DATES_ARE_QUARTERS else 3
    assert days_of(log) == [dt.date(2025, start, 1), dt.date(2025, 4, 1)]
    assert (log.source.date_format, log.account.notes[0].code, log.account.notes[0].count) == (found, code, 1)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ("%d%m", "'%d%m' names no year"),
        ("%Y", "'%Y' names no month"),
        ("%Y-W%W", "would put all of them on 1 January.*date_format='iso-weeks'"),
        ("dd.mm.yyyy", "is not understood; write it such as '%d.%m.%Y'"),
    ],
)
def test_stated_formats_that_name_no_day(write, stated, message):
    with pytest.raises(DomainError, match=message) as refused:
        read_transactions(write(csv(["0101", "0201"])), date_format=stated)
    assert refused.value.parameter == "date_format"


def test_mixed_formats_are_refused_with_a_place_of_each(write):
    texts = ["04.01.2023", "2023-01-07", "17/01/2023"] * 10
    with pytest.raises(DomainError, match="more than one format") as refused:
        read_transactions(write(csv(texts)))
    for told in ("%d.%m.%Y (10 rows, such as line 2: '04.01.2023')", "%Y-%m-%d (10 rows, such as line 3", "line 4"):
        assert told in str(refused.value)


def test_a_few_days_of_a_spreadsheet_are_read_and_told(write):
    texts = [f"{1 + n % 28:02d}.03.2023" for n in range(115)] + ["44971"] * 5
    log = read_transactions(write(csv(texts)))
    assert (log.first_day, log.account.excluded, log.source.date_format) == (dt.date(2023, 2, 14), 0, "%d.%m.%Y")
    note = log.account.notes[0]
    assert (note.code, note.count, str(note.first[0])) == (Code.DATES_OTHERWISE, 5, "line 117: '44971'")
    with pytest.raises(DomainError, match=r"more than one format: %d.%m.%Y \(115 rows.*excel-days \(7 rows"):
        read_transactions(write(csv([*texts, "44972", "44972"])))


def test_a_few_days_that_can_be_two_are_refused(write):
    texts = [f"{1 + n % 28:02d}.03.2023" for n in range(115)] + ["03/04/2023"]
    with pytest.raises(DomainError, match=r"more than one format: %d.%m.%Y .*; %d/%m/%Y \(1 row, such as line 117"):
        read_transactions(write(csv(texts)))


def test_numbers_that_can_be_two_kinds_of_moments_are_refused():
    with pytest.raises(
        DomainError, match=r"read in two ways: 2 rows .*'%Y%m%d%H%M' or date_format='unix-milliseconds'"
    ):
        read_transactions(frame(["202301041455", "202301051455"]))


@pytest.mark.parametrize(
    ("texts", "stated", "hint"),
    [
        (["44971", "44981"], "%d.%m.%Y", "excel-days"),
        (["1672841774", "1673101966"], "%Y-%m-%d", "unix-seconds"),
        (["2020-W53", "2021-W01"], "%Y-%m-%d", "iso-weeks"),
        (["11. Mai 2023", "12. Mai 2023"], "%Y-%m-%d", "%d %b %Y"),
    ],
)
def test_the_hint_names_the_format_of_what_is_there(texts, stated, hint):
    with pytest.raises(DomainError, match=rf"no readable date .* with date_format='{hint}'"):
        read_transactions(frame(texts), date_format=stated)


STAMPS = {
    "A": ["2024-03-30T23:30:00+01:00", "2024-03-31T00:30:00+01:00", "2024-03-31T03:30:00+02:00"],
    "B": ["2024-06-30T22:30:00Z", "2024-07-01T00:45:00+02:00", "2024-10-26T23:59:00+02:00"],
    "C": ["2024-10-27T02:30:00+02:00", "2024-10-27T02:30:00+01:00", "2024-12-31T23:30:00Z"],
    "D": ["2024-02-29T12:00:00+01:00", "2025-02-28T12:00:00+01:00"],
}
ORDERS = pd.DataFrame(
    [(who, stamp, 1.0) for who, stamps in STAMPS.items() for stamp in stamps],
    columns=["customer_id", "date", "amount"],
)


def per_customer(log):
    return log.purchases.to_pyarrow().to_pandas()["customer_id"].value_counts().sort_index().to_dict()


def test_utc_among_local_times_is_a_caution_and_the_day_as_written_counts():
    log = read_transactions(ORDERS)
    assert per_customer(log) == {"A": 2, "B": 3, "C": 2, "D": 2}
    note = log.account.notes[0]
    assert (note.code, note.count, note.caution) == (Code.OFFSETS_MIXED, 2, True)
    assert "2 rows are in UTC and 9 rows are in local time" in note.reason
    assert "timezone='Europe/Berlin'" in note.reason


@pytest.mark.parametrize("kind", ["text", "objects", "utc"])
def test_a_time_zone_gives_the_same_days_from_every_kind_of_column(kind):
    moments = {
        "text": ORDERS["date"],
        "objects": pd.Series([pd.Timestamp(text) for text in ORDERS["date"]], dtype=object),
        "utc": pd.to_datetime(ORDERS["date"], utc=True),
    }
    log = read_transactions(ORDERS.assign(date=moments[kind]), timezone="Europe/Berlin")
    assert per_customer(log) == {"A": 2, "B": 2, "C": 2, "D": 2}
    assert log.last_day == dt.date(2025, 2, 28)


def test_objects_of_several_offsets_are_read_as_written():
    moments = pd.Series([pd.Timestamp(text) for text in ORDERS["date"]], dtype=object)
    assert per_customer(read_transactions(ORDERS.assign(date=moments))) == {"A": 2, "B": 3, "C": 2, "D": 2}


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["2024-01-01T23:30+01:00", "2024-07-01T23:30+02:00"], []),  # winter and summer
        (["2024-01-01T23:30+00:00", "2024-07-01T23:30+01:00"], []),  # London
        (["2024-01-01 23:30Z", "2024-07-01 23:30Z"], []),
        (["2024-01-01 23:30+01", "2024-07-01 23:30-05"], [Code.OFFSETS_DIFFER]),
        (["2024-01-01T23:30+00:00", "2024-07-01T23:30+02:00"], [Code.OFFSETS_MIXED]),
        (["2024-01-01T23:30Z", "2024-07-01 23:30"], [Code.OFFSETS_MIXED]),
    ],
)
def test_what_is_said_of_offsets(texts, found):
    log = read_transactions(frame(texts))
    assert (codes(log), days_of(log)) == (found, [dt.date(2024, 1, 1), dt.date(2024, 7, 1)])


def test_seconds_in_a_time_zone():
    rows = frame(["1672614000", "1688248800"])  # 23:00 and 22:00 UTC
    assert days_of(read_transactions(rows)) == [dt.date(2023, 1, 1), dt.date(2023, 7, 1)]
    log = read_transactions(rows, timezone="Europe/Berlin")
    assert (days_of(log), codes(log)) == ([dt.date(2023, 1, 2), dt.date(2023, 7, 2)], [Code.DAYS_OF_ZONE])
    assert codes(read_transactions(frame(["2023-01-01"]), timezone="Europe/Berlin")) == [Code.ZONE_UNUSED]


@pytest.mark.parametrize("day", ["1900-01-01", "1899-12-30", "1970-01-01", "0001-01-01", "2099-12-31", "9999-12-31"])
@pytest.mark.parametrize("typed", [False, True])
def test_placeholder_dates_are_excluded_with_their_money(day, typed):
    rows = frame([f"2023-0{1 + n % 9}-11" for n in range(60)] + [day] * 2)
    if typed:
        rows["date"] = [dt.date.fromisoformat(text) for text in rows["date"]]
    entry = read_transactions(rows).account.entries[-1]
    assert (entry.code, entry.count, entry.money) == (Code.PLACEHOLDER_DATE, 2, 2.0)
    assert str(entry.first[0]) == f"row 61: '{day}'"


def test_a_shop_that_was_open_in_1970():
    log = read_transactions(frame(["1969-12-30", "1970-01-01", "1970-03-01"]))
    assert (log.account.excluded, log.first_day) == (0, dt.date(1969, 12, 30))


def many_days(*more):
    return frame([f"{dt.date(2023, 1, 4) + dt.timedelta(days=3 * n)}" for n in range(100)] + list(more))


def test_a_last_day_far_behind_all_others_is_a_caution():
    note = read_transactions(many_days("2026-06-30"), isolated_days="keep").account.notes[0]
    assert (note.code, note.count, note.money, note.caution) == (Code.LAST_DAY_APART, 1, 1.0, True)
    assert str(note.first[0]) == "row 101: customer 'c100', '2026-06-30', '1.0'"
    assert "observation_end='2023-10-28'" in note.reason


@pytest.mark.parametrize(
    ("treated", "first", "last"),
    [
        ("keep", Code.FIRST_DAY_APART, Code.LAST_DAY_APART),
        ("exclude", Code.FIRST_DAYS_LEFT_OUT, Code.LAST_DAYS_LEFT_OUT),
    ],
)
@pytest.mark.parametrize("days", [["2009-06-30", "2026-06-30"], ["2009-06-30"], ["2026-06-30"]])
def test_days_that_stand_apart_are_told(days, treated, first, last):
    log = read_transactions(many_days(*days), isolated_days=treated)
    expected = [first if day < "2023" else last for day in days]
    assert [(note.code, note.count) for note in of_days(log)] == [(code, 1) for code in expected]
    assert log.account.excluded == (len(days) if treated == "exclude" else 0)


@pytest.mark.parametrize("more", [[], ["2024-03-01"], ["2026-06-30"] * 9, ["2026-06-30", "2026-07-01", "2026-07-02"]])
def test_days_that_do_not_stand_apart(more):
    assert of_days(read_transactions(many_days(*more))) == []


def test_a_misspelt_time_zone():
    with pytest.raises(DomainError, match=r"timezone='Europe/berlin' is not a time zone.*'Europe/Berlin'"):
        read_transactions(ORDERS, timezone="Europe/berlin")


@pytest.mark.parametrize(("stated", "text"), [("%y%m%d", "240302"), ("%Y;%m;%d", "2024;03;02"), ("%Y-%j", "2024-062")])
def test_stated_formats_of_other_kinds(stated, text):
    assert days_of(read_transactions(frame([text]), date_format=stated)) == [dt.date(2024, 3, 2)]
