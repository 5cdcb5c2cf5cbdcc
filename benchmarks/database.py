"""A PostgreSQL of the measurements' own, durable as in production: the tests' one trades that for speed."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.postgres import Server


class DurableServer(Server):
    """The tests' server with `fsync` on."""

    options = ("max_connections=100", "shared_buffers=128MB", "log_min_messages=fatal")


@contextmanager
def database_server() -> Iterator[DurableServer]:
    """Start a server, and remove it."""
    server = DurableServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()
