"""How many connections there are at the same time, in all and from one place. Lives in the event loop.

One that has ended counts as long as the hub still does what was asked by it.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from ipaddress import ip_network

from hub.networks import Network, is_within, place_of

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
"""A proxy or an onion service on this machine: many people come from there."""


class Crowd:
    """Counts the connections that are open.

    Args:
        most: of all.
        most_per_place: from one address, of IPv6 from one network of 64 bits.
        relays: networks from which many people come through one address; only the sum counts for them.
    """

    def __init__(self, most: int, most_per_place: int, relays: Sequence[Network] = LOOPBACK) -> None:
        self._most = most
        self._most_per_place = most_per_place
        self._relays = relays
        self._places: dict[Hashable, str] = {}
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._places)

    def enter(self, connection: Hashable, address: str) -> bool:
        """Count a connection, if there is room for it.

        Args:
            connection: whatever stands for it until it leaves.
            address: where it comes from; empty if unknown.
        """
        place = "" if is_within(address, self._relays) else place_of(address)
        if len(self._places) >= self._most or (place and self._counts[place] >= self._most_per_place):
            return False
        self._places[connection] = place
        self._counts[place] += 1
        return True

    def leave(self, connection: Hashable) -> None:
        """Forget a connection; one that was never counted is nothing to forget."""
        place = self._places.pop(connection, None)
        if place is None:
            return
        self._counts[place] -= 1
        if not self._counts[place]:
            del self._counts[place]
