"""Group commit: whoever comes while a transaction is being written shares the next one."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from events.draft import Entry
from events.submission import Outcome, StoreBusy, StoreUnavailable

MAX_GROUP = 5_000
"""Events in one transaction, unless a single call brings more."""

MAX_WAITING = 100_000
"""Events that may wait for a transaction; more are turned away."""


@dataclass(slots=True, eq=False)
class Job:
    """One call: its entries, how they are to be taken, and what became of them."""

    entries: Sequence[Entry]
    atomic: bool = False
    dry_run: bool = False
    outcomes: list[Outcome] | None = field(default=None)
    is_settled: bool = False


class GroupCommit:
    """Lets one caller at a time write for all who wait.

    There is no thread: the first caller writes its own job with everybody's who came meanwhile; the others
    sleep on the lock and find their job done. A fault in the database is raised to each whose job it hit.
    """

    def __init__(self, commit: Callable[[Sequence[Job]], None], max_waiting: int = MAX_WAITING) -> None:
        """Take what writes jobs durably and fills in their outcomes."""
        self._commit = commit
        self._max_waiting = max_waiting
        self._waiting: deque[Job] = deque()
        self._waiting_events = 0
        self._counting = Lock()
        self._writing = Lock()

    def submit(self, job: Job) -> list[Outcome]:
        """Wait until the job is durable and return its outcomes.

        Raises:
            StoreBusy: too many events wait already.
            StoreUnavailable: the database did not confirm.
        """
        with self._counting:
            if self._waiting and self._waiting_events + len(job.entries) > self._max_waiting:
                raise StoreBusy
            self._waiting.append(job)
            self._waiting_events += len(job.entries)
        with self._writing:
            # Earlier jobs may fill more than one transaction.
            while not job.is_settled:
                self._write(self._take())
        if job.outcomes is None:
            raise StoreUnavailable
        return job.outcomes

    def _take(self) -> list[Job]:
        taken: list[Job] = []
        size = 0
        with self._counting:
            while self._waiting and (not taken or size + len(self._waiting[0].entries) <= MAX_GROUP):
                taken.append(self._waiting.popleft())
                size += len(taken[-1].entries)
            self._waiting_events -= size
        return taken

    def _write(self, jobs: Sequence[Job]) -> None:
        try:
            self._commit(jobs)
        finally:
            for job in jobs:
                job.is_settled = True
