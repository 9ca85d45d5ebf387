"""`summarise`, and what all commands say of rows."""

import re

import pandas as pd
import pytest
from command_line import GOOD, HEADER, kundenwert, missing_ids, purchases

from kundenwert.errors import KundenwertError


def test_summarise_counts_every_row(tmp_path):
    source, out = tmp_path / "log.csv", tmp_path / "new" / "s.csv"
    rows = ["a,2024-01-01,1", "a,2024-01-01,1", "a,2024-01-09,-2", "a,2024-01-10,0", ",2024-01-11,1", "b,2024-01-12,3"]
    rows += [f"c{day},2024-01-{day},1" for day in range(10, 31)] + ["b,soon,1", "b,2024-01-20,much"]
    source.write_text(HEADER + "\n".join(rows) + "\n")
    ended = kundenwert("summarise", source, "--out", out, "--refunds", "exclude")
    assert ended.code == 0
    assert ended.out == f"{out}\n"
    counted = dict(re.findall(r"(?m)^ *([\d,]+)  (?:kept|merged|excluded) +(.+)$", ended.err))
    counts = {
        reason: int(count) for count, reason in re.findall(r"(?m)^ *(\d+)  (?:kept|merged|excluded) +(.+)$", ended.err)
    }
    assert counted
    assert sum(counts.values()) == len(rows)
    for word in ("customer id missing", "date unreadable", "amount unreadable", "refund"):
        assert [count for reason, count in counts.items() if word in reason] == [1], word
    assert "exact duplicate" in ended.err
    assert "zero amount" in ended.err
    table = pd.read_csv(out, dtype={"customer_id": str})
    assert table["customer_id"].tolist() == ["a", "b", *sorted(f"c{day}" for day in range(10, 31))]
    assert table.set_index("customer_id").loc["a", ["frequency", "value_to_date"]].tolist() == [1, 2.0]


def test_summarise_says_what_became_of_the_rows(tmp_path):
    source = missing_ids(tmp_path)
    ended = kundenwert("summarise", source, "--out", tmp_path / "s.csv", "--observation-end", "2024-08-31")
    lines = ended.err.splitlines()
    assert lines[0] == "log.csv: 200 rows"
    assert "        50  excluded  customer id missing (first line 5, line 9, line 13; money 125.00)" in lines
    assert sum("customer id missing" in line for line in lines) == 1
    revenue = pd.read_csv(tmp_path / "s.csv")["value_to_date"].sum()
    assert lines[-1] == f"13 customers with {revenue:,.2f} of revenue from 2024-01-01 to 2024-08-31"


def rows_told(ended):
    """What was said of rows, without cautions about what the customers can teach and about the share left out."""
    few = ("caution: only ", "caution: 13 of 13 customers", "caution: 50 rows, 25 % of all")
    return "".join(line for line in ended.err.splitlines(keepends=True) if not line.startswith(few))


@pytest.mark.parametrize("command", ["report", "fit", "predict", "compare"])
def test_rows_that_are_left_out_are_told_in_one_line(tmp_path, monkeypatch, command):
    def stop(*_, **__):
        raise KundenwertError("far enough")

    for place in ("fit_both", "value"):
        monkeypatch.setattr(f"kundenwert.cli.steps.{place}", stop)
    monkeypatch.setattr("kundenwert.cli.steps.load_both", lambda *_: ())
    source = missing_ids(tmp_path)
    words = ["--fit", tmp_path] if command in ("predict", "compare") else []
    out = tmp_path / ("v.csv" if words else "out")
    told = "50 of 200 rows excluded: customer id missing (first line 5; money 125.00)\n"
    assert rows_told(kundenwert(command, source, "--out", out, *words)) == told + "kundenwert: far enough\n"
    with source.open("a") as file:
        file.write("c1,2190-01-01,3\nSumme,2024-01-01,5\n")
    told = "51 of 202 rows excluded: 50 customer id missing (first line 5; money 125.00); 1 date in the future "
    told += (
        "(first line 202; money 3.00)\ncaution: customer id is a word for totals, kept (line 203: customer 'Summe')\n"
    )
    assert rows_told(kundenwert(command, source, "--out", out, *words)) == told + "kundenwert: far enough\n"
    source.write_text(GOOD)
    assert rows_told(kundenwert(command, source, "--out", out, *words)) == "kundenwert: far enough\n"


