"""Reads what an event says that protects persons: consent, erasure, conflict of interest, distrust. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from events.alarms import attributed, consent_ends, may_attribute, provisional_until
from events.audience import CONSENT, KEEP, PUBLIC_NAME, REFER, WITHDRAWN, Label
from events.event import RecordedEvent
from events.relaying import TOLD_BY
from events.seals import path_of, without
from projections.amendments import LONG_AGO, STEWARDS, moment_of
from schemas.contract import Contract

Json = Any

PUBLIC_SCOPES = frozenset({"media", "joint_statement"})
"""Uses that put a name before the public: one of them must be allowed beside level C5."""

PRIVATE_ADVOCACY = "C4"
REVIEWERS = 2
"""Stewards who must agree to lift an exclusion."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person allows one partner at one place of the log.

    Args:
        level: one of `CONSENT`.
        recipients: slugs to which the identity may be referred.
    """

    level: str = KEEP
    recipients: frozenset[str] = frozenset()

    def on(self, label: Label) -> Label:
        """Return the label of an event about that person."""
        return replace(label, consent=self.level, recipients=self.recipients)


def consent_subject(event: RecordedEvent, contract: Contract | None) -> str | None:
    """Return whose consent the fields marked `x-consent` ask for; None where no field is."""
    for mark in contract.marks if contract is not None else ():
        if mark.consent is not None and mark.seal is not None:
            value = event.data.get(mark.seal.removeprefix("/"))
            return value if isinstance(value, str) else None
    return None


def subjects_of(event: RecordedEvent, contract: Contract | None) -> list[str]:
    """Return the references whose protection may change how an event reads."""
    named = [consent_subject(event, contract), event.envelope.get("subject"), *event.sealed.values()]
    return list(dict.fromkeys(one for one in named if isinstance(one, str)))


def cases_of(event: RecordedEvent) -> list[str]:
    """Return the cases and threats that an event belongs to or speaks of."""
    envelope = event.envelope
    return list(
        dict.fromkeys(_references([event.data, envelope.get("subject"), envelope.get("correlationid")]))
    )


def _references(root: Json) -> Iterator[str]:
    waiting = [root]
    while waiting:
        value = waiting.pop()
        kind = type(value)
        if kind is str:
            if value.startswith(("threat:", "case:")) and " " not in value:
                yield value
        elif kind is dict:
            waiting += value.values()
        elif kind is list:
            waiting += value


def consent_about(event: RecordedEvent) -> str | None:
    """Return whose consent an event records or withdraws, or whose data it erases."""
    if event.stem.startswith("consent."):
        return str(event.data.get("subject_of_consent"))
    return str(event.data["subject_of_erasure"]) if _destroys(event) else None


def erased_by(event: RecordedEvent) -> str | None:
    """Return whose data an event erases: at once by the stewards, or by the person's own word."""
    data = event.data
    if _destroys(event):
        # What another hub erased is told by its keys: what others here said of the person since is not erased.
        return None if TOLD_BY in event.envelope else str(data["subject_of_erasure"])
    if event.stem.startswith("consent.withdrawn.") and data.get("effect") == "erase":
        return str(data["subject_of_consent"])
    return None


def erased_keys(event: RecordedEvent) -> frozenset[str]:
    """Return the names of further keys that the stewards' erasure destroys, whosever they are."""
    return (
        frozenset(str(one) for one in event.data.get("kids_destroyed", ()))
        if _destroys(event)
        else frozenset()
    )


def _destroys(event: RecordedEvent) -> bool:
    return event.stem.startswith("erasure.executed.") and event.data.get("role") == "controller"


