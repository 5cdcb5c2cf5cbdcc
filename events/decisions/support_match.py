"""What the decisions about support remember: a match, and what a partner last said of a need."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from events.decisions.aggregate import slug_in
from events.event import Json, name_of, slug_of
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


class Sayings:
    """What was said of each match, by the event that says it: what is taken back of one leaves what others say."""

    def __init__(self) -> None:
        self._of: defaultdict[str, dict[str, Match]] = defaultdict(dict)
        self._about: dict[str, str] = {}

    def __eq__(self, other: object) -> bool:
        """Tell whether the same was said, as of every state of a decision."""
        return isinstance(other, Sayings) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def hear(self, envelope: Mapping[str, Json], *, is_taken_back: bool) -> Match | None:
        """Take one saying as it reads now, at its first place among those of its match; return the match."""
        data, name = envelope["data"], name_of(envelope)
        support = str(data["support"])
        self._about[name] = support
        if is_taken_back:
            self._of[support].pop(name, None)
        else:
            voices = frozenset({slug_of(envelope["source"])})
            kinds = frozenset(data.get("kinds", ()))
            self._of[support][name] = Match(data["offer"], kinds, moment_of(envelope), voices, bare(envelope))
        return _agreed(self._of[support].values())

    def about(self, name: str) -> str | None:
        """Return of which support an event speaks, by its source and id as one text."""
        return self._about.get(name)


def _agreed(sayings: Iterable[Match]) -> Match | None:
    """Return the match as it was first said, with all who say so; None if nobody does."""
    said = [*sayings]
    if not said:
        return None
    voices = frozenset[str]().union(*(one.voices for one in said))
    return Match(said[0].offer, said[0].kinds, said[0].said, voices, said[0].envelope)


_REFERENCES = ("need", "offer", "support", "lead")


def bare(envelope: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return an envelope with nothing of its payload but references: a decision keeps nothing that may be erased."""
    data = envelope["data"]
    return {**envelope, "data": {name: data[name] for name in _REFERENCES if name in data}}


def moment_of(envelope: Mapping[str, Json]) -> datetime:
    """Return when the publisher says so."""
    return read_moment(str(envelope.get("time", ""))) or datetime.min.replace(tzinfo=UTC)
