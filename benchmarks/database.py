"""A PostgreSQL of the measurements' own, durable as in production: the tests' one trades that for speed."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.postgres import Server


class DurableServer(Server):
    """The tests' server with `fsync` on."""

    def start(self) -> None:
        """Make a cluster and wait until it answers."""
        if self.as_user:
            account = pwd.getpwnam("nobody")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        binaries = self._binaries()
        data = str(self.folder / "data")
        making = [str(binaries / "initdb"), "-D", data, "-U", "postgres", "--auth=trust", "--encoding=utf8"]
        subprocess.run(making, check=True, capture_output=True, cwd=self.folder, **self.as_user)
        options = ("max_connections=100", "shared_buffers=128MB", "log_min_messages=fatal")
        words = [word for option in options for word in ("-c", option)]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(binaries / "postgres"), "-D", data, "-k", str(self.folder), "-h", "", *words],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                **self.as_user,
            )
        self._wait()


@contextmanager
def database_server() -> Iterator[DurableServer]:
    """Start a server, and remove it."""
    server = DurableServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()
