"""The facts a statement rests on, each with its present state, and the banner that says when they do not hold."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from projections.amendments import STEWARDS
from projections.boards.tellings import Telling, Tellings
from projections.boards.truth.claims import moment, said_of, verification_of
from projections.shown import DOUBTED
from projections.stale import FLAG

Json = Any

WITHDRAWN = "FACTS_WITHDRAWN"
HARMLESS = frozenset({"duplicate_of", "superseded"})
"""Reasons of retractions after which what was said still holds, said elsewhere."""


def facts_of(tellings: Tellings, issued: Sequence[Telling]) -> list[Json]:
    """Return the events whose facts some events use, each with its present state.

    What these readers do not see is `not_seen`, whether there is such an event or not.
    """
    ids = sorted({str(one) for told in issued for one in told.data.get("facts_from", ())})
    named = tellings.named(ids)
    said = said_of(tellings, (one for _, one in named))
    about = tellings.on({one.name for _, one in named})
    rows = [
        _fact(status, one, sorted(about.get(one.name, ()), key=moment), verification_of(one, said))
        for status, one in sorted(named, key=lambda pair: pair[1].name[::-1])
    ]
    seen = {row["id"] for row in rows}
    return rows + [{"id": one, "state": "not_seen"} for one in ids if one not in seen]


def _fact(status: str, one: Telling, about: Sequence[Telling], verification: str) -> Json:
    source = one.event["source"]
    notices = [
        each
        for each in about
        if each.type == "record.retracted" and each.event["source"] in (source, STEWARDS)
    ]
    corrections = [
        each for each in about if each.type == "record.corrected" and each.event["source"] == source
    ]
    row = {"id": one.event["id"], "event": one.proof, "verification": verification}
    if status != "active":
        state = "erased" if status == "erased" else "retracted"
        return {**row, "state": state, **({"notice": _notice(notices[0])} if notices else {})}
    if verification in DOUBTED:
        return {**row, "state": "disputed"}
    if corrections:
        changed = sorted(
            {str(step["pointer"]) for each in corrections for step in each.data.get("changes", ())}
        )
        return {**row, "state": "corrected", "changed": changed}
    return {**row, "state": "active"}


def _notice(one: Telling) -> Json:
    told = {
        name: one.data[name] for name in ("public_notice", "reason", "effective_from") if name in one.data
    }
    return {**told, "by": one.partner, "event": one.proof, "link": link_to(one)}


def link_to(one: Telling) -> str:
    """Return the address of an event."""
    source, name = one.name
    return f"/api/v1/events/{quote(source, safe=':')}/{quote(name, safe='')}"


def banner_of(issued: Sequence[Telling], facts: Sequence[Json]) -> Json | None:
    """Return what must stand above a statement whose facts do not hold as they were; None where they do."""
    gone = [one for one in facts if one["state"] == "retracted"]
    withdrawn = [one for one in gone if one.get("notice", {}).get("reason") not in HARMLESS]
    if withdrawn:
        notices = [one["notice"] for one in withdrawn if "notice" in one]
        return {"code": WITHDRAWN, "facts": [one["id"] for one in withdrawn], "notices": notices}
    moved = [one for one in facts if one["state"] in ("retracted", "erased", "disputed", "corrected")]
    if moved or any(FLAG in one.flags for one in issued):
        notices = [one["notice"] for one in moved if "notice" in one]
        return {"code": FLAG, "facts": [one["id"] for one in moved], "notices": notices}
    return None
