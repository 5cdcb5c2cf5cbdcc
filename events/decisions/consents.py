"""Consent: what each person allows each partner, and what was taken back."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from events.alarms import consent_ends, is_date
from events.corrections import corrected
from events.decisions.aggregate import Actor, Decision, DecisionRefused
from events.decisions.amended import Amended
from events.event import Json, name_of, slug_of
from events.moments import read_moment, stamp

WITHDRAWN = "consent.withdrawn"

MOST = 100
"""Consents of one person that one partner may record: what it published of the person is read anew at each."""

_TOO_OFTEN = f"You recorded {MOST} consents of this person already."


@dataclass(frozen=True, slots=True)
class Given:
    """A consent as one partner recorded it.

    Args:
        place: among all that was said of the person: when it was recorded, and the how manieth that was told.
        data: of the payload, what decides.
        name: source and id of the event.
    """

    place: tuple[str, int]
    data: Mapping[str, Json]
    name: str

    def as_amended(self, amended: Amended) -> "Given | None":
        """Return it as its partner has corrected it since; None if it was retracted."""
        if amended.is_retracted:
            return None
        changes = [one["data"].get("changes") for one in sorted(amended.corrections, key=_asserted)]
        return replace(self, data=corrected(self.data, changes, _is_readable)) if changes else self

    def holds(self, now: datetime) -> bool:
        """Tell whether its last day is still to come, or never comes."""
        ends = read_moment(consent_ends(self.data) or "")
        return ends is None or ends > now


@dataclass(frozen=True, slots=True)
class Taken:
    """A withdrawal.

    Args:
        place: among all that was said of the person: when it was recorded, and the how manieth that was told.
        envelope: with what decides of its payload.
    """

    place: tuple[str, int]
    envelope: Mapping[str, Json]

    @property
    def consent(self) -> str | None:
        """The consent that it names; None: all there were."""
        named: str | None = self.envelope["data"].get("consent_id")
        return named


class Consent(Decision):
    """What one person allows: recorded and updated by whoever holds it; withdrawn through anybody, for good."""

    was_report = True

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """Whose consent it is."""
        return str(envelope["data"]["subject_of_consent"])

    def begin(self) -> None:
        """Unknown."""
        self.given: dict[tuple[str, str], Given] = {}
        self.taken: list[Taken] = []
        self._told = 0
        self._recorded: Counter[str] = Counter()

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """A withdrawal is always accepted; what follows one needs a consent of its own.

        Two partners may use one UUID: neither learns of the other, and each consent opens its own partner's events
        alone. Of a withdrawal nobody is told who neither recorded the consent nor may see the withdrawal; it voids
        what he records all the same.
        """
        if event_type == WITHDRAWN:
            return
        if self._recorded[actor.slug] >= MOST:
            raise DecisionRefused("too_many_items", "/data/subject_of_consent", _TOO_OFTEN)
        consent = envelope["data"]["consent_id"]
        is_holder = (actor.slug, consent) in self.given
        if any(one.consent == consent and (is_holder or actor.sees(one.envelope)) for one in self.taken):
            raise DecisionRefused("already_withdrawn", "/data/consent_id", "Withdrawn; record a new consent.")

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Remember what was allowed to whom, and who may know that it was withdrawn."""
        self._told += 1
        place = str(envelope["recordedtime"]), self._told
        if event_type == WITHDRAWN:
            self.taken.append(Taken(place, {**envelope, "data": _kept(envelope["data"])}))
            return
        self._recorded[slug_of(envelope["source"])] += 1
        named = slug_of(envelope["source"]), str(envelope["data"]["consent_id"])
        known = self.given.get(named)
        # What an older release recorded is told last.
        if known is None or known.place <= place:
            self.given[named] = Given(place, _kept(envelope["data"]), name_of(envelope))

    def own(self, slug: str) -> list[Given]:
        """Return the consents that a partner recorded, newest first."""
        found = [one for (holder, _), one in self.given.items() if holder == slug]
        return sorted(found, key=lambda one: one.place, reverse=True)

    def scopes(self, given: Given) -> frozenset[str] | None:
        """Return the uses that withdrawals have left of a consent; None if they left nothing of it at all."""
        return _left(given, self.taken)

    def withdrawals(self, actor: Actor) -> Iterator[Mapping[str, Json]]:
        """Yield the withdrawals that an actor may know of, whichever consent they name."""
        yield from (one.envelope["data"] for one in self.taken if actor.sees(one.envelope))


_LEVELS = frozenset({"C0", "C1", "C2", "C3", "C4", "C5"})

_KEPT = ("consent_id", "level", "scopes", "expires_on", "effect", "scopes_withdrawn")
"""What decides; nothing of it is personal."""


def _kept(data: Mapping[str, Json]) -> Mapping[str, Json]:
    return {name: data[name] for name in _KEPT if name in data}


def _asserted(correction: Mapping[str, Json]) -> tuple[str, str]:
    """Order corrections as their publisher does, whatever the order of arrival."""
    moment = read_moment(str(correction.get("time", "")))
    return "" if moment is None else stamp(moment), str(correction["id"])


def _is_readable(data: Json) -> bool:
    """Tell whether what decides of a consent is still there, in its form."""
    scopes = data.get("scopes", []) if isinstance(data, Mapping) else None
    is_list = isinstance(scopes, list) and all(isinstance(one, str) for one in scopes)
    return is_list and data.get("level") in _LEVELS and is_date(data.get("expires_on", "2000-01-01"))


def _left(given: Given, taken: Sequence[Taken]) -> frozenset[str] | None:
    left = frozenset(given.data.get("scopes", ()))
    for one in taken:
        # A consent is withdrawn for good, also for whoever records it later, not knowing.
        if one.place < given.place if one.consent is None else one.consent != given.data["consent_id"]:
            continue
        data = one.envelope["data"]
        gone = data.get("scopes_withdrawn")
        if data.get("effect") != "stop_new_use" or not gone:
            return None
        left -= frozenset(gone)
    return left
