"""What references on a page are called, from what the reader may see."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from events.event import SLUG, SOURCE_PREFIX, Json, slug_of
from hub.pages.values import REF, Unnamed
from projections.boards.papers import Papers
from projections.graph.look import plain
from projections.shown import Shown

_PROPS = ("label", "name", "title")
_TELLING: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "trial": ("kind", "country"),
        "hearing": ("starts",),
        "need": ("kinds",),
        "offer": ("kinds",),
        "support": ("kinds",),
    }
)
"""Kind of thing that nobody names → the properties that tell one from another."""


def names_in(papers: Papers, *said: Json) -> dict[str, str]:
    """Return the name of every reference in some answers that anybody named for this reader."""
    wanted = {ref for one in said for ref in _references(one)}
    return names_of(papers, wanted)


def names_of(papers: Papers, refs: set[str]) -> dict[str, str]:
    """Return the names of those references that anybody named for this reader."""
    of = {ref: papers.tellings.merged.of(ref) for ref in refs}
    shown = papers.dossiers.shown(set(of.values()))
    found = {}
    for ref, known in of.items():
        values = shown.get(known, {})
        texts = (plain(values[prop].value) for prop in _PROPS if prop in values)
        label = next(filter(None, texts), None)
        if label is not None:
            found[ref] = label
        elif told := _telling(ref.partition(":")[0], values):
            found[ref] = Unnamed(ref, told)
    return found


def _telling(kind: str, values: Mapping[str, Shown]) -> tuple[tuple[str, Json], ...]:
    wanted = _TELLING.get(kind, ())
    said = ((prop, values[prop].value) for prop in wanted if prop in values and not values[prop].disputed)
    # A name says the day alone: the hour belongs to a clock.
    return tuple((prop, value[:10] if prop == "starts" and "T" in value else value) for prop, value in said)


def _references(said: Json) -> Iterator[str]:
    if isinstance(said, Mapping):
        by = said.get("by")
        if isinstance(by, str) and SLUG.fullmatch(by):
            yield f"partner:{by}"
    inner = said.values() if isinstance(said, Mapping) else said if isinstance(said, list) else ()
    for one in inner:
        yield from _references(one)
    if isinstance(said, str):
        yield from _reference(said)


def _reference(text: str) -> Iterator[str]:
    if text.startswith(SOURCE_PREFIX):
        yield f"partner:{slug_of(text)}"
    elif REF.fullmatch(text):
        yield text