def consent_of(event: RecordedEvent, said: Sequence[RecordedEvent], now: int) -> Consent:
    """Return what a person allows the publisher of `event`.

    The newest consent that this publisher recorded and that still holds; without any, what the event itself
    asserts. A consent never loosens what others publish; a withdrawal binds everybody.

    Args:
        event: about the person.
        said: consents and withdrawals of the person that count, in the order of the log.
        now: the moment to which the timekeeper has brought the log, in microseconds since 1970.
    """
    withdrawals = [one for one in said if one.stem.startswith("consent.withdrawn.")]
    own = [one for one in said if one.stem.startswith("consent.recorded.") and one.source == event.source]
    latest = {str(one.data["consent_id"]): one for one in own}
    voided = False
    for one in sorted(latest.values(), key=lambda each: -each.position):
        scopes = _scopes_left(one.data.get("scopes", ()), withdrawals, one)
        if scopes is None:
            voided = True
        elif consent_ends(one.data) is None or _moment(consent_ends(one.data)) > max(now, _recorded(one)):
            return _consent(str(one.data["level"]), scopes, one.data.get("recipients", ()))
    if voided:
        return Consent(WITHDRAWN)
    if latest:
        return Consent()
    return _asserted(event, withdrawals)


def _asserted(event: RecordedEvent, withdrawals: Sequence[RecordedEvent]) -> Consent:
    protection = event.data.get("protection")
    said = protection if isinstance(protection, Mapping) else {}
    scopes = _scopes_left(said.get("scopes", ()), withdrawals, event, frozenset(said.get("consent", ())))
    if scopes is None:
        return Consent(WITHDRAWN)
    level = said.get("consent_level", KEEP)
    return _consent(level if level in CONSENT[1:] else KEEP, scopes, ())


def _scopes_left(
    scopes: Iterable[str],
    withdrawals: Sequence[RecordedEvent],
    since: RecordedEvent,
    rests_on: frozenset[str] = frozenset(),
) -> frozenset[str] | None:
    """Return the uses that withdrawals have left: all since an event, and whichever name its consent.

    None if they left nothing at all.
    """
    left = frozenset(scopes)
    names = rests_on | {str(since.data.get("consent_id", ""))}
    for one in withdrawals:
        named = one.data.get("consent_id")
        # A consent is withdrawn for good, also for whoever records it later, not knowing.
        if named not in names if named is not None else one.position < since.position:
            continue
        gone = one.data.get("scopes_withdrawn")
        if one.data.get("effect") != "stop_new_use" or not gone:
            return None
        left -= frozenset(gone)
    return left


def _consent(level: str, scopes: frozenset[str], recipients: Iterable[str]) -> Consent:
    if level == PUBLIC_NAME and not scopes & PUBLIC_SCOPES:
        level = PRIVATE_ADVOCACY
    if level < REFER:
        return Consent(level if level != WITHDRAWN else KEEP)
    slugs = (one.removeprefix("partner:") for one in recipients if one.startswith("partner:"))
    return Consent(level, frozenset(slugs))


def erased_fields(event: RecordedEvent, subjects: frozenset[str]) -> frozenset[str]:
    """Return the pointers of the fields of an event that are sealed for one of some subjects."""
    return frozenset(pointer for pointer, subject in event.sealed.items() if subject in subjects)


def without_fields(event: RecordedEvent, pointers: frozenset[str]) -> RecordedEvent:
    """Return an event without some of its personal fields."""
    if not pointers:
        return event
    paths = [path_of(pointer) for pointer in sorted(pointers)]
    envelope = {**event.envelope, "data": without(event.data, paths)}
    return replace(event, envelope=envelope, erased=event.erased | pointers)


def after(said: Iterable[RecordedEvent], event: RecordedEvent) -> list[RecordedEvent]:
    """Return what was said behind an event."""
    return [one for one in said if one.position > event.position]


def erases(said: Iterable[RecordedEvent]) -> bool:
    """Tell whether anything erases among what was said."""
    return any(erased_by(one) is not None for one in said)


def silent(event: RecordedEvent) -> RecordedEvent:
    """Return an event that asserts nothing about consent."""
    return replace(event, envelope={**event.envelope, "data": {}})


def persons_in(said: Sequence[RecordedEvent]) -> list[str]:
    """Return whose consents and erasures were said."""
    return list(dict.fromkeys(person for one in said if (person := consent_about(one)) is not None))


def about(said: Sequence[RecordedEvent], person: str) -> list[RecordedEvent]:
    """Return what was said of one person."""
    return [one for one in said if consent_about(one) == person]


