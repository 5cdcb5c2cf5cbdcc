"""What every decision is: an aggregate of `eventsourcing` that may refuse, then folds what it decided."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, cast
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from events.audience import Reader, label_of, visible
from events.event import Json
from events.mapper import Fact
from events.moments import read_moment
from schemas.problem import Problem

NAMESPACE = UUID("6f6c6964-6172-5974-8048-756200000001")
"""Of the streams of decisions; part of the log's format, never changed."""

_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


class DecisionRefused(Exception):
    """An event would break an invariant.

    Args:
        code: e.g. `already_joined`.
        pointer: from the root of the event.
        detail: one plain sentence without values.
    """

    def __init__(self, code: str, pointer: str, detail: str) -> None:
        super().__init__(f"{code} at {pointer}")
        self.code = code
        self.pointer = pointer
        self.detail = detail

    def as_problem(self) -> Problem:
        """Return it as partners read it."""
        return Problem(self.pointer, self.code, self.detail)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who wants the decision, with the rights he has at this moment.

    Args:
        slug: of the partner.
        account: within the partner.
        roles: that the partner holds.
        references: further references that are the partner's own.
        moment: when it is decided.
        ecosoc_status: of the partner at the United Nations.
    """

    slug: str
    account: str
    roles: frozenset[str]
    references: frozenset[str]
    moment: datetime
    ecosoc_status: str = "none"

    @property
    def is_steward(self) -> bool:
        """Whether the partner runs the hub."""
        return "steward" in self.roles

    def owns(self, reference: str) -> bool:
        """Tell whether a `partner:` reference means the actor's own partner."""
        return slug_in(reference) == self.slug or reference in self.references

    def sees(self, envelope: Mapping[str, Json]) -> bool:
        """Tell whether the actor's partner may know of an event, going by the label that it was recorded with."""
        opens = read_moment(str(envelope.get("notbefore", "")))
        label = label_of(envelope, embargoed=opens is not None and opens > self.moment)
        return visible(Reader(self.slug, self.account, "red"), label)

    def names(self, reference: str) -> bool:
        """Tell whether it is for the actor to give a thing this reference: a UUID, or in its own numbering.

        So nobody learns from a refusal which references of another partner are taken.
        """
        slug = slug_in(reference)
        return slug is None or slug == self.slug


def slug_in(reference: str) -> str | None:
    """Return the slug in a reference such as `partner:SLUG` or `action:SLUG.OWN-ID`; None for a UUID."""
    local = reference.partition(":")[2] or reference
    # A UUID could pass for a slug, being letters, digits and hyphens, so its form is looked for first.
    try:
        UUID(local)
    except ValueError:
        return local.partition(".")[0]
    return None


class Decision(Aggregate):
    """A stream of decision events under one key, such as everything about one action.

    It may take part in events that lie in no stream of its own (`hears`): the desk leads it through them.
    """

    hears = False
    """Whether it takes part in events of other streams."""

    is_decider = True
    """Whether events are decided here; else it only takes part in those of others, and has no stream."""

    was_report = False
    """Whether an older release recorded its events as reports: it finds them by turns that were written later."""

    heard = 0
    """In how many it has taken part."""

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """Return what names the stream, e.g. `action:...`."""
        raise NotImplementedError

    @classmethod
    def stream(cls, key: str) -> UUID:
        """Return the stream's identifier."""
        return uuid5(NAMESPACE, f"{cls.__name__} {key}")

    @classmethod
    def blank(cls, stream: UUID) -> Self:
        """Return the aggregate before anything was decided."""
        aggregate = cls.__new__(cls)
        aggregate.__base_init__(stream, cls.INITIAL_VERSION - 1, _BEFORE_ALL)
        aggregate.begin()
        return aggregate

    @classmethod
    def replay(cls, aggregate: Any, facts: Iterable[Any]) -> Any:
        """Project facts onto the aggregate; the library's repository calls this."""
        for fact in facts:
            so_far = cls.blank(fact.originator_id) if aggregate is None else aggregate
            aggregate = fact.mutate(so_far)
        return aggregate

    def begin(self) -> None:
        """Set the attributes that the state consists of."""

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """Raise `DecisionRefused` if the event would break an invariant; change nothing."""

    def remarks(self, _event_type: str, _envelope: Mapping[str, Json], _actor: Actor) -> tuple[Problem, ...]:
        """Return what the publisher should know of an event that is accepted."""
        return ()

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Change the state by an event that was decided."""

    def claims(self, _event_type: str, _envelope: Mapping[str, Json]) -> tuple[tuple[str, str], ...]:
        """Return (name, pointer) of what this event takes for itself for ever, across all streams."""
        return ()

    def touches(
        self, _event_type: str, _envelope: Mapping[str, Json], _actor: Actor
    ) -> Iterable[tuple[type["Decision"], str]]:
        """Return which further aggregates take part in an event in which this one does; each of them `hears`."""
        return ()

    def asks(self) -> Iterable[tuple[type["Decision"], str]]:
        """Return which aggregates are asked whenever this one is: the desk looks them up all at once."""
        return ()

    def takes_part(self, _event_type: str, _envelope: Mapping[str, Json], _actor: Actor) -> bool:
        """Tell whether an event that touches this aggregate counts for it."""
        return True

    def note(self, stem: str, envelope: Mapping[str, Json], moment: datetime) -> Fact:
        """Fold what was decided, and return the fact to be stored."""
        self.trigger_event(Fact, stem=stem, envelope=envelope, timestamp=moment)
        return cast("Fact", self.collect_events()[0])
