"""Numbers that are looked up when the metrics are written: how far behind, how much waits, how long a disk takes."""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from events.clock import Clock
from events.event import Position, RecordedEvent
from events.ledger import Ledger
from events.moments import read_moment
from events.submission import StoreUnavailable
from hub.federation.book import PeerBook
from hub.feeds.broadcast import Broadcaster
from hub.metrics import Gauge
from hub.state import Closing
from hub.subscriptions.shelf import Shelf
from projections.reading_room import ReadingRoom

PROBE = ".fsync-probe"
MOST_DUE = 500
_COUNTS = "SELECT channel, state, count(*) FROM subscriptions GROUP BY channel, state"
_LATE = (
    "SELECT channel, count(*), coalesce(sum(CASE WHEN failing IS NULL THEN 0 ELSE 1 END), 0) "
    "FROM subscriptions WHERE state = 'active' AND due <= ? GROUP BY channel"
)

Values = Mapping[tuple[str, ...], float]
ReadLog = Callable[[Position, int], Sequence[RecordedEvent]]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the numbers come from.

    Args:
        room: the views.
        read: reads the log.
        end: tells how far it goes.
        clock: the present moment.
        vault: asks the keys of personal fields for a number.
        ledger: the Merkle log.
        shelf: the subscriptions.
        closing: knows the listeners.
        broadcaster: tells them.
        book: the other hubs.
        data: the hub's folder.
    """

    room: ReadingRoom
    read: ReadLog
    end: Callable[[], Position]
    clock: Clock
    vault: Callable[[], int]
    ledger: Ledger
    shelf: Shelf
    closing: Closing
    broadcaster: Broadcaster
    book: PeerBook
    data: Path


def gauges_of(sources: Sources) -> list[Gauge]:
    """Return the gauges of a hub."""
    rows: list[tuple[str, str, tuple[str, ...], Callable[[Sources], Values]]] = [
        ("hub_listeners", "Open feeds.", (), _listeners),
        ("hub_feed_backlog", "Listeners who have still to be told something.", (), _backlog),
        ("hub_view_lag", "Events a view is behind the log.", ("view",), _lag),
        ("hub_view_lag_seconds", "Age of the oldest event that a view has not applied.", ("view",), _age),
        ("hub_view_stalled", "1 if an event broke the view.", ("view",), _stalled),
        ("hub_log_reachable", "1 if the log answers.", (), lambda of: _reachable(of.end)),
        (
            "hub_vault_reachable",
            "1 if the keys of personal fields answer.",
            (),
            lambda of: _reachable(of.vault),
        ),
        ("hub_timekeeper_due", f"Deadlines that have passed unsaid, {MOST_DUE} at most.", (), _due),
        ("hub_sheets", "Sheets of the Merkle log; one each checkpoint_seconds.", (), _sheets),
        ("hub_subscriptions", "Subscriptions by state.", ("channel", "state"), _subscriptions),
        ("hub_subscriptions_due", "Subscriptions whose turn has come.", ("channel",), partial(_late, 1)),
        ("hub_subscriptions_failing", "Of those, whose target fails.", ("channel",), partial(_late, 2)),
        ("hub_peers", "Other hubs that this one listens to, by state.", ("state",), _peers),
        ("hub_disk_free_bytes", "Free space where the hub's folder is.", (), _free),
        ("hub_fsync_seconds", "How long one small write took to be durable, now.", (), _fsync),
    ]
    return [Gauge(name, said, labels, partial(_safely, read, sources)) for name, said, labels, read in rows]


def _safely(read: Callable[[Sources], Values], sources: Sources) -> Values:
    """Read what can be read; a log that is away, or a full disk, leaves the number out."""
    try:
        return read(sources)
    except (StoreUnavailable, OSError):
        return {}


def _listeners(of: Sources) -> Values:
    return {(): of.closing.listeners}


def _backlog(of: Sources) -> Values:
    return {(): of.broadcaster.board.backlog(of.room.position)}


def _lag(of: Sources) -> Values:
    return {(one.name,): one.lag for one in of.room.status()}


def _age(of: Sources) -> Values:
    end, now = of.end(), of.clock()
    ages: dict[int, float] = {0: 0.0}
    for lag in {one.lag for one in of.room.status()} - {0}:
        first = next(iter(of.read(Position(max(0, end - lag)), 1)), None)
        recorded = None if first is None else read_moment(str(first.envelope.get("recordedtime", "")))
        ages[lag] = 0.0 if recorded is None else max(0.0, (now - recorded).total_seconds())
    return {(one.name,): ages.get(one.lag, 0.0) for one in of.room.status()}


def _stalled(of: Sources) -> Values:
    return {(one.name,): float(one.state == "stalled") for one in of.room.status()}


def _reachable(ask: Callable[[], int]) -> Values:
    try:
        ask()
    except StoreUnavailable:
        return {(): 0.0}
    return {(): 1.0}


def _due(of: Sources) -> Values:
    pages = islice(of.room.deadlines_due(of.clock(), MOST_DUE), 1)
    return {(): float(sum(len(page) for page in pages))}


def _sheets(of: Sources) -> Values:
    note = of.ledger.newest()
    return {(): 0.0 if note is None else float(note.split("\n")[1])}


def _subscriptions(of: Sources) -> Values:
    return {(row[0], row[1]): float(row[2]) for row in _rows(of.shelf, _COUNTS, ())}


def _late(column: int, of: Sources) -> Values:
    rows = _rows(of.shelf, _LATE, (of.clock().timestamp(),))
    return {(row[0],): float(row[column]) for row in rows}


def _rows(shelf: Shelf, asked: str, values: Sequence[object]) -> Iterable[Any]:
    with shelf.reading() as db:
        return list(db.execute(asked, values).fetchall())


def _peers(of: Sources) -> Values:
    return {
        **dict.fromkeys([("away",), ("refused",)], 0.0),
        **{(state,): float(n) for state, n in of.book.states().items()},
    }


def _free(of: Sources) -> Values:
    return {(): float(shutil.disk_usage(of.data).free)}


def _fsync(of: Sources) -> Values:
    return {(): fsync_times(of.data, 1)[0]}


def fsync_times(folder: Path, times: int) -> list[float]:
    """Write a small file so many times, and return how many seconds each took to be durable.

    Raises:
        OSError: the folder takes nothing.
    """
    path = folder / f"{PROBE}-{os.getpid()}"
    found = []
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        for number in range(times):
            began = time.perf_counter()
            os.pwrite(handle, b"%512d" % number, 512 * number)
            os.fsync(handle)
            found.append(time.perf_counter() - began)
    finally:
        os.close(handle)
        path.unlink(missing_ok=True)
    return found