def attributed_by(event: RecordedEvent) -> list[str]:
    """Return the bodies to which an event attributes a threat."""
    return attributed(event.stem, event.data)


def is_provisional(said: Iterable[RecordedEvent], now: int) -> bool:
    """Tell whether what an accuser says still holds without being confirmed.

    Args:
        said: every event and correction by which he has said it.
        now: the moment to which the timekeeper has brought the log, in microseconds since 1970.
    """
    return min((_moment(provisional_until(one.envelope)) for one in said), default=LONG_AGO) > now


def bodies_in(event: RecordedEvent) -> list[str]:
    """Return the bodies to which a correction may attribute a threat; none for any other event."""
    is_one = event.stem.startswith("record.corrected.") and may_attribute(event.stem, event.data)
    return list(_texts(event.data.get("changes"), "body:")) if is_one else []


def _texts(value: Json, start: str) -> Iterator[str]:
    if isinstance(value, str) and value.startswith(start):
        yield value
    elif isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner, start)


def confirms(event: RecordedEvent, attribution: RecordedEvent) -> bool:
    """Tell whether an independent partner confirms an attribution: by assessing it, or by saying the same."""
    teller = event.envelope.get(TOLD_BY)
    if event.source == attribution.source or (teller and teller == attribution.envelope.get(TOLD_BY)):
        return False  # what one hub tells of several publishers is its own word
    if event.stem.startswith("claim.assessed."):
        return event.data.get("verdict") in {"corroborates", "verifies"}
    return not frozenset(attributed_by(event)).isdisjoint(attributed_by(attribution))


def lifted(judgements: Iterable[RecordedEvent]) -> frozenset[str]:
    """Return the partners whose exclusion enough stewards, each by his last word, want lifted."""
    last = {(str(one.data["partner"]), str(one.data["account"])): one.data["verdict"] for one in judgements}
    lifting = [partner for (partner, _), verdict in last.items() if verdict == "lift"]
    return frozenset(one for one in lifting if lifting.count(one) >= REVIEWERS)


def distrusts(event: RecordedEvent) -> str | None:
    """Return whose events an event lets distrust: a partner's slug."""
    if event.stem.startswith("key.revoked.") or event.stem.startswith("partner.suspended."):
        return str(event.data["partner"]).removeprefix("partner:")
    return None


def is_since_seizure(event: RecordedEvent, by: RecordedEvent) -> bool:
    """Tell whether an event comes from a partner after the moment from which it is no longer believed at all."""
    since = by.data.get("distrust_events_after") if by.stem.startswith("partner.suspended.") else None
    return since is not None and not event.stem.startswith("partner.suspended.") and _is_since(event, since)


def is_signed_by_lost_key(event: RecordedEvent, by: RecordedEvent) -> bool:
    """Tell whether an event is signed with a key that another one revokes, at or after its date of distrust."""
    if event.signature is None or event.stem.startswith("partner.suspended."):
        return False
    if by.stem.startswith("key.revoked."):
        kids, since = {by.data["kid"]}, by.data.get("distrust_from")
    else:
        kids = set(by.data.get("revoked_kids", ()))
        since = by.data.get("distrust_events_after") or by.data.get("from") or by.envelope.get("recordedtime")
    return event.signature["keyid"] in kids and _is_since(event, since)


def _is_since(event: RecordedEvent, since: Json) -> bool:
    start = moment_of(since)
    said = (moment_of(event.envelope.get(name)) for name in ("time", "recordedtime"))
    return start is None or any(one is not None and one >= start for one in said)


def quarantined(event: RecordedEvent) -> Label:
    """Return the label of an event that is kept and believed by nobody: for stewards, and who published it."""
    return Label("amber+strict", STEWARDS.rpartition(":")[2], frozenset({event.publisher}))


def _recorded(event: RecordedEvent) -> int:
    return _moment(event.envelope.get("recordedtime"))


def _moment(text: Json) -> int:
    moment = moment_of(text)
    return LONG_AGO if moment is None else moment
