"""Opens what of a hub lives on the bus, if the operator names one."""

from collections.abc import Callable
from dataclasses import dataclass

from events.cursor import Cursors
from events.store import Store
from hub.bus.bus import Bus
from hub.bus.follower import Follower
from hub.bus.public import Announcer
from hub.bus.relay import Relay
from hub.bus.sealing import Sealer, derived
from hub.keys import cursor_key, vault_key
from hub.settings import Settings
from hub.subscriptions.turn import Duty
from projections import public_words
from projections.reading_room import ReadingRoom

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Boarding:
    """What a hub needs of the bus before it has views.

    Args:
        url: of the servers.
        store: the log.
        sealer: shuts what travels.
        follower: stands before the log.
        keys: from which keys for other purposes are made.
        epoch: of the log.
    """

    url: str
    store: Store
    sealer: Sealer
    follower: Follower
    keys: tuple[bytes, ...]
    epoch: bytes

    def bus(self, room: ReadingRoom, cursors: Cursors, duty: Duty) -> Bus:
        """Return the hub's part on the bus, to be run beside it."""
        key = derived("public subjects", self.keys)
        log = derived("public log", (*self.keys, self.epoch)).hex()
        announcer = Announcer(room, public_words, cursors, key, log, self.store.head)
        return Bus(self.url, self.follower, Relay(self.store, self.sealer, cursors), announcer, duty)


def board(settings: Settings, store: Store, random: Random) -> Boarding | None:
    """Return what a hub needs of the bus; None if it stands alone."""
    if not settings.bus:
        return None
    keys = (cursor_key(settings.data, settings.keys), vault_key(settings.data, settings.keys))
    # What was told of a log before it was restored says nothing of it now, although the keys are the same.
    epoch = store.epoch()
    sealer = Sealer((*keys, epoch), random)
    return Boarding(settings.bus, store, sealer, Follower(store, sealer), keys, epoch)
