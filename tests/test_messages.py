"""What the program says: every code has one sentence, and settings are written as their reader writes them."""

import pytest

from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting, listing, say, several
from kundenwert.messages.en import SENTENCES


def test_every_code_has_a_sentence_and_every_sentence_a_code():
    assert set(SENTENCES) == set(Code)


@pytest.mark.parametrize("code", Code)
def test_sentences_are_plain(code):
    sentence = SENTENCES[code]
    assert sentence == " ".join(sentence.split())
    assert not sentence.endswith(".")


@pytest.mark.parametrize(
    ("setting", "python", "cli"),
    [
        (Setting("date_format", "%d.%m.%Y"), "date_format='%d.%m.%Y'", "--date-format '%d.%m.%Y'"),
        (Setting("observation_end"), "observation_end", "--observation-end"),
        (Setting("allow_unconverged", value=True), "allow_unconverged=True", "--allow-unconverged"),
        (Setting("keep", ["a", "b c"]), "keep=['a', 'b c']", "--keep 'a' --keep 'b c'"),
        (Setting("skip_lines", 3), "skip_lines=3", "--skip-lines 3"),
    ],
)
def test_settings_are_written_as_their_reader_writes_them(setting, python, cli):
    assert (setting.written("python"), setting.written("cli"), str(setting)) == (python, cli, python)


def test_an_error_speaks_to_both_interfaces():
    error = DomainError(Code.NO_DAY, parameter="log_end", given=Setting("log_end", "soon"))
    assert (error.code, error.parameter) == (Code.NO_DAY, "log_end")
    assert str(error) == "log_end='soon' is not a date; write it such as '1997-09-30' or '30.09.1997'"
    assert error.told("cli").startswith("--log-end 'soon' is not a date")
    assert DomainError("braces {stay} without figures").told("cli") == "braces {stay} without figures"


def test_nouns_follow_their_number():
    assert say(Code.SILENT_END, {"days": 1, "until": "x"}).startswith("1 day without")
    assert (several(1, "row"), several(1200, "row")) == ("1 row", "1,200 rows")
    assert listing([]) == ""
