"""Recognition: under which keys the log, or the transaction that is being written, knows an event already."""

from collections.abc import Iterable, Sequence

from events.log import Known, Unit
from events.salt import Salt

_TURNS = 16
"""Turns of an aggregate that are looked up together."""


class Recognition:
    """What one transaction knows of keys. What was looked up once is not looked up again.

    Args:
        unit: the transaction.
        salt: of the log.
    """

    def __init__(self, unit: Unit, salt: Salt) -> None:
        self._unit = unit
        self._salt = salt
        self._known: dict[bytes, Known | None] = {}
        self._fresh: dict[bytes, tuple[bytes, int]] = {}

    def look_up(self, keys: Sequence[bytes]) -> None:
        """Ask the log for some keys, all at once."""
        found = self._unit.known(keys)
        self._known.update({key: found.get(key) for key in keys})

    def recorded(self, key: bytes) -> Known | None:
        """Return what the log knows under a key."""
        if key not in self._known:
            self.look_up([key])
        return self._known[key]

    def fresh(self, key: bytes) -> tuple[bytes, int] | None:
        """Return digest and number of the event that takes a key in this transaction."""
        return self._fresh.get(key)

    def take(self, keys: Iterable[bytes], digest: bytes, number: int) -> None:
        """Note which event of this transaction takes some keys."""
        self._fresh.update(dict.fromkeys(keys, (digest, number)))

    def give_back(self, keys: Iterable[bytes]) -> None:
        """Forget that this transaction took some keys."""
        for key in keys:
            del self._fresh[key]

    def is_taken(self, key: bytes) -> bool:
        """Tell whether anything has a key."""
        return key in self._fresh or self.recorded(key) is not None

    def turn(self, kind: str, key: str, turn: int) -> bytes:
        """Return the key under which an aggregate finds one of the events that it heard of; of the log's format."""
        return self._salt.of_claim(f"heard {kind} {turn} {key}")

    def turns(self, kind: str, key: str) -> list[int]:
        """Return the places of the recorded events that an aggregate heard of, in the order in which it did."""
        places: list[int] = []
        if self.recorded(self.turn(kind, key, 1)) is None:
            return places
        is_more = True
        while is_more:
            turns = range(len(places) + 1, len(places) + 1 + _TURNS)
            names = [self.turn(kind, key, turn) for turn in turns]
            self.look_up([name for name in names if name not in self._known])
            known = [one.position for name in names if (one := self._known[name]) is not None]
            places += known
            is_more = len(known) == _TURNS
        return places
