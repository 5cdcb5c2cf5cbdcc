"""What a reader may know, said a second time, from the text of `audience.md` and not from the hub's code.

`purged` copies a log without what a reader may not see; `altered` copies it with something else in those places.
Positions stay. Whatever the hub answers that reader must be the same over all three, byte for byte.

Amendments are the one thing with an effect beyond their own label: whoever sees an event sees it corrected,
retracted or released, though the amendment itself be hidden. Of such an amendment only the effect is kept.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from schemas.registry import Registry

Json = Any

LADDER = ("clear", "green", "amber", "amber+strict", "red")
TEXTS = frozenset({
    "title", "narrative", "purpose", "note", "notes", "draft", "details", "sealed_note", "sealed_basis", "text",
    "alias_public", "display_name", "name", "public_notice", "conditions", "risk_note", "stated_reason_by_authority",
})  # fmt: skip
"""Fields of payloads that hold nothing but words."""

_STEWARDS = "urn:hub:partner:stewards"
_GONE = object()


@dataclass(frozen=True)
class Who:
    """A reader, in the oracle's own words."""

    name: str
    partner: str | None = None
    account: str = ""
    clearance: str = "clear"


@dataclass
class Logged:
    """One row of the log."""

    position: int
    stem: str
    envelope: dict[str, Json]

    @property
    def data(self) -> dict[str, Json]:
        found: dict[str, Json] = self.envelope["data"]
        return found

    @property
    def naming(self) -> tuple[str, str]:
        return str(self.envelope["source"]), str(self.envelope["id"])

    @property
    def publisher(self) -> str:
        return str(self.envelope["source"]).removeprefix("urn:hub:partner:")

    @property
    def target(self) -> tuple[str, str] | None:
        """Return which event this one amends, if it has the right to."""
        kind = self.envelope["type"]
        if kind not in {"record.corrected", "record.retracted"}:
            return None
        source = self.envelope["source"]
        named = (str(self.data.get("about_source", source)), str(self.data["about_event"]))
        allowed = {named[0]} if kind == "record.corrected" else {named[0], _STEWARDS}
        return named if source in allowed and named != self.naming else None

    @property
    def is_unsafe(self) -> bool:
        return self.envelope["type"] == "record.retracted" and self.data.get("reason") == "unsafe"


@dataclass
class Purge:
    """What is left of a log for one reader.

    Args:
        kept: rows as they stay, by position.
        shells: positions of rows that the reader may not see, though he may see what they did.
        hidden: positions of rows of which he may know nothing.
    """

    kept: dict[int, Logged] = field(default_factory=dict)
    shells: set[int] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)


def may_see(who: Who, envelope: Mapping[str, Json], *, closed: bool, at_least: str = "clear") -> bool:
    """Tell whether a reader may see an event, or a field of it that is marked `at_least`."""
    tlp = max(envelope["tlp"], at_least, key=LADDER.index)
    publisher = envelope["source"].removeprefix("urn:hub:partner:")
    if LADDER.index(who.clearance) < LADDER.index(tlp):
        return False
    if who.partner == publisher:
        return True
    if closed or (tlp != "clear" and who.partner is None):
        return False
    named = {one.strip() for one in envelope.get("audience", "").split(",")} - {""}
    if tlp == "amber":
        return not named or who.partner in named
    if tlp == "amber+strict":
        return who.partner in named
    return tlp in {"clear", "green"} or f"{who.partner}/{who.account}" in named


