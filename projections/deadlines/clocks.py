"""Clocks: which dates of which events the timekeeper watches, read from data. Pure.

A new clock is an entry of `clocks.json`, no code. An entry has a `kind`, the `type` whose payloads it reads (`*`: all),
`at` and `ref` (pointers to the date and to what it is about; `@subject` is that of the envelope), and may have `each`
(a pointer to items at which `./` pointers start), `if` (pointer → accepted values, null for a field that is missing),
`zone` (a pointer to the time zone of days), `edge` (`start` or `end`, which is the rule, of a date that is no moment),
`after` (how long after the date it is due), `leads` (how long before that it rings), `from` (pointers to whom it waits
for) and `over`: entries with `type`, `ref`, `if` as above, `by` (`publisher`, which is the rule, or `any`) and `on` (a
pointer to when it was so; else when it was said): a later event of that type about the same thing, which is not later
than the deadline, makes the word void, where all who see the date see that event, too.
Where `at` is `@reply`, the date is the one that `projections/boards/statements/clocks.json` gives a statement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from projections.boards.statements.clocks import ReplyClocks, own_clocks
from projections.deadlines.clock import Clock, Clocks, Conditions, Over
from projections.deadlines.spans import read_span
from projections.rule import steps_of
from projections.rule_compiler import stricter_tlp, strictest
from schemas.contract import Contract
from schemas.registry import Registry

Json = Any

SUBJECT = "@subject"
"""Stands for the subject of the envelope where a clock names what it is about."""

REPLY = "@reply"
"""Stands for the day on which a reply to a statement is due."""

_FIELDS = frozenset({
    "kind", "type", "at", "ref", "each", "if", "zone", "edge", "after", "leads", "from", "over",
})  # fmt: skip


class ClockUnreadable(Exception):
    """An entry of a file of clocks cannot be followed; `kind` says which."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind


_OF_REPLY = ("/reply_expected_by", "/kind", "/issued", "/addressees", "/session")
"""What tells when a reply is due."""


def load_clocks(registry: Registry, extra: Path | None = None, replies: ReplyClocks | None = None) -> Clocks:
    """Read and compile the clocks of every stem.

    Args:
        registry: knows the stems and their marks.
        extra: folder whose `clocks.json`, if there is one, adds to the package's own.
        replies: how long who has for a reply; None: as the package says.

    Raises:
        ClockUnreadable: an entry cannot be followed.
    """
    if extra is None and replies in (None, own_clocks()) and registry is Registry.load():
        return _of_package()
    return _compiled(registry, extra, own_clocks() if replies is None else replies)


@cache
def _of_package() -> Clocks:
    return _compiled(Registry.load(), None, own_clocks())


def _compiled(registry: Registry, extra: Path | None, replies: ReplyClocks) -> Clocks:
    entries = orjson.loads((files("projections.deadlines") / "clocks.json").read_bytes())["clocks"]
    more = None if extra is None else extra / "clocks.json"
    if more is not None and more.is_file():
        entries = [*entries, *orjson.loads(more.read_bytes())["clocks"]]
    found: dict[str, list[Clock]] = {stem: [] for stem in registry.stems}
    for entry in entries:
        stems = [one for one in registry.stems if entry.get("type") in ("*", registry.contract(one).type)]
        if not stems:
            raise ClockUnreadable(str(entry.get("kind")), "reads a type that there is not")
        for stem in stems:
            found[stem].append(_clock(entry, registry.contract(stem), replies))
    return {stem: tuple(clocks) for stem, clocks in found.items() if clocks}


def _clock(entry: Mapping[str, Json], contract: Contract, replies: ReplyClocks) -> Clock:
    kind = str(entry.get("kind"))
    try:
        _refuse_unknown(entry)
        each = entry.get("each", "")
        conditions = _conditions(entry)
        whom = tuple(entry.get("from", ()))
        dates = _OF_REPLY if entry["at"] == REPLY else (entry["at"],)
        named = [*dates, entry["ref"], entry.get("zone", ""), *whom, *(at for at, _ in conditions)]
        pointers = [_absolute(one, each) for one in named if one not in ("", SUBJECT)]
        return Clock(
            kind=kind,
            at=entry["at"],
            ref=entry["ref"],
            each=each,
            conditions=conditions,
            zone=entry.get("zone", ""),
            is_start=entry.get("edge", "end") == "start",
            after=tuple(read_span(one) for one in entry.get("after", ["PT0H"])),
            leads=tuple(read_span(one) for one in entry.get("leads", ["PT0H"])),
            level=_level(contract, pointers),
            needs=steps_of(_absolute(entry["ref"] if entry["at"] == REPLY else entry["at"], each))[0],
            reads=tuple(sorted({steps_of(one)[0] for one in pointers})),
            whom=whom,
            over=tuple(_over(one) for one in entry.get("over", ())),
            replies=replies if entry["at"] == REPLY else None,
        )
    except (KeyError, ValueError, TypeError, AttributeError) as broken:
        raise ClockUnreadable(kind, f"breaks the language of clocks ({broken})") from broken


def _refuse_unknown(entry: Mapping[str, Json]) -> None:
    if not entry.keys() <= _FIELDS:
        raise ValueError(f"unknown: {', '.join(sorted(entry.keys() - _FIELDS))}")


def _conditions(entry: Mapping[str, Json]) -> Conditions:
    return tuple((at, tuple(wanted)) for at, wanted in entry.get("if", {}).items())


def _over(entry: Mapping[str, Json]) -> Over:
    is_own = entry.get("by", "publisher") == "publisher"
    return Over(entry["type"], entry["ref"], _conditions(entry), is_own, entry.get("on", ""))


def _level(contract: Contract, pointers: Sequence[str]) -> str | None:
    sealed = [mark.pointer for mark in contract.marks if mark.seal is not None]
    for one in pointers:
        # What is said of a deadline lies in the log in the plain: no key's end would end it.
        if any(one == mark or one.startswith(f"{mark}/") for mark in sealed):
            raise ValueError(f"{one} is sealed")
    return strictest(None, *(stricter_tlp(contract, one, inside=False) for one in pointers))


def _absolute(pointer: str, each: str) -> str:
    if pointer.startswith("./"):
        return f"{each}{pointer[1:]}"
    if not pointer.startswith("/"):
        raise ValueError(f"{pointer} is no pointer")
    return pointer


def over_refs(clocks: Clocks) -> Mapping[str, tuple[str, ...]]:
    """Return type → pointers to what its events are about that may make the word of some deadline void."""
    found: dict[str, set[str]] = {}
    for one in (over for of in clocks.values() for clock in of for over in clock.over):
        found.setdefault(one.type, set()).add(one.ref)
    return {kind: tuple(sorted(refs)) for kind, refs in found.items()}


def fingerprint(clocks: Clocks) -> str:
    """Return what changes with the clocks: what was folded by others must be folded anew."""
    told = [(stem, [_told(one) for one in clocks[stem]]) for stem in sorted(clocks)]
    return blake2b(repr(told).encode(), digest_size=8).hexdigest()


def _told(clock: Clock) -> str:
    replies = () if clock.replies is None else clock.replies.clocks
    lists = [
        (one.name, *map(sorted, (one.statement_kinds, one.mechanisms, one.body_kinds)), one.days)
        for one in replies
    ]
    return f"{replace(clock, replies=None)} {lists}"
