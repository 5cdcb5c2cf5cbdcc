"""Copies: events that another hub tells, recorded as their publishers' own, taken back as their home hub takes them."""

from collections.abc import Mapping, Sequence, Set

from events.clock import Clock
from events.erasure import ERASED, MOST_KEYS, pages_of, plan, proof
from events.event import Json, Position, RecordedEvent
from events.intake import Intake
from events.mentions import references_in
from events.relaying import TOLD_BY, ErasedTold, Told, as_told, parcel_of
from events.seals import Seals
from events.store import Store
from events.submission import HUB, STEWARDS, Checked, Outcome, Publisher
from schemas.registry import Registry

_CORRECTED = "record.corrected.v1"
_RETRACTED = "record.retracted.v1"


class Copies:
    """What other hubs told. Safe to share between threads.

    Args:
        intake: of this hub.
        registry: of contracts.
        store: of this hub.
        clock: the present moment.
    """

    def __init__(self, intake: Intake, registry: Registry, store: Store, clock: Clock) -> None:
        self._intake = intake
        self._registry = registry
        self._store = store
        self._clock = clock
        self._seals = Seals(registry)

    def check(self, slug: str, raw: Json, told: Told) -> Checked:
        """Check a partner's event that another hub tells, as if the partner had sent it; raises what `check` raises.

        Args:
            slug: of the partner.
            raw: the event, or what its publisher signed.
            told: by whom, and under which label.
        """
        return as_told(self._intake.check(Publisher(slug, f"peer-{told.by}"), raw), told)

    def record(self, checked: Checked) -> Outcome:
        """Record what was checked; raises what `Intake.record` raises."""
        return self._intake.record([checked])[0]

    def correct(
        self, kept: RecordedEvent, shown: Mapping[str, Json], said: Mapping[str, Json], by: str
    ) -> bool:
        """Have a told event read as its home hub shows it now; False if a correction cannot say that.

        Args:
            kept: as it was recorded.
            shown: its payload as that hub shows it now: nobody could publish here what is not fit to be read.
            said: `changes`, and `tlp` where that became stricter.
            by: name of the hub that tells it.
        """
        slug, data = kept.publisher, {"about_event": kept.id, **said}
        if not self._intake.reads_well(Publisher(slug, f"peer-{by}"), kept.stem, shown):
            return False
        if self._registry.contract(_CORRECTED).check(data):
            return False
        named = self._store.fresh_id(self._clock())
        done = self._intake.record_own(slug, named, _CORRECTED, "amber+strict", data, **{TOLD_BY: by})
        return done.status == "stored"

    def withdraw(self, slug: str, event_id: str, reason: str, by: str) -> Outcome:
        """Withdraw a told event, as the stewards; again is harmless.

        Args:
            slug: of its publisher.
            event_id: its id.
            reason: code of the vocabulary; `unsafe` hides it from all but the stewards.
            by: name of the hub that took it back.
        """
        source = Publisher(slug, HUB).source
        data = {"about_event": event_id, "about_source": source, "reason": reason}
        named = self._store.secret_name(f"withdrawn {reason} {source} {event_id}")
        more = {TOLD_BY: by}
        return self._intake.record_own(
            STEWARDS, f"withdrawn-{named}", _RETRACTED, "amber+strict", data, **more
        )

    def erase(self, subject: str, request: str, publishers: frozenset[str], by: str) -> ErasedTold:
        """Destroy what some publishers' events hold of somebody, because their home hub erased it; again is harmless.

        Args:
            subject: whom or what.
            request: id of the erasure there.
            publishers: slugs whose home that hub is: what others here published is not its to erase.
            by: its name.
        """
        found = plan(pages_of(self._store.read), self._seals, self._store.keys(), subject)
        if found.is_done or not found.events:
            return ErasedTold(0, is_whole=True)  # nothing here speaks of it: nobody here is bothered
        others, beside = self._others(subject, publishers)
        kids = [one.kid for one in found.keys if one.publisher in publishers and one.kid not in beside]
        if not others and len(kids) == len(found.keys):
            self._intake.carry_out(found, f"peer {by}", request, **{TOLD_BY: by})
            return ErasedTold(len(kids), is_whole=True)
        self._destroy(kids, request, by)
        for page in pages_of(self._store.read)():
            for one in page:
                if one.publisher in publishers and not set(one.kids.values()).isdisjoint(kids):
                    self.withdraw(one.publisher, one.id, "unsafe", by)
        return ErasedTold(len(kids), is_whole=False)

    def destroy(self, position: Position, by: str, *, is_home: bool) -> bool:
        """Destroy the keys of one told event, because its home hub erased what it holds; again is harmless.

        Args:
            position: of the event.
            by: name of the hub that says so.
            is_home: it is the home of the publisher: all that is here in its name came from there. Else nothing is
                destroyed by which something else is sealed that this hub did not tell.

        Returns:
            False if a key was spared.
        """
        is_whole = True
        for event in self._store.at([position]):
            kids = set(event.kids.values())
            spared = frozenset[str]() if is_home or not kids else self._sealed_beside(kids, by)
            self._destroy(sorted(kids - spared), event.id, by)
            is_whole = not spared
        return is_whole

    def at(self, position: Position) -> RecordedEvent | None:
        """Return a told event as it was recorded."""
        return next(iter(self._store.at([position])), None)

    def _others(self, subject: str, publishers: frozenset[str]) -> tuple[bool, frozenset[str]]:
        """Tell whether others here speak of somebody, and by which keys anything is sealed that was published here."""
        speaks, beside = False, set[str]()
        for page in pages_of(self._store.read)():
            for one in page:
                if one.publisher in {HUB, STEWARDS} or (
                    one.publisher in publishers and TOLD_BY in one.envelope
                ):
                    continue
                speaks = speaks or subject in references_in(one)
                beside.update(one.kids.values())
        return speaks, frozenset(beside)

    def _sealed_beside(self, kids: Set[str], by: str) -> frozenset[str]:
        """Return those keys by which something is sealed that a hub did not tell."""
        pages = pages_of(self._store.read)()
        others = (one for page in pages for one in page if one.envelope.get(TOLD_BY) != by)
        return frozenset(kid for one in others for kid in one.kids.values() if kid in kids)

    def _destroy(self, kids: Sequence[str], request: str, by: str) -> None:
        records = self._store.keys()
        living = {one.kid for one in records if one.destroyed is None}
        left = [one for one in kids if one in living]
        for start in range(0, len(left), MOST_KEYS):
            name = self._store.secret_name(f"told {by} {request} {left[start]}")
            data = proof(parcel_of(name), left[start : start + MOST_KEYS], request)
            more = {"audience": STEWARDS, TOLD_BY: by}
            self._intake.record_own(HUB, f"erasure-{name}", ERASED, "amber+strict", data, **more)
