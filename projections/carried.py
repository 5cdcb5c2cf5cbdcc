"""Views that one hub hands to another on the same log: what is said of them, and whether they belong there."""

import sqlite3
from dataclasses import dataclass
from hashlib import sha256

from events.event import Position
from projections import generations
from projections.preparing import has_erased_since
from projections.scrubbing import is_unclean
from projections.shelves import Code
from projections.still import places
from projections.tail import BATCH, Log

_UNDER_WAY = "SELECT 1 FROM tail_positions WHERE rebuilding UNION ALL SELECT 1 FROM tail_requests"


class NotFitting(Exception):
    """Views cannot be handed on, or do not belong here. The message is one sentence."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What is said of views.

    Args:
        position: of the last event that is in all of them.
        trace: what the log was before and at that event, as a digest: another log has another.
        stamps: name and code of each view, by name.
    """

    position: Position
    trace: str
    stamps: tuple[tuple[str, str], ...]


def described(code: Code, db: sqlite3.Connection) -> Carried:
    """Say what is to be said of the views that a connection sees.

    Raises:
        NotFitting: they are not whole at one event.
    """
    at = places(db)
    if is_unclean(db) or db.execute(_UNDER_WAY).fetchone() is not None:
        raise NotFitting(
            "The views are being folded anew, or cleaned after an erasure: try again in a while."
        )
    if len(at) != 1:
        raise NotFitting("The views stand at different events: look at `hub doctor`, then at `hub rebuild`.")
    position = Position(*at)
    return Carried(position, _trace(code.log, position), tuple(generations.stamps_in(db)))


def check(code: Code, stamps: list[tuple[str, str]], said: Carried) -> None:
    """Look whether views belong to the log of this code, and nobody was erased since.

    Args:
        code: with the log.
        stamps: of the views that this code folds.
        said: of the views.

    Raises:
        NotFitting: they do not.
    """
    if list(said.stamps) != stamps:
        raise NotFitting("The views were made by another release, or with other reply clocks.")
    if said.position > code.log.head():
        raise NotFitting(
            "The views stand at an event that this log does not have: it is another, or an old copy."
        )
    if has_erased_since(code, said.position):
        raise NotFitting("Somebody was erased since the views were copied: send them anew.")
    if _trace(code.log, said.position) != said.trace:
        raise NotFitting("The views are of another log.")


def _trace(log: Log, position: Position) -> str:
    """Return a digest of the last events up to a position; one event alone, a restored log may have there as well."""
    before = Position(max(0, position - BATCH))
    events = [one for one in log.read(before, BATCH) if one.position <= position]
    said = "".join(f"{one.position} {log.digest(one)}\n" for one in events)
    return sha256(said.encode()).hexdigest()
