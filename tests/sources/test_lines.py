"""Every physical line of a text file is part of a row, blank, or told as bad; none is absorbed."""

import codecs
import random

import pytest

from kundenwert.data import read_transactions
from kundenwert.errors import DomainError, KundenwertError, SchemaError
from kundenwert.messages import Code
from kundenwert.settings import Reading
from kundenwert.sources import open_source
from kundenwert.sources.lines import could_be_row, split_strictly

NAMES = "customer_id,date,amount,note\n"
LINES = [f"k{n % 40},2023-{1 + n % 12:02d}-{1 + n % 28:02d},{n}.25,note {n}" for n in range(120)]


@pytest.fixture
def write(tmp_path):
    def _write(content, name="log.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write


def opened(path, **settings):
    """The rows, the bad lines with their numbers, and the place of each row."""
    source = open_source(path, Reading(**settings))
    table = source.table.order_by("row").to_pyarrow().to_pylist()
    rows = [[row[f"c{i}"] for i in range(len(source.names))] for row in table]
    return rows, [(bad.line, bad.why) for bad in source.rejected], [source.place(row["row"]) for row in table], source


def changed(changes, lines=LINES):
    """A file with some of its lines changed, by their number in the file."""
    lines = list(lines)
    for number, text in changes.items():
        lines[number - 2] = text
    return NAMES + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("a,b", ["a", "b"]),
        ("a,", ["a", ""]),
        ('"a,b",c', ["a,b", "c"]),
        ('12" pipe,c', ['12" pipe', "c"]),
        ('"say ""so""",c', ['say "so"', "c"]),
        ('"",c', ["", "c"]),
        ('a,"b', "open"),
        ('a,"b""', "open"),
        ('"a"b,c', "after"),
        ("", [""]),
    ],
)
def test_split_strictly(line, cells):
    assert split_strictly(line, ",") == cells


@pytest.mark.parametrize(
    ("line", "columns", "may"),
    [('k2,2024-01-02,5.00,ok"', 4, True), ("k2,2024-01-02,5.00", 9, True), ("second floor, left", 4, False)],
)
def test_what_could_be_a_row(line, columns, may):
    assert could_be_row(line, ",", columns) is may


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("last", [True, False])
def test_encodings_and_line_ends_change_nothing(write, ends, encoding, last):
    text = changed({9: 'k1,2023-01-01,1.00,"Süd\nOst"'}).replace("note 7", "Äpfel")
    rows = opened(write(text))[0]
    assert rows[7] == ["k1", "2023-01-01", "1.00", "Süd\nOst"]
    other = text.replace("\n", ends) if last else text.removesuffix("\n").replace("\n", ends)
    found = opened(write(other.encode(encoding)))
    assert found[0] == rows
    assert found[1] == []
    assert found[2][6:9] == ["line 8", "line 9", "line 11"]


@pytest.mark.parametrize(
    ("changes", "bad"),
    [
        ({5: '"' + LINES[3]}, {5: "not closed"}),
        ({5: '"' + LINES[3], 35: '"' + LINES[33]}, {5: "not closed", 35: "not closed"}),
        ({5: LINES[3].replace("note", '"note'), 35: LINES[33] + '"'}, {5: "not closed"}),
        ({5: LINES[3].replace("k3", '"k3"x')}, {5: "behind a closing"}),
        ({5: LINES[3] + ",,"}, {5: "more than 4"}),
        ({5: LINES[3] + ","}, {5: "more than 4"}),  # the engine would take an empty cell too many
        ({5: LINES[3].replace(",", ",,", 1)}, {5: "more than 4"}),
        ({5: "k1,2023-01-01"}, {5: "fewer than 4"}),
        ({121: '"' + LINES[119]}, {121: "not closed"}),
        ({5: "x" * 2_100_000 + ",,,"}, {5: "longer than"}),
    ],
)
def test_bad_lines_are_told_with_their_numbers(write, changes, bad):
    rows, told, places, _ = opened(write(changed(changes)))
    assert [line for line, _ in told] == list(bad)
    for (_, why), words in zip(told, bad.values(), strict=True):
        assert words in why
    assert len(rows) == 120 - len(bad)
    assert places == [f"line {n}" for n in range(2, 122) if n not in bad]


