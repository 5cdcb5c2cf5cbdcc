"""What a contract cannot say in JSON Schema, one small function per type."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from events.decisions.actions.texts import hash_of_draft, text_hash
from events.decisions.aggregate import slug_in
from events.decisions.figures import Smallest
from events.disclosure_rules import correction_problems, figure_problems
from events.event import SOURCE_PREFIX, Json
from events.submission import Publisher
from schemas.problem import Problem

_ENVELOPE = frozenset({
    "specversion", "id", "type", "time", "subject", "tlp", "audience", "notbefore", "correlationid",
    "dataschema", "datacontenttype", "recordedtime", "data",
})  # fmt: skip
"""No payload has a field of these names at its top, so a correction that points there means the envelope."""

_RAISING = frozenset({"corroborates", "verifies"})
_RAISED = frozenset({"partly_corroborated", "corroborated", "verified"})
"""Verdicts and results that make an event better believed."""

_LOWERED = frozenset({"disputed", "refuted", "unsupported"})
_CONTRADICTS: Mapping[str, frozenset[str]] = {
    "corroborates": _LOWERED,
    "verifies": _LOWERED,
    "disputes": frozenset({"corroborated", "verified"}),
    "refutes": _RAISED,
}
"""Verdict → results that cannot follow from it."""

Check = Callable[[Mapping[str, Json], Publisher, frozenset[str]], Iterator[Problem]]
"""Takes a payload that fits its contract, who publishes it and the roles it holds."""

Decided = Callable[[type[Smallest], str], Smallest]
"""Returns what was decided under a key."""


def further_problems(
    event_type: str,
    data: Mapping[str, Json],
    publisher: Publisher,
    roles: frozenset[str],
    is_personal: Callable[[str], bool],
    decided: Decided,
) -> list[Problem]:
    """Return what is wrong with a payload beyond its contract; none for types without a further check.

    Args:
        event_type: without version.
        data: fits its contract.
        publisher: whose event it is.
        roles: that the publisher holds.
        is_personal: tells whether a pointer leads to what is sealed in any type.
        decided: returns what was decided about the smallest count of an indicator.
    """
    checks: Mapping[str, Check] = {
        "action.proposed": _hash_of_the_draft,
        "claim.assessed": partial(_assessment, is_personal),
        "commitment.made": partial(_in_own_name, "by"),
        "commitment.progressed": partial(_in_own_name, "by"),
        "impact.assessed": partial(_in_own_name, "assessor"),
        "legalaid.reported": partial(_figures, decided),
        "record.corrected": _own_payload_only,
        "record.retracted": _own_or_steward,
        "statement.issued": _hash_of_the_text,
    }
    check = checks.get(event_type)
    return [] if check is None else list(check(data, publisher, roles))


def raises(assessment: Mapping[str, Json]) -> bool:
    """Tell whether an assessment lets what it assesses count for more."""
    return assessment.get("verdict") in _RAISING or assessment.get("resulting_verification") in _RAISED


def _assessment(
    is_personal: Callable[[str], bool],
    data: Mapping[str, Json],
    publisher: Publisher,
    _roles: frozenset[str],
) -> Iterator[Problem]:
    """Nobody raises his own event, and nothing that is sealed is said anew in the open."""
    if raises(data) and data.get("about_source", publisher.source) == publisher.source:
        hint = "Say in about_source whose event you assess. Of your own, say in provenance what it rests on."
        yield Problem("/data/about_source", "own_event", "Nobody verifies his own event.", hint)
    if data.get("resulting_verification") in _CONTRADICTS.get(data["verdict"], ()):
        detail = "Contradicts the verdict."
        hint = "Leave it out: the verdict says how far the event is verified now."
        yield Problem("/data/resulting_verification", "not_allowed", detail, hint)
    for pointer in data.get("alternative", ()):
        if is_personal(pointer):
            place = "/data/alternative/" + pointer.replace("~", "~0").replace("/", "~1")
            yield Problem(place, "not_allowed", "Is sealed where it stands.", "Put it into sealed_note.")


def _in_own_name(
    field: str, data: Mapping[str, Json], publisher: Publisher, _roles: frozenset[str]
) -> Iterator[Problem]:
    """No partner says what another promises, reports or judges; for whom else it speaks, the payload says elsewhere."""
    who = str(data.get(field, ""))
    if who.startswith("partner:") and slug_in(who) not in (None, publisher.slug):
        hint = "Name your own partner; what another said, that partner publishes."
        yield Problem(f"/data/{field}", "not_yours", "Speaks in the name of another partner.", hint)


def _figures(
    decided: Decided, data: Mapping[str, Json], publisher: Publisher, roles: frozenset[str]
) -> Iterator[Problem]:
    yield from _in_own_name("reporter", data, publisher, roles)
    refs = sorted({one["indicator"] for one in data["observations"]})
    yield from figure_problems(data, {ref: decided(Smallest, ref).least for ref in refs})


def _hash_of_the_draft(
    data: Mapping[str, Json], _publisher: Publisher, _roles: frozenset[str]
) -> Iterator[Problem]:
    right = hash_of_draft(data.get("draft"))
    if right is not None and data.get("text_hash", right) != right:
        yield Problem(
            "/data/text_hash", "wrong_hash", "Is not the fingerprint of `draft`.", f"It is {right}."
        )


def _hash_of_the_text(
    data: Mapping[str, Json], _publisher: Publisher, _roles: frozenset[str]
) -> Iterator[Problem]:
    texts = data.get("text")
    if texts is None:
        return
    original = data.get("language", next(iter(texts)))
    if original not in texts:
        yield Problem("/data/text", "no_original", "Has no text in `language`, which is the original.")
    elif data.get("sha256", right := text_hash(texts[original])) != right:
        yield Problem(
            "/data/sha256", "wrong_hash", "Is not the fingerprint of the original.", f"It is {right}."
        )


def _own_payload_only(
    data: Mapping[str, Json], publisher: Publisher, _roles: frozenset[str]
) -> Iterator[Problem]:
    if data.get("about_source", publisher.source) != publisher.source:
        yield Problem("/data/about_source", "not_yours", "Only its own publisher may correct an event.")
    for index, change in enumerate(data.get("changes", ())):
        if change["pointer"].split("/")[1] in _ENVELOPE:
            pointer = f"/data/changes/{index}/pointer"
            hint = "Pointers start inside data, e.g. /starts. To change the envelope, retract the event."
            yield Problem(pointer, "not_allowed", "Points at the envelope, which cannot be corrected.", hint)
    yield from correction_problems(data)


def _own_or_steward(
    data: Mapping[str, Json], publisher: Publisher, roles: frozenset[str]
) -> Iterator[Problem]:
    about = data.get("about_source", publisher.source)
    if about == publisher.source:
        return
    if "steward" not in roles:
        yield Problem(
            "/data/about_source", "not_yours", "Only stewards may retract the event of another partner."
        )


def about_of(event_type: str, data: Mapping[str, Json], source: str) -> tuple[str, str] | None:
    """Return source and id of the event that an amendment acts on; None for other types."""
    if event_type not in {"record.corrected", "record.retracted"}:
        return None
    about = str(data.get("about_source", source))
    return (about if about.startswith(SOURCE_PREFIX) else source), str(data["about_event"])


def conflict_problems(said: Json, is_reference: Callable[[str], bool]) -> list[Problem]:
    """Return what is wrong with a steward's judgement of a conflict: `{"case", "partner", "verdict"}`."""
    if not isinstance(said, dict):
        return [Problem("", "wrong_type", "Is not an object.")]
    case, partner, verdict = (said.get(name) for name in ("case", "partner", "verdict"))
    found = []
    if not said.keys() <= {"case", "partner", "verdict"}:
        found.append(Problem("", "unknown_field", "Has a field besides case, partner and verdict."))
    if not (isinstance(case, str) and case.startswith(("case:", "threat:")) and is_reference(case)):
        found.append(Problem("/case", "not_a_reference", "Is no reference to a case or a threat."))
    if not (isinstance(partner, str) and is_reference(f"partner:{partner}")):
        found.append(Problem("/partner", "wrong_form", "Is no slug of a partner."))
    if verdict not in ("lift", "uphold"):
        found.append(Problem("/verdict", "wrong_value", "Is neither lift nor uphold."))
    return found
