"""The board of a threat: what is claimed, how far each claim is believed, what speaks for and against it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from projections.boards.papers import Papers
from projections.boards.tellings import Telling, Tellings
from projections.boards.truth.claims import (
    REPORTS,
    Said,
    claims_in,
    grade_of,
    said_of,
    verification_of,
    world_moment,
)
from projections.boards.truth.saying import OF_PERSONS, PROPS, card, denials_of, history
from projections.boards.truth.units import count_of, units_of
from projections.shown import UNVERIFIED, Claim, rank

Json = Any

VOICES: Mapping[str, str] = {
    "corroborates": "corroborated_by",
    "verifies": "corroborated_by",
    "disputes": "disputed_by",
    "refutes": "refuted_by",
    "cannot_judge": "judged_by",
}
"""What an assessment is on the board, by its verdict."""


def truth_of(papers: Papers, ref: str) -> Json:
    """Return what is claimed of a threat, and how it stands with each claim.

    Returns:
        `verification` (the best that any report has), `claims` by world date, `card` and `history` by question of
        fact, `denied` (by authorities, each a claim with its own grade), `units` (threat × target).
    """
    tellings = papers.tellings
    reports = sorted(tellings.about([ref], REPORTS)[ref], key=world_moment)
    denying = _denying(tellings, ref)
    said = said_of(tellings, [*reports, *denying])
    denials = denials_of(denying, reports, said)
    units = units_of(tellings, [ref])
    asked = _asked(tellings, reports, sorted({target for _, target in units}))
    return {
        "verification": best_of(reports, said),
        "claims": [_claim(one, said) for one in reports],
        "card": {
            prop: _each(
                each, partial(card, said=said, denials=[one for one in denials if _concerns(one, prop)])
            )
            for prop, each in asked.items()
        },
        "history": {prop: _each(each, partial(history, said=said)) for prop, each in asked.items()},
        "denied": denials,
        "units": count_of(tellings, units),
    }


_ALL = ""
"""Stands for all targets at once."""


def _asked(
    tellings: Tellings, reports: Sequence[Telling], targets: Sequence[str]
) -> dict[str, dict[str, list[Claim]]]:
    """Return what is claimed of each question of fact: how the person is, of each target if there are several."""
    found: dict[str, dict[str, list[Claim]]] = {}
    for prop, pointers in PROPS.items():
        by_target = {_ALL: reports}
        if prop in OF_PERSONS and len(targets) > 1:
            by_target = {
                one: [each for each in reports if _speaks_of(tellings, each, one)] for one in targets
            }
        claimed = {one: claims for one, told in by_target.items() if (claims := claims_in(told, pointers))}
        if claimed:
            found[prop] = claimed
    return found


def _speaks_of(tellings: Tellings, report: Telling, target: str) -> bool:
    named = report.data.get("targets")
    return named is None or target in {tellings.merged.of(str(one)) for one in named}


def _each(by_target: Mapping[str, list[Claim]], answer: Callable[[list[Claim]], Json]) -> Json:
    """Return one answer, or one of each target."""
    answered = {target: answer(claims) for target, claims in by_target.items()}
    return answered.get(_ALL, {"by_target": answered})


def best_of(told: Sequence[Telling], said: Said) -> str:
    """Return the highest verification that any of some events has; of none, that of what nobody assessed."""
    return max((verification_of(one, said) for one in told), key=rank, default=UNVERIFIED)


def _denying(tellings: Tellings, ref: str) -> list[Telling]:
    """Return replies to statements about a threat that deny facts."""
    issued = tellings.about([ref], ["statement.issued"])[ref]
    statements = {str(one.data["statement"]) for one in issued if "statement" in one.data}
    replies = tellings.about(sorted(statements), ["response.received"])
    by_name = {one.name: one for told in replies.values() for one in told if one.data.get("claims_disputed")}
    return [by_name[name] for name in sorted(by_name)]


def _concerns(denial: Json, prop: str) -> bool:
    """Tell whether a denial speaks of one question of fact; one without pointer speaks of all."""
    return any("pointer" not in one or str(one["pointer"]).endswith(f"/{prop}") for one in denial["denies"])


def _claim(one: Telling, said: Said) -> Json:
    voices: dict[str, list[Json]] = {name: [] for name in VOICES.values()}
    for about in said.tellings.get(one.name, ()):
        if about.data.get("verdict") in VOICES:
            voices[VOICES[about.data["verdict"]]].append(_voice(about, one))
    says = {name: value for name, value in one.data.items() if name in ("status", "victim_status", "urgency")}
    says |= one.data.get("changes", {})
    return {
        "event": one.proof,
        "by": one.partner,
        "as_of": one.when,
        **grade_of(one),
        "verification": verification_of(one, said),
        "says": says,
        **voices,
    }


def _voice(about: Telling, one: Telling) -> Json:
    """Return who assesses a claim, when, of what, and how good his own sources are."""
    kept = ("verdict", "resulting_verification", "fields", "alternative", "note", "related_events")
    more = {name: about.data[name] for name in kept if name in about.data}
    own = {"own": True} if about.partner == one.partner else {}
    return {
        "by": about.partner,
        "on": about.event.get("time"),
        **more,
        **grade_of(about),
        **own,
        "event": about.proof,
    }
