"""What blocks an open action: a person who took the consent back, or whose consent is over."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from events.alarms import consent_ends
from events.decisions.actions.agreements import lawyers_in
from events.decisions.actions.rules import use_rules
from events.moments import read_moment
from projections.boards.actions.sheet import Sheet
from projections.boards.tellings import Telling, Tellings

Json = Any

GIVEN, TAKEN = "consent.recorded", "consent.withdrawn"


def blocks(sheets: Mapping[str, Sheet], tellings: Tellings, now: datetime) -> dict[str, list[Json]]:
    """Return for each action what stands against it, going by consents and withdrawals that these readers see."""
    over = frozenset({"completed", "cancelled", "superseded"})
    about = {ref: sorted(_lawyers(one)) for ref, one in sheets.items() if one.state not in over}
    told = tellings.about({ref for refs in about.values() for ref in refs}, (GIVEN, TAKEN))
    return {
        ref: [
            block
            for lawyer in dict.fromkeys(map(tellings.merged.of, refs))
            for block in _of_person(lawyer, told[lawyer], str(sheets[ref].data.get("kind")), now)
        ]
        for ref, refs in about.items()
    }


def _lawyers(sheet: Sheet) -> frozenset[str]:
    return lawyers_in(str(ref) for ref in sheet.data.get("about", ()))


def _of_person(lawyer: str, told: list[Telling], kind: str, now: datetime) -> Iterator[Json]:
    uses = use_rules().actions.get(kind, frozenset())
    withdrawn = [
        one for one in told if one.type == TAKEN and _takes(one, uses) and not _is_renewed(one, told)
    ]
    for one in withdrawn:
        since = one.data.get("effective_from") or one.event.get("time")
        yield {"lawyer": lawyer, "why": "withdrawn", "since": since, "event": one.proof}
    given = {(one.partner, one.data.get("consent_id")): one for one in told if one.type == GIVEN}
    ends = [(read_moment(consent_ends(one.data) or ""), one) for one in given.values()]
    if ends and not withdrawn and all(end is not None and end <= now for end, _ in ends):
        last = max((one for _, one in ends), key=lambda one: (one.data["expires_on"], one.position))
        yield {"lawyer": lawyer, "why": "expired", "since": last.data["expires_on"], "event": last.proof}


def _takes(one: Telling, uses: frozenset[str]) -> bool:
    gone = frozenset(one.data.get("scopes_withdrawn", ()))
    if one.data.get("effect") != "stop_new_use" or not gone or not uses:
        return True
    return uses <= gone


def _is_renewed(taken: Telling, told: list[Telling]) -> bool:
    """Tell whether the same person gave another consent afterwards."""
    return any(
        one.type == GIVEN
        and one.position > taken.position
        and one.data.get("subject_of_consent") == taken.data.get("subject_of_consent")
        and one.data.get("consent_id") != taken.data.get("consent_id")
        for one in told
    )
