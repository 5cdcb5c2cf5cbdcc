"""The circle of one class of readers: kept beside other things of theirs, and always as new as the graph."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from projections.graph.look import Look, look_at
from projections.graph.paths.circle import Circle
from projections.graph.query import ALL
from projections.graph.whole.desk import Kept
from projections.labels import Allowed

if TYPE_CHECKING:
    from projections.graph.view import Graph

_MOST_TRIES = 3
"""How often a circle is made anew for one question, while so much is written that it is behind when it is ready."""


class Circles:
    """Gives the circle of one class of readers.

    Args:
        view: of the graph.
        allowed: labels that these readers may see.
        kept: where the circle is kept.
    """

    def __init__(self, view: "Graph", allowed: Allowed, kept: Kept) -> None:
        self._view = view
        self._allowed = allowed
        self._kept = kept
        self._round = 0

    @contextmanager
    def now(self) -> Iterator[tuple[Look, Circle]]:
        """Give a look at the graph as it is now, and the circle that says the same; holds the view's lock meanwhile."""
        view = self._view
        tries = 0
        while True:
            tries += 1
            journal, this = view.journal, self._round
            key = self._allowed.reader, "circle"
            circle = self._kept.get(key, (journal, this), self._made, lambda made: made.weight)
            with view.lock:
                if view.journal is journal and (tries >= _MOST_TRIES or not circle.is_behind(journal)):
                    shelf = view.briefs.of(self._allowed.reader)
                    look = look_at(view, self._allowed.numbers(), ALL, shelf)
                    circle.follow(journal, look)
                    yield look, circle
                    return
            self._round = this + 1

    def _made(self) -> Circle:
        """Make a circle; the lock is free meanwhile."""
        view = self._view
        with view.lock:
            look = look_at(view, self._allowed.numbers(), ALL)
            journal = view.journal
            columns, mark = journal.columns(), journal.mark()
        return Circle(columns, mark, look.allowed, look.merged)
