"""Notices: what a publisher should know of a word about one of its events that was stored, yet may change nothing.

Only of its own events: whether there is one of somebody else must not show.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from events.checks import about_of
from events.corrections import corrected
from events.decisions.amended import CORRECTED, Amended
from events.event import Json
from events.retelling import Heard, stem_named
from schemas.contract import Contract
from schemas.problem import Problem
from schemas.registry import Registry

_NOT_HERE = Problem("/data/about_event", "unknown_event", "Not here yet; takes effect when it arrives.")
_WHOSE = Problem(
    "/data/about_event",
    "unknown_event",
    "You have no such event; takes effect when it arrives.",
    "Say in about_source whose event you assess, if it is not your own.",
)


class Notices:
    """Finds what has no effect, or none yet, within one transaction.

    Args:
        is_here: tells whether an event of this source and id was recorded.
        find: returns that event; None if it is not here yet.
        amended: returns what is known of amendments of an event, by source and id as one text.
    """

    def __init__(
        self,
        is_here: Callable[[str, str], bool],
        find: Callable[[str, str], Heard | None],
        amended: Callable[[str], Amended],
    ) -> None:
        self._is_here = is_here
        self._find = find
        self._amended = amended

    def of(self, event_type: str, envelope: Mapping[str, Json]) -> tuple[Problem, ...]:
        """Return what the publisher of an event that is recorded now should know."""
        source, data = str(envelope["source"]), envelope["data"]
        about, unknown = about_of(event_type, data, source), _NOT_HERE
        if event_type == "claim.assessed":
            about, unknown = (str(data.get("about_source", source)), str(data["about_event"])), _WHOSE
        if about is None or about[0] != source:
            return ()
        if not self._is_here(*about):
            return (unknown,)
        return tuple(self._idle(envelope, about)) if event_type == CORRECTED else ()

    def _idle(self, correction: Mapping[str, Json], about: tuple[str, str]) -> Iterator[Problem]:
        """Yield why changes of a correction do nothing to the event as it reads before it."""
        target = self._find(*about)
        contract = None if target is None else _contract(str(target.envelope["dataschema"]))
        if target is None or contract is None:
            return
        earlier = [
            one["data"].get("changes") for one in self._amended(target.name).corrections if one != correction
        ]
        subject = (contract.subject_pointer or "/").split("/")[1:]
        read = target.envelope["data"]

        def reason(data: Json) -> Problem | None:
            if _at(data, subject) != _at(read, subject):
                return _SUBJECT
            return next(iter(contract.check(data)), None)

        before = corrected(read, earlier, lambda data: reason(data) is None)
        for number, why in _refused(before, correction["data"].get("changes", ()), reason):
            yield replace(why, pointer=f"/data/changes/{number}", detail=f"Has no effect. {why.detail}")


_NOWHERE = Problem("", "unknown_field", "It points to no place in the event.")
_SUBJECT = Problem("", "not_allowed", "What an event is about stays.")


def _refused(
    before: Json, changes: Sequence[Json], reason: Callable[[Json], Problem | None]
) -> Iterator[tuple[int, Problem]]:
    """Yield which changes are left out, as `corrected` does, and why."""
    whole, is_placed = before, True
    for change in changes:
        placed = corrected(whole, [[change]], lambda _: True)
        is_placed, whole = is_placed and placed is not whole, placed
    if is_placed and reason(whole) is None:
        return
    for number, change in enumerate(changes):
        placed = corrected(before, [[change]], lambda _: True)
        why = _NOWHERE if placed is before else reason(placed)
        if why is None:
            before = placed
        else:
            yield number, why


def _at(data: Json, steps: Sequence[str]) -> Json:
    for step in steps:
        data = data.get(step) if isinstance(data, Mapping) else None
    return data


@cache
def _registry() -> Registry:
    return Registry.load()


def _contract(schema: str) -> Contract | None:
    """Return the contract of an event of the package's own types; of a type that a hub has besides there is none."""
    stem = stem_named(schema)
    return _registry().contract(stem) if stem in _registry().stems else None
