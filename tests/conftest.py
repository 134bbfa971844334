"""What several tests share: a real PostgreSQL server, and a failure in CI where one had to be skipped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

IN_CI = os.environ.get("CI") == "true" or os.environ.get("GEARWHEEL_CI") == "1"


def pytest_collection_modifyitems(items):
    """Files with slow tests first: whole files go to one core, and the last should be short ones."""
    slow = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("server")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI a test that needs a server must run: its skip is a failure."""
    outcome = yield
    report = outcome.get_result()
    if IN_CI and report.skipped and item.get_closest_marker("server") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"skipped in CI, where it must run: {reason}"


@pytest.fixture(autouse=True)
def settings_of_our_own(tmp_path_factory, monkeypatch):
    """No test reads or writes the databases that the user of this machine trusts."""
    monkeypatch.setenv("GEARWHEEL_CONFIG", str(tmp_path_factory.mktemp("config")))


class Postgres:
    """A running server of our own. `url` names its database `shop`; `load` runs SQL as its owner."""

    def __init__(self, binaries: Path, folder: Path, port: int, as_user: list[str]):
        self.binaries, self.folder, self.port, self.as_user = binaries, folder, port, as_user
        self.url = f"postgresql://shop@127.0.0.1:{port}/shop"

    def call(self, program: str, *arguments: str, text: str | None = None) -> str:
        command = [*self.as_user, str(self.binaries / program), *arguments]
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, check=False, cwd=self.folder, timeout=120
        )
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"
        return done.stdout

    def load(self, sql: str, database: str = "shop") -> str:
        return self.call(
            "psql", "-v", "ON_ERROR_STOP=1", "-qAt", "-h", "127.0.0.1", "-p", str(self.port), "-U", "shop", "-d", database,
            text=sql,
        )  # fmt: skip

    def fresh(self, name: str) -> str:
        """An empty database; its URL."""
        self.load(f'drop database if exists "{name}" with (force)')
        self.load(f'create database "{name}"')
        return self.url.rsplit("/", 1)[0] + f"/{name}"

    def start(self) -> None:
        options = f"-p {self.port} -h 127.0.0.1 -k {self.folder} -F"
        # the server keeps the pipes that it inherits open, so its words go to a file
        log = str(self.folder / "log")
        command = [*self.as_user, str(self.binaries / "pg_ctl")]
        subprocess.run(
            [*command, "-D", str(self.folder / "data"), "-o", options, "-l", log, "-w", "-t", "60", "start"],
            check=True, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=90,
        )  # fmt: skip

    def stop(self) -> None:
        self.call("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return places[-1].parent if places else None


def _unprivileged() -> list[str]:
    """How to run a program as somebody who may start a server; root may not."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return []
    if shutil.which("setpriv"):
        return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    return ["runuser", "-u", "nobody", "--"] if shutil.which("runuser") else []


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A PostgreSQL server, started once for all tests that ask for it."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server is installed (initdb was not found)")
    as_user = _unprivileged()
    if os.geteuid() == 0 and not as_user:
        pytest.skip("a PostgreSQL server cannot run as root, and neither setpriv nor runuser is there")
    import tempfile

    with tempfile.TemporaryDirectory(prefix="gearwheel-postgres-") as name:
        folder = Path(name)
        if as_user:
            os.chown(folder, 65534, 65534)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = Postgres(binaries, folder, port, as_user)
        server.call("initdb", "-D", str(folder / "data"), "-U", "shop", "-A", "trust", "-E", "UTF8", "--no-sync")
        server.start()
        try:
            server.load("create database shop", "postgres")
            yield server
        finally:
            server.stop()
