"""What a country page needs of threats and trials: one row for each."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from projections.boards.accountability.board import COUNTRY, shown_of
from projections.boards.kept import Rows
from projections.boards.tellings import Telling, Tellings
from projections.boards.trials.saying import Voices, by_world, sayings
from projections.boards.truth.claims import REPORTS, Said, claims_in, counting, said_of
from projections.shown import shown

Json = Any

STATUS: Mapping[str, str] = {"threat.reported": "/status", "threat.updated": "/changes/status"}
UNKNOWN, DISPUTED = "unknown", "disputed"
ONGOING = frozenset({"imminent", "ongoing", "escalated"})
"""Statuses of a threat that is not over."""


class Threat(NamedTuple):
    """One threat.

    Args:
        country: where, as shown.
        status: as shown, or `disputed`.
        categories: all that visible reports name.
        targets: references to go by.
    """

    country: str | None
    status: str
    categories: tuple[str, ...]
    targets: tuple[str, ...]


class Trial(NamedTuple):
    """One trial.

    Args:
        country: where, as shown.
        state: `open`, `decided` (not for good), or `closed`.
    """

    country: str | None
    state: str


def _threats(tellings: Tellings, refs: Sequence[str]) -> Mapping[str, Threat]:
    told = tellings.about(refs, REPORTS)
    said = said_of(tellings, (one for events in told.values() for one in events))
    own = {
        ref: [one for one in counting(events, said) if tellings.merged.of(str(one.data.get("threat"))) == ref]
        for ref, events in told.items()
    }
    return {ref: _threat(tellings, events, said) for ref, events in own.items() if events}


def _threat(tellings: Tellings, events: Sequence[Telling], said: Said) -> Threat:
    claims = claims_in(events, STATUS)
    status = shown(claims, said.lookup) if claims else None
    named = {
        str(code)
        for one in events
        for code in (
            *one.data.get("categories", ()),
            *one.data.get("changes", {}).get("categories_added", ()),
        )
    }
    targets = {tellings.merged.of(str(target)) for one in events for target in one.data.get("targets", ())}
    return Threat(
        shown_of(events, COUNTRY, said),
        UNKNOWN if status is None else DISPUTED if status.disputed else str(status.value),
        tuple(sorted(named)),
        tuple(sorted(targets)),
    )


def _trials(tellings: Tellings, refs: Sequence[str]) -> Mapping[str, Trial]:
    rows = {}
    for ref, events in tellings.about(refs, ["trial.scheduled", "trial.concluded"]).items():
        own = by_world(one for one in events if tellings.merged.of(str(one.data.get("trial"))) == ref)
        if own:
            country = Voices(tellings, own).shown(sayings(own, "country"))
            ended = [one for one in own if one.type == "trial.concluded"]
            state = "open" if not ended else "closed" if ended[-1].data.get("final") else "decided"
            rows[ref] = Trial(None if country is None else str(country.value), state)
    return rows


THREATS = Rows("safety threats", "threat", _threats)
TRIALS = Rows("safety trials", "trial", _trials)
