"""Under pseudonyms no file that a report writes, and nothing it says, holds an id or quotes a row."""

import stat

import numpy as np
import pandas as pd
import pytest

import kundenwert as kw
from kundenwert.data.pseudonyms import renamed, told
from kundenwert.errors import DomainError, SchemaError
from kundenwert.files.pseudonyms import Pseudonymiser, find_key
from kundenwert.settings import Reading

KEY = "a key that nobody knows"


def log(customers=60, seed=4):
    """Return orders of customers that are e-mails, with some rows that cannot be read."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"person{i:03d}@mail.example", day.strftime("%d.%m.%Y"), f"{rng.gamma(4.0, 9.0):.2f}".replace(".", ","))
        for i in range(customers)
        for day in pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 360, 1 + rng.poisson(3)), unit="D")
    ]
    odd = [
        ("person001@mail.example", "31.02.2024 secretday", "9,00"),
        ("person002@mail.example", "03.03.2024", "secretamount"),
        ("secretplaceholder", "03.03.2024", "8,00"),
        ("", "04.03.2024", "7,00"),
        ("person003@mail.example", "05.03.2024", "-12,34"),
        ("person004@mail.example", "05.03.2024", "0,00"),
    ]
    return pd.DataFrame([*rows, *odd, odd[-1]], columns=["customer_id", "date", "amount"])


SECRETS = ("@mail", "person0", "secretday", "secretamount", "secretplaceholder", "12,34")


def test_the_same_key_gives_the_same_pseudonyms():
    one, two, other = Pseudonymiser(KEY.encode()), Pseudonymiser(KEY.encode()), Pseudonymiser(b"another secret key")
    assert one("a") == two("a") != other("a")
    many = one.of(str(i) for i in range(100_000))
    assert len(set(many.values())) == 100_000
    assert set(map(len, many.values())) == {21}


def test_a_key_that_could_be_tried_out_is_refused():
    with pytest.raises(DomainError, match="fewer than 16 characters"):
        Pseudonymiser(b"short")


def test_where_the_key_comes_from(tmp_path, monkeypatch):
    monkeypatch.setenv("KUNDENWERT_KEY", KEY)
    assert find_key() == KEY.encode()
    made = find_key(tmp_path / "key")
    assert find_key(tmp_path / "key") == made != KEY.encode()
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    monkeypatch.delenv("KUNDENWERT_KEY")
    assert find_key() == find_key()  # one for all tables of a run
    with pytest.raises(SchemaError, match="can be neither read nor made"):
        find_key(tmp_path / "nowhere" / "key")


@pytest.mark.parametrize("refunds", ["exclude", "net", "earlier"])
def test_only_names_change(monkeypatch, refunds):
    monkeypatch.setenv("KUNDENWERT_KEY", KEY)
    how = {"decimal": ",", "placeholders": ["secretplaceholder"], "refunds": refunds}
    plain, hidden = (kw.read_transactions(log(), pseudonymise=on, **how) for on in (False, True))
    left, right = (read.purchases.to_pyarrow().to_pandas() for read in (plain, hidden))
    left["customer_id"] = left["customer_id"].map(Pseudonymiser(KEY.encode()))
    order = ["customer_id", "date"]
    pd.testing.assert_frame_equal(
        left.sort_values(order, ignore_index=True), right.sort_values(order, ignore_index=True)
    )
    columns = ["fate", "reason", "rows", "money"]
    pd.testing.assert_frame_equal(plain.account.to_frame()[columns], hidden.account.to_frame()[columns])
    assert "secretday" in str(plain.account.to_dict())
    assert [word for word in SECRETS if word in str(hidden.account.to_dict())] == []


def test_tables_beside_the_log_get_the_same_pseudonyms(tmp_path):
    reading = Reading(pseudonymise=True, pseudonym_key=tmp_path / "key", decimal=",")
    read = kw.read_transactions(log(), reading, placeholders=["secretplaceholder"])
    master = pd.DataFrame({"customer_id": ["person001@mail.example", "person002@mail.example"], "region": ["N", "S"]})
    ids = set(read.purchases.to_pyarrow()["customer_id"].to_pylist())
    assert set(renamed(master, reading)["customer_id"]) < ids
    assert renamed(master, Reading()) is master


@pytest.mark.parametrize(("pseudonymise", "told"), [(False, "secretday"), (True, "row 1: …")])
def test_refusals_quote_no_row(pseudonymise, told):
    bad = log().assign(date="secretday")
    with pytest.raises(kw.errors.KundenwertError, match=told) as found:
        kw.read_transactions(bad, decimal=",", date_format="%d.%m.%Y", pseudonymise=pseudonymise)
    assert bool([word for word in SECRETS if word in found.value.told("cli")]) is not pseudonymise


def test_a_manifest_does_not_name_customers():
    options = {"pseudonymise": True, "exclude_customers": ["Otto"], "where": [], "seed": 1}
    assert told(options) == {**options, "exclude_customers": "…"}
    assert told(options | {"pseudonymise": False})["exclude_customers"] == ["Otto"]


def test_no_file_of_a_report_holds_an_id(tmp_path, monkeypatch):
    monkeypatch.setenv("KUNDENWERT_KEY", KEY)
    read = kw.read_transactions(log(), decimal=",", placeholders=["secretplaceholder"], pseudonymise=True)
    summary = kw.summarise(read, observation_end="2024-09-30", holdout_end="2024-12-20", cohort="quarter")
    fits = [kw.fit(model, summary, seed=1, draws=100, chains=2) for model in (kw.ParetoNBD(), kw.GammaGamma())]
    values = kw.value_table(*fits, summary, horizon=52, seed=1, allow_unconverged=True)
    results = kw.report.gather(read, *fits, summary, values, lifespan_years=3.0, seed=1)
    kw.report.write(results, tmp_path, title="Shop", options={}, seconds={})
    found = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(found) == 8
    assert [(name, word) for name, content in found.items() for word in SECRETS if word.encode() in content] == []
    names = set(pd.read_parquet(tmp_path / "customers.parquet")["customer_id"])
    assert names <= set(Pseudonymiser(KEY.encode()).of(log()["customer_id"].unique()).values())
    tree = kw.load_fit(tmp_path / "posterior.nc").tree
    texts = [str(values.to_numpy()) for group in tree.subtree for values in group.variables.values()]
    assert [word for word in SECRETS if any(word in text for text in texts)] == []