def test_a_row_may_run_over_lines_but_swallows_no_other(write):
    legal = changed({5: 'k1,2023-01-01,1.00,"one, two\n\nthree, ""four"""'})
    rows, told, places, source = opened(write(legal))
    assert (rows[3][3], told, source.breaks) == ('one, two\n\nthree, "four"', [], 2)
    assert places[3:5] == ["line 5", "line 8"]
    assert str(read_transactions(write(legal)).account.notes[0].first[0]).startswith("line 5: 'one, two")


def test_a_line_break_in_a_telling_cell_is_refused(write):
    path = write(changed({5: 'k1,2023-01-01,"1\n.00",x'}))
    with pytest.raises(SchemaError, match=r"1 cell of column 'amount' of 'log.csv' hold line breaks \(first: line 5\)"):
        read_transactions(path)


def test_blank_lines_are_no_rows(write):
    rows, told, places, _ = opened(write(changed({5: LINES[3] + "\n\n  \n", 121: LINES[119] + "\n\n"})))
    assert (len(rows), told) == (120, [])
    assert places[3:5] == ["line 5", "line 9"]


def test_separators_at_the_end_of_every_line(write):
    rows, told, _, source = opened(write(NAMES + "".join(line + ",\n" for line in LINES)))
    assert (len(rows), told, source.names[-1]) == (120, [], "")
    with pytest.raises(SchemaError, match="cannot be split into 4 columns"):  # one cell more, and not empty
        read_transactions(write(NAMES + "".join(f"{n},{line}\n" for n, line in enumerate(LINES))))


def test_column_names_over_two_lines(write):
    text = 'customer_id,date,amount,"note\n(free)"\n' + "\n".join(LINES)
    rows, told, places, source = opened(write(text))
    assert (source.names[3], len(rows), told, places[0]) == ("note (free)", 120, [], "line 3")
    stray = 'customer_id,date,amount,"note\n' + "\n".join([LINES[0] + '"', *LINES[1:]])
    assert len(opened(write(stray))[0]) == 120


def test_money_of_bad_lines_is_guessed_and_said_to_be(write):
    amount_last = "customer_id,date,street,amount\n"
    lines = [f"k{n % 40},2023-01-{1 + n % 28:02d},Am Wall {n},{n}.25" for n in range(120)]
    lines[3] = "k3,2023-01-04,1 Park Lane, Flat 3, 2nd floor,49.57"
    lines[7] = "k7,2023-01-08,12"
    account = read_transactions(write(amount_last + "\n".join(lines))).account
    entry = next(entry for entry in account.entries if entry.code == Code.REJECTED_LINE)
    assert (entry.count, entry.money) == (2, 49.57)
    assert account.notes[0].code == Code.MONEY_GUESSED
    assert (account.notes[0].count, account.notes[0].money) == (1, 49.57)


def test_refusing_and_repairing(write):
    path = write(changed({5: '"' + LINES[3], 9: LINES[7] + ",,", 20: LINES[18] + ",x", 30: LINES[28] + ","}))
    with pytest.raises(DomainError, match=r"4 lines of 'log.csv' .* line 5: .*; line 9: .*on_bad_lines='exclude'"):
        read_transactions(path, on_bad_lines="refuse")
    account = read_transactions(path, on_bad_lines="repair").account
    assert (account.rows_read, account.excluded) == (120, 1)
    note = next(note for note in account.notes if note.code == Code.LINES_REPAIRED)
    assert (note.count, [place.where for place in note.first]) == (3, ["line 5", "line 9", "line 30"])
    assert opened(path, on_bad_lines="repair")[0][3] == LINES[3].split(",")


