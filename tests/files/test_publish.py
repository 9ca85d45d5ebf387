"""All files of a run appear together, wherever it is interrupted; two runs at once do not meet."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from kundenwert.errors import SchemaError
from kundenwert.files import publish
from kundenwert.files.locks import locked
from kundenwert.files.places import check_out
from kundenwert.files.publish import JOURNAL, MANIFEST, changed, check_set, claimed, published, recorded, settle, staged
from kundenwert.files.tables import whole_file, write_json

NAMES = ("a.txt", "b.txt", "c.txt")


def write(out, text, names=NAMES, command="report"):
    with staged(out, command) as staging:
        for name in names:
            (staging / name).write_text(text)
        write_json({"text": text}, staging / MANIFEST)


def contents(out):
    return {path.name: path.read_text() for path in Path(out).iterdir() if path.is_file() and path.name != MANIFEST}


def left(out):
    return sorted(path.name for path in Path(out).iterdir() if path.name.startswith("."))


def test_the_manifest_names_every_file_of_its_set(tmp_path):
    write(tmp_path, "old")
    first = json.loads((tmp_path / MANIFEST).read_text())
    write(tmp_path, "new")
    second = json.loads((tmp_path / MANIFEST).read_text())
    assert contents(tmp_path) == dict.fromkeys(NAMES, "new")
    assert set(recorded(tmp_path)) == set(NAMES)
    assert (second["text"], second["command"]) == ("new", "report")
    assert first["run"] != second["run"]
    assert published(tmp_path)
    assert left(tmp_path) == []


def test_a_changed_file_is_noticed(tmp_path):
    write(tmp_path, "old")
    (tmp_path / "a.txt").write_text("of another run")
    assert (changed(tmp_path), published(tmp_path)) == (["a.txt"], False)
    check_set(tmp_path, ["b.txt"])
    with pytest.raises(SchemaError, match=r"a\.txt in .* is not the file that the manifest beside it speaks of"):
        check_set(tmp_path, ["a.txt", "b.txt"])
    (tmp_path / "a.txt").unlink()  # not sent on
    assert published(tmp_path)


def test_files_of_an_earlier_run_do_not_stay_beside_those_of_a_new_one(tmp_path):
    write(tmp_path, "old")
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "b.txt").write_text("changed by hand")
    with staged(tmp_path, "fit") as staging:
        (staging / "a.txt").write_text("new")
    assert contents(tmp_path) == {"a.txt": "new", "b.txt": "changed by hand", "mine.txt": "mine"}
    assert not (tmp_path / MANIFEST).exists()


def test_an_error_leaves_the_old_set(tmp_path):
    write(tmp_path, "old")
    with pytest.raises(RuntimeError, match="halfway"), staged(tmp_path, "report") as staging:  # noqa: PT012
        (staging / "a.txt").write_text("new")
        raise RuntimeError("halfway")
    assert contents(tmp_path) == dict.fromkeys(NAMES, "old")
    assert left(tmp_path) == []


def test_a_new_folder_of_a_failed_run_is_gone(tmp_path):
    with pytest.raises(RuntimeError, match="halfway"), staged(tmp_path / "new" / "deep", "report"):
        raise RuntimeError("halfway")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_place_of_a_file_is_refused_before_anything_is_moved(tmp_path):
    write(tmp_path, "old", NAMES[:2])
    (tmp_path / "c.txt").mkdir()
    with pytest.raises(SchemaError, match=r"c\.txt is a folder where a file is to be written"):
        write(tmp_path, "new")
    shutil.rmtree(tmp_path / "c.txt")
    assert contents(tmp_path) == dict.fromkeys(NAMES[:2], "old")


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the program runs after it."""


