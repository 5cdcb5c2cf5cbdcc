"""What partners say in stories: the examples of the types, about a few shared things, in other words."""

import re
from collections.abc import Callable
from random import Random
from typing import Any

from events.decisions.actions.texts import hash_of_draft, text_hash
from tests.pointers import TEXTS
from tests.running import registry

Json = Any

SLUGS = ("harbour-bar-watch", "lanterns-for-counsel", "open-docket", "meridian-fund", "quill-network")
WORDS = (
    "harbour lantern verdict docket kestrel marigold оборона адвокат 律師 محكمة thistle granite ember juniper "
    "cobalt saffron"
).split()
REF = re.compile(r"([a-z]+):([a-z0-9][a-z0-9-]{1,39})(?:\.([A-Za-z0-9_.-]{1,80}))?")
KINDS = frozenset(registry().graph.kinds) - {"place", "standard", "claim"}
_LATER = ("about_event", "about_source", "related_events", "supersedes", "replaced_by")

_SPEAKERS = {
    "commitment.made.v1": "by",
    "commitment.progressed.v1": "by",
    "impact.assessed.v1": "assessor",
    "legalaid.reported.v1": "reporter",
}
"""Who promises, reports or judges: whoever publishes it."""


def example(stem: str, slug: str, random: Random) -> dict[str, Json]:
    """Return the example of a type, about a few shared things, in other words."""
    kept = {k: v for k, v in registry().contract(stem).example.items() if k not in _LATER}
    return fitted(in_own_name(stem, slug, reworded(kept, slug, random)))


def in_own_name(stem: str, slug: str, data: dict[str, Json]) -> dict[str, Json]:
    """Return a payload in which nobody speaks for another partner."""
    name = _SPEAKERS.get(stem)
    is_partner = name in data and str(data[name]).startswith("partner:")
    return {**data, name: f"partner:{slug}"} if name is not None and is_partner else data


def fitted(data: dict[str, Json]) -> dict[str, Json]:
    """Return a payload with the fingerprint of its own text, where it says one."""
    text = data.get("text", {}).get(data.get("language")) if isinstance(data.get("text"), dict) else None
    right = {"text_hash": hash_of_draft(data.get("draft")), "sha256": text and text_hash(text)}
    return {**data, **{name: said for name, said in right.items() if said and name in data}}


def reworded(value: Json, slug: str, random: Random, name: str = "") -> Json:
    """Return a value with references to shared things, and other words where there are only words."""
    order = {kind: [*random.sample(range(1, 5), 4), *range(5, 20)] for kind in sorted(KINDS)}
    seen: dict[str, str] = {}

    def other(text: str) -> str:
        found = REF.fullmatch(text)
        if found is None or found[1] not in KINDS:
            return text
        if text not in seen:
            kind = found[1]
            no = order[kind].pop(0)
            seen[text] = f"partner:{SLUGS[no % 4]}" if kind == "partner" else f"{kind}:{SLUGS[0]}.{no}"
        return seen[text]

    return _mapped(value, other, random, is_text=name in TEXTS)


def _mapped(value: Json, other: Callable[[str], str], random: Random, *, is_text: bool) -> Json:
    if isinstance(value, str):
        return words(random) if is_text else other(value)
    if isinstance(value, list):
        return [_mapped(item, other, random, is_text=is_text) for item in value]
    if isinstance(value, dict):
        return {
            name: _mapped(inner, other, random, is_text=is_text or name in TEXTS)
            for name, inner in value.items()
        }
    return value


def words(random: Random) -> str:
    """Return a few words."""
    return " ".join(random.sample(WORDS, 3))
