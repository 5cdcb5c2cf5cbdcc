"""Long computations that somebody may follow and cancel, and in which order they run."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from projections.graph.whole.cut import Cut
from projections.graph.whole.measures import Abandoned, Step
from projections.graph.whole.question import Pending

T = TypeVar("T")

MOST_AT_ONCE = 2
"""Computations of a lane that run at once: one wanted, the others abandoned within a step that nobody can stop."""

_NEARLY = 0.99


def _as_found(found: T) -> T:
    return found


class Job:
    """A computation that somebody may follow and cancel.

    Args:
        name: of the job.
        question: that it answers.
        cut: the graph that it measures; None if it measures none.
        work: computes; told the step to report to.
        tell: makes the answer of what `work` returned, each time that it is asked for; None: there is none any more.
    """

    def __init__(
        self,
        name: str,
        question: Hashable,
        cut: Cut | None,
        work: Callable[[Step], Any],
        tell: Callable[[Any], Any] = _as_found,
    ) -> None:
        self.name = name
        self.question = question
        self.cut = cut
        self.tell = tell
        self.progress = 0.0
        self.is_cancelled = False
        self.result: Future[Any] = Future()
        self._work = work

    @property
    def is_done(self) -> bool:
        """Whether there is a result, or an error that `result` raises."""
        return self.result.done()

    def cancel(self) -> None:
        """Tell whoever waits that there is no result; what a running step computes is dropped when it ends."""
        self.is_cancelled = True
        if not self.is_done:
            self.result.set_exception(Abandoned())

    def run(self) -> Any:
        """Compute, unless nobody wants it any more.

        Raises:
            Abandoned: it was cancelled.
        """
        self._step(0.0)
        return self._work(self._step)

    def end(self, ran: "Future[Any]") -> None:
        """Take over the result of a run, unless nobody wants it any more."""
        if self.is_done:
            return
        error = ran.exception()
        if error is None:
            self.result.set_result(ran.result())
        else:
            self.result.set_exception(error)

    def _step(self, share: float) -> None:
        if self.is_cancelled:
            raise Abandoned
        self.progress = share


def pending(job: Job) -> Pending:
    """Return what stands for the answer of a job; before it is there, not all is done."""
    return Pending(job.name, min(_NEARLY, round(job.progress, 2)))


class Lane:
    """Runs one job after the other, the first come first.

    A step cannot be stopped: a job that is cancelled within one goes on until its end, and the next job does not wait
    for that. So that nobody fills the machine with what he asks for and cancels, only so many run at once, and one
    alone for each asker: whoever cancels waits for his own.
    """

    def __init__(self, name: str) -> None:
        # Whoever ends a job begins the next one, perhaps in the thread that has just begun that one.
        self._lock = threading.RLock()
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, name)
        self._waiting: list[tuple[Hashable, Job]] = []
        self._running: list[tuple[Hashable, Job]] = []

    def add(self, asker: Hashable, job: Job) -> None:
        """Run a job when it is its turn."""
        with self._lock:
            self._waiting.append((asker, job))
            self._begin()

    def drop(self, job: Job) -> None:
        """Cancel a job, and let others pass."""
        with self._lock:
            job.cancel()
            self._waiting = [one for one in self._waiting if one[1] is not job]
            self._begin()

    def _begin(self) -> None:
        while (found := self._next()) is not None:
            self._waiting.remove(found)
            self._running.append(found)
            self._threads.submit(found[1].run).add_done_callback(partial(self._end, found))

    def _next(self) -> tuple[Hashable, Job] | None:
        is_busy = any(not job.is_cancelled for _, job in self._running)
        if is_busy or len(self._running) >= MOST_AT_ONCE:
            return None
        askers = [asker for asker, _ in self._running]
        return next((one for one in self._waiting if one[0] not in askers), None)

    def _end(self, one: tuple[Hashable, Job], ran: "Future[Any]") -> None:
        with self._lock:
            self._running.remove(one)
            one[1].end(ran)
            self._begin()

    def close(self) -> None:
        """Wait for the steps that are running."""
        self._threads.shutdown()
