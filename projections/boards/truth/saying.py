"""The card of a threat: one line for each question of fact, both sides of a dispute, and what came before it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from projections.boards.tellings import Telling
from projections.boards.truth.claims import Said, grade_of, moment, origin_of
from projections.shown import DOUBTED, UNVERIFIED, Claim, assessed, shown, time_key, told, world_key

Json = Any

PROPS: Mapping[str, Mapping[str, str]] = {
    "status": {"threat.reported": "/status", "threat.updated": "/changes/status"},
    "victim_status": {"threat.reported": "/victim_status", "threat.updated": "/changes/victim_status"},
}
"""Questions of fact that a card answers, and where events answer them."""

OF_PERSONS = frozenset({"victim_status"})
"""Those that are about each target by itself."""


def card(claims: Sequence[Claim], said: Said, denials: Sequence[Json]) -> Json:
    """Return what is shown of one question of fact.

    A denial stands beside it and never decides: it is a claim, not a veto.

    Args:
        claims: at least one, any order.
        said: what was said of the events behind them.
        denials: that concern these claims, as `denials_of` gives them.

    Returns:
        `{"disputed", "values", "undisputed", "denied", "says"}`, and `value` if it is not disputed.
    """
    outcome = shown(claims, said.lookup)
    ranked = told(claims, said.lookup)["claims"]
    values = [next(one for one in ranked if one["value"] == value) for value in outcome.values]
    single = {} if outcome.disputed else {"value": outcome.value}
    return {
        **single,
        "disputed": outcome.disputed,
        "values": values,
        "undisputed": _undisputed(claims, said, values) if outcome.disputed else values[0],
        "denied": list(denials),
        "says": _in_words(values, denials, disputed=outcome.disputed),
    }


def _undisputed(claims: Sequence[Claim], said: Said, rivals: Sequence[Json]) -> Json | None:
    """Return the last claim of what was before a dispute, and that nobody doubts; None if there is none."""
    named = [(one["event"]["source"], one["event"]["id"]) for one in rivals]
    began = min(_day(one) for one in claims if (one.origin.source, one.origin.id) in named)
    earlier = [
        claim
        for claim in claims
        if _day(claim) < began and assessed(claim, said.lookup(claim.origin)) not in DOUBTED
    ]
    return told([max(earlier, key=_by_world)], said.lookup)["claims"][0] if earlier else None


def _day(claim: Claim) -> str:
    return world_key(claim.origin.as_of or claim.origin.time[:10])


def _in_words(values: Sequence[Json], denials: Sequence[Json], *, disputed: bool) -> str:
    by_day = sorted(values, key=lambda one: world_key(one["as_of"]))
    parts = [one["value"] if one["as_of"] is None else f"{one['value']} ({one['as_of']})" for one in by_day]
    parts += ["denied by authority"] if denials else []
    line = " / ".join(parts)
    return f"disputed: {line}" if disputed else line


def history(claims: Iterable[Claim], said: Said) -> list[Json]:
    """Return from when until when what was claimed, by world date; what was refuted is left out.

    Two intervals that begin at the same date are two accounts of one time, and say so.
    """
    rows: list[Json] = []
    for claim in sorted(claims, key=_by_world):
        verification = assessed(claim, said.lookup(claim.origin)) or UNVERIFIED
        if verification == "refuted":
            continue
        if rows and rows[-1]["value"] == claim.value:
            rows[-1]["events"].append(claim.origin.as_json())
        else:
            row = {"value": claim.value, "since": claim.origin.as_of, "until": None}
            rows.append({**row, "verification": verification, "events": [claim.origin.as_json()]})
    for place, row in enumerate(rows):
        later = (one["since"] for one in rows[place + 1 :] if one["since"] != row["since"])
        row["until"] = next(later, None)
    for one, other in pairwise(rows):
        if one["since"] == other["since"]:
            one["disputed"] = other["disputed"] = True
    return rows


def _by_world(claim: Claim) -> tuple[str, tuple[float, str], str, str]:
    origin = claim.origin
    return _day(claim), time_key(origin.time), origin.id, origin.source


def denials_of(responses: Iterable[Telling], events: Iterable[Telling], said: Said) -> list[Json]:
    """Return which authorities deny what some events say, each denial with its own grade and verification.

    Args:
        responses: replies that name one of the events among `claims_disputed`.
        events: that may be denied.
        said: what was said of responses.
    """
    names = {one.name for one in events}
    ids: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(names):
        ids.setdefault(name[1], []).append(name)
    found = []
    for one in sorted(responses, key=moment):
        denied = [item for item in one.data.get("claims_disputed", ()) if _named(item, names, ids)]
        if denied:
            found.append({
                "by": one.data.get("from"),
                "kind": one.data.get("kind"),
                "on": one.when,
                "denies": denied,
                "public": one.data.get("public"),
                "verification": assessed(Claim(None, origin_of(one)), said.lookup(origin_of(one))) or UNVERIFIED,
                **grade_of(one),
                "event": one.proof,
            })  # fmt: skip
    return found


def _named(item: Json, names: set[tuple[str, str]], ids: Mapping[str, Sequence[tuple[str, str]]]) -> bool:
    about = str(item.get("about_event", ""))
    source = item.get("about_source")
    return (str(source), about) in names if source is not None else about in ids
