"""What stands in a mail, and the mail as it is sent: text and HTML, with the link by which it ends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from typing import TYPE_CHECKING

import jinja2

from hub.subscriptions.subscription import ENGLISH

if TYPE_CHECKING:
    from email.policy import Policy

Templates = Callable[[str], jinja2.Environment]
"""The templates in a language, by its code."""

LIST_ID = "digests.solidarity-hub"


@dataclass(frozen=True, slots=True)
class Line:
    """A link with its words; without any it is shown as it is.

    Args:
        link: where it leads.
        words: what the hub calls it, in the language of the mail.
        said: what its publisher calls it, in whatever language.
    """

    link: str
    words: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Some links under a heading."""

    title: str
    links: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says.

    Args:
        to: the mailbox.
        subject: also its heading.
        name: what makes it this mail and no other; the same mail sent again has the same name.
        lines: sentences.
        sections: of links.
        ends: the link by which the subscription ends; a line that is this link leads there.
        language: of all its words.
    """

    to: str = field(repr=False)
    subject: str
    name: str
    lines: Sequence[str]
    sections: Sequence[Section] = ()
    ends: str = ""
    language: str = ENGLISH


class _Ends(str):
    """The header by which a mail ends: on one line as it is, since mail programs (RFC 8058) decode nothing in it.

    As any other header of this length it would be sent as encoded words.
    """

    name = "List-Unsubscribe"

    def fold(self, *, policy: "Policy[EmailMessage]") -> str:
        """Return the line as it is sent."""
        return f"{self.name}: {self}{policy.linesep}"


def mail_of(letter: Letter, sender: str, templates: Templates, now: datetime) -> EmailMessage:
    """Write a letter as a mail."""
    mail, written = EmailMessage(), templates(letter.language)
    mail["From"] = sender
    mail["To"] = letter.to
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{sha256(letter.name.encode()).hexdigest()[:40]}@{_domain(sender)}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Id"] = f"<{LIST_ID}>"
    mail[_Ends.name] = _Ends(f"<{letter.ends}>")
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(written.get_template("mail.txt").render(letter=letter))
    mail.add_alternative(written.get_template("mail.html").render(letter=letter), subtype="html")
    # Last: a new content takes every header that begins so with it.
    mail["Content-Language"] = letter.language
    return mail


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2]
