"""What the decisions about support remember: a match, and what a partner last said of a need."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from events.decisions.aggregate import slug_in
from events.event import Json, slug_of
from events.moments import read_moment


@dataclass(frozen=True, slots=True)
class Match:
    """An offer that is reserved for a need.

    Args:
        offer: its reference.
        kinds: of help; none: the whole need.
        said: when its publisher says so.
        voices: slugs of the partners that said so.
        envelope: of the first event that said so, `bare`.
    """

    offer: str
    kinds: frozenset[str]
    said: datetime
    voices: frozenset[str]
    envelope: Mapping[str, Json]

    def parties(self) -> frozenset[str]:
        """Return the partners whom it concerns, as far as references tell."""
        data = self.envelope["data"]
        named = (slug_in(str(data[name])) for name in ("need", "offer", "lead") if name in data)
        return self.voices | {slug for slug in named if slug is not None}


@dataclass(frozen=True, slots=True)
class Word:
    """What a partner last said of how a need stands."""

    said: datetime
    state: str
    envelope: Mapping[str, Json]

    @property
    def publisher(self) -> str:
        """Slug of the partner."""
        return slug_of(self.envelope["source"])


_REFERENCES = ("need", "offer", "support", "lead")


def bare(envelope: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return an envelope with nothing of its payload but references: a decision keeps nothing that may be erased."""
    data = envelope["data"]
    return {**envelope, "data": {name: data[name] for name in _REFERENCES if name in data}}


def moment_of(envelope: Mapping[str, Json]) -> datetime:
    """Return when the publisher says so."""
    return read_moment(str(envelope.get("time", ""))) or datetime.min.replace(tzinfo=UTC)