class Oracle:
    """Knows a whole log, and what of it each reader may know."""

    def __init__(self, registry: Registry, log: Sequence[Logged]) -> None:
        self._registry = registry
        self._marks = {
            stem: [(m.pointer, m.audience) for m in registry.contract(stem).marks if m.audience]
            for stem in registry.stems
        }
        self._log = log
        self._by_naming = {one.naming: one for one in log}
        self._releases = [one for one in log if one.stem.startswith("embargo.released.")]
        self._amended: dict[tuple[str, str], list[Logged]] = {}
        for one in log:
            if one.target is not None:
                self._amended.setdefault(one.target, []).append(one)

    def purge(self, who: Who) -> Purge:
        """Return what stays of the log for `who`."""
        purge = Purge()
        visible = {one.position for one in self._log if self._sees(who, one)}
        told = {one.position for one in self._log if one.position not in visible and self._was_told(who, one)}
        known = visible | told
        while more := {one.position for one in self._log if self._counts(one, known)} - known:
            known |= more
        for one in self._log:
            if one.position in visible:
                purge.kept[one.position] = self._stripped(who, one)
            elif one.position in known:
                purge.kept[one.position] = self._shell(who, one)
                purge.shells.add(one.position)
            else:
                purge.hidden.add(one.position)
        return purge

    def altered(
        self, who: Who, random: Random, decoy: Callable[[Logged, Random], Logged]
    ) -> dict[int, Logged]:
        """Return the whole log with something else wherever `who` may not look."""
        purge = self.purge(who)
        rows: dict[int, Logged] = {}
        for one in self._log:
            if one.position in purge.hidden:
                other = decoy(one, random)
                while may_see(who, other.envelope, closed=False):
                    other = decoy(one, random)
                rows[one.position] = other
            else:
                rows[one.position] = self._changed(who, one, random, whole=one.position in purge.shells)
        return rows

    def hides(self, who: Who, one: Logged) -> list[str]:
        """Return the pointers of the marked places in an event that `who` may not see."""
        closed = self._is_closed(one, until=None) and not self._was_told(who, one)
        return [
            pointer
            for pointer, audience in self._marks.get(one.stem, ())
            if not may_see(who, one.envelope, closed=closed, at_least=audience)
        ]

    def _sees(self, who: Who, one: Logged) -> bool:
        is_own = one.envelope["type"] in {"partner.admitted", "partner.suspended"} and (
            one.data["partner"] == f"partner:{who.partner}"
        )
        return is_own or may_see(who, one.envelope, closed=self._is_closed(one, until=None))

    def _was_told(self, who: Who, one: Logged) -> bool:
        """Tell whether a reader who may not see an event now could see it until it was retracted."""
        moments = [amendment.position for amendment in self._unsafe(one, None)]
        return any(
            one.position < moment and may_see(who, one.envelope, closed=self._is_closed(one, until=moment))
            for moment in moments
        )

    def _unsafe(self, one: Logged, until: int | None) -> list[Logged]:
        """Return the retractions that hide an event from all but its publisher."""
        about = [one.naming]
        if one.envelope["type"] == "record.corrected" and one.target is not None:
            about.append(one.target)
        return [
            amendment
            for naming in about
            for amendment in self._amended.get(naming, ())
            if amendment.is_unsafe and (until is None or amendment.position < until)
        ]

    def _is_closed(self, one: Logged, until: int | None) -> bool:
        if self._unsafe(one, until):
            return True
        opens = one.envelope.get("notbefore")
        if opens is None or _moment(opens) <= _moment(one.envelope["recordedtime"]):
            return False
        releases = [r for r in self._releases if until is None or r.position < until]
        return not any(_moment(r.data["until"]) >= _moment(opens) for r in releases)

    def _counts(self, one: Logged, known: set[int]) -> bool:
        """Tell whether an event does something to an event that is known."""
        if one.stem.startswith("embargo.released."):
            return any(self._opens(one, other) for other in self._log if other.position in known)
        target = None if one.target is None else self._by_naming.get(one.target)
        return target is not None and target.position in known

    def _opens(self, release: Logged, other: Logged) -> bool:
        opens = other.envelope.get("notbefore")
        if opens is None or other.position > release.position:
            return False
        before = [_moment(r.data["until"]) for r in self._releases if r.position < release.position]
        start = max([_moment(other.envelope["recordedtime"]), *before])
        return start < _moment(opens) <= _moment(release.data["until"])

    def _stripped(self, who: Who, one: Logged) -> Logged:
        data: Json = one.data
        for pointer in self.hides(who, one):
            if self._is_effect(one, pointer):
                continue
            if pointer == "/changes/*/to":
                data = {**data, "changes": self._changes(who, one, _without)}
            else:
                data = _removed(data, pointer.split("/")[1:])
        return replace(one, envelope={**one.envelope, "data": {} if data is _GONE else data})

    def _shell(self, who: Who, one: Logged) -> Logged:
        """Keep what an event did and what it named; blank its words."""
        stripped = self._stripped(who, one)
        return replace(
            stripped, envelope={**stripped.envelope, "data": self._blanked(who, stripped, lambda _: "—")}
        )

    def _blanked(self, who: Who, one: Logged, word: Callable[[str], str]) -> Json:
        """Blank the words of a payload; not those that a correction puts where the reader sees them."""
        blank = _blank(one.data, word)
        target = None if one.target is None else self._by_naming.get(one.target)
        shows = target is not None and self._sees(who, target) and "changes" in one.data
        return {**blank, "changes": one.data["changes"]} if shows else blank

    def _changed(self, who: Who, one: Logged, random: Random, *, whole: bool) -> Logged:
        def other(_: str) -> str:
            return f"altered {random.randrange(1000)}"

        data: Json = one.data
        if whole:
            data = self._blanked(who, one, other)
        for pointer in self.hides(who, one):
            if self._is_effect(one, pointer):
                continue
            if pointer == "/changes/*/to":
                changes = self._changes(who, replace(one, envelope={**one.envelope, "data": data}), _reworded)
                data = {**data, "changes": changes}
            else:
                path = pointer.split("/")[1:]
                data = self._first_valid(one.stem, _altered(data, path, random), _removed(data, path), data)
        return replace(one, envelope={**one.envelope, "data": data})

    def _changes(
        self, who: Who, one: Logged, hide: Callable[[dict[str, Json]], dict[str, Json]]
    ) -> list[dict[str, Json]]:
        """Return the changes of a correction; `hide` treats those whose field in the target is hidden."""
        target = None if one.target is None else self._by_naming.get(one.target)
        is_known = target is not None and (self._sees(who, target) or self._was_told(who, target))
        closed = self.hides(who, target) if target is not None and is_known else ["/"]
        return [
            hide(change)
            if any(f"{change['pointer']}/".startswith(f"{top.rstrip('/')}/") for top in closed)
            else change
            for change in one.data["changes"]
        ]

    def _first_valid(self, stem: str, *choices: Json) -> Json:
        """Return the first payload that could have been recorded."""
        return next(one for one in choices if one is choices[-1] or not self._problems(stem, one))

    def _problems(self, stem: str, data: Json) -> bool:
        return not isinstance(data, dict) or bool(self._registry.contract(stem).check(data))

    @staticmethod
    def _is_effect(one: Logged, pointer: str) -> bool:
        return one.is_unsafe and pointer == "/reason"


