"""Connections to PostgreSQL that know what they may believe: the right server, really written, in bounded time.

Of several servers the one that takes writes on the newest timeline is chosen: a primary that was replaced and comes
back says less than is known, and must never be taken for the log.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, Self, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import Diagnostic
from psycopg.rows import DictRow, tuple_row

T = TypeVar("T")

ANSWER_SECONDS = 20.0
"""How long a statement may take. A COMMIT that waits for a standby that is gone would wait for ever."""

CONNECT_SECONDS = 3
_ALIVE = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""A server that vanished without a word is noticed within seconds."""

FROZEN_SECONDS = 30
"""How long a transaction may wait for its hub: one that stands still, or is gone, holds locks that others wait for."""

_WHO = (
    "SELECT system_identifier::text AS system, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS timeline,"
    " set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
    " WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),"
    f" set_config('idle_in_transaction_session_timeout', '{FROZEN_SECONDS}s', false) FROM pg_control_system()"
)
"""Who a server is; a standby refuses the question. A server may be set to confirm before it has written: not to us."""


class FormerPrimary(psycopg.OperationalError):
    """The server was replaced by another, which has gone on without it."""

    def __init__(self) -> None:
        super().__init__(
            "this server was replaced by another: make it a standby (pg_rewind) before it starts"
        )


class Fence:
    """The newest timeline of each database system that was ever met.

    Args:
        path: of the file that remembers it beyond this process; None: nothing does.
    """

    _lock = Lock()
    """One for all: the log, the keys and the accounts of a hub remember in the same file."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._newest: dict[str, int] = {}

    def admit(self, system: str, timeline: int) -> None:
        """Take down that a server is on a timeline.

        Raises:
            FormerPrimary: a newer one is known.
        """
        with self._lock:
            newest = max(self._newest.get(system, 0), self._kept().get(system, 0))
            if timeline < newest:
                raise FormerPrimary
            self._newest[system] = timeline
            if timeline > newest and self._path is not None:
                draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
                draft.write_text(json.dumps({**self._kept(), system: timeline}))
                draft.replace(self._path)

    def _kept(self) -> dict[str, int]:
        if self._path is None:
            return {}
        with suppress(FileNotFoundError):
            found: dict[str, int] = json.loads(self._path.read_text())
            return found
        return {}


class Line(psycopg.Connection[DictRow]):
    """One connection; `is_doubtful` says that the server did not do all that it confirmed."""

    is_doubtful = False

    @classmethod
    def connect(cls, conninfo: str = "", **said: Any) -> Self:
        """Connect to the server that takes writes; of several that say so, to the one on the newest timeline.

        Raises:
            FormerPrimary: it was replaced.
            OperationalError: none takes writes.
        """
        fence: Fence = said.pop("fence")
        met: list[tuple[int, str, Self]] = []
        fault: psycopg.Error | None = None
        for one in servers(said):
            try:
                line, system, timeline = cls._met(conninfo, one)
            except psycopg.Error as error:
                fault = error
            else:
                met.append((timeline, system, line))
        best = max(met, key=lambda one: one[0], default=None)
        for _, _, line in met:
            if best is None or line is not best[2]:
                line.close()
        if best is None:
            raise psycopg.OperationalError("no server takes writes") from fault
        try:
            fence.admit(best[1], best[0])
        except (FormerPrimary, OSError):
            best[2].close()
            raise
        return best[2]

    @classmethod
    def _met(cls, conninfo: str, said: Mapping[str, Any]) -> tuple[Self, str, int]:
        line = super().connect(conninfo, **said)
        try:
            line.add_notice_handler(line._heed)  # noqa: SLF001 - its own
            with line.transaction():
                system, timeline = line.cursor(row_factory=tuple_row).execute(_WHO).fetchall()[0][:2]
        except psycopg.Error:
            line.close()
            raise
        return line, system, int(timeline, 16)

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Wait for the server, but not for ever.

        Raises:
            OperationalError: it does not answer; what it was asked to do may be done or not.
        """
        try:
            return super().wait(gen, interval, ANSWER_SECONDS if timeout is None else timeout)
        except psycopg.errors._WaitTimeout as late:  # noqa: SLF001 - no public name
            if timeout is not None:
                raise
            self.close()
            raise psycopg.OperationalError("the database does not answer") from late

    def _heed(self, notice: Diagnostic) -> None:
        # Such as `canceling wait for synchronous replication`: COMMIT succeeds, and no standby has it.
        if notice.severity_nonlocalized == "WARNING":
            self.is_doubtful = True


def servers(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what to connect with for each server that the settings of a connection name."""
    hosts = str(said.get("host") or "").split(",")
    ports = str(said.get("port") or "").split(",")
    ports = ports if len(ports) == len(hosts) else ports * len(hosts)
    kept = {
        name: value for name, value in said.items() if name not in {"host", "port", "target_session_attrs"}
    }
    return [
        {**_ALIVE, **kept, "host": host, **({"port": port} if port else {})}
        for host, port in zip(hosts, ports, strict=True)
    ]
