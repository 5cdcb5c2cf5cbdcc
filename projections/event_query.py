"""Which events are asked for, and the SQL that finds them without looking at what the reader may not see."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from events.event import Position
from schemas.globs import is_of

Json = Any

_MOST_BRANCHES = 40
_BEGIN = Position(0)

Key = tuple[str, int]
"""A key, and the place of the log from which on it counts."""

Reach = Callable[[Sequence[str]], Mapping[str, int]]
"""Finds the references that belong to others, and from which place on."""


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events are asked for: any value of a field will do, every field that is given must hold.

    Args:
        after: only events behind this position.
        limit: at most so many.
        types: globs over event types, e.g. `threat.*`.
        countries: codes.
        about: references; what belongs to them counts too (`projections/belonging.py`).
        partners: slugs of publishers.
        since: recorded at or after this date or RFC 3339 moment.
        until: recorded before the end of this date, or up to this moment.
        urgencies: codes.
    """

    after: Position = _BEGIN
    limit: int = 100
    types: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    urgencies: tuple[str, ...] = ()

    def keys(self, types: Sequence[str], reach: Reach) -> list[list[Key]]:
        """Return per field that is given the keys any of which will do, the most telling field first.

        Args:
            types: all that there are.
            reach: of what is followed, what belongs to it.
        """
        named = [name for name in types if is_of(name, self.types)]
        about = reach(self.about) if self.about else {}
        fields = (
            (self.about, [(f"r:{ref}", since) for ref, since in about.items()]),
            (self.countries, [(f"c:{code}", 0) for code in self.countries]),
            (self.partners, [(f"p:{slug}", 0) for slug in self.partners]),
            (self.urgencies, [(f"u:{code}", 0) for code in self.urgencies]),
            (self.types, [(f"t:{name}", 0) for name in named]),
        )
        return [keys for given, keys in fields if given]

    def span(self) -> tuple[str, str]:
        """Return the first and last text of `recordedtime` that fit; a date stands for the whole day."""
        until = self.until or "9999"
        return self.since or "", f"{until}\uffff" if "T" not in until else until


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events in append order; `next` is the position to go on behind, None at the end."""

    events: list[Json]
    positions: list[Position]
    next: Position | None


COLUMNS = (
    "e.position, e.publisher, e.id, e.type, e.label, e.status, "
    "e.recorded, e.date, e.levels, e.refs, e.countries, e.body"
)


@dataclass(frozen=True, slots=True)
class EventSql:
    """The pieces of SQL that every question about events shares.

    Args:
        keys: as `EventQuery.keys` returns them.
        span: as `EventQuery.span` returns it.
        allowed: the reader's label numbers as JSON.
        former: the keys by which something could be found until now.
    """

    keys: Sequence[Sequence[Key]]
    span: tuple[str, str]
    allowed: str
    former: Sequence[Sequence[Key]] = ()

    def parameters(self) -> Mapping[str, Json]:
        """Return the values that the pieces refer to."""
        named = {f"keys{no}": orjson.dumps(keys).decode() for no, keys in enumerate(self.keys)}
        named |= {f"former{no}": orjson.dumps(keys).decode() for no, keys in enumerate(self.former)}
        driving: dict[str, Json] = {}
        for no, (key, since) in enumerate(self.keys[0] if self.keys else ()):
            driving |= {f"key{no}": key, f"since{no}": since}
        return {"allowed": self.allowed, "since": self.span[0], "till": self.span[1], **named, **driving}

    def positions(self) -> str:
        """Return a query for the first `:limit` positions behind `:after`, up to `:reached`, that fit."""
        checked = " ".join((self.shown(), *self.having(0)))
        if not self.keys or len(self.keys[0]) > _MOST_BRANCHES:
            where = "e.position > :after AND e.position <= :reached"
            found = f"SELECT e.position FROM timeline_events e WHERE {where} {checked}"
            return f"{found} ORDER BY e.position LIMIT :limit"
        checked = " ".join((self.shown(), *self.having(1)))
        branches = [
            f"""SELECT position FROM (
                SELECT k.position FROM timeline_keys k CROSS JOIN timeline_events e ON e.position = k.position
                WHERE k.key = :key{no} AND k.position > :after AND k.position <= :reached
                  AND k.position >= :since{no}
                  AND k.label IN (SELECT value FROM json_each(:allowed)) {checked}
                ORDER BY k.position LIMIT :limit)"""
            for no in range(len(self.keys[0]))
        ]
        found = " UNION ".join(branches) or "SELECT 0 AS position WHERE 0"
        return f"SELECT position FROM ({found}) ORDER BY position LIMIT :limit"

    def shown(self) -> str:
        """Return the condition that the reader may see `e`, that it is active and in the span."""
        return (
            f"AND e.status = 'active' AND e.label IN (SELECT value FROM json_each(:allowed)) {self.in_span()}"
        )

    def in_span(self) -> str:
        """Return the condition that `e` was recorded in the span, if one is asked for."""
        return "" if self.span == ("", "9999\uffff") else "AND e.recorded >= :since AND e.recorded <= :till"

    def having(self, first: int) -> Iterator[str]:
        """Yield the conditions that `e` bears one of the keys of each field from the `first`."""
        for no in range(first, len(self.keys)):
            yield f"AND {_bears(f'keys{no}')} AND x.label IN (SELECT value FROM json_each(:allowed)))"

    def had(self) -> Iterator[str]:
        """Yield the conditions that `e`, which the reader could see until now, bore one of the keys of each field.

        Only a key from a stricter field needs a label of its own. Of what was erased only type and publisher
        are known; then it is better to tell too many of those who may have it than too few.
        """
        for no, keys in enumerate(self.former):
            bore = (
                f"{_bears(f'former{no}')} AND (x.open OR x.label IN (SELECT value FROM json_each(:allowed))))"
            )
            yield (
                f"AND {bore}"
                if all(key[:2] in ("t:", "p:") for key, _ in keys)
                else f"AND (e.status = 'erased' OR {bore})"
            )


def _bears(keys: str) -> str:
    """Return the beginning of the condition that `e` bears a key `x` of some that counts where `e` stands."""
    return f"""EXISTS (SELECT 1 FROM json_each(:{keys}) w CROSS JOIN timeline_keys x
        ON x.key = json_extract(w.value, '$[0]') AND x.position = e.position
        WHERE e.position >= json_extract(w.value, '$[1]')"""