@pytest.mark.parametrize("moment", range(14))
def test_killed_at_any_step_of_publishing(tmp_path, moment, monkeypatch):
    """Each call that changes the disk is the last one, in turn; what is left is the old set, or becomes the new one."""
    write(tmp_path, "old", (*NAMES, "stale.txt"))
    count = iter(range(100))

    def dying(plain):
        def call(self, *words, **options):
            if next(count) >= moment:
                raise Killed
            return plain(self, *words, **options)

        return call

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", dying(Path.replace))
        patched.setattr(Path, "unlink", dying(Path.unlink))
        patched.setattr(publish.shutil, "rmtree", lambda *_, **__: None)  # the dead do not clean up
        try:
            write(tmp_path, "new")
        except Killed:
            died = True
        else:
            died = False
    pending = (tmp_path / JOURNAL).exists()
    assert died or not pending
    assert published(tmp_path) is not pending
    settle(tmp_path)
    found = {name: text for name, text in contents(tmp_path).items() if not name.startswith(publish.STAGING)}
    assert found in (dict.fromkeys((*NAMES, "stale.txt"), "old"), dict.fromkeys(NAMES, "new"))
    assert published(tmp_path)
    write(tmp_path, "next")
    assert contents(tmp_path) == dict.fromkeys(NAMES, "next")
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    "journal",
    [
        "{}",
        "no json",
        '{"staging": ".staging-x", "move": ["../a"], "remove": []}',
        '{"staging": "../b", "move": [], "remove": []}',
        '{"staging": ".staging-x", "move": [], "remove": [".."]}',
        "[" * 100_000,
    ],
)
def test_a_strange_journal_moves_nothing(tmp_path, journal):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / JOURNAL).write_text(journal)
    with pytest.raises(SchemaError, match=r"\.publish\.json in 'out' is not readable as the record of files"):
        settle(tmp_path / "out")


def test_a_second_run_is_refused_while_the_first_is_at_work(tmp_path):
    code = (
        "import sys; from kundenwert.files.places import check_out; from pathlib import Path\n"
        "try: check_out('report', Path(sys.argv[1]), overwrite=False)\nexcept ValueError as e: print(e)"
    )

    def other():
        done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
        return done.stdout

    with claimed(tmp_path), staged(tmp_path, "report") as staging:
        (staging / "a.txt").write_text("first")
        assert other().startswith(f"another run is writing to {tmp_path.name!r}; wait until it has ended")
    assert other() == ""
    assert contents(tmp_path) == {"a.txt": "first"}


def test_a_run_that_is_done_waits_for_another(tmp_path, monkeypatch):
    started, order = threading.Event(), []

    def first():
        with claimed(tmp_path):
            started.set()
            threading.Event().wait(0.4)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    started.wait()
    write(tmp_path, "second")
    order.append("second")
    thread.join()
    assert order == ["first", "second"]
    assert contents(tmp_path) == dict.fromkeys(NAMES, "second")


def test_waiting_ends(tmp_path):
    held, done = threading.Event(), threading.Event()

    def hold():
        with locked(tmp_path):
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    with pytest.raises(SchemaError, match="another run is writing"), locked(tmp_path, wait=0.2):
        pass
    done.set()
    thread.join()
    with locked(tmp_path) as sure:
        assert sure


def test_leftovers_of_dead_runs_are_removed_and_nothing_else(tmp_path):
    (tmp_path / ".staging-dead").mkdir()
    (tmp_path / ".staging-dead" / "a.txt").write_text("half")
    (tmp_path / ".staging-file").write_text("half")
    (tmp_path / ".mine").mkdir()
    check_out("report", tmp_path, overwrite=False)
    assert left(tmp_path) == [".mine"]


def test_a_table_removes_what_a_dead_run_left_beside_it_and_not_what_a_living_one_writes(tmp_path):
    (tmp_path / ".t.kundenwert-dead.csv").write_text("half")
    (tmp_path / ".other.kundenwert-dead.csv").write_text("half")
    with whole_file(tmp_path / "t.csv") as first, whole_file(tmp_path / "t.csv") as second:
        assert first.exists()
        second.write_text("second")
        first.write_text("first")
    assert (tmp_path / "t.csv").read_text() == "first"
    assert left(tmp_path) == [".other.kundenwert-dead.csv"]


NOBODY = 65534


@pytest.fixture
def place():
    """Give a folder of root's that everybody may look into, to somebody who is nobody."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root becomes somebody else")
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    os.seteuid(0)
    shutil.rmtree(folder)


@pytest.mark.parametrize("command", ["report", "summarise"])
def test_a_place_that_cannot_be_written_is_refused_first(place, command):
    (place / "out").mkdir(mode=0o755)
    out = place / "out" / "s.csv" if command == "summarise" else place / "out"
    os.seteuid(NOBODY)
    with pytest.raises(SchemaError, match=r"nothing can be written in 'out' \(Permission denied\)"):
        check_out(command, out, overwrite=False)
    with pytest.raises(SchemaError, match=rf"nothing can be written in '({place.name}|new)' \(Permission denied\)"):
        check_out(command, place / "new" / "s.csv" if command == "summarise" else place / "new", overwrite=False)


def test_a_parent_that_cannot_be_written_does_not_matter(place):
    out = place / "out"
    out.mkdir()
    os.chown(out, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    write(out, "new")
    assert contents(out) == dict.fromkeys(NAMES, "new")
    assert published(out)
