"""The views of one file: built together over one log, fed by one tail, exchanged together."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from projections.boards.kept import Stock
from projections.boards.statements.clocks import ReplyClocks
from projections.conflicts import Conflicts
from projections.database import Database
from projections.deadlines.clocks import load_clocks
from projections.deadlines.view import Deadlines
from projections.dossiers import Dossiers
from projections.erasures import Erasures
from projections.feed_edge import EdgeReader
from projections.graph.view import Graph
from projections.graph.whole.desk import Desk
from projections.identities import Identities
from projections.labels import Labels
from projections.public_log import GivenRulings, PublicLog
from projections.rules import Readings, load_rules
from projections.rulings import Rulings
from projections.search import SearchView
from projections.tail import Log, Tail
from projections.timeline import TimelineView
from projections.unsupported import Unsupported
from schemas.registry import Registry

if TYPE_CHECKING:
    from projections.view import Teller


@dataclass(frozen=True, slots=True)
class Code:
    """What folds a log: the same code makes of the same log the same views.

    Args:
        registry: of contracts.
        log: the store.
        extra: folder with further rules under `rules/`.
        reply_clocks: how long who has for a reply; None: the package's own.
        given: words of a public log to fold in place of rulings on a whole one; then `log` is that log.
    """

    registry: Registry
    log: Log
    extra: Path | None = None
    reply_clocks: ReplyClocks | None = None
    given: PublicLog | None = None


class Shelves:
    """Every view over one file, wired to a tail; nobody asks them but sights.

    Args:
        code: that folds.
        path: of the file, made if missing.
    """

    def __init__(self, code: Code, path: Path) -> None:
        registry, log = code.registry, code.log
        self.database = database = Database(path)
        self.labels = labels = Labels(database.writer)
        readings = Readings(registry, load_rules(registry, code.extra))
        clocks = load_clocks(registry, code.extra, code.reply_clocks)
        self.rulings: Teller = (
            Rulings(registry, log, labels, clocks) if code.given is None else GivenRulings(code.given, labels)
        )
        self.timeline = TimelineView(registry, readings, labels, database, log)
        self.edges = EdgeReader(self.timeline)
        self.search = SearchView(registry, labels, database)
        self.graph = Graph(readings, labels, database)
        self.dossiers = Dossiers(readings, labels, database)
        self.conflicts = Conflicts(labels, database)
        self.erasures = Erasures(registry, labels, database)
        self.deadlines = Deadlines(clocks, labels, database)
        self.unsupported = Unsupported(labels, database)
        self.identities = Identities(readings, labels, database)
        views = (self.graph, self.dossiers, self.timeline, self.search, self.conflicts, self.erasures,
                 self.identities, self.deadlines, self.unsupported)  # fmt: skip
        self.tail = Tail(log, self.rulings, views, labels, database)
        self.desk = Desk()
        self.stock = Stock()
        # Events and what they imply weigh more than what the views make of them.
        self.release = readings.release
        self.end_release = self.tail.subscribe(lambda _: readings.release())

    def close(self) -> None:
        """Let go of the file."""
        self.desk.close()
        self.database.close()
