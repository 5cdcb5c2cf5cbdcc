"""What a contract cannot say in JSON Schema, one small function per type."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from events.event import SOURCE_PREFIX, Json
from events.submission import Publisher
from schemas.problem import Problem

_ENVELOPE = frozenset({
    "specversion", "id", "type", "time", "subject", "tlp", "audience", "notbefore", "correlationid",
    "dataschema", "datacontenttype", "recordedtime", "data",
})  # fmt: skip
"""No payload has a field of these names at its top, so a correction that points there means the envelope."""

Check = Callable[[Mapping[str, Json], Publisher, frozenset[str]], Iterator[Problem]]
"""Takes a payload that fits its contract, who publishes it and the roles it holds."""


def further_problems(
    event_type: str,
    data: Mapping[str, Json],
    publisher: Publisher,
    roles: frozenset[str],
    is_personal: Callable[[str], bool],
) -> list[Problem]:
    """Return what is wrong with a payload beyond its contract; none for types without a further check.

    Args:
        event_type: without version.
        data: fits its contract.
        publisher: whose event it is.
        roles: that the publisher holds.
        is_personal: tells whether a pointer leads to what is sealed in any type.
    """
    checks: Mapping[str, Check] = {
        "claim.assessed": partial(_nothing_personal_in_the_open, is_personal),
        "legalaid.reported": _shares_of_a_whole,
        "record.corrected": _own_payload_only,
        "record.retracted": _own_or_steward,
    }
    check = checks.get(event_type)
    return [] if check is None else list(check(data, publisher, roles))


def _nothing_personal_in_the_open(
    is_personal: Callable[[str], bool],
    data: Mapping[str, Json],
    _publisher: Publisher,
    _roles: frozenset[str],
) -> Iterator[Problem]:
    for pointer in data.get("alternative", ()):
        if is_personal(pointer):
            place = "/data/alternative/" + pointer.replace("~", "~0").replace("/", "~1")
            yield Problem(place, "not_allowed", "Is sealed where it stands.", "Put it into sealed_note.")


def _shares_of_a_whole(
    data: Mapping[str, Json], _publisher: Publisher, _roles: frozenset[str]
) -> Iterator[Problem]:
    for index, cell in enumerate(data.get("observations", ())):
        part, whole = cell.get("numerator"), cell.get("denominator")
        if _is_number(part) and _is_number(whole) and part > whole:
            pointer = f"/data/observations/{index}/numerator"
            yield Problem(pointer, "too_big", "Is greater than the denominator.")


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


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
