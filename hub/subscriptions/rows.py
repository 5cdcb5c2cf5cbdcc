"""How subscriptions lie in their file, and the way from a row back to a subscription."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from events.event import Json, Position
from events.wrapping import Wrapping
from hub.subscriptions.subscription import CHANNELS, RATES, SCHEMES, STATES, Place, Subscription
from hub.texts.languages import chosen
from projections.event_query import EventQuery

SCHEMA = """
CREATE TABLE IF NOT EXISTS subscriptions (
  id TEXT PRIMARY KEY, account TEXT NOT NULL, partner TEXT NOT NULL, name TEXT NOT NULL,
  query BLOB NOT NULL, channel TEXT NOT NULL, target BLOB NOT NULL, rate TEXT NOT NULL, schemes TEXT NOT NULL,
  position INTEGER NOT NULL, part INTEGER NOT NULL, created REAL NOT NULL, confirmed REAL NOT NULL,
  state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', asked REAL, asked_told INTEGER NOT NULL DEFAULT 0,
  due REAL, sent REAL, failing REAL, tries INTEGER NOT NULL DEFAULT 0, ended REAL, paused REAL,
  why BLOB NOT NULL, secrets BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS subscriptions_account ON subscriptions(account);
CREATE INDEX IF NOT EXISTS subscriptions_due ON subscriptions(channel, due) WHERE state = 'active';
CREATE TABLE IF NOT EXISTS deliveries (
  no INTEGER PRIMARY KEY, subscription TEXT NOT NULL, webhook_id TEXT NOT NULL, kind TEXT NOT NULL,
  at REAL NOT NULL, status INTEGER, error TEXT NOT NULL, next REAL, position INTEGER, part INTEGER);
CREATE INDEX IF NOT EXISTS deliveries_of ON deliveries(subscription, no);
CREATE TABLE IF NOT EXISTS mailed (
  subscription TEXT NOT NULL, about TEXT NOT NULL, code TEXT NOT NULL, since REAL NOT NULL,
  PRIMARY KEY (subscription, about, code, since));
CREATE TABLE IF NOT EXISTS spoken (subscription TEXT PRIMARY KEY, language BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS lock (no INTEGER PRIMARY KEY CHECK (no = 1), box BLOB NOT NULL);
"""

LATER = ("spoken",)
"""Tables that backups of an earlier release do not have: all mails were in English."""

_PLACES = frozenset({"after", "limit"})
"""Fields of a query that say where in the log it looks: the subscription's own place does."""


class Row(Protocol):
    """A row by the names of its columns."""

    def __getitem__(self, name: str, /) -> Any:
        """Return a value."""


def write_query(query: EventQuery) -> bytes:
    """Write what is followed, as far as something is said."""
    said = {one.name: getattr(query, one.name) for one in fields(query) if one.name not in _PLACES}
    return orjson.dumps({name: value for name, value in said.items() if value})


def read_query(stored: bytes) -> EventQuery:
    """Read what is followed."""
    said: dict[str, Json] = orjson.loads(stored)
    named: dict[str, Json] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
    }
    return EventQuery(**named)


def read_row(row: Row, wrapping: Wrapping) -> Subscription:
    """Read one subscription, with its language beside it."""
    target = wrapping.opened(row["target"], "target", row["id"]) or b""
    language = wrapping.opened(row["language"] or b"", "language", row["id"]) or b""
    schemes = row["schemes"].split(",")
    return Subscription(
        id=row["id"],
        account=row["account"],
        partner=row["partner"],
        name=row["name"],
        query=read_query(wrapping.opened(row["query"], "query", row["id"]) or b"{}"),
        channel=next(one for one in CHANNELS if one == row["channel"]),
        target=target.decode(),
        rate=next(one for one in RATES if one == row["rate"]),
        place=Place(Position(row["position"]), row["part"]),
        created=datetime.fromtimestamp(row["created"], UTC),
        confirmed=datetime.fromtimestamp(row["confirmed"], UTC),
        state=next(one for one in STATES if one == row["state"]),
        reason=row["reason"],
        asked=moment(row["asked"]),
        asked_told=bool(row["asked_told"]),
        due=moment(row["due"]),
        sent=moment(row["sent"]),
        failing=moment(row["failing"]),
        tries=row["tries"],
        schemes=tuple(one for one in SCHEMES if one in schemes),
        paused=moment(row["paused"]),
        ended=moment(row["ended"]),
        language=chosen(language.decode(), "").code,
    )


def moment(stored: float | None) -> datetime | None:
    """Read a moment."""
    return None if stored is None else datetime.fromtimestamp(stored, UTC)


def number(when: datetime | None) -> float | None:
    """Write a moment."""
    return None if when is None else when.timestamp()
