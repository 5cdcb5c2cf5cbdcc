"""A sight: all views as one class of readers may see them. The only thing that answers questions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from events.event import Position
from projections.conflicts import ConflictSight
from projections.dossiers import DossierSight, ListQuery
from projections.erasures import ErasureSight
from projections.event_query import EventQuery
from projections.feed import FeedPage
from projections.graph.query import GraphQuery
from projections.graph.sight import GraphSight
from projections.labels import Allowed
from projections.search import SearchSight
from projections.stale import FLAG
from projections.timeline_sight import EventPage, TimelineSight

Json = Any


class SightOfEach(NamedTuple):
    """Each view as one class of readers may see it."""

    timeline: TimelineSight
    search: SearchSight
    graph: GraphSight
    dossiers: DossierSight
    conflicts: ConflictSight
    erasures: ErasureSight


class Sight:
    """Answers for one class of readers; built by `ReadingRoom.purge`, never otherwise.

    It grows with the log. Hold it for one question only: whose rights change gets another one from `purge`.
    """

    def __init__(self, allowed: Allowed, position: Callable[[], Position], views: SightOfEach) -> None:
        self.allowed = allowed
        self._position = position
        self._timeline = views.timeline
        self._search = views.search
        self._graph = views.graph
        self._dossiers = views.dossiers
        self._conflicts = views.conflicts
        self._erasures = views.erasures

    @property
    def position(self) -> Position:
        """The position that every healthy view has reached."""
        return self._position()

    def events(self, query: EventQuery) -> EventPage:
        """Return events in append order."""
        return self._timeline.events(query)

    def event(self, source: str, event_id: str) -> Json | None:
        """Return one event with its corrections and assessments; None if there is none for these readers."""
        return self._timeline.event(source, event_id)

    def timeline(self, ref: str, order: str = "world", limit: int = 200, offset: int = 0) -> Json | None:
        """Return the events about a reference by world date or by append order (`log`)."""
        return self._timeline.timeline(ref, order, limit, offset)

    def feed(self, after: Position, part: int, query: EventQuery, limit: int) -> FeedPage:
        """Return what these readers are told behind `(after, part)`, as far as every view has applied it."""
        return self._timeline.feed(after, part, query, limit, self._position())

    def search(self, text: str, kinds: Sequence[str] = (), limit: int = 20, offset: int = 0) -> Json:
        """Return the events that hold every word of `text`, newest first."""
        return self._search.search(text, kinds, limit, offset)

    def graph(self, query: GraphQuery) -> Json:
        """Return a part of the graph."""
        return self._graph.graph(query)

    def node(self, ref: str) -> Json | None:
        """Return everything known about a reference, each value with the claims behind it."""
        return self._graph.node(ref)

    def edge(self, source: str, target: str, kind: str) -> Json | None:
        """Return everything known about one tie."""
        return self._graph.edge(source, target, kind)

    def paths(self, source: str, target: str, k: int = 3, avoid: Iterable[str] = ()) -> Json | None:
        """Return the shortest introduction paths, each step with its proof."""
        return self._graph.paths(source, target, k, avoid)

    def export(self, form: str, as_of: str | None = None) -> Iterator[bytes]:
        """Stream the graph in one of the export formats."""
        return self._graph.export(form, as_of)

    def listing(self, kind: str, query: ListQuery) -> Json:
        """Return a page of a list of things of one kind."""
        page = self._dossiers.listing(kind, query)
        flagged = self._timeline.flagged([item["ref"] for item in page["items"]])
        items = [{**item, "flags": [FLAG]} if item["ref"] in flagged else item for item in page["items"]]
        return {**page, "items": items}

    def dossier(self, kind: str, ref: str) -> Json | None:
        """Return the dossier of one thing: values, ties, and events by world date and as recorded."""
        dossier = self._dossiers.dossier(kind, ref)
        if dossier is None:
            return None
        ties = self._graph.ties(ref) or {"ties": {}, "truncated": 0}
        flags = {"flags": [FLAG]} if self._timeline.flagged([ref]) else {}
        return {
            **dossier,
            **flags,
            **ties,
            "timeline": {order: self.timeline(ref, order) for order in ("world", "log")},
        }

    def conflicts(self, limit: int, offset: int) -> Json:
        """Return a page of who is kept out of which case, and by what."""
        return self._conflicts.conflicts(limit, offset)

    def erasures(self, now: datetime, limit: int = 50, offset: int = 0, *, overdue: bool = False) -> Json:
        """Return a page of erasures, with who has answered them; `now` decides what is overdue."""
        return self._erasures.erasures(now, limit, offset, overdue=overdue)
