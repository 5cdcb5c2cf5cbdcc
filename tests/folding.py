"""Views folded by hand, for tests of the reading rooms: an event put here is seen at once."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from events.audience import PUBLIC, Label, Reader, label_of
from events.event import SOURCE_PREFIX, Position, RecordedEvent
from projections.changes import Change
from projections.database import Database
from projections.dossiers import Dossiers, DossierSight
from projections.graph.sight import GraphSight
from projections.graph.view import Graph
from projections.labels import Allowed, Labels
from projections.rules import Readings, Rule, load_rules
from schemas.registry import Registry

Json = Any

STEWARD = Reader("stewards", "hub", "amber+strict")


def registry() -> Registry:
    """Return the registry of the package."""
    return Registry.load()


def rules() -> Mapping[str, Rule]:
    """Return the rules of the package."""
    return load_rules(registry())


def recorded(
    position: int, event_type: str, data: Json, partner: str = "open-docket", **extra: str
) -> RecordedEvent:
    """Return an event as the log would have it; clear unless `tlp` says otherwise."""
    envelope = {
        "specversion": "1.0",
        "id": f"event-{position}",
        "source": SOURCE_PREFIX + partner,
        "type": event_type,
        "time": f"2026-11-01T00:{position // 60:02}:{position % 60:02}Z",
        "tlp": "clear",
        "data": data,
        **extra,
    }
    return RecordedEvent(Position(position), f"{event_type}.v1", envelope)


class Views:
    """The graph and the dossiers over one file."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path / "views.db")
        self.labels = Labels(self.database.writer)
        readings = Readings(registry(), rules())
        self.graph = Graph(readings, self.labels, self.database)
        self.dossiers = Dossiers(readings, self.labels, self.database)
        for view in (self.graph, self.dossiers):
            self.database.writer.executescript(view.schema)
            view.load(self.database.writer)

    def fold(self, *changes: Change) -> None:
        """Apply changes in one transaction."""
        with self.database.transaction() as db:
            self.graph.fold(db, changes)
            self.dossiers.fold(db, changes)

    def put(self, *events: RecordedEvent, at: int | None = None, label: Label | None = None) -> None:
        """Let events read as they are now."""
        self.fold(
            *(
                Change(
                    "put",
                    event,
                    label or label_of(event.envelope, embargoed=False),
                    Position(at or event.position),
                )
                for event in events
            )
        )

    def drop(self, event: RecordedEvent, at: int) -> None:
        """Forget an event."""
        label = label_of(event.envelope, embargoed=False)
        self.fold(Change("drop", event, label, Position(at), "retracted", label))

    def graph_of(self, reader: Reader = PUBLIC) -> GraphSight:
        """Return the graph as somebody sees it."""
        return GraphSight(self.graph, Allowed(self.labels, reader))

    def dossiers_of(self, reader: Reader = PUBLIC) -> DossierSight:
        """Return the dossiers as somebody sees them."""
        return DossierSight(self.dossiers, Allowed(self.labels, reader))


@contextmanager
def views_in(path: Path) -> Iterator[Views]:
    """Give views over a file in `path`, and close it afterwards."""
    views = Views(path)
    try:
        yield views
    finally:
        views.database.close()
