"""Which of several claims is shown: the rule of `domain/schemas.md` §11.3. Order of arrival is nothing.

Highest verification, then latest `as_of`, best credibility, best reliability, `time`, `id`. Claims that
differ within the highest class and were not assessed are disputed: all are shown.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from events.event import SOURCE_PREFIX, RecordedEvent
from events.submission import HUB
from projections.rule import steps_of
from schemas.edtf import NotEdtf, sort_key

Json = Any

UNVERIFIED = "unverified"
_RANKS = {
    "refuted": 0,
    "unsupported": 1,
    "disputed": 2,
    UNVERIFIED: 3,
    "partly_corroborated": 4,
    "corroborated": 5,
    "verified": 6,
}
_RESULTS = {
    "corroborates": "corroborated",
    "verifies": "verified",
    "disputes": "disputed",
    "refutes": "refuted",
}
"""What a verdict results in when the assessment does not say."""

HUB_SOURCE = f"{SOURCE_PREFIX}{HUB}"
"""Source of what the hub itself says: that nothing supports a claim any more, unless anybody knows better."""

DOUBTED = frozenset({"refuted", "unsupported", "disputed"})
"""Results of an assessment that speak against a claim."""


class Origin(NamedTuple):
    """The event behind claims, as far as the shown-value rule and a proof need it; `told`: by which hub, if any."""

    position: int
    source: str
    id: str
    type: str
    time: str
    as_of: str | None
    reliability: str
    credibility: str
    told: str = ""

    @property
    def voice(self) -> str:
        """Whose word it is: of the hub that told it, whatever publisher it names; else of the publisher."""
        return self.told or self.source

    def as_json(self) -> Json:
        """Return what names the event to a reader."""
        return {"source": self.source, "id": self.id, "type": self.type}


def origin_in(position: int, envelope: Mapping[str, Json], when: str | None) -> Origin:
    """Return what claims remember of their event.

    Args:
        position: of the event.
        envelope: a CloudEvent; what is closed to its readers may be missing.
        when: as of which world date (EDTF) it speaks.
    """
    said = (envelope.get("data") or {}).get("provenance")
    given = said if isinstance(said, Mapping) else {}
    source, event_id, kind = (str(envelope[name]) for name in ("source", "id", "type"))
    grades = str(given.get("reliability", "F")), str(given.get("credibility", "6"))
    return Origin(position, source, event_id, kind, str(envelope.get("time", "")), when, *grades)


class Claim(NamedTuple):
    """What one event says about one thing; `pointer` is where in its payload."""

    value: Json
    origin: Origin
    pointer: str = ""


class Assessment(NamedTuple):
    """What one event says about the claims of another.

    Args:
        about_source: whose event it is about.
        about_id: its id.
        source: who assesses.
        id: of the assessing event.
        time: of the assessing event.
        result: the verification that results, a code.
        fields: pointers of the claims concerned; empty: all of the event.
    """

    about_source: str
    about_id: str
    source: str
    id: str
    time: str
    result: str
    fields: tuple[str, ...]


class Shown(NamedTuple):
    """The outcome: `value` is the best claim's; `values` are all that are shown, best first."""

    value: Json
    values: list[Json]
    disputed: bool
    verification: str

    def as_json(self) -> Json:
        """Return the value, or both sides of a dispute."""
        if len(self.values) > 1:
            return {"disputed": True, "values": self.values}
        said = {"value": self.value, "verification": self.verification}
        return {**said, "disputed": True} if self.disputed else said


def assessment_from(stored: Sequence[Json]) -> Assessment:
    """Return the assessment whose fields were stored as a JSON list."""
    about_source, about_id, source, id_, time, result, fields = stored
    return Assessment(about_source, about_id, source, id_, time, result, tuple(fields))


Assessments = Callable[[Origin], Sequence[Assessment]]
"""Gives the assessments of an event that the reader may see."""


def assessment_of(event: RecordedEvent) -> Assessment | None:
    """Read a `claim.assessed` event; None for any other, and for one that judges nothing."""
    return assessment_in(event.envelope)


def assessment_in(envelope: Json) -> Assessment | None:
    """Read a `claim.assessed` CloudEvent; None for any other, and for one that judges nothing."""
    if envelope.get("type") != "claim.assessed":
        return None
    data, source = envelope.get("data") or {}, str(envelope["source"])
    result = data.get("resulting_verification", _RESULTS.get(str(data.get("verdict"))))
    if result is None:
        return None
    return Assessment(
        about_source=str(data.get("about_source", source)),
        about_id=str(data.get("about_event", "")),
        source=source,
        id=str(envelope["id"]),
        time=str(envelope.get("time", "")),
        result=str(result),
        fields=tuple(str(field) for field in data.get("fields", ())),
    )


