"""Sources of all kinds: a PostgreSQL server of the tests' own, and the same log in every form."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

SERVER = "a PostgreSQL server is not installed (Debian: apt-get install postgresql)"
PASSWORD = "s3cret/with@signs%"  # noqa: S105 (of the tests' own server)


def binaries():
    """Find the folder of a PostgreSQL server's programs: the newest of Debian's, or that of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@dataclass(frozen=True)
class Cluster:
    """A server that listens on the loopback address only."""

    port: int
    password: str = PASSWORD

    def address(self, database="shop", secret=None, *, user="kundenwert"):
        between = f":{secret}" if secret else ""
        return f"postgresql://{user}{between}@127.0.0.1:{self.port}/{database}"

    def connect(self, database="shop"):
        where = {"host": "127.0.0.1", "port": self.port, "user": "kundenwert", "dbname": database}
        return psycopg.connect(**where, password=self.password, autocommit=True)

    def run(self, *statements, database="shop"):
        with self.connect(database) as connection:
            for statement in statements:
                connection.execute(statement)

    def fill(self, table, rows):
        with (
            self.connect() as connection,
            connection.cursor() as cursor,
            cursor.copy(f"COPY {table} FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)


def _as_server(command):
    """Run a program as a user whom the server accepts: it refuses to run as root."""
    before = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*before, *map(str, command)], check=True, capture_output=True, text=True, cwd="/")


def _free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="session")
def postgres(component, monkeypatch_session):
    """Start a cluster of the tests' own, and stop it whatever happens."""
    programs = binaries()
    component(programs is not None, SERVER)
    component(os.geteuid() != 0 or shutil.which("runuser"), "there is no runuser to start a server without being root")
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="kw-pg-", dir="/tmp"))  # short: a socket's path has 107 signs at most
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            for place in (folder, secret):
                shutil.chown(place, "postgres", "postgres")
        data, port = folder / "data", _free_port()
        _as_server(
            [programs / "initdb", "-D", data, "-U", "kundenwert", "-A", "scram-sha-256", f"--pwfile={secret}",
             "-E", "UTF8", "--no-locale", "--no-sync"]
        )  # fmt: skip
        options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories={folder} -c fsync=off"
        stop = [programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"]
        stack.callback(lambda: _as_server(stop))
        _as_server([programs / "pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-w", "start"])
        cluster = Cluster(port)
        cluster.run("CREATE DATABASE shop", database="postgres")
        monkeypatch_session.setenv("PGPASSWORD", PASSWORD)
        yield cluster


@pytest.fixture(scope="session")
def monkeypatch_session():
    """Change the environment for all tests of a session."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch
