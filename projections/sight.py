"""A sight: all views as one class of readers may see them. The only thing that answers questions."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

from events.event import Position
from projections.assertions import CLAIM, Assertions
from projections.assertions import KINDS as CLAIM_TIES
from projections.boards.catalogue import BOARDS
from projections.boards.kept import Keeping, Stock
from projections.boards.mine.board import Desk, board
from projections.boards.mine.news import changed
from projections.boards.papers import Papers
from projections.boards.statements.clocks import ReplyClocks
from projections.boards.tellings import Tellings
from projections.conflicts import ConflictSight
from projections.dossier_sight import LISTS, DossierSight, ListQuery, dossier_in, listing_in
from projections.erasures import ErasureSight
from projections.event_query import EventPage, EventQuery
from projections.feed import FeedPage
from projections.feed_edge import Edge
from projections.graph.paths.introductions import PathQuery
from projections.graph.query import ALL, GraphQuery, then_of
from projections.graph.questions.answering import Questions
from projections.graph.questions.derived import DERIVED
from projections.graph.questions.inquiry import Inquiry, Reached
from projections.graph.questions.standings import Standings
from projections.graph.sight import GraphSight
from projections.graph.whole.measuring import MeasureSight
from projections.graph.whole.question import Pending, WholeQuestion
from projections.labels import Allowed
from projections.own_sight import OwnSight
from projections.search import SearchSight
from projections.stale import FLAG
from projections.suggestions.query import SuggestionQuery
from projections.suggestions.sight import SuggestionSight
from projections.timeline_sight import TimelineSight

Json = Any

_ALL = 1_000_000_000


class SightOfEach(NamedTuple):
    """Each view as one class of readers may see it."""

    timeline: TimelineSight
    search: SearchSight
    graph: GraphSight
    dossiers: DossierSight
    conflicts: ConflictSight
    erasures: ErasureSight
    measures: MeasureSight
    suggestions: SuggestionSight
    standings: Standings
    own: OwnSight


class Sight:
    """Answers for one class of readers; built by `ReadingRoom.purge`, never otherwise.

    It grows with the log. Hold it for one question only: whose rights change gets another one from `purge`.
    """

    def __init__(
        self,
        allowed: Allowed,
        position: Callable[[], Position],
        views: SightOfEach,
        clocks: ReplyClocks,
        stock: Stock,
    ) -> None:
        self.allowed = allowed
        self._clocks = clocks
        self._position = position
        self._timeline = views.timeline
        self._search = views.search
        self._graph = views.graph
        self._dossiers = views.dossiers
        self._conflicts = views.conflicts
        self._erasures = views.erasures
        self._measures = views.measures
        self._suggestions = views.suggestions
        self._standings = views.standings
        self._own = views.own
        self._assertions = Assertions(views.timeline.claims, views.graph)
        self._keeping = Keeping(views.dossiers, stock)

    @property
    def position(self) -> Position:
        """The position that every healthy view has reached."""
        return self._position()

    def events(self, query: EventQuery) -> EventPage:
        """Return events in append order."""
        return self._timeline.events(query)

    def by_country(self, query: EventQuery, codes: Sequence[str]) -> dict[str, int]:
        """Return how many events that fit name each country; an event of two countries counts for both."""
        return self._timeline.by_country(query, codes)

    def event(self, source: str, event_id: str) -> Json | None:
        """Return one event with its corrections and assessments; None if there is none for these readers."""
        return self._timeline.event(source, event_id)

    def evidence(self, source: str, event_id: str) -> tuple[Position, Json] | None:
        """Return where the log has an event, which stays inside, and the event as these readers see it."""
        return self._timeline.evidence(source, event_id)

    def timeline(self, ref: str, order: str = "world", limit: int = 200, offset: int = 0) -> Json | None:
        """Return the events about a reference by world date or by append order (`log`)."""
        return self._timeline.timeline([ref], order, limit, offset)

    def feed(self, after: Position, part: int, query: EventQuery, limit: int) -> FeedPage:
        """Return what these readers are told behind `(after, part)`, as far as every view has applied it."""
        return self._timeline.feed(after, part, query, limit, self._position())

    def at_edge(self, edge: Edge, query: EventQuery) -> FeedPage:
        """Return what these readers are told of what was read for all at once; the same as `feed` says."""
        return self._timeline.at_edge(edge, query)

    def search(self, text: str, kinds: Sequence[str] = (), limit: int = 20, offset: int = 0) -> Json:
        """Return the events that hold every word of `text`, newest first."""
        return self._search.search(text, kinds, limit, offset)

    def questions(self, now: date, moment: GraphQuery = ALL) -> Questions:
        """Return what answers the coordinators' questions, and knows derived ties, on a day of the hub's clock."""
        inquiry = self._inquiry(now, moment)
        return Questions(inquiry, self._standings.ranking(inquiry), self._reached())

    def alone(self, asked: Mapping[str, Json], now: date, moment: GraphQuery = ALL) -> Json | Pending:
        """Return a page of who stands alone, or the job after which there is one."""
        return self._standings.alone(self._inquiry(now, moment), self._reached, asked)

    def _inquiry(self, now: date, moment: GraphQuery) -> Inquiry:
        """Return an inquiry about a moment; what the hub knew on a day is weighed as of that day."""
        day = moment.as_of or moment.known_on
        if moment.known_on is not None and moment.known_on >= now.isoformat():
            moment = replace(moment, known_on=None)  # what will be known today is known now, or not at all
        inquiry = self._graph.inquire(now).at(self._dated(moment))
        return inquiry if day is None else replace(inquiry, now=min(date.fromisoformat(day), now))

    def _reached(self) -> Reached:
        return Reached(self._position(), self._dossiers.touched)

    def graph(
        self, query: GraphQuery, now: date | None = None, *, derived: bool = False, claims: bool = False
    ) -> Json:
        """Return a part of the graph.

        Args:
            query: which; derived ties and claims are added where it names some.
            now: the day of the hub's clock; without it there are no derived ties.
            derived: add all derived ties.
            claims: add the events behind it as nodes.
        """

        def find(asked: GraphQuery) -> Json:
            if now is None:
                return self._graph.graph(asked)
            return self.questions(now).part(asked, self._graph.graph, derived=derived)

        return self._assertions.part(self._dated(query), find, claims=claims)

    def written_graph(self, query: GraphQuery, now: date, *, derived: bool, claims: bool) -> Json:
        """Return the same as `graph` for whoever writes it as JSON at once: much of it is written already."""
        more = claims or self._assertions.are_asked(query)
        if more or derived or not set(DERIVED).isdisjoint(query.ties):
            return self.graph(query, now, derived=derived, claims=claims)
        return self._graph.written(self._dated(query))

    def node(self, ref: str, query: GraphQuery = ALL, now: date | None = None) -> Json | None:
        """Return everything known about a reference, each value with the claims behind it."""
        if ref.startswith(f"{CLAIM}:"):
            return self._assertions.node(ref)
        query = self._dated(query)
        found = self._graph.node(ref, query)
        return found if now is None else self.questions(now).node(found, query)

    def edge(
        self, source: str, target: str, kind: str, query: GraphQuery = ALL, now: date | None = None
    ) -> Json | None:
        """Return everything known about one tie; of a derived one, what it follows from."""
        if kind in CLAIM_TIES:
            return self._assertions.tie(source, target, kind)
        query = self._dated(query)
        if now is not None and kind in DERIVED:
            return self.questions(now).edge(source, target, kind, query)
        return self._graph.edge(source, target, kind, query)

    def changes(self, since: Position, limit: int) -> tuple[Json, Position]:
        """Return what is new in the graph since a position, and the position from which to go on."""
        found, reached = self._graph.changes(since, limit)
        return found, Position(reached)

    def paths(self, query: PathQuery) -> Json | None:
        """Return introduction paths, each step with its proof; None if these readers do not know an end."""
        return self._graph.paths(query)

    def export(self, form: str, query: GraphQuery = ALL) -> Iterator[bytes]:
        """Stream the graph in one of the export formats."""
        return self._graph.export(form, self._dated(query))

    def whole(self, question: WholeQuestion) -> Json | Pending:
        """Return a measure of the whole graph, or the job that finds it."""
        return self._measures.answer(question)

    def job(self, name: str) -> Json | Pending | None:
        """Return the answer of a job of these readers, or how far it is."""
        return self._measures.job(name)

    def cancel_job(self, name: str) -> bool:
        """End a job of these readers; False if there is none."""
        return self._measures.cancel(name)

    def _dated(self, query: GraphQuery) -> GraphQuery:
        """Return a query that says by a place of the log which day's knowledge it asks for."""
        if query.known_on is None or query.upto is not None:
            return query
        return replace(query, upto=self._timeline.place_on(query.known_on))

    def listing(self, kind: str, query: ListQuery) -> Json:
        """Return a page of a list of things of one kind."""
        if query.as_of is not None or query.known_on is not None:
            asked = self._dated(GraphQuery(as_of=query.as_of, known_on=query.known_on))
            with self._graph.past(asked) as reading:
                return listing_in(reading, kind, query)
        page = self._dossiers.listing(kind, query)
        flagged = self._timeline.flagged([item["ref"] for item in page["items"]])
        items = [{**item, "flags": [FLAG]} if item["ref"] in flagged else item for item in page["items"]]
        return {**page, "items": items}

    def papers(self, now: datetime, query: GraphQuery = ALL) -> Papers:
        """Return what boards are made from, at a moment of the hub's clock."""
        then = then_of(self._dated(query))
        tellings = Tellings(self._timeline, self._graph.merged(), then)
        partner, kept = self.allowed.reader.partner, (self._dossiers, self._keeping, self._clocks)
        return Papers(partner, now, tellings, *kept, then)

    def dossier(
        self, kind: str, ref: str, query: GraphQuery = ALL, now: datetime | None = None
    ) -> Json | None:
        """Return the dossier of one thing: values, ties, and events by world date and as recorded.

        With a moment of the hub's clock it holds the board of the thing too, if its kind has one.
        """
        query = self._dated(query)
        is_past = query.as_of is not None or query.upto is not None
        dossier = self._past_dossier(kind, ref, query) if is_past else self._dossiers.dossier(kind, ref)
        if dossier is None:
            return None
        refs = [dossier["ref"], *dossier.get("same", ())]
        ties = self._graph.ties(ref, query) or {"ties": {}, "truncated": 0}
        flags = {"flags": [FLAG]} if not is_past and self._timeline.flagged(refs) else {}
        then = then_of(query)
        orders = {order: self._timeline.timeline(refs, order, then=then) for order in ("world", "log")}
        return {**dossier, **flags, **ties, **self._board(dossier["ref"], query, now), "timeline": orders}

    def _board(self, ref: str, query: GraphQuery, now: datetime | None) -> Json:
        board = BOARDS.get(ref.partition(":")[0])
        return {} if board is None or now is None else {"board": board(self.papers(now, query), ref)}

    def _past_dossier(self, kind: str, ref: str, query: GraphQuery) -> Json | None:
        if ref.partition(":")[0] != LISTS.get(kind):
            return None
        with self._graph.past(query) as reading:
            return dossier_in(reading, ref)

    def conflicts(self, limit: int, offset: int) -> Json:
        """Return a page of who is kept out of which case, and by what."""
        return self._conflicts.conflicts(limit, offset)

    def suggestions(self, query: SuggestionQuery) -> Json | None:
        """Return who may be whom, and which incidents may be one; None if these readers do not know `about`."""
        return self._suggestions.suggestions(query)

    def erasures(self, now: datetime, limit: int = 50, offset: int = 0, *, overdue: bool = False) -> Json:
        """Return a page of erasures, with who has answered them; `now` decides what is overdue."""
        return self._erasures.erasures(now, limit, offset, overdue=overdue)

    def owes_answer(self, now: datetime) -> bool:
        """Tell whether the partner of these readers owes an answer to an erasure for too long to be given more."""
        partner = self.allowed.reader.partner
        return partner is not None and self._erasures.owes(partner, now)

    def mine(self, slug: str, now: datetime) -> Json:
        """Return what waits for a partner, which must be that of these readers, at a moment of the hub's clock."""
        desk = Desk(self._own, self._erasures.erasures(now, _ALL), self._conflicts.conflicts(_ALL, 0))
        return board(self.papers(now), desk, slug)

    def news(
        self, slug: str, since: tuple[Position, int], followed: Collection[str], limit: int
    ) -> tuple[list[Json], FeedPage]:
        """Return what changed of a partner's matters behind a place, and the page of the feed that was looked at."""
        page = self.feed(*since, EventQuery(), limit)
        return changed(page.messages, self._own, slug, followed), page
