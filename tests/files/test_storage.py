"""Stored fits: damage is refused, never read; both posteriors of a run belong together."""

import io
import json
import os
import shutil

import numpy as np
import pytest
import xarray as xr

import kundenwert as kw
from kundenwert.bayes import check_pair, load_fit, load_pair, paired, save_pair
from kundenwert.bayes.storage import read, sealed
from kundenwert.errors import DomainError, FitError, SchemaError
from kundenwert.files.places import POSTERIOR, SPEND_POSTERIOR


@pytest.fixture
def both(made, posterior):
    return made(*posterior(40))


def test_damaged_files_are_refused_or_the_same(both, tmp_path):
    """300 files with 1 to 16 bytes flipped: each is refused."""
    path, rng = both[0].save(tmp_path / "p.nc"), np.random.default_rng(1)
    whole = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    refused = 0
    for _ in range(300):
        bad = whole.copy()
        bad[rng.integers(0, bad.size, rng.integers(1, 17))] ^= rng.integers(1, 256, dtype=np.uint8)
        path.write_bytes(bad.tobytes())
        try:
            draws = load_fit(path).draws()
        except SchemaError:
            refused += 1
        else:
            assert all(np.array_equal(draws[name], both[0].draws()[name]) for name in draws)
    assert refused == 300


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_cut_files_are_refused(both, tmp_path, share):
    path = both[0].save(tmp_path / "p.nc")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(SchemaError, match=r"p\.nc is not a stored fit of this program \(no checksum at its end"):
        load_fit(path)


def test_other_programs_read_stored_fits(both, tmp_path):
    with xr.open_datatree(both[0].save(tmp_path / "p.nc"), engine="h5netcdf") as opened:
        assert opened["posterior"]["r"].to_numpy().ravel() == pytest.approx(both[0].draws()["r"])


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused_at_once(tmp_path, make):
    make(tmp_path / "p.nc")
    with pytest.raises(SchemaError, match=r"p\.nc is not a stored fit of this program \(it is no file\)"):
        load_fit(tmp_path / "p.nc")


def changed(fit, path, change):
    """Write a fit whose content was changed, with a checksum that is right."""
    tree, stored = read(fit.save(path))
    posterior = tree["posterior"].to_dataset()
    change(posterior, stored)
    tree = xr.DataTree.from_dict({"posterior": posterior})
    tree.attrs = {"kundenwert": json.dumps(stored)}
    path.write_bytes(sealed(tree.to_netcdf(None, engine="h5netcdf")))
    return path


def first(name, value):
    def change(posterior, stored):
        values = posterior[name].to_numpy().copy()
        values[0, 3] = value
        posterior[name] = (("chain", "draw"), values)

    return change


def shape(posterior, _):
    posterior["s"] = (("chain", "draw", "other"), np.ones((1, 40, 2)))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (first("r", -1.0), "r is not above 0"),
        (first("alpha", 0.0), "alpha is not above 0"),
        (first("s", np.nan), "s is not finite"),
        (first("beta", np.inf), "beta is not finite"),
        (shape, r"s has shape \(1, 40, 2\), not \(1, 40\)"),
        (lambda _, stored: stored.update(model="no_such_law"), "KeyError"),
        (lambda _, stored: stored.update(info=3), "TypeError"),
        (lambda _, stored: stored.update(covariates=["machines"]), "cohorts or covariates are not described"),
        (lambda _, stored: stored.update(diagnosis={"checks": [[[]]]}), "TypeError"),
    ],
)
def test_implausible_fits_are_refused(both, tmp_path, change, why):
    with pytest.raises(SchemaError, match=rf"p\.nc is not a stored fit of this program \({why}\)"):
        load_fit(changed(both[0], tmp_path / "p.nc", change))


def foreign():
    """Return a tree of another program, as NetCDF."""
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset({"r": (("chain", "draw"), np.ones((1, 4)))})})
    return tree.to_netcdf(None, engine="h5netcdf")


@pytest.mark.parametrize("content", [foreign(), b"CDF" + bytes(99)], ids=["HDF5", "classic"])
def test_a_foreign_netcdf_with_a_checksum(tmp_path, content):
    (tmp_path / "p.nc").write_bytes(sealed(content))
    with pytest.raises(SchemaError, match="not a stored fit"):
        load_fit(tmp_path / "p.nc")


def test_both_posteriors_of_a_run_carry_one_id(both, made, posterior, tmp_path):
    assert save_pair(both, tmp_path / "a") == [tmp_path / "a" / POSTERIOR, tmp_path / "a" / SPEND_POSTERIOR]
    save_pair(made(*posterior(40, seed=12)), tmp_path / "b")
    one, two = load_pair(tmp_path / "a")
    assert one.info["pair"] == two.info["pair"] == paired(*both)[0].info["pair"]
    assert len(one.info["pair"]) == 16
    shutil.copy(tmp_path / "a" / POSTERIOR, tmp_path / "b" / POSTERIOR)
    with pytest.raises(DomainError, match="the two posteriors come from different runs"):
        load_pair(tmp_path / "b")
    both[0].save(tmp_path / "a" / POSTERIOR)
    with pytest.raises(DomainError, match=r"different runs \(none and"):
        load_pair(tmp_path / "a")


def test_fits_made_in_python_may_be_combined(both):
    check_pair(*both)
    with pytest.raises(DomainError, match="fitted together"):
        check_pair(paired(*both)[0], both[1])


def test_fits_of_two_runs_are_not_valued_together(both, made, posterior, summary):
    other = paired(*made(*posterior(40, seed=12)))[1]
    with pytest.raises(FitError, match="the two posteriors come from different runs"):
        kw.value_table(paired(*both)[0], other, summary, horizon=52, seed=1)
    assert len(kw.value_table(*paired(*both), summary, horizon=52, seed=1).table) == 10
    assert len(kw.value_table(both[0], other, summary, horizon=52, seed=1).table) == 10


def test_a_file_that_the_manifest_does_not_speak_of(both, made, posterior, tmp_path):
    save_pair(both, tmp_path, {"title": "mine"})
    load_pair(tmp_path)
    for fit, name in zip(paired(*made(*posterior(40, seed=12))), (POSTERIOR, SPEND_POSTERIOR), strict=True):
        fit.save(tmp_path / name)
    with pytest.raises(SchemaError, match=r"posterior\.nc in .* is not the file that the manifest"):
        load_pair(tmp_path)


@pytest.mark.parametrize("written", [0, 1, 1000, 10_000])
def test_a_full_disk_is_an_error_and_no_file(both, tmp_path, monkeypatch, written):
    """The disk is full after some bytes: nothing is left, and nothing of HDF5 has met it."""
    plain = io.FileIO.write

    class Full(io.FileIO):
        def write(self, content):
            plain(self, bytes(content)[:written])
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.open", lambda self, mode="r", **_: Full(self, mode))
    with pytest.raises(OSError, match="No space left on device"):
        both[0].save(tmp_path / "p.nc")
    assert list(tmp_path.iterdir()) == []
