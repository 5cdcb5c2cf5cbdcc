"""Sending one mail through the operator's SMTP server."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

SECONDS = 30.0
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})

Send = Callable[[EmailMessage], Awaitable[None]]


class MailNotSent(Exception):
    """The mail server did not take a mail; `is_final`: it never will."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The server that takes the hub's mails.

    Args:
        url: `smtps://` (TLS from the start) or `smtp://` (STARTTLS, which only a server on this machine may lack),
            with user and password if it wants them.
    """

    url: str = field(repr=False)

    async def send(self, mail: EmailMessage) -> None:
        """Hand over a mail.

        Raises:
            MailNotSent: it was not taken.
        """
        said = urlsplit(self.url)
        is_tls, host = said.scheme == "smtps", said.hostname or ""
        try:
            await aiosmtplib.send(
                mail,
                hostname=host,
                port=said.port or (465 if is_tls else 587),
                username=unquote(said.username) if said.username else None,
                password=unquote(said.password) if said.password else None,
                use_tls=is_tls,
                start_tls=None if is_tls or host in _HERE else True,
                timeout=SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [one.code for one in error.recipients]
            raise MailNotSent("refused", is_final=all(code >= 500 for code in codes)) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailNotSent(type(error).__name__) from error
