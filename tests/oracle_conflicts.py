"""Who has a conflict of interest in the case of an event; see the docstring of `tests/oracle.py`."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
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
    accused = _accused(said, one, partner, until)
    if accused and min(accused) + PROVISIONAL > said.now(until):
        return True
    bodies = attributed(said.says(one, until))
    others = [each for each in naming if attributed(said.says(each, until)) & bodies]
    others += [each for each in said.standing("claim.assessed", until) if _confirms(said, each, one, until)]
    return any(each.publisher not in (partner, one.publisher) for each in others)


def _accused(said: Said, one: Logged, partner: str, until: int) -> list[datetime]:
    """Return when the publisher of an attribution named a partner in the same case, taken back or not."""
    cases, moments = said.cases(one, until), []
    for each in (*said.ever("threat.reported", until), *said.ever("threat.updated", until)):
        if each.publisher == one.publisher and cases & said.cases(each, until):
            named = [(each, attributed(each.data))]
            named += [(c, _bodies_in(c)) for c in said.amendments(each, "record.corrected", until)]
            moments += [a.recorded for a, bodies in named if partner in _partners(said, bodies, until)]
    return moments


def _bodies_in(correction: Logged) -> frozenset[str]:
    changes = correction.data.get("changes", ())
    if not any(change["pointer"].startswith(("/attributed_to", "/changes")) for change in changes):
        return frozenset()
    return frozenset(re.findall(r'"(body:[^" ]+)"', json.dumps(changes)))


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
