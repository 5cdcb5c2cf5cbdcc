"""How much anybody may ask, and how often he may guess: buckets in memory that fill up again by themselves."""

import math
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from events.clock import Clock
from hub.fairness import Turns
from hub.networks import place_of
from hub.refusals import RateLimited

MOST_BUCKETS = 50_000
"""Full buckets are worth nothing, so forgetting the longest untouched never makes anybody wait longer."""

EVENTS_PER_CALL = 100
"""So many events of a batch weigh as much as one call."""

GUESSES, SECONDS_PER_GUESS = 10, 6.0
"""Wrong tokens and links that an address may show at once, and how soon it may show one more."""

ALL_GUESSES, SECONDS_PER_ANY_GUESS = 300, 0.2
"""Wrong sign-ins of all addresses together."""

ERRANDS, SECONDS_PER_ERRAND = 60, 6.0
"""So often one account may send the hub out, at once and in the long run, to look up a name, to try a target or to tell
everything again: each may hold a thread for as long as a name server, and a connection for as long as a target, does
not answer."""


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class Buckets:
    """Token buckets by key. What somebody may do depends on what he did, never on what others did.

    Args:
        size: how much a full bucket holds; a new one is full.
        per_second: how fast it fills up.
        clock: the present moment; one that jumps back fills nothing.
        most: buckets that are kept.
    """

    def __init__(self, size: float, per_second: float, clock: Clock, most: int = MOST_BUCKETS) -> None:
        self._size = size
        self._per_second = per_second
        self._clock = clock
        self._most = most
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._buckets)

    def wait(self, key: str) -> float:
        """Return in how many seconds the bucket holds a whole unit; 0 if it does."""
        with self._lock:
            return self._missing(self._filled(key))

    def take(self, key: str) -> float:
        """Take a unit if there is one, and return 0; else the seconds until there is."""
        with self._lock:
            bucket = self._filled(key)
            missing = self._missing(bucket)
            if not missing:
                bucket.level -= 1
            return missing

    def charge(self, key: str, units: float) -> None:
        """Take units whether they are there or not: what is owed is waited for before the next call."""
        with self._lock:
            self._filled(key).level -= units

    def _missing(self, bucket: _Bucket) -> float:
        # A hair of tolerance: sums of fractions of a second may stay just below a whole unit.
        return max(0.0, (1 - bucket.level - 1e-9) / self._per_second)

    def _filled(self, key: str) -> _Bucket:
        now = self._clock().timestamp()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self._size, now)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        bucket.level = min(self._size, bucket.level + max(0.0, now - bucket.at) * self._per_second)
        bucket.at = now
        return bucket


class Gate:
    """What every call passes: so many calls for each account and public address, so many wrong secrets.

    An address that guessed too often must wait, whatever it shows: whether a token is right is not told
    meanwhile. An account that has come from there before goes on, so that nobody is locked out by a neighbour.

    Args:
        burst: calls that may come at once.
        per_second: calls that may come in the long run.
        clock: the present moment.
    """

    def __init__(self, burst: int, per_second: float, clock: Clock) -> None:
        self._calls = Buckets(burst, per_second, clock)
        self._guesses = Buckets(GUESSES, 1 / SECONDS_PER_GUESS, clock)
        self._errands = Buckets(ERRANDS, 1 / SECONDS_PER_ERRAND, clock)
        self._all_guesses = Buckets(ALL_GUESSES, 1 / SECONDS_PER_ANY_GUESS, clock)
        self.turns = Turns()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = Lock()

    def admit(self, address: str, account: str | None) -> None:
        """Let a call in.

        Args:
            address: of the caller.
            account: id of the account that its token or session belongs to; None for the public.

        Raises:
            RateLimited: too many calls.
        """
        _wait(self._calls.take(_key(address, account)))

    def send_out(self, account: str) -> None:
        """Let an account send the hub to an address that it named.

        Raises:
            RateLimited: it did so too often.
        """
        _wait(self._errands.take(account))

    def charge_events(self, address: str, account: str | None, events: int) -> None:
        """Count the events of a batch; it is never cut off, the next call waits."""
        self._calls.charge(_key(address, account), events / EVENTS_PER_CALL)

    def refuse_guesser(self, address: str, account: str | None, *, is_sign_in: bool = False) -> None:
        """Refuse to tell whether a secret works, if its address has shown too many that do not.

        Args:
            address: of the caller.
            account: whose secret it is; None if it works for nobody, or that was not looked at yet.
            is_sign_in: it is shown to a page; then all addresses together have a limit too.

        Raises:
            RateLimited: wait before the next attempt.
        """
        place = place_of(address)
        if account is not None and self._is_known(place, account):
            return
        waits = self._guesses.wait(place)
        if is_sign_in:
            waits = max(waits, self._all_guesses.wait(""))
        _wait(waits)

    def note_guess(self, address: str, *, is_sign_in: bool = False) -> None:
        """Remember that a secret did not work."""
        self._guesses.charge(place_of(address), 1)
        if is_sign_in:
            self._all_guesses.charge("", 1)

    def note_arrival(self, address: str, account: str) -> None:
        """Remember that an account came from an address; costs nobody anything."""
        with self._lock:
            self._known[place_of(address), account] = None
            self._known.move_to_end((place_of(address), account))
            if len(self._known) > MOST_BUCKETS:
                self._known.popitem(last=False)

    def _is_known(self, place: str, account: str) -> bool:
        with self._lock:
            return (place, account) in self._known


def _key(address: str, account: str | None) -> str:
    return f"address {place_of(address)}" if account is None else f"account {account}"


def _wait(seconds: float) -> None:
    if seconds > 0:
        raise RateLimited(max(1, math.ceil(seconds)))