def test_recognised_columns_are_told(tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KundenwertError("far enough")

    monkeypatch.setattr("kundenwert.cli.steps.fit_both", stop)
    source = tmp_path / "log.csv"
    source.write_text(GOOD.replace(HEADER, "Kundennummer,Bestelldatum,Umsatz\n"))
    ended = kundenwert("fit", source, "--out", tmp_path / "posterior")
    told = "--customer-id 'Kundennummer', --date 'Bestelldatum', --amount 'Umsatz'"
    assert f"note: columns recognised by their names: {told}\n" in ended.err


def test_summarise_in_german(tmp_path):
    source, out = tmp_path / "export.csv", tmp_path / "kunden.csv"
    rows = ["0001;31.12.2023;1.234,50", "0001;15.01.2024;20,25", "Zoë;02.01.2024;3,00", "-1+1;20.01.2024;0,75"]
    source.write_bytes(("Kundennr;Kaufdatum;Umsatz\n" + "\n".join(rows) + "\n").encode("cp1252"))
    names = ["--customer-id", "Kundennr", "--date", "Kaufdatum", "--amount", "Umsatz"]
    assert kundenwert("summarise", source, "--out", out, *names, "--time-unit", "D", "--german-csv").code == 0
    content = out.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    lines = content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith(
        "customer_id;cohort;first_purchase;last_purchase;frequency;recency;T;log_gaps;monetary_value"
    )
    assert any(
        line.startswith("0001;2023-12;31.12.2023;15.01.2024;1;15;20;2,7081;20,25;1234,5;1254,75") for line in lines
    )
    assert any(line.startswith("'-1+1;2024-01;20.01.2024;") for line in lines)


def test_a_failure_keeps_the_earlier_file(tmp_path):
    out = tmp_path / "s.csv"
    (tmp_path / "log.csv").write_text(GOOD)
    assert kundenwert("summarise", tmp_path / "log.csv", "--out", out).code == 0
    earlier = out.read_bytes()
    (tmp_path / "log.csv").write_text(HEADER + "a,2024-01-01,1\n")
    ended = kundenwert("summarise", tmp_path / "log.csv", "--out", out)
    assert ended.code == 1
    assert "every purchase lies on one day" in ended.err
    assert out.read_bytes() == earlier


def test_a_folder_in_place_of_the_file(tmp_path):
    (tmp_path / "log.csv").write_text(GOOD)
    (tmp_path / "s.csv").mkdir()
    ended = kundenwert("summarise", tmp_path / "log.csv", "--out", tmp_path / "s.csv")
    assert ended.code == 1
    last = ended.err.splitlines()[-1]
    assert re.search(r"kundenwert: s\.csv is a folder", last), last  # not the name of a file that nobody has asked for
    assert sorted(file.name for file in tmp_path.iterdir()) == ["log.csv", "s.csv"]


def test_summarise_reaches_to_the_stated_end_of_the_log(tmp_path):
    source, out = tmp_path / "log.csv", tmp_path / "s.csv"
    purchases(20).to_csv(source, index=False)
    log_end = str((pd.to_datetime(purchases(20)["date"]).max() + pd.Timedelta(days=5)).date())
    ended = kundenwert("summarise", source, "--out", out, "--log-end", log_end, "--time-unit", "M")
    assert ended.code == 0
    assert f"5 days without a purchase count as observed: complete up to {log_end}, as stated" in ended.err
    table = pd.read_csv(out)
    days = (pd.Timestamp(log_end) - pd.to_datetime(table["first_purchase"])).dt.days
    assert table["T"].tolist() == (days / (365.25 / 12)).round(4).tolist()
