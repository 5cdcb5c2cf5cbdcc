"""A mail server on a loopback port, which takes or refuses as a test says and keeps what came."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

SECONDS = 20


class Mailbox:
    """What came, in order; `raw` as it was sent.

    Args:
        url: of the server.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.refuses = ""
        self.refuses_alone = ""
        self.refused = 0
        self.raw: list[bytes] = []
        self._came: list[EmailMessage] = []
        self._changed = threading.Condition()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802  # as aiosmtpd calls it
        if self.refuses and self.refuses_alone in ("", address):
            with self._changed:
                self.refused += 1
                self._changed.notify_all()
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # as aiosmtpd calls it
        made = message_from_bytes(envelope.content, policy=default)
        assert isinstance(made, EmailMessage)
        with self._changed:
            self.raw.append(envelope.content)
            self._came.append(made)
            self._changed.notify_all()
        return "250 OK"

    def wait(self, count: int) -> list[EmailMessage]:
        """Return all that came, once they are at least so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._came) >= count, SECONDS), self._came
            return list(self._came)

    def wait_refused(self, count: int) -> None:
        """Return once so many were refused."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.refused >= count, SECONDS)

    @property
    def came(self) -> list[EmailMessage]:
        with self._changed:
            return list(self._came)


@contextmanager
def taking_mail() -> Iterator[Mailbox]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    box = Mailbox(f"smtp://127.0.0.1:{port}")
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield box
    finally:
        server.stop()


def parts(mail: EmailMessage) -> tuple[str, str]:
    """Return the text and the HTML of a mail."""
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()
