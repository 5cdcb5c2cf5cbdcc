"""Time is an event: says in the log what has come due, so that replay is the same at any hour."""

import anyio
import anyio.to_thread

from events.clock import Clock
from events.intake import Intake
from events.submission import StoreBusy, StoreUnavailable
from projections.reading_room import ReadingRoom


async def keep_time(intake: Intake, room: ReadingRoom, clock: Clock, every_seconds: float) -> None:
    """Say and do what is due, until cancelled; two hubs that do the same write it once."""
    while True:
        await anyio.to_thread.run_sync(release_due, intake, room, clock)
        await anyio.to_thread.run_sync(erase_due, intake, room, clock)
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


def erase_due(intake: Intake, room: ReadingRoom, clock: Clock) -> int:
    """Destroy what withdrawals want erased whose time has come; return how many were seen to now."""
    done = 0
    try:
        for one in room.erasures_due(clock()):
            done += intake.erase(one.subject, one.source, one.id)
    except (StoreBusy, StoreUnavailable):
        # The next round tries again.
        return done
    return done
