"""How the garbage collector looks in a process that serves: never at what stays, and soon enough at what must go.

The graph is millions of small objects that stay; going through them again and again took a third of a replay. But what
holds itself goes only when somebody looks: if nobody does, a hub grows until the machine has no memory left.
"""

import gc
import time
from typing import Literal

OPENING = (5_000, 2, 10_000)
"""While views are read nothing goes, so that whoever looks at all of it looks in vain."""

SERVING = (5_000, 2, 200)
"""What is new is looked at in small parts: 100,000 objects at once stopped everything for 50 ms when thousands came.

All that came since the start is looked at when three million objects have stayed, and there is a quarter more than last
time: later than at the end of a storm of listeners who come back, and before some 300 MB are lost.
"""

LONG_SECONDS = 0.25


def spare_the_start() -> None:
    """Look seldom, and never at what is there now: modules, contracts, rules."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*OPENING)


def spare_the_views() -> None:
    """From now on look as a hub that serves does, and never at the views that it has read."""
    gc.freeze()
    gc.set_threshold(*SERVING)
    gc.callbacks.append(_LongLooks())


class _LongLooks:
    """Has the collector leave alone what it has looked at for long: views that were folded meanwhile, above all.

    What is on its way just then is left alone too, and lost if it holds itself; that is a small part of what stays.
    """

    def __init__(self) -> None:
        self._began = 0.0

    def __call__(self, phase: Literal["start", "stop"], info: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.perf_counter()
        elif info["generation"] == 2 and time.perf_counter() - self._began > LONG_SECONDS:
            gc.freeze()
