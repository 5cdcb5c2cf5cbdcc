"""Whose turn it is, of hubs that know what is so: one whose views or clock stand wrong leaves it to others."""

import logging
import threading
import time
from collections.abc import Callable, Sized
from contextlib import suppress
from typing import Protocol

from events.event import Position
from events.submission import StoreUnavailable
from hub.subscriptions.turn import Duty

LOOK_SECONDS = 1.0
"""How often it is looked how far the log goes."""

BEHIND_SECONDS = 20.0
"""So long views may lack what was in the log before: somebody publishes very much, or they fold an erasure."""

OFFER_SECONDS, KEEP_SECONDS = 5.0, 60.0
"""How long who is behind leaves the turn free, and how long he keeps it then if nobody has taken it: all may be behind,
and what is sent late is better than what is never sent."""


_OFFERED = "this hub leaves to others what is done once for all: its views are behind, or its clock is off"


class Views(Protocol):
    """The views of this hub."""

    @property
    def position(self) -> Position:
        """How far every healthy view is."""

    def stalls(self) -> Sized:
        """Return which views stand still."""


class AbreastTurn:
    """A turn that is for hubs whose views keep up with the log and whose clock is right, as long as there is one.

    Args:
        turn: among all hubs.
        views: of this hub.
        end_of_log: how far the log goes.
        is_in_step: whether the clock of this hub is that of the others.
    """

    def __init__(
        self,
        turn: Duty,
        views: Views,
        end_of_log: Callable[[], Position],
        is_in_step: Callable[[], bool] = lambda: True,
    ) -> None:
        self._turn = turn
        self._views = views
        self._end_of_log = end_of_log
        self._is_in_step = is_in_step
        self._lock = threading.Lock()
        # Who starts has not shown yet that he keeps up.
        self._looked, self._goal = float("-inf"), end_of_log()
        self._offered = float("-inf")

    def is_mine(self) -> bool:
        """Take the turn if nobody has it and this hub is abreast, and tell whether it has it; blocks."""
        with self._lock:
            now = time.monotonic()
            if not (self._keeps_up(now) and self._is_in_step()):
                if now - self._offered > OFFER_SECONDS + KEEP_SECONDS:
                    logging.getLogger("hub").warning(_OFFERED)
                    self._turn.close()
                    self._offered = now
                if now - self._offered <= OFFER_SECONDS:
                    return False
            return self._turn.is_mine()

    def close(self) -> None:
        """Leave the turn to others."""
        with self._lock:
            self._turn.close()

    def _keeps_up(self, now: float) -> bool:
        has_reached = self._views.position >= self._goal
        if has_reached and now - self._looked > LOOK_SECONDS:
            with suppress(StoreUnavailable):
                self._looked, self._goal = now, self._end_of_log()
        return (has_reached or now - self._looked <= BEHIND_SECONDS) and not self._views.stalls()
