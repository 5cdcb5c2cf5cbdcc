"""Dates by which something has happened already, and that have not come: most are a slip of the pen."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from events.event import Json
from events.seals import paths_to
from schemas.contract import Contract
from schemas.edtf import bounds
from schemas.problem import Problem
from schemas.walk import pointer_of

_ELSEWHERE = timedelta(days=1)
"""East of the hub it may be tomorrow already."""


def said_too_early(contract: Contract, envelope: Mapping[str, Json]) -> Iterator[Problem]:
    """Yield the dates of an event, as it is recorded now, that tell of the past and lie in the future."""
    latest = date.fromisoformat(str(envelope["recordedtime"])[:10]) + _ELSEWHERE
    for pointer in contract.past:
        for path in paths_to(envelope["data"], pointer.split("/")[1:]):
            first, _ = bounds(_day(_at(envelope["data"], path)))
            if first is not None and first > latest:
                yield Problem(
                    f"/data{pointer_of(path)}",
                    "in_future",
                    "This has happened already, as you say, and its date has not come yet.",
                    "If the date is wrong, correct it. If this is a plan, say so in an event that tells of plans.",
                )


def _day(said: str) -> str:
    """Return the day of a moment; any other date as it is."""
    return said[:10] if said[10:11] in {"T", "t"} else said


def _at(data: Json, path: tuple[str | int, ...]) -> str:
    for step in path:
        data = data[step]
    return str(data)