def test_many_bad_lines_are_refused_with_a_remedy(write):
    some = {n: LINES[n - 2] + "," for n in range(2, 40)}
    with pytest.raises(SchemaError, match=r"38 lines of .* on_bad_lines='repair' makes it"):
        read_transactions(write(changed(some)))
    assert read_transactions(write(changed(some)), on_bad_lines="repair").account.rows_read == 120


@pytest.mark.parametrize(
    ("changes", "code", "count", "money"),
    [
        ({5: LINES[3].replace("k3", 'k3"'), 9: LINES[7].replace("k7", 'k"7"')}, Code.STRAY_QUOTE, 2, 10.5),
        ({5: LINES[3].replace("k3", "k\n3")}, Code.TORN_ROW, 1, 3.25),
    ],
    ids=["stray marks", "torn"],
)
def test_damage_in_an_id_makes_no_new_customer(write, changes, code, count, money):
    log = read_transactions(write(changed(changes)))
    entry = next(entry for entry in log.account.entries if entry.code == code)
    assert (entry.count, entry.money) == (count, money)
    assert log.purchases.customer_id.nunique().to_pyarrow().as_py() == 40


@pytest.mark.parametrize("content", [NAMES.encode() + b"\x00", codecs.BOM_UTF16_LE + b"\x00"], ids=["zero", "UTF-16"])
def test_no_text(write, content):
    with pytest.raises(SchemaError, match=r"binary data|not a text file"):
        open_source(write(content), Reading())


def damaged(rng):
    """A log of 120 lines, damaged in one to three places; and the numbers of the lines that were."""
    sign = rng.choice(",;\t|")
    lines = [line.replace(",", sign) for line in LINES]
    touched = set()
    for _ in range(rng.choice([1, 1, 2, 2, 3])):
        n = rng.randrange(len(lines))
        touched.add(n)
        line, at = lines[n], rng.randrange(1, len(lines[n]))
        cells = line.split(sign)
        where = rng.randrange(len(cells))
        into = rng.choice([0, len(cells[where]) // 2, len(cells[where])])
        quoted = [*cells[:where], cells[where][:into] + '"' + cells[where][into:], *cells[where + 1 :]]
        separator = rng.choice([i for i, letter in enumerate(line) if letter == sign] or [0])
        lines[n] = rng.choice(
            [
                *[sign.join(quoted)] * 4,
                line[:separator] + line[separator + 1 :],
                line[:separator] + sign + line[separator:],
                line[:at],
                line[:at] + "\n" + line[at:],
            ]
        )
    return NAMES.replace(",", sign) + "\n".join(lines) + "\n" * rng.randrange(2), touched


@pytest.mark.parametrize("mode", ["exclude", "repair"])
def test_damages_absorb_no_line(write, mode):
    """Every line that was not touched is a row as it was, whatever happened to the others; no line is missing."""
    rng = random.Random(20 if mode == "exclude" else 21)  # noqa: S311
    for _ in range(100):
        text, touched = damaged(rng)
        try:
            rows, told, _, source = opened(write(text), on_bad_lines=mode)
        except KundenwertError:
            continue
        kept = {tuple(row) for row in rows}
        lost = [n for n, line in enumerate(LINES) if tuple(line.split(",")) not in kept]
        assert set(lost) <= touched
        assert len(rows) + len(told) + source.breaks == len(text.splitlines()) - 1


def test_marks_within_ids_are_text_in_a_sound_file_and_doubtful_in_a_torn_one(write):
    rows = "".join(f'"a;b""c,d",2024-01-{day:02d},5,ok\n"12"" Rohr",2024-01-{day:02d},7,ok\n' for day in range(1, 29))
    sound = read_transactions(write("customer_id,date,amount,note\n" + rows))
    assert (sound.account.kept, sound.account.excluded) == (56, 0)
    torn = rows + "k1,2024-01-05,3,ok\n" + '"line\nbreak",2024-02-01,9,ok\n'
    log = read_transactions(write("customer_id,date,amount,note\n" + torn))
    told = {str(entry.code): entry.count for entry in log.account.entries if entry.fate == "excluded"}
    assert told == {"rejected-line": 1, "stray-quote": 57}
