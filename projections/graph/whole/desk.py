"""What questions about whole graphs leave behind: kept results, and jobs that take a while.

All of it is filed under the class of readers who asked, and given to no other.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from events.audience import Reader
from projections.graph.whole.jobs import Job, Lane, pending

__all__ = ["Desk", "Job", "Kept", "pending"]

T = TypeVar("T")

MOST_WEIGHT = 20_000_000
"""Nodes and pairs of all that is kept; at about 40 bytes each."""

MOST_JOBS = 16
"""Of one class of readers; the longest untouched goes first."""

MOST_JOBS_OF_ALL = 256

MOST_ANSWERED = 10_000
"""Questions that are remembered to have been answered."""


class _Slot:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.version: object = None
        self.value: Any = None
        self.weight = 0


class Kept:
    """The newest value under each key, made when it is first asked for; those longest unused go when it gets heavy.

    Args:
        most: weight of all values together; a value that is heavier alone is kept alone.
    """

    def __init__(self, most: int = MOST_WEIGHT) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._slots: OrderedDict[Hashable, _Slot] = OrderedDict()

    @property
    def number(self) -> int:
        """How many values are kept."""
        return len(self._slots)

    def get(self, key: Hashable, version: object, make: Callable[[], T], weigh: Callable[[T], int]) -> T:
        """Return the value of a version; of several who ask at once, one makes it and the others wait.

        Args:
            key: under which it is kept.
            version: another one than before makes it anew.
            make: returns it.
            weigh: says how heavy it is.
        """
        return self.renew(key, version, lambda _: make(), weigh)

    def renew(
        self, key: Hashable, version: object, make: Callable[[T | None], T], weigh: Callable[[T], int]
    ) -> T:
        """Do the same, where `make` is told the value of the version before, or None if there is none."""
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
        with slot.lock:
            if slot.version != version:
                made = make(slot.value)
                slot.value, slot.version = made, version
                with self._lock:
                    slot.weight = weigh(made)
                    self._lighten()
            value: T = slot.value
            return value

    def _lighten(self) -> None:
        total = sum(slot.weight for slot in self._slots.values())
        while total > self._most and len(self._slots) > 1:
            total -= self._slots.popitem(last=False)[1].weight

    def clear(self) -> None:
        """Let go of all."""
        with self._lock:
            self._slots.clear()


class Desk:
    """Keeps cuts and results, and does long computations: one measure, and one other, after the other. One a hub."""

    def __init__(self) -> None:
        self.kept = Kept()
        self._lock = threading.Lock()
        # Measures let go of the interpreter's lock for minutes; whoever needs it does not wait for them.
        self._measures = Lane("measures")
        self._others = Lane("questions")
        self._answered: OrderedDict[Hashable, None] = OrderedDict()
        self._jobs: OrderedDict[tuple[Reader, str], Job] = OrderedDict()

    def start(self, reader: Reader, wanted: Job) -> Job:
        """Return the job of that name, or one that is already answering the same question; else begin this one.

        The graph may have changed since another one began: so long as it is not done, nobody begins anew, or a hub
        that is written to would never finish.
        """
        with self._lock:
            own = [job for (whose, _), job in self._jobs.items() if whose == reader]
            same = (job for job in own if job.question == wanted.question and not job.is_done)
            known = self._jobs.get((reader, wanted.name)) or next(same, None)
            if known is None:
                known = self._jobs[reader, wanted.name] = wanted
                self._lane(wanted).add(reader, wanted)
                if len(own) >= MOST_JOBS:
                    self._drop(reader, own[0].name)
                self._lighten()
            self._jobs.move_to_end((reader, known.name))
            return known

    def _lane(self, job: Job) -> Lane:
        return self._others if job.cut is None else self._measures

    def _lighten(self) -> None:
        while len(self._jobs) > 1 and (len(self._jobs) > MOST_JOBS_OF_ALL or self._weight() > MOST_WEIGHT):
            self._drop(*next(iter(self._jobs)))

    def _weight(self) -> int:
        return sum({id(job.cut): job.cut.size for job in self._jobs.values() if job.cut is not None}.values())

    def remember(self, question: Hashable) -> None:
        """Note that a question has been answered. It stays noted when something is erased: nobody sees when."""
        with self._lock:
            self._answered[question] = None
            if len(self._answered) > MOST_ANSWERED:
                self._answered.popitem(last=False)

    def remembers(self, question: Hashable) -> bool:
        """Tell whether a question has been answered since the hub began."""
        with self._lock:
            return question in self._answered

    def _drop(self, reader: Reader, name: str) -> bool:
        job = self._jobs.pop((reader, name), None)
        if job is not None:
            self._lane(job).drop(job)
        return job is not None

    def job(self, reader: Reader, name: str) -> Job | None:
        """Return a job of these readers; None if there is none."""
        with self._lock:
            return self._jobs.get((reader, name))

    def cancel(self, reader: Reader, name: str) -> bool:
        """End a job of these readers, and forget it; tell whether there was one."""
        with self._lock:
            return self._drop(reader, name)

    def forget(self) -> None:
        """Let go of all that was kept, and end all jobs: something was erased."""
        with self._lock:
            for reader, name in list(self._jobs):
                self._drop(reader, name)
        self.kept.clear()

    def close(self) -> None:
        """End all jobs, and wait for the step that is running."""
        self.forget()
        self._measures.close()
        self._others.close()
