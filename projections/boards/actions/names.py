"""Names in the language that somebody reads, from what these readers may see."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from projections.boards.tellings import Tellings, in_time

Json = Any

_NAMING = ("partner.admitted", "body.profiled")


def chosen(texts: Mapping[str, str], *languages: str | None) -> str | None:
    """Return the language of a text by language that serves best; None if there is none.

    Args:
        texts: by language.
        languages: wanted, best first; `pt` serves who wants `pt-BR`, and the other way round.
    """
    by_name = {name.lower(): name for name in sorted(texts, reverse=True)}
    by_stem = {name.partition("-")[0]: full for name, full in by_name.items()}
    for language in (*languages, "en"):
        wanted = (language or "").lower()
        found = by_name.get(wanted) or by_stem.get(wanted.partition("-")[0])
        if found is not None:
            return found
    return min(texts, default=None)


def said_in(texts: Mapping[str, str], languages: Sequence[str | None]) -> str | None:
    """Return a text in the language that serves best."""
    best = chosen(texts, *languages)
    return None if best is None else texts[best]


def names_of(refs: Collection[str], tellings: Tellings) -> dict[str, Mapping[str, str]]:
    """Return the names, by language, of those organisations whose names these readers know."""
    told = tellings.about(refs, _NAMING)
    found: dict[str, Mapping[str, str]] = {}
    for ref in refs:
        own = tellings.merged.all_of(tellings.merged.of(ref))
        for one in in_time(told[tellings.merged.of(ref)]):
            if one.data.get("partner", one.data.get("body")) in own and "name" in one.data:
                found[ref] = one.data["name"]
    return found
