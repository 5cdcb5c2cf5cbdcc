"""How pages say things in a language: labels of codes, texts of partners, days and moments."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup

from events.event import Json
from hub.letters.speaking import direction
from hub.texts.languages import LANGUAGES, Language, translations
from schemas.edtf import NotEdtf, bounds
from schemas.registry import Registry

if TYPE_CHECKING:
    from gettext import NullTranslations

_ISOLATE, _ISOLATED = "\u2068", "\u2069"
"""Between these, words of another script keep their own direction and do not turn what stands around them."""


class Speech:
    """What a page says in one language.

    Args:
        language: which.
        registry: of contracts and vocabularies.
    """

    def __init__(self, language: Language, registry: Registry) -> None:
        self.language = language
        self.texts: NullTranslations = translations(language.code)
        self._locale = Locale.parse(language.code)
        self._registry = registry

    @property
    def registry(self) -> Registry:
        """The contracts and vocabularies whose words it says."""
        return self._registry

    def label(self, vocabulary: str, code: Json) -> str:
        """Return what a person reads for a code; the code itself where the vocabulary has none."""
        if not isinstance(code, str):
            return ""
        found = self._registry.vocabularies.get(vocabulary)
        english = found.codes.get(code) if found is not None else None
        return code if english is None else self.texts.pgettext(vocabulary, english)

    def title(self, event_type: str) -> str:
        """Return what an event of a type tells, in a few words."""
        version = self._registry.newest(event_type)
        return event_type if version is None else self.contract(f"{event_type}.v{version}")

    def contract(self, stem: str) -> str:
        """Return the title of a contract."""
        return self.texts.gettext(self._registry.contract(stem).title)

    def kind(self, code: str) -> str:
        """Return the label of a kind of node."""
        return self._of_graph("kind", self._registry.graph.kinds, code)

    def tie(self, code: str) -> str:
        """Return the label of a kind of tie."""
        return self._of_graph("tie", self._registry.graph.ties, code)

    def _of_graph(self, context: str, labels: Mapping[str, Mapping[str, str]], code: str) -> str:
        found = labels.get(code)
        return code if found is None else self.texts.pgettext(context, found["en"])

    def country(self, code: Json) -> str:
        """Return the name of a country; its code where it has no name."""
        return self._locale.territories.get(str(code), str(code)) if code else ""

    def said(self, value: Json) -> str | Markup:
        """Return what a partner said: of several languages the reader's, else English, else the first."""
        if not isinstance(value, Mapping) or not value:
            return value if isinstance(value, str) else ""
        code = next((one for one in (self.language.code, "en") if one in value), next(iter(value)))
        text = value[code]
        if code == self.language.code:
            return text if isinstance(text, str) else ""
        return Markup('<span lang="{}" dir="auto">{}</span>').format(code, text)

    def apart(self, text: str) -> str:
        """Return what others said, for plain text of ours: isolated where its script runs the other way."""
        runs_along = not text or direction(text) == self.language.direction
        return text if runs_along else f"{_ISOLATE}{text}{_ISOLATED}"

    def listed(self, texts: Sequence[str], style: Literal["standard", "or"] = "standard") -> str:
        """Return some texts as one, as the language says all of them, or one of them."""
        return format_list(texts, style, self._locale)

    def number(self, value: Json) -> str:
        """Return a number as it is written in the language."""
        return "" if value is None else format_decimal(value, locale=self._locale)

    def percent(self, share: Json) -> str:
        """Return a share of one in percent."""
        return "" if share is None else format_percent(share, locale=self._locale)

    def day(self, edtf: Json) -> str:
        """Return an EDTF date in words: a day, a span, an open end; as it stands where words would say less."""
        if not isinstance(edtf, str) or not edtf:
            return ""
        try:
            first, last = bounds(edtf)
        except NotEdtf:
            # A moment finer than EDTF allows.
            return self.moment(edtf)
        if first is None and last is None:
            return edtf
        words = [self._date(one) for one in (first, last)]
        if first == last:
            return words[0]
        if len(edtf) in {4, 7} and first is not None:
            return format_date(first, "y" if len(edtf) == 4 else "MMMM y", locale=self._locale)
        return f"{words[0] or '…'} – {words[1] or '…'}"

    def _date(self, day: Json) -> str:
        return "" if day is None else format_date(day, "medium", locale=self._locale)

    def moment(self, text: Json, zone: str = "UTC") -> str:
        """Return an RFC 3339 moment on the clock of a zone, with that zone's short name."""
        try:
            at = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
            there = at.astimezone(ZoneInfo(zone)) if zone != "UTC" else at.astimezone(UTC)
        except (ValueError, ZoneInfoNotFoundError):
            return str(text or "")
        return f"{format_datetime(there, 'medium', locale=self._locale)} {there.tzname()}"


@cache
def speech_of(code: str, registry: Registry) -> Speech:
    """Return how pages speak a language; made once for a process and its contracts."""
    return Speech(LANGUAGES[code], registry)
