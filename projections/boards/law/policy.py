"""The board of a policy: its stages, what it does, its consultation, and how far practice lags behind the text."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from projections.boards.law.clock import consultation, in_force
from projections.boards.papers import Papers
from projections.boards.tellings import Telling, Tellings
from projections.boards.trials.saying import Voices, by_world, sayings

Json = Any

CHANGED = "policy.changed"
OPEN_GAPS = frozenset({"partial", "wide"})
"""Gaps that stay open until somebody says that there is none."""


def policy_board(papers: Papers, ref: str) -> Json:
    """Return what is known of a law, rule, policy or practice.

    Args:
        papers: of the readers.
        ref: of the policy, to go by.
    """
    told = papers.tellings.about([ref])[ref]
    own = changes_of(papers.tellings, ref, told)
    voices = Voices(papers.tellings, own)
    provisions = provisions_of(own)
    return {
        "stages": [_stage(one, voices) for one in own],
        "stage": voices.told(sayings(own, "stage")),
        "direction": _direction(own, voices, provisions),
        "provisions": provisions,
        "consultation": consultation(voices.told(sayings(own, "consultation_closes")), papers.now),
        "in_force": in_force(own, voices, papers.now),
        "practice_gap": practice_gap(own),
        "standards": _standards(provisions),
        "treaty": [
            {**one.data["treaty"], "stage": one.data.get("stage"), "as_of": one.when, "event": one.proof}
            for one in own
            if "treaty" in one.data
        ],
        **_around(papers.tellings, ref, told),
    }


def changes_of(tellings: Tellings, ref: str, told: Iterable[Telling]) -> list[Telling]:
    """Return what was said of a policy itself, by world date."""
    return by_world(
        one for one in told if one.type == CHANGED and tellings.merged.of(str(one.data.get("policy"))) == ref
    )


def practice_gap(own: Sequence[Telling]) -> Json:
    """Return how far practice lags behind the text; a gap stays open until somebody says that there is none."""
    history = [
        {"value": one.data["practice_gap"], "as_of": one.when, "by": one.partner, "event": one.proof}
        for one in own
        if "practice_gap" in one.data
    ]
    known = [one for one in history if one["value"] != "unknown"]
    value = known[-1]["value"] if known else "unknown"
    return {"value": value, "open": value in OPEN_GAPS, "history": history}


def provisions_of(own: Sequence[Telling]) -> list[Json]:
    """Return every provision that anybody listed, with when it came, changed, and was removed.

    What one publisher leaves out of a later version is removed; what another never listed is not.
    """
    by_source: defaultdict[str, list[Telling]] = defaultdict(list)
    for one in own:
        if "provisions" in one.data:
            by_source[one.partner].append(one)
    return [row for partner in sorted(by_source) for row in _versions(partner, by_source[partner])]


def _versions(partner: str, versions: Sequence[Telling]) -> list[Json]:
    rows: dict[str, Json] = {}
    for version in versions:
        listed = {_name(one): one for one in version.data["provisions"]}
        for name, row in rows.items():
            if name not in listed and row["removed"] is None:
                row["removed"] = {"as_of": version.when, "event": version.proof}
        for name, one in listed.items():
            before = rows.get(name)
            history = [] if before is None else before["history"]
            now = {"direction": one.get("direction"), "as_of": version.when, "event": version.proof}
            rows[name] = {
                **one,
                "standards": one.get("standards", []),
                "direction": one.get("direction"),
                "by": partner,
                "since": history[0]["as_of"] if history else version.when,
                "removed": None,
                "history": [*history, now],
            }
    return list(rows.values())


def _name(provision: Mapping[str, Json]) -> str:
    return str(provision.get("ref") or provision.get("summary"))


def _stage(one: Telling, voices: Voices) -> Json:
    said = {name: one.data.get(name) for name in ("stage", "direction", "practice_gap", "official_ref")}
    doubts = voices.doubts(one, "/stage")
    doubted = {"disputed_by": doubts} if doubts else {}
    return {**said, "as_of": one.when, "by": one.partner, **doubted, "event": one.proof}


def _direction(own: Sequence[Telling], voices: Voices, provisions: Sequence[Json]) -> Json:
    present = Counter(one["direction"] for one in provisions if one["removed"] is None and one["direction"])
    stated = voices.told(sayings(own, "direction"))
    values = [one["value"] for one in (stated or {}).get("said", ())]
    is_mixed = {"strengthens", "weakens"} <= present.keys() or present["mixed"] > 0
    said = (stated or {}).get("value")
    return {
        "stated": stated,
        "provisions": dict(sorted(present.items())),
        "mixed": said == "mixed" or is_mixed or (said is None and {"strengthens", "weakens"} <= set(values)),
    }


def _standards(provisions: Sequence[Json]) -> list[Json]:
    engaged: defaultdict[str, list[Json]] = defaultdict(list)
    for one in provisions:
        for standard in one["standards"]:
            row = {
                "provision": _name(one),
                "direction": one["direction"],
                "removed": one["removed"] is not None,
            }
            engaged[standard].append(row)
    return [{"standard": standard, "by": engaged[standard]} for standard in sorted(engaged)]


def _around(tellings: Tellings, ref: str, told: Sequence[Telling]) -> Json:
    def naming(event_type: str, field: str, own: str) -> list[str]:
        found = {
            tellings.merged.of(str(one.data.get(own)))
            for one in told
            if one.type == event_type
            and ref in {tellings.merged.of(str(other)) for other in one.data.get(field, ())}
        }
        return sorted(found)

    linked = {str(other) for one in told if one.type == CHANGED for other in one.data.get("linked", ())}
    return {
        "actions": naming("action.proposed", "about", "action"),
        "statements": naming("statement.issued", "about", "statement"),
        "commitments": naming("commitment.made", "supports", "commitment"),
        "linked": sorted(linked - {ref}),
    }
