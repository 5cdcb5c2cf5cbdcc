"""What a person allows the publisher of an event; see the docstring of `tests/oracle.py`."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.logged import Logged
from tests.oracle_said import Said, reference

Json = Any
Allowed = tuple[str, frozenset[str]]
"""A level, and to whom the identity may go."""

PUBLIC_SCOPES = frozenset({"media", "joint_statement"})


def consent(said: Said, one: Logged, until: int) -> Allowed:
    """Return what counts for the fields of an event: for names the consent of whose they are, else withdrawals."""
    asked = next((mark for mark in said.law.marks.get(one.stem, ()) if str(mark.level).startswith("C")), None)
    if asked is not None and asked.seal is not None:
        protection = said.says(one, until).get("protection", {})
        return _allowed(said, one, reference(one.data, asked.seal) or "", protection, until)
    for person in said.persons(one):
        if _allowed(said, one, person, {}, until)[0] == "C0":
            return "C0", frozenset()
    return "C1", frozenset()


def _allowed(said: Said, one: Logged, person: str, asserted: Mapping[str, Json], until: int) -> Allowed:
    own: dict[str, tuple[Logged, dict[str, Json]]] = {}
    for each in said.standing("consent.recorded", until):
        data = said.says(each, until)
        if data["subject_of_consent"] == person and each.publisher == one.publisher:
            own[str(data["consent_id"])] = each, data
    voided = False
    for each, data in sorted(own.values(), key=lambda found: -found[0].position):
        left = _left(said, data.get("scopes", ()), person, (each, {str(data["consent_id"])}), until)
        if left is None:
            voided = True
        elif _ends(data) > max(each.recorded, said.now(until)):
            return _granted(data["level"], left, data.get("recipients", ()))
    if own:
        return "C0" if voided else "C1", frozenset()
    left = _left(said, asserted.get("scopes", ()), person, (one, set(asserted.get("consent", ()))), until)
    return ("C0", frozenset()) if left is None else _granted(asserted.get("consent_level", "C1"), left, ())


def _left(
    said: Said, scopes: Iterable[str], person: str, given: tuple[Logged, set[str]], until: int
) -> frozenset[str] | None:
    """Return the scopes that withdrawals have left of what was given; None if all was taken back."""
    since, names = given
    left = frozenset(scopes)
    for each in said.standing("consent.withdrawn", until):
        data = said.says(each, until)
        if data["subject_of_consent"] != person:
            continue
        # What names a consent takes it back for good, also if it is recorded again later.
        if data["consent_id"] not in names if "consent_id" in data else each.position < since.position:
            continue
        if data["effect"] != "stop_new_use" or not data.get("scopes_withdrawn"):
            return None
        left -= frozenset(data["scopes_withdrawn"])
    return left


def _ends(data: Mapping[str, Json]) -> datetime:
    """Return when a consent ends: after its last day."""
    if "expires_on" not in data:
        return datetime.max.replace(tzinfo=UTC)
    last = date.fromisoformat(data["expires_on"])
    return datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)


def _granted(level: str, scopes: frozenset[str], recipients: Iterable[str]) -> Allowed:
    level = "C4" if level == "C5" and not scopes & PUBLIC_SCOPES else max(level, "C1")
    slugs = (one.removeprefix("partner:") for one in recipients if one.startswith("partner:"))
    return level, frozenset(slugs) if level >= "C3" else frozenset()
