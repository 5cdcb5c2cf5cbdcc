"""The log as an application of `eventsourcing`, and what its recorders offer beyond the library's."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.persistence import InfrastructureFactory, Mapper, Notification, StoredEvent
from eventsourcing.utils import Environment, EnvType

from events.commitments import Leaf
from events.decisions.aggregate import Decision
from events.ledger_tables import Run
from events.mapper import Fact, PlainMapper
from events.travelling import RawRow

TDecision = TypeVar("TDecision", bound=Decision)

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Known:
    """What the log knows under a key.

    Args:
        digest: of what was sent.
        position: of the event.
    """

    digest: bytes
    position: int


@dataclass(frozen=True, slots=True)
class Row:
    """One event to be written with the keys that it takes.

    Args:
        stored: the event.
        keys: key → digest; the first is the event's own.
        alarms: moments at which the timekeeper must act on it, as texts that sort by time.
        leaf: of the Merkle log.
    """

    stored: StoredEvent
    keys: Mapping[bytes, bytes]
    alarms: Sequence[str] = ()
    leaf: Leaf | None = None


class Unit(Protocol):
    """One transaction that no other writer can come between, in this process or another."""

    def known(self, keys: Sequence[bytes]) -> dict[bytes, Known]:
        """Return what is recorded under these keys."""
        ...

    def has_alarm(self, after: str, until: str) -> bool:
        """Tell whether the timekeeper must act after the one moment and not later than the other."""
        ...

    def insert(self, rows: Sequence[Row]) -> Sequence[int]:
        """Write rows and return their positions, in order."""
        ...

    def run(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run a statement on the tables of the ledger."""
        ...


class LogRecorder(Protocol):
    """The library's application recorder with what the hub needs further."""

    @property
    def salt(self) -> bytes:
        """The secret that was drawn when the log was made."""
        ...

    def unit(self) -> AbstractContextManager[Unit]:
        """Open a transaction; it is durable when the context ends without an exception."""
        ...

    def looking(self) -> AbstractContextManager[Run]:
        """Open a transaction that only reads the tables of the ledger."""
        ...

    def select_at(self, positions: Sequence[int]) -> Sequence[Notification]:
        """Return the events at these positions, in the order of the log."""
        ...

    def select_notifications(
        self, start: int | None, limit: int, *, inclusive_of_start: bool = True
    ) -> Sequence[Notification]:
        """Return events in order, from a position."""
        ...

    def select_raw(self, after: int, limit: int) -> Sequence[RawRow]:
        """Return rows behind a position, in order, as they travel."""
        ...

    def max_notification_id(self) -> int | None:
        """Return the last position."""
        ...

    def version(self) -> int:
        """Return a number that differs when something was committed since, by whomever."""
        ...


class Log(Application[UUID]):
    """The application: recorder, plain mapper, and the repository that replays decisions."""

    name = "hub"

    def __init__(self, factory: InfrastructureFactory[Any]) -> None:
        self._given = factory
        super().__init__()

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Keep the process's environment out: settings are arguments."""
        return Environment(name, {})

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        """Return the factory for SQLite or PostgreSQL that was given."""
        return self._given

    def construct_mapper(self) -> Mapper[UUID]:
        """Return the plain mapper."""
        return PlainMapper()

    @property
    def writer(self) -> LogRecorder:
        """The recorder, as the hub uses it."""
        return cast("LogRecorder", self.recorder)

    def facts_at(self, positions: Sequence[int]) -> list[Fact]:
        """Return the facts at some positions, in the order of the log."""
        rows = self.writer.select_at(positions) if positions else ()
        return [cast("Fact", self.mapper.to_domain_event(row)) for row in rows]

    def decision(self, kind: type[TDecision], key: str) -> TDecision:
        """Return an aggregate as the log has it now; blank when nothing was decided."""
        stream = kind.stream(key)
        try:
            return cast("TDecision", self.repository.get(stream, projector_func=kind.replay))
        except AggregateNotFoundError:
            return kind.blank(stream)


def pages(recorder: LogRecorder) -> Iterator[Sequence[Notification]]:
    """Yield the whole log, some events at a time."""
    after = 0
    while page := recorder.select_notifications(after, _PAGE, inclusive_of_start=False):
        yield page
        after = page[-1].id
