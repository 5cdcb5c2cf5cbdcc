"""Verification: which text with a fingerprint went out, who had signed it, and whether its facts still stand."""

from collections.abc import Mapping, Sequence
from typing import Any

from projections.boards.actions.letter import original_of
from projections.boards.actions.names import names_of
from projections.boards.actions.sheet import ISSUED
from projections.boards.kept import Rows
from projections.boards.papers import Papers
from projections.boards.tellings import Telling, Tellings, in_time

Json = Any


def _fingerprints(tellings: Tellings, refs: Sequence[str]) -> dict[str, frozenset[str]]:
    told = tellings.about(refs, (ISSUED,))
    found = {
        ref: frozenset(
            one.data["sha256"] for one in every if _is_of(one, ref, tellings) and "sha256" in one.data
        )
        for ref, every in told.items()
    }
    return {ref: said for ref, said in found.items() if said}


def _is_of(one: Telling, ref: str, tellings: Tellings) -> bool:
    return tellings.merged.of(str(one.data.get("statement"))) == ref


FINGERPRINTS = Rows("fingerprints", "statement", _fingerprints)
"""The fingerprints of each statement."""


def verification(papers: Papers, fingerprint: str) -> Json | None:
    """Return what is known of a text that went out; None if these readers know of none with this fingerprint."""
    rows: Mapping[str, frozenset[str]] = papers.rows(FINGERPRINTS)
    refs = [ref for ref, said in rows.items() if fingerprint in said]
    told = papers.tellings.about(refs, (ISSUED,))
    found = [
        one
        for one in in_time(each for every in told.values() for each in every)
        if one.data.get("sha256") == fingerprint
    ]
    if not found:
        return None
    refs = [each["who"] for one in found for each in one.data.get("signatories", ())]
    names = names_of([*refs, *(ref for one in found for ref in one.data.get("authors", ()))], papers.tellings)
    return {"hash": fingerprint, "statements": [_statement(one, names) for one in found]}


def _statement(one: Telling, names: Mapping[str, Json]) -> Json:
    data = one.data
    has_text = isinstance(data.get("text"), dict)
    return {
        "statement": data.get("statement"),
        "action": data.get("action"),
        "kind": data.get("kind"),
        "title": data.get("title", {}),
        "issued": data.get("issued"),
        "language": data.get("language"),
        "languages": sorted(data["text"]) if has_text else [],
        "original": original_of(data) if has_text else None,
        "authors": [{"who": ref, "name": names.get(ref, {})} for ref in data.get("authors", ())],
        "signatories": [
            {**each, "name": each.get("name") or names.get(each["who"], {})}
            for each in data.get("signatories", ())
        ],
        "have_facts_changed": bool(one.flags),
        "url": data.get("url"),
        "event": one.proof,
    }
