"""Small logs and the bundled one."""

from pathlib import Path

import pandas as pd
import pytest

from kundenwert.data import read_transactions, summarise

CDNOW = Path(__file__).parents[2] / "data" / "cdnow"


@pytest.fixture(scope="session")
def cdnow_log():
    return read_transactions(CDNOW / "transactions.csv")


@pytest.fixture(scope="session")
def cdnow(cdnow_log):
    return summarise(cdnow_log, observation_end="1997-09-30", holdout_end="1998-06-30")


@pytest.fixture
def write(tmp_path):
    """Write text or bytes into a file and return its path."""

    def _write(content, name="log.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return _write


@pytest.fixture
def small():
    return pd.DataFrame(
        {
            "customer_id": ["0001", "0001", "0001", "0002", "0003", "0003"],
            "date": ["2024-01-01", "2024-01-15", "2024-02-05", "2024-01-08", "2024-01-08", "2024-01-22"],
            "amount": [5.0, 10.0, 20.5, 8.0, 1.25, 3.75],
            "region": ["Süd", "Nord", "Nord", None, "Ost", "Ost"],
        }
    )
