"""The languages of the pages, and the catalogue of each; English is what stands in the code."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from types import MappingProxyType

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from events.event import Json

DOMAINS = ("pages", "browser", "contracts")
"""What templates, mails, feeds and calendars say; what scripts say; what contracts, vocabularies and norms say."""

PLURALS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": ("one", "other"),
        "fr": ("one", "many", "other"),
        "es": ("one", "many", "other"),
        "ar": ("zero", "one", "two", "few", "many", "other"),
    }
)
"""The CLDR category of each plural form of a catalogue, in its order."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language of the pages.

    Args:
        code: BCP 47.
        name: what those who speak it call it.
        direction: in which its lines run.
    """

    code: str
    name: str
    direction: str = "ltr"


LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {
        one.code: one
        for one in (
            Language("en", "English"),
            Language("fr", "Français"),
            Language("es", "Español"),
            Language("ar", "العربية", "rtl"),
        )
    }
)


def catalogue(language: str, domain: str) -> Catalog:
    """Read one catalogue as its translators left it."""
    with files("hub.texts").joinpath(language, f"{domain}.po").open("rb") as opened:
        return read_po(opened, locale=language, domain=domain)


@cache
def translations(language: str) -> NullTranslations:
    """Return what turns English into a language, read once; what nobody translated stays English."""
    if language == "en":
        return NullTranslations()
    compiled = io.BytesIO()
    whole = catalogue(language, "pages")
    for message in catalogue(language, "contracts"):
        if message.id and whole.get(message.id, message.context) is None:
            whole[message.id] = message
    write_mo(compiled, whole)
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def script_texts(language: str) -> Mapping[str, Json]:
    """Return what scripts say in a language: English → text, or all plural forms in the order of `plurals`."""
    said = (
        {}
        if language == "en"
        else {_key(one.id): one.string for one in catalogue(language, "browser") if one.id}
    )
    return MappingProxyType({"language": language, "plurals": PLURALS[language], "messages": said})


def _key(said: str | tuple[str, ...] | list[str]) -> str:
    return said if isinstance(said, str) else said[0]


def chosen(wanted: str | None, accepted: str) -> Language:
    """Return the language of a reader: the one chosen before, else the first of `Accept-Language` that there is."""
    for code in (wanted or "", *_accepted(accepted)):
        if code in LANGUAGES:
            return LANGUAGES[code]
    return LANGUAGES["en"]


def _accepted(header: str) -> list[str]:
    """Return the main languages of an `Accept-Language` header, the dearest first."""
    weighed = []
    for part in header[:1000].split(","):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            quality = 0.0
        weighed.append((-quality, tag.strip().lower().partition("-")[0]))
    return [tag for negative, tag in sorted(weighed, key=lambda one: one[0]) if negative < 0]
