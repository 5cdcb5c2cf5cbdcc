"""Who has a conflict of interest in the case of an event; see the docstring of `tests/oracle.py`."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from tests.logged import Logged
from tests.oracle_said import Said

Json = Any

PROVISIONAL = timedelta(days=14)


def excluded(said: Said, one: Logged, until: int) -> frozenset[str]:
    """Return the partners that see of an event only what is public."""
    cases = said.cases(one, until)
    naming = [each for each in _attributions(said, until) if cases & said.cases(each, until)] if cases else []
    if not naming:
        return frozenset()
    out = {
        partner
        for each in naming
        for partner in _partners(said, attributed(said.says(each, until)), until)
        if _holds(said, each, naming, partner, until)
    }
    return frozenset(out) - _lifted(said, cases, until)


def attributed(data: Mapping[str, Json]) -> frozenset[str]:
    """Return the bodies to which a payload attributes a threat."""
    changes = data.get("changes")
    added = changes.get("attributed_to_added", ()) if isinstance(changes, dict) else ()
    return frozenset(str(one["body"]) for one in (*data.get("attributed_to", ()), *added))


def _attributions(said: Said, until: int) -> list[Logged]:
    key = "attributions", 0, until
    if key not in said.memory:
        threats = [*said.standing("threat.reported", until), *said.standing("threat.updated", until)]
        said.memory[key] = [one for one in threats if attributed(said.says(one, until))]
    found: list[Logged] = said.memory[key]
    return found


def _holds(said: Said, one: Logged, naming: Sequence[Logged], partner: str, until: int) -> bool:
    if one.publisher == partner:
        return False
    amending = [each for each in said.amendments(one, "record.corrected", until) if _may_attribute(each)]
    if any(each.recorded + PROVISIONAL > said.now(until) for each in (one, *amending)):
        return True
    bodies = attributed(said.says(one, until))
    others = [each for each in naming if attributed(said.says(each, until)) & bodies]
    others += [each for each in said.standing("claim.assessed", until) if _confirms(said, each, one, until)]
    return any(each.publisher not in (partner, one.publisher) for each in others)


def _may_attribute(correction: Logged) -> bool:
    changes = correction.data.get("changes", ())
    return any(change["pointer"].startswith(("/attributed_to", "/changes")) for change in changes)


def _confirms(said: Said, assessment: Logged, one: Logged, until: int) -> bool:
    data = said.says(assessment, until)
    named = data.get("about_source", one.source), data["about_event"]
    return named == one.naming and data["verdict"] in {"corroborates", "verifies"}


def _lifted(said: Said, cases: frozenset[str], until: int) -> frozenset[str]:
    """Return whom two stewards, each by the last word, want to see the case again."""
    last = {
        (one.data["partner"], one.data["account"]): one.data["verdict"]
        for one in said.standing("conflict.judged", until)
        if cases & said.cases(one, until)
    }
    lifting = [partner for (partner, _), verdict in last.items() if verdict == "lift"]
    return frozenset(one for one in lifting if lifting.count(one) > 1)


def _partners(said: Said, bodies: frozenset[str], until: int) -> frozenset[str]:
    """Return the partners that are one of some bodies, or part of one."""
    profiles = [said.says(one, until) for one in said.standing("body.profiled", until)]
    known: frozenset[str] = frozenset()
    while bodies - known:
        known |= bodies
        bodies |= {one["body"] for one in profiles if one.get("parent") in known}
    admitted = [said.says(one, until) for one in said.standing("partner.admitted", until)]
    return frozenset(
        str(one["partner"]).removeprefix("partner:") for one in admitted if one.get("body") in known
    )
