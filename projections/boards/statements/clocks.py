"""How long who has for a reply: data by kind of statement, mechanism and kind of body (`clocks.json`), and the reading.

The first entry that fits decides. An entry may name `statement_kinds`, `mechanisms` (references of the body to which
or at whose session it was said) and `body_kinds` (of the addressees); what it does not name fits everything. `days` is
null where there is no clock. What the statement itself says (`reply_expected_by`) comes before all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from schemas.edtf import NotEdtf, bounds

Json = Any
KindOf = Callable[[str], str | None]
"""Kind of a body, by its reference; None where it is not known."""

_FIELDS = frozenset({"name", "statement_kinds", "mechanisms", "body_kinds", "days", "note"})
_LONGEST = 3660

OWN = "own"
"""Name of the clock of what a statement itself says."""


class ClocksRefused(ValueError):
    """A file of reply clocks cannot be followed; the message says why."""


def unknown(_: str) -> str | None:
    """Know no body."""
    return None


@dataclass(frozen=True, slots=True)
class ReplyClock:
    """One entry.

    Args:
        name: of the clock.
        statement_kinds: that it is for; empty: all.
        mechanisms: references of bodies that it is for; empty: all.
        body_kinds: kinds of addressees that it is for; empty: all.
        days: for a reply; None: no reply is due.
        note: why, in a sentence.
    """

    name: str
    statement_kinds: frozenset[str]
    mechanisms: frozenset[str]
    body_kinds: frozenset[str]
    days: int | None
    note: str

    def fits(self, data: Json, kind_of: KindOf) -> bool:
        """Tell whether the clock is for a statement."""
        if self.statement_kinds and data.get("kind") not in self.statement_kinds:
            return False
        bodies = bodies_of(data)
        if self.mechanisms and self.mechanisms.isdisjoint(bodies):
            return False
        return not self.body_kinds or not self.body_kinds.isdisjoint(kind_of(one) for one in bodies)


@dataclass(frozen=True, slots=True)
class Due:
    """Until when a reply is due, and by which clock; `day` None: no reply is due."""

    day: date | None
    clock: str
    days: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReplyClocks:
    """All clocks.

    Args:
        clocks: in the order in which they are tried.
        stopped_by: kinds of replies that answer; others (a receipt, silence) stop nothing.
    """

    clocks: tuple[ReplyClock, ...]
    stopped_by: frozenset[str]

    @property
    def need_kinds(self) -> bool:
        """Whether one must know kinds of bodies to tell which clock fits."""
        return any(one.body_kinds for one in self.clocks)

    def due(self, statement: Json, kind_of: KindOf = unknown) -> Due:
        """Return until when a reply to a statement is due.

        Args:
            statement: a `statement.issued` CloudEvent.
            kind_of: kinds of bodies, as far as whoever asks may know them.
        """
        data = statement.get("data") or {}
        own = _last_day(data.get("reply_expected_by"))
        if own is not None:
            return Due(own, OWN)
        found = next((one for one in self.clocks if one.fits(data, kind_of)), None)
        if found is None:
            return Due(None, "none")
        begun = _last_day(data.get("issued")) or _last_day(str(statement.get("time", ""))[:10])
        # Beyond the calendar nothing is ever due.
        if found.days is None or begun is None or (date.max - begun).days < found.days:
            return Due(None, found.name, found.days, found.note)
        return Due(begun + timedelta(days=found.days), found.name, found.days, found.note)


def reply_due(statement: Json, clocks: ReplyClocks | None = None, kind_of: KindOf = unknown) -> date | None:
    """Return the last day on which a reply to a statement is in time; None if none is due.

    Pure: for the timekeeper as for the boards. A date that is not exact counts from its last day.

    Args:
        statement: a `statement.issued` CloudEvent.
        clocks: those of the operator; None: the package's own.
        kind_of: kinds of bodies, as far as they are known.
    """
    return (own_clocks() if clocks is None else clocks).due(statement, kind_of).day


def bodies_of(data: Json) -> list[str]:
    """Return to whom a statement is addressed: bodies, and the mechanism at whose session it was said."""
    session = data.get("session")
    mechanism = [session["mechanism"]] if isinstance(session, dict) and "mechanism" in session else []
    return list(dict.fromkeys(str(one) for one in [*data.get("addressees", ()), *mechanism]))


@cache
def own_clocks() -> ReplyClocks:
    """Return the clocks of the package."""
    return _read((files(__package__) / "clocks.json").read_bytes())


def load_clocks(path: Path | None) -> ReplyClocks:
    """Read the clocks of an operator; without a file, the package's own.

    Raises:
        ClocksRefused: the file is not there, or cannot be followed.
    """
    if path is None:
        return own_clocks()
    try:
        return _read(path.read_bytes())
    except OSError as missing:
        raise ClocksRefused(f"the file of reply clocks cannot be read: {missing.strerror}") from missing


def _read(raw: bytes) -> ReplyClocks:
    try:
        said = orjson.loads(raw)
        clocks = tuple(_clock(one) for one in said["clocks"])
        stopped_by = said["stopped_by"] if "stopped_by" in said else own_clocks().stopped_by
        return ReplyClocks(clocks, frozenset(map(str, stopped_by)))
    except orjson.JSONDecodeError as broken:
        raise ClocksRefused("the file of reply clocks is no JSON") from broken
    except (KeyError, TypeError) as broken:
        raise ClocksRefused('a file of reply clocks is {"clocks": [{"name", "days", ...}]}') from broken


def _clock(said: Mapping[str, Json]) -> ReplyClock:
    name, days = str(said["name"]), said["days"]
    if not said.keys() <= _FIELDS:
        raise ClocksRefused(f"the reply clock {name} has a field besides {', '.join(sorted(_FIELDS))}")
    if days is not None and not (isinstance(days, int) and 0 < days <= _LONGEST):
        raise ClocksRefused(f"the days of the reply clock {name} are neither null nor 1 to {_LONGEST}")
    named = {
        one: frozenset(map(str, said.get(one, ()))) for one in ("statement_kinds", "mechanisms", "body_kinds")
    }
    return ReplyClock(name, **named, days=days, note=str(said.get("note", "")))


def _last_day(said: Json) -> date | None:
    """Return the last day that a date may mean."""
    try:
        return bounds(str(said))[1]
    except NotEdtf:
        return None