def _reworded(change: dict[str, Json]) -> dict[str, Json]:
    return {**change, "to": f"altered {change['to']}"} if isinstance(change["to"], str) else change


def _without(change: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in change.items() if name != "to"}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _removed(value: Json, path: Sequence[str]) -> Json:
    """Remove what `path` leads to, and every list or object above it that has nothing else."""
    if not path:
        return _GONE
    if isinstance(value, dict):
        inner = {k: _removed(v, path[1:]) if path[0] in {"*", k} else v for k, v in value.items()}
        left: Json = {k: v for k, v in inner.items() if v is not _GONE}
    elif isinstance(value, list) and path[0] == "*":
        left = [v for v in (_removed(item, path[1:]) for item in value) if v is not _GONE]
    else:
        return value
    return left or _GONE


def _altered(value: Json, path: Sequence[str], random: Random) -> Json:
    """Say something else where `path` leads, or something where there was nothing."""
    word = f"altered {random.randrange(1000)}"
    if not path:
        return word
    if isinstance(value, dict) and path[0] != "*":
        if path[0] in value:
            return {**value, path[0]: _altered(value[path[0]], path[1:], random)}
        new = f"source:altered.{random.randrange(1000)}" if path[0] == "source" else word
        return value if len(path) > 1 or random.random() < 0.5 else {**value, path[0]: new}
    if isinstance(value, list) and path[0] == "*":
        return [_altered(item, path[1:], random) for item in value]
    return value


def _blank(value: Json, word: Callable[[str], str], *, inside: bool = False) -> Json:
    """Replace every text in fields that hold nothing but words."""
    if isinstance(value, str):
        return word(value) if inside else value
    if isinstance(value, list):
        return [_blank(item, word, inside=inside) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"pointer", "to"}:
        return {**value, "to": _blank(value["to"], word, inside=value["pointer"].rpartition("/")[2] in TEXTS)}
    return {name: _blank(inner, word, inside=inside or name in TEXTS) for name, inner in value.items()}


def read_log(path: Path) -> list[Logged]:
    """Read the whole log from its file."""
    db = sqlite3.connect(path)
    try:
        rows = db.execute("SELECT rowid, topic, state FROM stored_events ORDER BY rowid").fetchall()
    finally:
        db.close()
    return [Logged(position, topic, json.loads(state)) for position, topic, state in rows]


def rewrite_log(path: Path, rows: Mapping[int, Logged]) -> None:
    """Let the file hold these rows only, each at its position."""
    db = sqlite3.connect(path)
    try:
        positions = [row[0] for row in db.execute("SELECT rowid FROM stored_events")]
        for gone in set(positions) - set(rows):
            db.execute("DELETE FROM stored_events WHERE rowid = ?", (gone,))
            db.execute("DELETE FROM recorded_keys WHERE position = ?", (gone,))
        for position, row in rows.items():
            state = json.dumps(
                row.envelope, ensure_ascii=False, sort_keys=True, separators=(",", ":")
            ).encode()
            db.execute(
                "UPDATE stored_events SET topic = ?, state = ? WHERE rowid = ?", (row.stem, state, position)
            )
        db.commit()
    finally:
        db.close()


def strings(value: Json) -> Iterator[str]:
    """Yield every text in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


WORD = re.compile(r"[^\W\d_]{4,}")
