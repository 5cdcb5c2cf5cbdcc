"""Whose turn it is among hubs on one PostgreSQL log: a lock that ends with its holder's connection."""

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg
from psycopg.rows import tuple_row

from hub.office_postgres import TURN, PostgresOffice

if TYPE_CHECKING:
    from events.postgres_line import Line

LOOK_SECONDS = 0.25
"""How long it may be believed that the connection, and with it the lock, is still there."""

_GONE_SOON = (
    "SELECT set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false),"
    " set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '10000', false)"
)
"""So that the server lets go of a machine that vanished."""

FROZEN_SECONDS = 20
"""How long the holder may not ask: the kernel of a machine whose processes stand still answers for them."""

_NEVER_IDLE = "SELECT set_config(name, %s, false) FROM pg_settings WHERE name = 'idle_session_timeout'"
"""Asked so, a PostgreSQL before 14, which does not know it, says nothing."""


class SharedTurn:
    """A lock in the database, held by a connection of its own.

    Args:
        office: of the database.
    """

    def __init__(self, office: PostgresOffice) -> None:
        self._office = office
        self._lock = threading.Lock()
        self._line: Line | None = None
        self._has = False
        self._looked = float("-inf")

    def is_mine(self) -> bool:
        """Take the turn if nobody has it, and tell whether this hub has it."""
        with self._lock:
            now = time.monotonic()
            if now - self._looked > LOOK_SECONDS:
                self._look()
                self._looked = now
            return self._has

    def close(self) -> None:
        """Leave the turn to others; whoever asks again may take it again."""
        with self._lock:
            self._let_go()

    def _look(self) -> None:
        try:
            if self._line is None:
                self._line = self._office.line()
                self._line.execute(_GONE_SOON)
                self._line.execute(_NEVER_IDLE, (f"{FROZEN_SECONDS}s",))
            asked = "SELECT true" if self._has else "SELECT pg_try_advisory_lock(%s)"
            with self._line.cursor(row_factory=tuple_row) as cursor:
                ((self._has,),) = cursor.execute(asked, () if self._has else (TURN,)).fetchall()
        except psycopg.Error:
            self._let_go()

    def _let_go(self) -> None:
        self._has = False
        line, self._line = self._line, None
        if line is not None:
            with suppress(psycopg.Error):
                line.close()
