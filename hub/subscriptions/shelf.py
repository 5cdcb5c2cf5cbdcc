"""The shelf of subscriptions: a SQLite file of its own; filters, addresses, notes, languages and secrets are encrypted.

What sends mail uses `due`, `mark`, `miss`, `notices`, `mark_notices` and `end`; `Standing.reader_of` says what a
follower may see.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from events.event import Position
from events.wrapping import Wrapping
from hub.office import Desk, Office, Tables, tables_in
from hub.subscriptions.rows import SCHEMA, number, read_row, write_query
from hub.subscriptions.subscription import Channel, Ending, Kept, Notice, Place, Subscription
from hub.subscriptions.terms import ASKS_AFTER, ENDS_AFTER, MOST, REMEMBERED_FOR, WITH_ENDED

FILE = "subscriptions.sqlite"
_LOCK = b"this key"
_ALL = "SELECT * FROM subscriptions LEFT JOIN spoken ON spoken.subscription = subscriptions.id"


class WrongKey(Exception):
    """The key does not open this shelf."""


class Shelf:
    """The subscriptions of one hub, or of all hubs on one PostgreSQL; every write is durable when it returns.

    Args:
        path: of the file, made if missing.
        wrapping: by which what is private is encrypted.
        office: what the hubs share, if they do: then there is no file.

    Raises:
        WrongKey: the file was written with another key.
    """

    def __init__(self, path: Path, wrapping: Wrapping, office: Office | None = None) -> None:
        self._wrapping = wrapping
        self._office = office
        self._tables = tables_in(path, SCHEMA, office)
        self._try_key()

    def beside(self, path: Path, script: str) -> Tables:
        """Return further tables, in a file of their own or where these are."""
        return tables_in(path, script, self._office)

    def close(self) -> None:
        """Close the file."""
        self._tables.close()

    def add(self, made: Subscription, kept: Kept, most: int = MOST) -> bool:
        """Keep a new subscription; False if its account has `most` already, or many more that ended."""
        row = {
            "id": made.id,
            "account": made.account,
            "partner": made.partner,
            "name": made.name,
            "query": self._wrapping.shut(write_query(made.query), "query", made.id),
            "channel": made.channel,
            "target": self._wrapping.shut(made.target.encode(), "target", made.id),
            "rate": made.rate,
            "schemes": ",".join(made.schemes),
            "position": made.place.position,
            "part": made.place.part,
            "created": number(made.created),
            "confirmed": number(made.confirmed),
            "state": made.state,
            "due": number(made.due),
            "why": self._wrapping.shut(kept.why.encode(), "why", made.id),
            "secrets": self._wrapping.shut(kept.secrets, "secrets", made.id),
        }
        with self.writing() as db:
            names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            is_room = "count(*) FILTER (WHERE state <> 'ended') < :most AND count(*) < :in_all"
            found = f"SELECT {is_room} FROM subscriptions WHERE account = :account"
            asked = f"INSERT INTO subscriptions ({names}) SELECT {values} WHERE ({found})"
            is_added = db.execute(asked, {**row, "most": most, "in_all": most * WITH_ENDED}).rowcount > 0
            if is_added and made.channel == "mail":
                box = self._wrapping.shut(made.language.encode(), "language", made.id)
                db.execute("INSERT INTO spoken VALUES (?, ?)", (made.id, box))
            return is_added

    def get(self, subscription: str) -> Subscription | None:
        """Return one subscription."""
        return next(iter(self._rows("WHERE id = ?", (subscription,))), None)

    def kept(self, subscription: str) -> Kept:
        """Return the note and the secrets of a subscription; empty once it ended or is gone."""
        with self.reading() as db:
            asked = "SELECT why, secrets FROM subscriptions WHERE id = ?"
            row = db.execute(asked, (subscription,)).fetchone() or {"why": b"", "secrets": b""}
        why = self._wrapping.opened(row["why"], "why", subscription) or b""
        return Kept(why.decode(), self._wrapping.opened(row["secrets"], "secrets", subscription) or b"")

    def replace_secrets(self, subscription: str, replace: Callable[[bytes], bytes]) -> None:
        """Keep other secrets for a subscription, made of those that it has; one after another, whoever asks."""
        asked = "SELECT secrets FROM subscriptions WHERE id = ? AND state <> 'ended'"
        with self.writing() as db:
            for (old,) in db.execute(asked, (subscription,)).fetchall():
                secrets = replace(self._wrapping.opened(old, "secrets", subscription) or b"")
                box = self._wrapping.shut(secrets, "secrets", subscription)
                db.execute("UPDATE subscriptions SET secrets = ? WHERE id = ?", (box, subscription))

    def listing(self, account: str | None = None) -> list[Subscription]:
        """Return the subscriptions of an account, or of all, oldest first."""
        return self._rows(
            "WHERE CAST(? AS TEXT) IS NULL OR account = ? ORDER BY created, id", (account, account)
        )

    def remove(self, subscription: str) -> bool:
        """Forget a subscription and all about it; False when there is none."""
        with self.writing() as db:
            db.execute("DELETE FROM deliveries WHERE subscription = ?", (subscription,))
            db.execute("DELETE FROM mailed WHERE subscription = ? OR about = ?", (subscription, subscription))
            db.execute("DELETE FROM spoken WHERE subscription = ?", (subscription,))
            return db.execute("DELETE FROM subscriptions WHERE id = ?", (subscription,)).rowcount > 0

    def due(self, now: datetime, channel: Channel = "mail") -> list[Subscription]:
        """Return the active subscriptions of a channel whose time has come, those that wait longest first."""
        where = "WHERE state = 'active' AND channel = ? AND due <= ? ORDER BY due, id"
        return self._rows(where, (channel, now.timestamp()))

    def active(self, channel: Channel) -> list[Subscription]:
        """Return the active subscriptions of a channel, oldest first."""
        return self._rows("WHERE state = 'active' AND channel = ? ORDER BY created, id", (channel,))

    def mark(self, told: Subscription, place: Place, now: datetime, due: datetime | None) -> bool:
        """Take down that a subscription was told everything up to a place, and when its turn comes again.

        Args:
            told: as it was read before it was told.
            place: up to which it was told.
            now: when.
            due: when it is to be told next.

        Returns:
            False if it stands somewhere else by now, was removed, or is not active: then nothing is changed.
        """
        moved = "position = ?, part = ?, sent = ?, due = ?, failing = NULL, tries = 0"
        where = "WHERE id = ? AND position = ? AND part = ? AND state = 'active'"
        values = (*place, now.timestamp(), number(due), told.id, *told.place)
        return self._change(f"{moved} {where}", values)

    def miss(self, told: Subscription, now: datetime, due: datetime) -> bool:
        """Take down that a subscription could not be told, and when to try again."""
        moved = "failing = coalesce(failing, ?), tries = tries + 1, due = ?"
        where = "WHERE id = ? AND position = ? AND part = ? AND state = 'active'"
        return self._change(f"{moved} {where}", (now.timestamp(), due.timestamp(), told.id, *told.place))

    def move(self, subscription: str, place: Place, now: datetime) -> bool:
        """Have a subscription told anew what lies behind a place; False unless it is active."""
        moved = "position = ?, part = ?, due = ?, failing = NULL, tries = 0"
        where = "WHERE id = ? AND state = 'active'"
        return self._change(f"{moved} {where}", (*place, now.timestamp(), subscription))

    def visit(self, subscription: str, place: Place | None, now: datetime) -> None:
        """Take down that its follower looked, and up to where he has seen everything; a visit confirms."""
        self.confirm(subscription, now)
        if place is not None:
            where = "WHERE id = ? AND (position, part = 0, part) < (?, ?, ?)"
            values = (*place, subscription, place.position, place.part == 0, place.part)
            self._change(f"position = ?, part = ? {where}", values)

    def confirm(self, subscription: str, now: datetime) -> bool:
        """Take down that its follower still wants it; False if it has ended."""
        moved = "confirmed = ?, asked = NULL, asked_told = 0 WHERE id = ? AND state <> 'ended'"
        return self._change(moved, (now.timestamp(), subscription))

    def told_asked(self, told: Subscription) -> None:
        """Take down that its follower was told that it asks."""
        moved = "asked_told = 1, failing = NULL, tries = 0 WHERE id = ? AND asked = ?"
        self._change(moved, (told.id, number(told.asked)))

    def pause(self, subscription: str, reason: str, now: datetime) -> bool:
        """Stop telling until `resume`."""
        moved = "state = 'paused', reason = ?, paused = ?, due = NULL WHERE id = ? AND state = 'active'"
        return self._change(moved, (reason, now.timestamp(), subscription))

    def resume(self, subscription: str, now: datetime) -> bool:
        """Go on where it stood; False unless it is paused."""
        moved = "state = 'active', reason = '', paused = NULL, due = ?, failing = NULL, tries = 0"
        return self._change(f"{moved} WHERE id = ? AND state = 'paused'", (now.timestamp(), subscription))

    def end(self, subscription: str, reason: Ending, now: datetime) -> bool:
        """End a subscription for ever, and forget its address, note and secrets; False if it has ended before."""
        gone = "target = x'', why = x'', secrets = x'', due = NULL, asked = NULL, paused = NULL"
        moved = f"state = 'ended', reason = ?, ended = ?, {gone} WHERE id = ? AND state <> 'ended'"
        return self._change(moved, (reason, now.timestamp(), subscription))

    def age(self, now: datetime) -> None:
        """Let stale follows ask, end those that got no answer, and forget those that ended long ago."""
        late = now.timestamp()
        self._change(
            "asked = ? WHERE state <> 'ended' AND asked IS NULL AND confirmed <= ?",
            (late, (now - ASKS_AFTER).timestamp()),
        )
        asked = "WHERE state <> 'ended' AND asked <= ?"
        for one in self._rows(asked, ((now - ENDS_AFTER).timestamp(),)):
            self.end(one.id, "stale", now)
        # A target that says 410 ends a subscription because something was delivered: when it leaves the list, which
        # stewards see, must not depend on that.
        old = "WHERE ended <= ? AND (reason <> 'gone' OR confirmed <= ?)"
        stale = now - REMEMBERED_FOR - ASKS_AFTER - ENDS_AFTER
        for one in self._rows(old, ((now - REMEMBERED_FOR).timestamp(), stale.timestamp())):
            self.remove(one.id)

    def notices(self, account: str) -> list[Notice]:
        """Return what the follower of an account should know, oldest first."""
        found = []
        for one in self.listing(account):
            if one.paused is not None:
                found.append(Notice(one.id, "paused", one.paused))
            if one.asked is not None:
                found.append(Notice(one.id, "asks", one.asked))
        return sorted(found, key=lambda notice: (notice.since, notice.subscription, notice.code))

    def unsent_notices(self) -> list[tuple[Subscription, Sequence[Notice]]]:
        """Return the mail subscriptions by which notices are to go at once, with those that did not go yet.

        An account's notices go by each address that its mail subscriptions name.
        """
        mails = self._rows("WHERE channel = 'mail' AND state = 'active' ORDER BY created, id", ())
        with self.reading() as db:
            gone = {tuple(row) for row in db.execute("SELECT subscription, about, code, since FROM mailed")}
        found: list[tuple[Subscription, Sequence[Notice]]] = []
        reached = set[tuple[str, str]]()
        for mail in mails:
            unsent = [
                one
                for one in self.notices(mail.account)
                if (mail.id, one.subscription, one.code, one.since.timestamp()) not in gone
            ]
            if unsent and (mail.account, mail.target) not in reached:
                found.append((mail, unsent))
            reached.add((mail.account, mail.target))
        return found

    def mark_notices(self, mail: Subscription, sent: Iterable[Notice]) -> None:
        """Take down that notices went by a mail subscription."""
        rows = [(mail.id, one.subscription, one.code, one.since.timestamp()) for one in sent]
        with self.writing() as db:
            db.executemany("INSERT OR IGNORE INTO mailed VALUES (?, ?, ?, ?)", rows)

    def bound(self, head: Position) -> None:
        """Bring back who stands behind the end of the log: it was restored from an older backup."""
        self._change("position = ?, part = 0 WHERE position > ?", (head, head))

    @contextmanager
    def reading(self) -> Iterator[Desk]:
        """Give the tables for a question."""
        with self._tables.reading() as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[Desk]:
        """Give the tables for one transaction."""
        with self._tables.writing() as db:
            yield db

    def _rows(self, where: str, values: Sequence[object]) -> list[Subscription]:
        with self.reading() as db:
            rows = db.execute(f"{_ALL} {where}", values).fetchall()
        return [read_row(row, self._wrapping) for row in rows]

    def _change(self, moved: str, values: Sequence[object]) -> bool:
        with self.writing() as db:
            return db.execute(f"UPDATE subscriptions SET {moved}", values).rowcount > 0

    def _try_key(self) -> None:
        box = self._wrapping.shut(_LOCK, "lock")
        with self.writing() as db:
            db.execute("INSERT OR IGNORE INTO lock VALUES (1, ?)", (box,))
            (kept,) = db.execute("SELECT box FROM lock").fetchone()
        if self._wrapping.opened(kept, "lock") is None:
            self.close()
            raise WrongKey
