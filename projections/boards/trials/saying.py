"""What events say of one thing, weighed as everywhere else, and who doubts it."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from events.event import Position, RecordedEvent
from projections.boards.tellings import Name, Telling, Tellings
from projections.boards.truth.claims import origin_of
from projections.shown import DOUBTED, Assessment, Claim, Shown, assessment_of, shown, world_key

Json = Any


class Saying(NamedTuple):
    """A value that an event says; `pointer` is where in its payload."""

    value: Json
    telling: Telling
    pointer: str


def by_world(tellings: Iterable[Telling]) -> list[Telling]:
    """Return tellings by when what they say was so; arrival makes no difference."""
    return sorted(tellings, key=place_of)


def place_of(one: Telling) -> tuple[str, str, str, str]:
    """Return by what an event stands among others in the world."""
    time = str(one.event.get("time", ""))
    return (world_key(one.when or time[:10]), time, *one.name)


def sayings(tellings: Iterable[Telling], field: str) -> list[Saying]:
    """Return what events say in one field of their payload."""
    return [Saying(one.data[field], one, f"/{field}") for one in tellings if field in one.data]


def text_of(value: Json) -> str:
    """Return a value in the one form by which two can be compared."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


class Voices:
    """Weighs what some events say.

    Args:
        tellings: finds what is said about them.
        told: the events.
    """

    def __init__(self, tellings: Tellings, told: Iterable[Telling]) -> None:
        self._on = tellings.on({one.name for one in told})
        self._assessments = {name: _assessments(name, said) for name, said in self._on.items()}

    def shown(self, said: Sequence[Saying]) -> Shown | None:
        """Return what is shown of several sayings, by the rule of all values; None if nothing is said."""
        if not said:
            return None
        claims = [Claim(one.value, origin_of(one.telling), one.pointer) for one in said]
        return shown(claims, lambda origin: self._assessments.get((origin.source, origin.id), ()))

    def told(self, said: Sequence[Saying]) -> Json | None:
        """Return what is shown, and who says what; None if nothing is said."""
        found = self.shown(said)
        if found is None:
            return None
        voices = {(one.telling.partner, text_of(one.value)): one.value for one in said}
        return {
            **found.as_json(),
            "said": [{"by": by, "value": value} for (by, _), value in sorted(voices.items(), key=_first)],
        }

    def doubts(self, one: Telling, pointer: str) -> list[Json]:
        """Return who disputes a field of an event, or all of it, and what they hold to be right instead."""
        found = []
        for about in by_world(self._on.get(one.name, ())):
            assessed = next(iter(_assessments(one.name, (about,))), None)
            if assessed is None or assessed.result not in DOUBTED or not _concerns(assessed, pointer):
                continue
            alternative = about.data.get("alternative", {})
            said = {"alternative": alternative[pointer]} if pointer in alternative else {}
            note = {"note": about.data["note"]} if "note" in about.data else {}
            verdict = about.data.get("verdict")
            found.append({"by": about.partner, "verdict": verdict, **said, **note, "event": about.proof})
        return found

    def corrections(self, one: Telling, field: str) -> list[Json]:
        """Return who put a field of an event right, and when: whoever read it before holds something else."""
        return [
            {"field": field, "by": f"partner:{about.partner}", "on": about.event.get("time")}
            for about in by_world(self._on.get(one.name, ()))
            if about.type == "record.corrected" and about.partner == one.partner
            for change in about.data.get("changes", ())
            if change.get("pointer") == f"/{field}"
        ]


def _assessments(name: Name, said: Iterable[Telling]) -> list[Assessment]:
    events = (RecordedEvent(Position(one.position), "", {**one.event, "data": one.data}) for one in said)
    found = (assessment_of(event) for event in events)
    return [one._replace(about_source=name[0], about_id=name[1]) for one in found if one is not None]


def _concerns(one: Assessment, pointer: str) -> bool:
    return not one.fields or any(
        field == pointer or pointer.startswith(f"{field}/") or field.startswith(f"{pointer}/")
        for field in one.fields
    )


def _first(pair: tuple[tuple[str, str], Json]) -> tuple[str, str]:
    return pair[0]


def values_of(found: Shown | None) -> list[Json]:
    """Return all that is shown: one value, or all sides of a dispute."""
    return [] if found is None else found.values
