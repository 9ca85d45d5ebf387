"""The command line run in this process or another, logs to run it on, and what its answers must look like."""

import contextlib
import io
import re
import subprocess
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd

from kundenwert.cli import main

COMMANDS = (
    "report",
    "check",
    "init",
    "summarise",
    "fit",
    "predict",
    "compare",
    "backtest",
    "explain",
    "simulate",
    "completion",
)
FILES = (
    "cohorts.csv",
    "cohorts.parquet",
    "customers.csv",
    "customers.parquet",
    "manifest.json",
    "posterior.nc",
    "report.html",
    "spend_posterior.nc",
)
COLUMNS = [
    "customer_id",
    "cohort",
    "frequency",
    "recency",
    "T",
    "monetary_value",
    "value_to_date",
    "p_alive_mean",
    "expected_purchases_mean",
    "purchases_q05",
    "purchases_q50",
    "purchases_q95",
    "expected_spend_mean",
    "rlv_mean",
    "rlv_q05",
    "rlv_q50",
    "rlv_q95",
    "expected_rlv_q05",
    "expected_rlv_q95",
    "clv_mean",
    "clv_q05",
    "clv_q50",
    "clv_q95",
    "p_pays_back",
]
HOSTILE_IDS = (
    '=HYPERLINK("http://x")',
    "<script>alert(1)</script>",
    "$x^2$",
    r"$\frac{$",
    "-1+1",
    "@SUM(A1:A9)",
    "+49 170 1",
    'a;b"c,d',
    "x" * 300,
    "Zoë 顧客 🙂",
    "__proto__",
    "'quoted'",
    "{{ 7*7 }} {0} %s",
    "0007",
)
HOSTILE_COHORTS = ("<img src=x onerror=alert(1)>", r"$\frac{$ 10$", '=cmd|"x"', "Süd & Ost " * 12, "all too plain")
TITLE = 'Q&A <b onclick="x()">bold</b> $x^2$ {{ 7*7 }}'
NEVER = re.compile(r"Traceback|File \"|Error:|pandas\.|duckdb\.")


def purchases(customers=150, *, days=400, start="2023-01-02", seed=7):
    """Make a transaction log: a rate and a lifetime for each customer, purchases on whole days."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        first = rng.integers(0, days // 3)
        rate, lifetime = rng.gamma(0.8) / 25, rng.exponential(1 / (rng.gamma(0.8) / 120 + 1e-9))
        gaps = np.cumsum(rng.exponential(1 / rate, 400))
        at = [first, *(first + gaps[gaps < min(lifetime, days - first)]).astype(int)]
        mean = 90 / rng.gamma(4.0)
        rows += [
            (f"C{number:04d}", day, round(rng.gamma(6.0) * mean / 6, 2), HOSTILE_COHORTS[number % 5]) for day in at
        ]
    log = pd.DataFrame(rows, columns=["customer_id", "date", "amount", "channel"])
    log["date"] = (pd.Timestamp(start) + pd.to_timedelta(log["date"], unit="D")).dt.strftime("%Y-%m-%d")
    return log


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def kundenwert(*words):
    """Run the command line in this process, as its entry point does."""
    out, err, before, code = io.StringIO(), io.StringIO(), sys.argv, 0
    sys.argv = ["kundenwert", *map(str, words)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        if isinstance(end.code, str):  # what the interpreter does with a text
            err.write(end.code + "\n")
        code = 1 if isinstance(end.code, str) else int(end.code or 0)
    finally:
        sys.argv = before
    return Ended(code, out.getvalue(), err.getvalue())


def start(*words):
    entry = Path(sys.executable).with_name("kundenwert")
    return subprocess.Popen([entry, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process):
    out, err = process.communicate(timeout=300)
    return Ended(process.returncode, out, err)


class Page(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.open, self.texts = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in ("meta", "img", "br", "link", "input", "hr"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def refused(ended, message, *unwritten):
    """Assert a mistake was answered in one sentence, and nothing was written."""
    assert ended.code in (1, 2)
    assert ended.out == ""
    assert not NEVER.search(ended.err), ended.err
    if ended.code == 1:
        *before, last = ended.err.splitlines()
        assert last.startswith("kundenwert: "), ended.err
        assert all(
            re.match(r"(caution|note|--first-value auto): |[\d,]+ of [\d,]+ rows excluded: ", line) for line in before
        ), ended.err
    assert re.search(message, " ".join(ended.err.replace("│", " ").split())), ended.err
    for path in unwritten:
        assert not path.exists()


HEADER = "customer_id,date,amount\n"
GOOD = HEADER + "a,2024-01-01,1\na,2024-01-09,2\na,2024-02-01,5\nb,2024-01-03,3\nc,2024-01-05,4\n"


def missing_ids(tmp_path):
    source = tmp_path / "log.csv"
    rows = [f"{'' if n % 4 == 3 else f'c{n % 13}'},2024-{1 + n % 9:02d}-{1 + n % 28:02d},2.5" for n in range(200)]
    source.write_text(HEADER + "\n".join(rows) + "\n")
    return source
