"""Notices: what a publisher should know of an event that was stored, yet looks like a slip, or may change nothing.

Only of its own events: whether there is one of somebody else must not show.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from events.checks import about_of
from events.corrections import changed, corrected
from events.decisions.amended import CORRECTED, Amended
from events.event import Json
from events.future import said_too_early
from events.retelling import Heard, contracts, stem_named
from schemas.contract import Contract
from schemas.problem import Problem

_NOT_HERE = Problem("/data/about_event", "unknown_event", "Not here yet; takes effect when it arrives.")
_WHOSE = Problem(
    "/data/about_event",
    "unknown_event",
    "You have no such event; takes effect when it arrives.",
    "Say in about_source whose event you assess, if it is not your own.",
)


class Notices:
    """Finds what looks like a slip, has no effect, or none yet, within one transaction.

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
        contract = _contract(str(envelope["dataschema"]))
        early = () if contract is None else said_too_early(contract, envelope)
        return (*early, *self._of_words(event_type, envelope))

    def _of_words(self, event_type: str, envelope: Mapping[str, Json]) -> tuple[Problem, ...]:
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

        def accepts(data: Json) -> bool:
            return reason(data) is None

        _, left_out = changed(corrected(read, earlier, accepts), correction["data"].get("changes"), accepts)
        whys = ((number, _NOWHERE if made is None else reason(made)) for number, made in left_out)
        yield from (
            replace(why, pointer=f"/data/changes/{number}", detail=f"Has no effect. {why.detail}")
            for number, why in whys
            if why is not None
        )


_NOWHERE = Problem("", "unknown_field", "It points to no place in the event.")
_SUBJECT = Problem("", "not_allowed", "What an event is about stays.")


def _at(data: Json, steps: Sequence[str]) -> Json:
    for step in steps:
        data = data.get(step) if isinstance(data, Mapping) else None
    return data


def _contract(schema: str) -> Contract | None:
    """Return the contract of an event of the package's own types; of a type that a hub has besides there is none."""
    stem = stem_named(schema)
    return contracts().contract(stem) if stem in contracts().stems else None
