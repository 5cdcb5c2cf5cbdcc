"""What the pickers of a form offer: references that the reader may see, partners, languages, zones, countries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from types import MappingProxyType
from zoneinfo import available_timezones

from babel import Locale

from events.event import Json
from hub.pages.publishing import fields as f
from hub.pages.publishing.fields import Field
from hub.texts.speech import Speech
from projections.dossier_sight import LISTS, ListQuery
from projections.sight import Sight

MOST_KINDS = 3
"""Kinds of references up to which a picker lists them without being asked."""

_OFFERED = 40
_PARTNERS = 200
_NAMES = ("label", "name", "title", "alias_public", "text")
_LISTS: Mapping[str, str] = MappingProxyType({kind: name for name, kind in LISTS.items()})
_COMMON_LANGUAGES = (
    "ar", "bn", "de", "en", "es", "fa", "fr", "ha", "hi", "id", "it", "ja", "ko", "ku", "my", "ne", "pa", "pl",
    "ps", "pt", "ru", "so", "sw", "ta", "th", "ti", "tr", "uk", "ur", "uz", "vi", "zh",
)  # fmt: skip

Option = tuple[str, str]
"""What is stored, and what a person reads."""


@dataclass(frozen=True, slots=True)
class Offers:
    """What can be chosen in one form.

    Args:
        references: kind → references that the reader may see, newest own first, with their names.
        partners: slugs and names.
        new: kind → a reference of one's own that nothing bears yet.
    """

    references: Mapping[str, Sequence[Option]] = field(default_factory=dict)
    partners: Sequence[Option] = ()
    new: Mapping[str, str] = field(default_factory=dict)


def kinds_in(form: Field) -> frozenset[str]:
    """Return the kinds of which a form lists references."""
    found: set[str] = set()
    waiting = [form]
    while waiting:
        one = waiting.pop()
        waiting += [*one.children, *([one.item] if one.item else [])]
        if one.form == f.REFERENCE and len(one.kinds) <= MOST_KINDS:
            found.update(one.kinds)
    return frozenset(found)


def offered(sight: Sight, kinds: frozenset[str], slug: str, now: datetime, speech: Speech) -> Offers:
    """Look up what can be chosen.

    Args:
        sight: of the reader.
        kinds: of references.
        slug: of the publisher; his own come first.
        now: of the hub's clock.
        speech: in which names are said.
    """
    listed = {kind: _known(sight, kind, slug, speech) for kind in sorted(kinds) if kind in _LISTS}
    partners = [(ref.partition(":")[2], name) for ref, name in _listing(sight, "partner", _PARTNERS, speech)]
    number = now.strftime("%y%m%d-%H%M%S")
    new = {kind: f"{kind}:{slug}.{number}" for kind in sorted({*_LISTS, *kinds} - {"partner"})}
    return Offers(listed, [one for one in partners if one[0] != slug], new)


def _known(sight: Sight, kind: str, slug: str, speech: Speech) -> list[Option]:
    found = _listing(sight, kind, _OFFERED, speech)
    return sorted(found, key=lambda one: not one[0].startswith(f"{kind}:{slug}."))


def _listing(sight: Sight, kind: str, most: int, speech: Speech) -> list[Option]:
    query = ListQuery(limit=most, sort="ref", descending=kind != "partner")
    return [(one["ref"], _name(one, speech)) for one in sight.listing(_LISTS[kind], query)["items"]]


def _name(item: Mapping[str, Json], speech: Speech) -> str:
    said = next((item[name] for name in _NAMES if item.get(name)), "")
    first = said[0] if isinstance(said, list) else said
    if isinstance(first, Mapping):
        first = first.get(speech.language.code) or first.get("en") or next(iter(first.values()))
    return first if isinstance(first, str) else ""


@cache
def zones() -> tuple[str, ...]:
    """Return every time zone that a city gives its name to."""
    return tuple(
        sorted(
            one for one in available_timezones() if "/" in one and not one.startswith(("Etc/", "SystemV/"))
        )
    )


@cache
def languages(code: str) -> tuple[Option, ...]:
    """Return languages that are offered, by their names in one of them."""
    names = Locale.parse(code).languages
    return tuple(
        sorted(((one, str(names.get(one, one))) for one in _COMMON_LANGUAGES), key=lambda pair: pair[1])
    )


def options(one: Field, speech: Speech) -> list[Option]:
    """Return what a closed list offers, in the order in which a person looks for it."""
    if one.vocabulary == "country":
        named = [(code, speech.country(code)) for code in one.codes]
        return sorted(named, key=lambda pair: (pair[0] == pair[1], pair[1]))
    if one.labels:
        return [(code, speech.texts.gettext(one.labels.get(code, code))) for code in one.codes]
    return [(code, speech.label(one.vocabulary, code)) for code in one.codes]
