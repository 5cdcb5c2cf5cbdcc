"""Time is an event: says in the log what has come due, so that replay is the same at any hour."""

from itertools import islice

import anyio
import anyio.to_thread

from events.clock import Clock
from events.event import Position
from events.intake import Intake
from events.submission import StoreBusy, StoreUnavailable
from hub.subscriptions.turn import Duty
from projections.reading_room import ReadingRoom

MOST_DUES = 500
"""How many deadlines are written in one go: after a long rest, partners' events come between."""

MOST_PAGES = 8
"""How many times in one round: embargoes and erasures do not wait, and the views keep up."""

PATIENCE_SECONDS = 1.0
"""How long a round waits for the views: partners may publish all the time."""


async def keep_time(
    intake: Intake, room: ReadingRoom, clock: Clock, every_seconds: float, turn: Duty
) -> None:
    """Say and do what is due while it is this hub's turn, until cancelled; what two hubs said is written once."""
    while True:
        if await anyio.to_thread.run_sync(turn.is_mine):
            await anyio.to_thread.run_sync(release_due, intake, room, clock)
            await anyio.to_thread.run_sync(pass_due, intake, room, clock)
            await anyio.to_thread.run_sync(erase_due, intake, room, clock)
            await anyio.to_thread.run_sync(mark_due, intake, room)
        await anyio.sleep(every_seconds)


def release_due(intake: Intake, room: ReadingRoom, clock: Clock) -> bool:
    """Release embargoes that are due now; False when none is, or the log takes nothing now."""
    now, due = clock(), room.next_release()
    if due is None or due > now:
        return False
    try:
        return intake.release_embargoes(now)
    except (StoreBusy, StoreUnavailable):
        return False


def pass_due(intake: Intake, room: ReadingRoom, clock: Clock) -> int:
    """Say in order of time which deadlines have passed by now; return how many nobody had said before.

    What another hub said meanwhile the log recognises.
    """
    said = 0
    try:
        now, known = clock(), _known(room)
        for page in islice(room.deadlines_due(now, MOST_DUES, known), MOST_PAGES):
            said += intake.pass_deadlines(page) if page else 0
    except (StoreBusy, StoreUnavailable):
        # The next round says the rest.
        return said
    return said


def mark_due(intake: Intake, room: ReadingRoom) -> int:
    """Say which claims nothing supports any more since their only source was erased; return how many now."""
    done = 0
    try:
        for one in room.unsupported_due(_known(room)):
            done += intake.mark_unsupported(one.source, one.id, one.time)
    except (StoreBusy, StoreUnavailable):
        # The next round tries again.
        return done
    return done


def erase_due(intake: Intake, room: ReadingRoom, clock: Clock) -> int:
    """Destroy what withdrawals want erased whose time has come; return how many were seen to now."""
    done = 0
    try:
        now, known = clock(), _known(room)
        for one in room.erasures_due(now, known):
            done += intake.erase(one.subject, one.source, one.id)
    except (StoreBusy, StoreUnavailable):
        # The next round tries again.
        return done
    return done


def _known(room: ReadingRoom) -> Position:
    """Return how far the log goes, when the views are there or that took too long; blocks.

    Asked after the clock: whatever was recorded in time to move or take back what is due is up to there. What is said
    cannot be unsaid, so nothing is said by views that lack any of it.

    Raises:
        StoreUnavailable: the log does not answer.
    """
    known = room.head()
    room.wait_for(known, PATIENCE_SECONDS)
    return known
