"""Assessments of impact as a distribution: several may disagree, and then the answer is that they do."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from projections.boards.papers import Papers
from projections.boards.tellings import Telling, Tellings
from projections.boards.truth.claims import Said, counting, grade_of, said_of, verification_of, world_moment

Json = Any

ASSESSED = "impact.assessed"
MIXED = "mixed"
"""Result of what its assessors judge differently."""

_LEADS = {"action.proposed": ("lead",), "statement.issued": ("authors",), "support.matched": ("lead",),
          "commitment.made": ("by",)}  # fmt: skip
"""Where an event says whose work something is."""

_KEPT = (
    "method",
    "impact",
    "contribution",
    "outcomes",
    "unintended_harm",
    "lasting",
    "person_view",
    "lesson",
    "evidence",
)


def impact_of(papers: Papers, ref: str) -> Json:
    """Return how the impact of an action, statement, support, commitment or case was assessed.

    Returns:
        `assessments` by world date; `distribution` and `by_assessor` (lead, verifier, other) of each assessor's newest;
        `person_view` apart; `result`: the one value they agree on, or `mixed`; `lasting`; `harm`.
    """
    told = papers.tellings.about([ref], (ASSESSED, *_LEADS))[ref]
    said = said_of(papers.tellings, (one for one in told if one.type == ASSESSED))
    newest = newest_of(told, said)
    kinds = _kinds(papers, ref, told, newest)
    return {
        "assessments": [_assessment(one, kinds, said) for one in assessments_in(told)],
        "distribution": _counts(newest, "impact"),
        "by_assessor": {
            kind: _counts([one for one in newest if kinds.get(assessor_of(one)) == kind], "impact")
            for kind in sorted(set(kinds.values()))
        },
        "person_view": _counts(newest, "person_view"),
        "result": result_of(newest),
        "lasting": _counts(newest, "lasting"),
        "harm": any(one.data.get("unintended_harm") is True for one in newest),
    }


def assessments_in(told: Iterable[Telling]) -> list[Telling]:
    """Return assessments by world date."""
    return sorted((one for one in told if one.type == ASSESSED), key=world_moment)


def newest_of(told: Iterable[Telling], said: Said) -> list[Telling]:
    """Return each assessor's newest assessment that counts: who thinks again is not a second voice."""
    newest = {assessor_of(one): one for one in counting(assessments_in(told), said)}
    return [newest[who] for who in sorted(newest)]


def assessor_of(one: Telling) -> str:
    """Return who assesses: whoever publishes it, for an older release took what one said in the name of another."""
    return f"partner:{one.partner}"


def result_of(newest: Sequence[Telling]) -> str | None:
    """Return the one impact that all assessors see, or that they differ; None if nobody assessed."""
    values = {str(one.data["impact"]) for one in newest if "impact" in one.data}
    return MIXED if len(values) > 1 else next(iter(values), None)


def leads_of(tellings: Tellings, told: Iterable[Telling], ref: str) -> set[str]:
    """Return whose work something is."""
    own = ref.partition(":")[0]
    found: set[str] = set()
    for one in told:
        for name in _LEADS.get(one.type, ()):
            if own in one.data and tellings.merged.of(str(one.data[own])) == ref:
                said = one.data.get(name, ())
                found |= set(said) if isinstance(said, list) else {str(said)}
    return found


def _kinds(papers: Papers, ref: str, told: Sequence[Telling], newest: Collection[Telling]) -> dict[str, str]:
    """Return of each assessor whether the work was its own, or else whether it is a verifier."""
    leads = leads_of(papers.tellings, told, ref)
    assessors = {assessor_of(one) for one in (*newest, *assessments_in(told))}
    shown = papers.dossiers.shown(assessors - leads)
    verifiers = {
        who for who, props in shown.items() if "roles" in props and "verifier" in props["roles"].value
    }
    return {who: "lead" if who in leads else "verifier" if who in verifiers else "other" for who in assessors}


def _counts(told: Iterable[Telling], name: str) -> Json:
    found = Counter(str(one.data[name]) for one in told if name in one.data)
    return dict(sorted(found.items()))


def _assessment(one: Telling, kinds: dict[str, str], said: Said) -> Json:
    who = assessor_of(one)
    kept = {name: one.data[name] for name in _KEPT if name in one.data}
    graded = {"verification": verification_of(one, said), **grade_of(one)}
    return {
        "assessor": who,
        "assessor_kind": kinds[who],
        "as_of": one.when,
        **kept,
        **graded,
        "event": one.proof,
    }
