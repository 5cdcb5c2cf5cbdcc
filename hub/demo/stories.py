"""The twelve scenarios, read from the NDJSON files beside this module."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby
from typing import Any

from events.event import slug_of

Json = Any

REFUSED = ".refused.ndjson"


@dataclass(frozen=True, slots=True)
class Refused:
    """A step that the hub must refuse.

    Args:
        after: id of the event behind which it is tried.
        status: of the answer to this event alone.
        problems: pointer and code of each problem.
        event: the CloudEvent.
    """

    after: str
    status: int
    problems: list[dict[str, str]]
    event: Json


@dataclass(frozen=True, slots=True)
class Story:
    """One scenario.

    Args:
        name: of its file, e.g. `s01-arrest-to-release`.
        events: in the order of delivery; an event that arrives twice stands here twice.
        refused: steps that the hub must refuse.
    """

    name: str
    events: tuple[Json, ...]
    refused: tuple[Refused, ...]

    def runs(self) -> Iterator[tuple[str, list[Json]]]:
        """Yield slug and events of each run of events in a row by one partner."""
        for source, run in groupby(self.events, key=lambda event: str(event["source"])):
            yield slug_of(source), list(run)


def stories() -> list[Story]:
    """Return the twelve scenarios in order."""
    folder = files("hub.demo").joinpath("scenarios")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".ndjson"))
    found = []
    for name in (name for name in names if not name.endswith(REFUSED)):
        beside = name[:3] + REFUSED
        refused = _lines(folder.joinpath(beside).read_text("utf-8")) if beside in names else []
        events = _lines(folder.joinpath(name).read_text("utf-8"))
        found.append(
            Story(name.removesuffix(".ndjson"), tuple(events), tuple(Refused(**row) for row in refused))
        )
    return found


def _lines(text: str) -> list[Json]:
    return [json.loads(line) for line in text.splitlines()]
