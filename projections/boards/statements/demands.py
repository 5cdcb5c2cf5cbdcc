"""What a statement asks for, and what became of each demand: which reply, promise, law or event answers it.

What answers is told with its proof, never that it is because of the statement.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from projections.boards.statements.matter import Matter
from projections.boards.tellings import Telling
from projections.shown import world_key

Json = Any

STANCES: Mapping[str, str] = MappingProxyType({
    "favourable": "accepted", "assistance_given": "accepted",
    "pledge_help": "pledged", "pledge_law_reform": "pledged", "pledge_treatment": "pledged",
    "asks_information": "answered", "acknowledged_receipt": "answered",
    "denies_facts": "refused", "justifies": "refused", "counter_measures": "refused",
    "no_reply_by_deadline": "unanswered",
})  # fmt: skip
"""Where a kind of reply leaves a demand."""

STATES = (
    "open",
    "unanswered",
    "answered",
    "accepted",
    "pledged",
    "refused",
    "disputed",
    "broken",
    "kept",
    "achieved",
)
"""Where a demand may stand."""

_DECIDED = ("accepted", "pledged", "refused")
_KEEPING = MappingProxyType({"fulfilled": "kept", "broken": "broken", "withdrawn": "broken"})
_IN_FORCE = frozenset({"adopted", "signed", "ratified", "in_force", "amended"})
_GONE = frozenset({"struck_down", "repealed"})


def demands_of(matter: Matter) -> list[Json]:
    """Return the demands of a statement, each with its state and what answers it, by world date."""
    statement = matter.statement
    if statement is None:
        return []
    return [_demand(one, statement, matter) for one in statement.data.get("demands", ())]


def _demand(said: Json, statement: Telling, matter: Matter) -> Json:
    replies = [one for one in matter.replies if answers(one, said.get("id"))]
    pledges = {
        ref: told for ref, told in matter.commitments.items() if _is_promised(ref, told, replies, matter)
    }
    outcomes = _outcomes(said.get("outcome_sought"), statement, matter.outcomes)
    overdue = [_answer("silence", one) for one in matter.passed]
    promises = [
        {"by": "commitment", "commitment": ref, "state": keeping(told), "event": told[-1].proof}
        for ref, told in sorted(pledges.items())
    ]
    state = _state(
        replies, [one["state"] for one in promises], is_met=bool(outcomes), is_overdue=bool(overdue)
    )
    kept = {name: said[name] for name in ("id", "text", "outcome_sought") if name in said}
    return {**kept, "state": state, "answers": [*_replies(replies), *promises, *outcomes, *overdue]}


def answers(reply: Telling, demand: str | None) -> bool:
    """Tell whether a reply is to a demand; one that names none is to all of them."""
    named = reply.data.get("demands")
    return named is None or demand in named


def _is_promised(ref: str, told: Sequence[Telling], replies: Sequence[Telling], matter: Matter) -> bool:
    """Tell whether a promise answers the demand that some replies are to; one that no reply names answers all."""
    named = [one for one in matter.replies if ref in one.data.get("pledges", ())]
    if not named:
        return any(one.type == "commitment.made" and _is_since(one, matter.issued[0]) for one in told)
    return any(one in replies for one in named)


def keeping(told: Iterable[Telling]) -> str:
    """Return how a promise is kept: what the one who promised says and what others say, if they agree."""
    latest: dict[str, str] = {}
    for one in told:
        if one.type == "commitment.progressed":
            latest[str(one.data.get("reporter"))] = str(one.data.get("state"))
    states = set(latest.values())
    if len(states) > 1:
        return "disputed"
    return next((_KEEPING.get(one, "pledged") for one in states), "pledged")


def _state(replies: Sequence[Telling], promises: Sequence[str], *, is_met: bool, is_overdue: bool) -> str:
    if is_met:
        return "achieved"
    for state in ("disputed", "broken", "kept", "pledged"):
        if state in promises:
            return state
    stances = [STANCES.get(str(one.data.get("kind")), "answered") for one in replies]
    decided = [one for one in stances if one in _DECIDED]
    if decided:
        return decided[-1]
    if "answered" in stances:
        return "answered"
    return "unanswered" if stances or is_overdue else "open"


def _replies(replies: Iterable[Telling]) -> list[Json]:
    return [
        {**_answer("reply", one), "kind": one.data.get("kind"), "from": one.data.get("from")}
        for one in replies
    ]


def _answer(by: str, one: Telling) -> Json:
    return {"by": by, "event": one.proof}


def _outcomes(sought: str | None, statement: Telling, told: Iterable[Telling]) -> list[Json]:
    """Return what tells that the outcome that was sought has come since."""
    found = [
        one for one in told if sought is not None and sought in _tells(one) and _is_since(one, statement)
    ]
    return [
        {**_answer("policy" if one.type == "policy.changed" else "outcome", one), "outcome": sought}
        for one in found
    ]


def _tells(one: Telling) -> Sequence[str]:
    """Return the outcomes that an event tells of."""
    if one.type != "policy.changed":
        return [*one.data.get("outcome", ()), *one.data.get("outcomes", ())]
    stage, direction = one.data.get("stage"), one.data.get("direction")
    if stage in _IN_FORCE and direction == "strengthens":
        return ["law_improved"]
    return ["law_blocked"] if stage in _GONE and direction == "weakens" else []


def _is_since(one: Telling, statement: Telling) -> bool:
    day, issued = (each.when or str(each.event.get("time", ""))[:10] for each in (one, statement))
    return world_key(day) >= world_key(issued)