def assessed(claim: Claim, assessments: Iterable[Assessment]) -> str | None:
    """Return the verification that the latest assessment gives a claim; None when nobody assessed it.

    Nobody raises their own claim: such assessments count for nothing.
    """
    latest: Assessment | None = None
    for one in assessments:
        if one.about_source != claim.origin.source or not _concerns(one, claim):
            continue
        if one.source == claim.origin.source and rank(one.result) > _RANKS[UNVERIFIED]:
            continue
        if latest is None or _moment(one) > _moment(latest):
            latest = one
    return None if latest is None else latest.result


def shown(claims: Sequence[Claim], assessments: Assessments) -> Shown:
    """Choose what is shown among the claims a reader may see.

    A publisher's own older claim does not dispute its newer one.

    Args:
        claims: about one thing; any order, at least one.
        assessments: of an event, those that the reader may see.
    """
    ranked = _ranked(claims, assessments)
    best, verdict = ranked[0]
    verification = verdict or UNVERIFIED
    if len(ranked) == 1:
        return Shown(best.value, [best.value], verification in DOUBTED, verification)
    top = [(claim, said) for claim, said in ranked if rank(said or UNVERIFIED) == rank(verification)]
    rivals = _differing(top if verification in DOUBTED else [pair for pair in top if pair[1] is None])
    if len(rivals) > 1:
        everything = _differing(top)
        return Shown(best.value, everything, disputed=True, verification=verification)
    return Shown(best.value, [best.value], verification in DOUBTED, verification)


def told(claims: Sequence[Claim], assessments: Assessments) -> Json:
    """Return the shown value together with every claim behind it, best first, ready for JSON."""
    return {
        **shown(claims, assessments).as_json(),
        "claims": [
            {
                "value": claim.value,
                "event": claim.origin.as_json(),
                "as_of": claim.origin.as_of,
                "reliability": claim.origin.reliability,
                "credibility": claim.origin.credibility,
                "verification": said or UNVERIFIED,
            }
            for claim, said in _ranked(claims, assessments)
        ],
    }


def _ranked(claims: Sequence[Claim], assessments: Assessments) -> list[tuple[Claim, str | None]]:
    pairs = [(claim, assessed(claim, assessments(claim.origin))) for claim in claims]
    if len(pairs) > 1:
        pairs.sort(key=lambda pair: _key(*pair), reverse=True)
    return pairs


def _key(
    claim: Claim, verdict: str | None
) -> tuple[int, str, int, int, tuple[float, str], str, str, str, str]:
    origin = claim.origin
    return (
        rank(verdict or UNVERIFIED),
        world_key(origin.as_of or origin.time[:10]),
        -ord(origin.credibility[:1] or "~"),
        -ord(origin.reliability[:1] or "~"),
        time_key(origin.time),
        origin.id,
        origin.source,
        claim.pointer,
        _canonical(claim.value),
    )


def _differing(pairs: Sequence[tuple[Claim, str | None]]) -> list[Json]:
    """Return the distinct values, best first, of each source's best claim."""
    newest: dict[str, Claim] = {}
    for claim, _ in pairs:
        newest.setdefault(claim.origin.source, claim)
    return list({_canonical(claim.value): claim.value for claim in newest.values()}.values())


def _concerns(one: Assessment, claim: Claim) -> bool:
    return not one.fields or any(_overlaps(field, claim.pointer) for field in one.fields)


def _overlaps(field: str, pointer: str) -> bool:
    """Tell whether one pointer lies on or below the other; `*` and numbers match."""
    if not pointer:
        return False
    return all(
        a == b or (a == "*" and b.isdigit()) or (b == "*" and a.isdigit())
        for a, b in zip(steps_of(field), steps_of(pointer), strict=False)
    )


def rank(verification: str) -> int:
    """Return how much a verification counts: the higher, the better believed."""
    return _RANKS.get(verification, _RANKS[UNVERIFIED])


def _moment(one: Assessment) -> tuple[bool, tuple[float, str], str, str]:
    return one.source != HUB_SOURCE, time_key(one.time), one.id, one.source


def world_key(when: str | None) -> str:
    """Order world dates: none first, then by earliest day; moments finer than EDTF allows by their text."""
    if when is None:
        return ""
    if _DAY.fullmatch(when):
        # What nearly all are, and every day is a date to those who compare.
        return f"{when}/{when}/{when}"
    try:
        return sort_key(when)
    except NotEdtf:
        return f"{when[:10]}/{when[:10]}/{when}"


def time_key(time: str) -> tuple[float, str]:
    """Order moments (RFC 3339) whatever their offsets; what is no moment comes first."""
    try:
        return datetime.fromisoformat(time).timestamp(), time
    except ValueError:
        return 0.0, time


_DAY = re.compile(r"(?!0000)\d{4}-\d{2}-\d{2}", re.ASCII)


def _canonical(value: Json) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
