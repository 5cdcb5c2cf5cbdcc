"""What belongs to what: whoever follows a lawyer hears of the hearings of his trials.

Links go from a thing to those that belong to it. They are read off the ties of events, one kind of tie after the
other, and never lead through what everything hangs on (places, standards, partners, bodies). A link counts from the
moment when it was recorded: an event that names a thing belongs to whatever the thing belonged to by then.
"""

import sqlite3
from collections.abc import Iterable, Mapping

import orjson

from projections.rule_parts import rank_of
from projections.rules import Implied

MOST_STEPS = 3
"""Links from the thing that is followed to one that an event names."""

HUBS = frozenset({"place", "standard", "partner", "body", "indicator", "dataset"})
"""Kinds of things that nothing belongs to: too much would."""

UPWARD = frozenset(
    {"ABOUT", "ADVANCES", "ARISES_FROM", "FOLLOWS", "IN_CASE", "MATCHES", "NEEDED_BY", "PART_OF", "TARGETS"}
)
"""Ties whose source belongs to their target."""

DOWNWARD = frozenset({"ACCOUNTED_BY", "PARTY_TO", "PRODUCED"})
"""Ties whose target belongs to their source."""

OWN = frozenset({"NEEDED_BY", "PARTY_TO", "TARGETS"})
"""Ties by which the case of an event becomes the case of a lawyer."""

SCHEMA = """
    CREATE TABLE IF NOT EXISTS timeline_links(
        parent TEXT NOT NULL, child TEXT NOT NULL, position INTEGER NOT NULL, label INTEGER NOT NULL,
        since INTEGER NOT NULL, active INTEGER NOT NULL,
        PRIMARY KEY(parent, child, position)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS timeline_links_by_position ON timeline_links(position);
    CREATE INDEX IF NOT EXISTS timeline_links_by_child ON timeline_links(child);
"""

_STEP = """
    SELECT l.child, max(:since, min(l.since)) FROM timeline_links l
    WHERE l.parent = :parent AND (l.active OR :past) AND l.label IN (SELECT value FROM json_each(:allowed))
    GROUP BY l.child"""


Pair = tuple[str, str]
"""A thing, and what belongs to it."""


def links_of(implied: Implied) -> Mapping[Pair, str | None]:
    """Return what belongs to what by one event, with the stricter label of the tie that says so, if any."""
    found: dict[Pair, str | None] = {}
    cases = [tie for tie in implied.ties if tie.kind == "IN_CASE"]
    for tie in implied.ties:
        if tie.kind in UPWARD:
            _note(found, (tie.target, tie.source), tie.tlp)
        elif tie.kind in DOWNWARD:
            _note(found, (tie.source, tie.target), tie.tlp)
        if cases and tie.kind in OWN:
            lawyers = [end for end in (tie.source, tie.target) if end.startswith("lawyer:")]
            for lawyer in lawyers:
                _note(found, (lawyer, cases[0].target), tie.tlp)
    for case in cases:
        if case.source.startswith("lawyer:"):
            _note(found, (case.source, case.target), case.tlp)
    return found


def _note(found: dict[Pair, str | None], pair: Pair, tlp: str | None) -> None:
    """Note a pair; it is as visible as the most visible tie that says so."""
    parent, child = pair
    if parent != child and HUBS.isdisjoint((parent.partition(":")[0], child.partition(":")[0])):
        found[pair] = min(tlp, found[pair], key=rank_of) if pair in found else tlp


Row = tuple[str, str, int, int, int, bool]


def file_links(db: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """File links: parent, child, position of the event, label, since when, whether it still says so."""
    db.executemany("INSERT OR REPLACE INTO timeline_links VALUES(?,?,?,?,?,?)", rows)


def take_links(db: sqlite3.Connection, position: int) -> Mapping[tuple[str, str], int]:
    """Take away the links of an event; return since when each of them was there."""
    query = "SELECT parent, child, since FROM timeline_links WHERE position = ?"
    found = {(parent, child): since for parent, child, since in db.execute(query, (position,))}
    if found:
        db.execute("DELETE FROM timeline_links WHERE position = ?", (position,))
    return found


def belonging_to(
    db: sqlite3.Connection, refs: Iterable[str], *, allowed: Iterable[int], past: bool = False
) -> Mapping[str, int]:
    """Return references, with what belongs to them, and from which place of the log on that counts.

    Args:
        db: of the views.
        refs: what is followed.
        allowed: numbers of the labels that the reader may see: each link of a chain must bear one of them.
        past: also by what was said and is retracted, as far as the reader may still look at it.
    """
    seen = orjson.dumps(sorted(allowed)).decode()
    found = dict.fromkeys(refs, 0)
    fresh = dict(found)
    for _ in range(MOST_STEPS):
        further: dict[str, int] = {}
        for parent, since in fresh.items():
            named = {"parent": parent, "since": since, "past": past, "allowed": seen}
            for child, at in db.execute(_STEP, named):
                if at < min(found.get(child, at + 1), further.get(child, at + 1)):
                    further[child] = at
        found.update(further)
        fresh = further
    return found
