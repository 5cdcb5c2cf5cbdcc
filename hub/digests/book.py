"""Which mail subscriptions were confirmed by whoever reads the mailbox: a file of its own. No address is in it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hub.office import Tables

FILE = "mail.sqlite"
REMEMBERED = timedelta(days=1)
"""So long it is known how many questions an account sent to mailboxes, though the subscription is gone."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS opted (
  subscription TEXT PRIMARY KEY, account TEXT NOT NULL, asked REAL, confirmed REAL,
  tries INTEGER NOT NULL DEFAULT 0, next REAL);
"""


@dataclass(frozen=True, slots=True)
class Opted:
    """How far the question to a mailbox is.

    Args:
        asked: when the question arrived at the mail server; None: it did not yet.
        confirmed: when the answer was yes; None: there is none.
        tries: how often the question could not be sent.
        next: when to try again.
    """

    asked: datetime | None = None
    confirmed: datetime | None = None
    tries: int = 0
    next: datetime | None = None


class MailBook:
    """The answers of mailboxes; safe for several threads."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def of(self, subscription: str) -> Opted:
        """Return how far the question about a subscription is."""
        asked = "SELECT asked, confirmed, tries, next FROM opted WHERE subscription = ?"
        with self._tables.reading() as db:
            row = db.execute(asked, (subscription,)).fetchone()
        if row is None:
            return Opted()
        return Opted(_moment(row[0]), _moment(row[1]), row[2], _moment(row[3]))

    def is_confirmed(self, subscription: str) -> bool:
        """Tell whether the mailbox said yes."""
        return self.of(subscription).confirmed is not None

    def questions(self, account: str, since: datetime) -> int:
        """Return how many mailboxes were asked for an account since a moment."""
        asked = "SELECT count(*) FROM opted WHERE account = ? AND asked >= ?"
        with self._tables.reading() as db:
            return int(db.execute(asked, (account, since.timestamp())).fetchone()[0])

    def note_asked(self, subscription: str, account: str, now: datetime) -> None:
        """Take down that the question was sent."""
        self._write(
            """INSERT INTO opted (subscription, account, asked) VALUES (:name, :account, :now)
               ON CONFLICT (subscription) DO UPDATE SET asked = :now, tries = 0""",
            {"name": subscription, "account": account, "now": now.timestamp()},
        )

    def note_missed(self, subscription: str, account: str, again: datetime) -> None:
        """Take down that the question could not be sent, and when to try again."""
        self._write(
            """INSERT INTO opted (subscription, account, tries, next) VALUES (:name, :account, 1, :again)
               ON CONFLICT (subscription) DO UPDATE SET tries = opted.tries + 1, next = :again""",
            {"name": subscription, "account": account, "again": again.timestamp()},
        )

    def confirm(self, subscription: str, account: str, now: datetime) -> None:
        """Take down that the mailbox said yes."""
        self._write(
            """INSERT INTO opted (subscription, account, confirmed) VALUES (:name, :account, :now)
               ON CONFLICT (subscription) DO UPDATE SET confirmed = coalesce(opted.confirmed, :now)""",
            {"name": subscription, "account": account, "now": now.timestamp()},
        )

    def forget(self, living: Collection[str], now: datetime) -> None:
        """Forget the answers about subscriptions that are not there any more, a day after the question."""
        old = (now - REMEMBERED).timestamp()
        with self._tables.writing() as db:
            known = db.execute(
                "SELECT subscription FROM opted WHERE coalesce(asked, 0) < ?", (old,)
            ).fetchall()
            gone = [row for row in known if row[0] not in living]
            db.executemany("DELETE FROM opted WHERE subscription = ?", gone)

    def close(self) -> None:
        """Close the file."""
        self._tables.close()

    def _write(self, said: str, values: dict[str, object]) -> None:
        with self._tables.writing() as db:
            db.execute(said, values)


def _moment(stored: float | None) -> datetime | None:
    return None if stored is None else datetime.fromtimestamp(stored, UTC)
