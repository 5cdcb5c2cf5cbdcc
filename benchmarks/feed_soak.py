"""`python -m benchmarks.feed_soak MINUTES LISTENERS`: publishing while listeners come and go, and some stall.

Says every ten seconds how much memory the hub has beside what the views keep of each event, and in the end whether
that grew after the first sixth.
"""

import random
import sys
import time
from contextlib import ExitStack

from benchmarks.feed_crowd import crowd
from benchmarks.feed_hub import READY, Publisher, asking
from benchmarks.processes import hub, resident, scratch

PER_SECOND = 2
EVERY_SECONDS = 10.0
SETTLED = 1 / 6
"""Of 30 minutes the first five do not count."""

VIEWS_BYTES = 3 * 1024
"""What the views may keep of an event (design/performance.md): what the memory may grow by, whoever listens."""

MOST_GROWTH = 1.05


def main(minutes: float, listeners: int) -> int:
    """Run; return 1 if memory grew."""
    chance = random.Random(1)
    stalled = listeners // 20
    memory: list[tuple[float, int]] = []
    published = 0
    with scratch() as folder, hub(folder) as server, ExitStack() as opened:
        publisher = Publisher(server)
        requests = [asking(kind, server.token) for kind in ("ws", "sse")]
        half = (listeners - stalled) // 2
        crowds = [opened.enter_context(crowd(folder, server.port, half, one, READY)) for one in requests]
        began, said = time.monotonic(), 0.0
        while (now := time.monotonic() - began) < minutes * 60:
            many = chance.choice((1, 1, 1, 1, 5))
            publisher.publish(many)
            published += many
            if now - said >= EVERY_SECONDS:
                said = now
                memory.append((now, resident(server.pid) - published * VIEWS_BYTES))
                some = chance.randrange(half // 10, half // 3)
                ready = [one.come_again(some).ready for one in crowds]
                # Who stalls is dropped by the hub after a while; others take the place.
                with crowd(folder, server.port, stalled, requests[chance.randrange(2)], READY, stalled):
                    publisher.publish(20)
                    published += 20
                print(
                    f"{now:7.0f} s  {memory[-1][1] / 2**20:7.1f} MiB  {some} came again, {sum(ready)} ready"
                )
            time.sleep(1 / PER_SECOND)
    early = max(size for at, size in memory if at <= minutes * 60 * SETTLED or at == memory[0][0])
    late = sorted(size for at, size in memory if at > minutes * 60 * (1 - SETTLED))
    middle = late[len(late) // 2] if late else early
    print(f"at first {early / 2**20:.1f} MiB, in the end {middle / 2**20:.1f} MiB: {middle / early:.3f}")
    return int(middle > early * MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2])))
