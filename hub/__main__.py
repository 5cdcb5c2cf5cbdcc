"""Starts the command `hub`; the only place that looks at the real clock, chance and environment."""

import os
import secrets
import time
from datetime import UTC, datetime
from functools import partial

from hub.commands.root import hub
from hub.commands.world import World

GIVING_WAY = 10
"""How far heavy work on a hub's machine stands behind the hub, which answers people: a tenth of its share of a core."""


def main() -> None:
    """Run the command line and leave the process with its exit status."""
    os.umask(0o077)  # whatever it writes is for its owner alone, wherever the folder lies
    world = World(
        clock=lambda: datetime.now(UTC),
        random=secrets.token_bytes,
        pause=time.sleep,
        environ=os.environ,
        give_way=partial(os.nice, GIVING_WAY),
    )
    hub(prog_name="hub", obj=world)


if __name__ == "__main__":
    main()
