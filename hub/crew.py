"""Several processes that serve one address: started, watched, replaced when they die, and let go one by one.

They accept from one listening socket, so that nobody who waits there is lost when one of them goes.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

STOPS = frozenset({signal.SIGTERM, signal.SIGINT})
RENEWS = signal.SIGHUP
_HEARD = {*STOPS, RENEWS, signal.SIGCHLD}

LOOK_SECONDS = 0.2
STEADY_SECONDS = 60.0
"""Whoever lived that long and dies is replaced at once; whoever dies sooner, again and again, later and later."""

MOST_PAUSE = 30.0

Work = Callable[[Callable[[], None]], None]
"""What a process does until it is told to stop; it calls what it is given once it serves."""


@dataclass(slots=True)
class Worker:
    """One process.

    Args:
        pid: of it.
        began: when (monotonic).
        said: a pipe on which it says that it serves.
        serves: whether it has.
        leaves: whether it was told to stop.
    """

    pid: int
    began: float
    said: int
    serves: bool = False
    leaves: bool = False


class Crew:
    """Keeps a number of processes at work; the caller's process does nothing else.

    Args:
        count: how many.
        work: of each.
        on_ready: called once, as soon as all serve.
        tell: takes a sentence for the operator.
    """

    def __init__(
        self, count: int, work: Work, on_ready: Callable[[], None], tell: Callable[[str], None]
    ) -> None:
        self._count = count
        self._work = work
        self._on_ready = on_ready
        self._tell = tell
        self._workers: list[Worker] = []
        self._to_renew: list[Worker] = []
        self._falls = 0
        self._not_before = 0.0
        self._was_ready = False
        self._status: int | None = None
        self._lifeline, self._end = os.pipe()

    def run(self, grace_seconds: float) -> int:
        """Keep them at work until a signal says stop; return the exit status.

        SIGHUP replaces them one by one. A worker that falls before any has served stops all.

        Args:
            grace_seconds: how long a worker may take to leave before it is killed.
        """
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
        try:
            while self._status is None:
                self._fill(before)
                self._listen()
                self._bury()
                self._renew()
            self._let_go(grace_seconds)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(self._lifeline)
        os.close(self._end)
        return self._status

    def _fill(self, mask: set[int | signal.Signals]) -> None:
        while len(self._workers) < self._count and time.monotonic() >= self._not_before:
            said, says = os.pipe()
            pid = os.fork()
            if pid == 0:
                # Never back into the loop above: what goes wrong here ends this process, not the crew.
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
                os.close(self._end)
                os.close(said)
                threading.Thread(target=_leave_with, args=(self._lifeline,), daemon=True).start()
                self._work(partial(_say_once, says))
                sys.exit(0)
            os.close(says)
            os.set_blocking(said, False)
            self._workers.append(Worker(pid, time.monotonic(), said))

    def _listen(self) -> None:
        heard = signal.sigtimedwait(_HEARD, LOOK_SECONDS)
        if heard is not None and heard.si_signo in STOPS:
            self._status = 0
        elif heard is not None and heard.si_signo == RENEWS:
            self._to_renew = [one for one in self._workers if not one.leaves]
        for one in self._workers:
            with contextlib.suppress(BlockingIOError):
                one.serves = one.serves or os.read(one.said, 1) == b"1"
        if not self._was_ready and self._all_serve():
            self._was_ready = True
            self._on_ready()

    def _bury(self) -> None:
        for one in list(self._workers):
            gone, how = os.waitpid(one.pid, os.WNOHANG)
            if gone:
                self._workers.remove(one)
                os.close(one.said)
                self._mourn(one, os.waitstatus_to_exitcode(how))

    def _mourn(self, one: Worker, status: int) -> None:
        if one.leaves or self._status is not None:
            return
        if not self._was_ready and not one.serves and status > 0:
            # A wrong setting, or a database that is not there: the others will not fare better.
            self._status = status
            return
        now = time.monotonic()
        self._falls = 0 if now - one.began > STEADY_SECONDS else self._falls + 1
        pause = min(MOST_PAUSE, 0.0 if self._falls <= 1 else 2.0 ** (self._falls - 2))
        self._not_before = now + pause
        self._tell(f"worker {one.pid} ended with {status}; another one starts in {pause:g} seconds")

    def _renew(self) -> None:
        if self._to_renew and self._all_serve():
            one = self._to_renew.pop(0)
            if one in self._workers:
                _send(one)

    def _all_serve(self) -> bool:
        return len(self._workers) == self._count and all(
            one.serves and not one.leaves for one in self._workers
        )

    def _let_go(self, grace_seconds: float) -> None:
        for one in self._workers:
            _send(one)
        until = time.monotonic() + grace_seconds
        while self._workers and time.monotonic() < until:
            signal.sigtimedwait({signal.SIGCHLD}, LOOK_SECONDS)
            self._bury()
        for one in self._workers:
            self._tell(f"worker {one.pid} was killed: it did not leave within {grace_seconds:g} seconds")
            os.kill(one.pid, signal.SIGKILL)
            os.waitpid(one.pid, 0)


def _send(one: Worker) -> None:
    one.leaves = True
    with contextlib.suppress(ProcessLookupError):
        os.kill(one.pid, signal.SIGTERM)


def _say_once(says: int) -> None:
    os.write(says, b"1")
    os.close(says)


def _leave_with(lifeline: int) -> None:
    """Stop this process when the one that watches over it is gone, however it went."""
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
