"""`python -m benchmarks.feed_soak MINUTES LISTENERS`: publishing while listeners come and go, and some stall.

Beside the hub stands another that gets the same events and has no listeners: by what it grows, views and caches do, and
not the feed. Says every ten seconds how much memory both hold, and in the end whether what the first holds beside that
grew after the first sixth.
"""

import json
import random
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.feed_crowd import Crowd, crowd
from benchmarks.feed_hub import READY, Publisher, asking
from benchmarks.measure import RESULTS, median
from benchmarks.processes import Server, hub, resident, scratch

PER_SECOND = 2
EVERY_SECONDS = 10.0
SETTLED = 1 / 6
"""Of 30 minutes the first five do not count."""

THREATS = 50
"""Things that the reports are about: what the views keep of each is revised again and again."""

STALLED_ROUNDS = 2
"""For so many rounds those who stall stay: longer than the hub waits for them."""

MOST_GROWTH = 1.05


@dataclass(frozen=True)
class Look:
    """What both hubs hold at a moment.

    Args:
        seconds: since the beginning.
        published: events by then.
        listened: bytes that the hub with listeners holds.
        alone: bytes that the other holds.
        ready: listeners that are.
    """

    seconds: float
    published: int
    listened: int
    alone: int
    ready: int


class Soak:
    """Publishes to two hubs, and lets listeners of the first come and go.

    Args:
        folder: for the programs.
        servers: the hub with listeners, and the one without.
        crowds: those who listen.
    """

    def __init__(self, folder: Path, servers: tuple[Server, Server], crowds: list[Crowd]) -> None:
        self._folder = folder
        self._servers = servers
        self._publishers = [Publisher(server, THREATS) for server in servers]
        self._crowds = crowds
        self._chance = random.Random(1)
        self._stalled: deque[AbstractContextManager[Crowd]] = deque()
        self.published = 0

    def publish(self, many: int) -> None:
        """Publish the same to both."""
        for one in self._publishers:
            one.publish(many)
        self.published += many

    def go_on(self) -> None:
        """Publish as much as comes in half a second."""
        self.publish(self._chance.choice((1, 1, 1, 1, 5)))

    def come_and_go(self, each: int, stalled: int) -> int:
        """Let some hang up and come back, others stall; return how many listen."""
        some = self._chance.randrange(each // 10, each // 3)
        ready = sum(one.come_again(some).ready for one in self._crowds)
        if len(self._stalled) == STALLED_ROUNDS:
            self._stalled.popleft().__exit__(None, None, None)
        request = asking(self._chance.choice(("ws", "sse")), self._servers[0].token)
        more = crowd(self._folder, self._servers[0].port, stalled, request, READY, stalled)
        more.__enter__()
        self._stalled.append(more)
        self.publish(20)
        return ready

    def close(self) -> None:
        """Let all who stall go."""
        while self._stalled:
            self._stalled.popleft().__exit__(None, None, None)

    def look(self, seconds: float, ready: int) -> Look:
        """Return what both hold."""
        listened, alone = (resident(server.pid) for server in self._servers)
        return Look(seconds, self.published, listened, alone, ready)


@contextmanager
def soaking(listeners: int) -> Iterator[tuple[Soak, int, int]]:
    """Give two hubs with a crowd before the first; also how many are in each half of it, and how many stall."""
    stalled = listeners // 20
    each = (listeners - stalled) // 2
    with scratch() as folder, ExitStack() as opened:
        for name in ("listened", "alone"):
            (folder / name).mkdir()
        servers = (
            opened.enter_context(hub(folder / "listened")),
            opened.enter_context(hub(folder / "alone")),
        )
        requests = [asking(kind, servers[0].token) for kind in ("ws", "sse")]
        crowds = [opened.enter_context(crowd(folder, servers[0].port, each, one, READY)) for one in requests]
        soak = Soak(folder, servers, crowds)
        opened.callback(soak.close)
        yield soak, each, stalled


def main(minutes: float, listeners: int) -> int:
    """Run; return 1 if memory grew."""
    looks: list[Look] = []
    with soaking(listeners) as (soak, each, stalled):
        began, said = time.monotonic(), -EVERY_SECONDS
        while (now := time.monotonic() - began) < minutes * 60:
            soak.go_on()
            if now - said >= EVERY_SECONDS:
                said = now
                looks.append(soak.look(now, soak.come_and_go(each, stalled)))
                last = looks[-1]
                print(
                    f"{now:7.0f} s  {last.published:6} events  {last.listened / 2**20:7.1f} MiB, "
                    f"without listeners {last.alone / 2**20:7.1f} MiB; {last.ready} ready",
                    flush=True,
                )
            time.sleep(1 / PER_SECOND)
    return _judge(looks, minutes, listeners)


def _judge(looks: list[Look], minutes: float, listeners: int) -> int:
    """Say what the feed held in the first sixth at most, and in the middle of the last; tell whether it grew."""
    first = looks[0].alone
    beside = [(one.seconds, one.listened - (one.alone - first)) for one in looks]
    early = max(size for at, size in beside if at <= minutes * 60 * SETTLED)
    late = median([float(size) for at, size in beside if at > minutes * 60 * (1 - SETTLED)])
    events = looks[-1].published - looks[0].published
    each = (looks[-1].alone - first) / events
    print(f"the views grew by {each / 1024:.1f} KB an event, {events} events")
    print(f"beside that at first {early / 2**20:.1f} MiB, in the end {late / 2**20:.1f}: {late / early:.3f}")
    RESULTS.mkdir(exist_ok=True)
    said = {"minutes": minutes, "listeners": listeners, "early": early, "late": late, "view bytes": each}
    text = json.dumps({**said, "looks": [asdict(one) for one in looks]}, indent=2)
    (RESULTS / "feed_soak.json").write_text(text + "\n")
    return int(late > early * MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2])))
