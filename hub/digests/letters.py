"""What stands in a mail, and the mail as it is sent: text and HTML, with the link by which it ends."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from hashlib import sha256

import jinja2

LIST_ID = "digests.solidarity-hub"


@dataclass(frozen=True, slots=True)
class Section:
    """Some links under a heading; without words of their own they are shown as they are."""

    title: str
    links: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says.

    Args:
        to: the mailbox.
        subject: also its heading.
        name: what makes it this mail and no other; the same mail sent again has the same name.
        lines: sentences.
        sections: of links.
        ends: the link by which the subscription ends.
    """

    to: str = field(repr=False)
    subject: str
    name: str
    lines: Sequence[str]
    sections: Sequence[Section] = ()
    ends: str = ""


def mail_of(letter: Letter, sender: str, templates: jinja2.Environment, now: datetime) -> EmailMessage:
    """Write a letter as a mail."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = letter.to
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{sha256(letter.name.encode()).hexdigest()[:40]}@{_domain(sender)}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Id"] = f"<{LIST_ID}>"
    mail["List-Unsubscribe"] = f"<{letter.ends}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(templates.get_template("mail.txt").render(letter=letter))
    mail.add_alternative(templates.get_template("mail.html").render(letter=letter), subtype="html")
    return mail


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2]
