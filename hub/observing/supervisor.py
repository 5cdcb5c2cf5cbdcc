"""Tells systemd that the hub serves, lives and leaves; says nothing where there is none."""

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress

Notify = Callable[[str], None]


def notifier(environ: Mapping[str, str]) -> Notify:
    """Return what tells the supervisor, as sd_notify(3) says; silent without `NOTIFY_SOCKET`."""
    path = environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return silent
    address = path.replace("@", "\0", 1)

    def notify(state: str) -> None:
        # Whoever does not listen now restarts the hub by itself; the hub goes on.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.setblocking(False)
            out.sendto(state.encode(), address)

    return notify


def silent(_: str) -> None:
    """Tell nobody."""
