"""Why two records may be one, or may not, in the language of the page."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from markupsafe import Markup, escape

from events.event import Json
from hub.pages.values import Names, Values
from hub.texts import N_
from hub.texts.speech import Speech
from projections.alike import Reason

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "written": N_("The names are written the same: %(name)s."),
        "syllables": N_("%(same)s of %(all)s syllables are the same, read as %(system)s."),
        "transliterated": N_("The names, after transliteration: %(parts)s."),
        "sounding": N_("The names, as they sound: %(parts)s."),
        "short": N_("%(short)s may be short for %(long)s"),
        "forms": N_("%(pair)s: forms of one name"),
        "equal": N_("%(pair)s: the same"),
        "alike": N_("%(pair)s: alike by %(share)s"),
        "left": N_("without a like: %(words)s"),
        "born_same_day": N_("born the same day"),
        "born_same_year": N_("born the same year"),
        "born_swapped": N_("born the same day, if day and month are swapped"),
        "born_day_of_another_year": N_("born the same day of another year"),
        "born_near": N_("born in years next to each other"),
        "born_other_year": N_("born two years apart"),
        "born_other_day": N_("born on different days of a year"),
        "born_clash": N_("born in different years"),
        "country_same": N_("same country"),
        "country_different": N_("different countries"),
        "number_same": N_("same number at the same bar"),
        "number_different": N_("different numbers at the same bar"),
        "place_same": N_("same place"),
        "target": N_("Both are against: %(target)s."),
        "day": N_("Both happened on the same day: %(day)s."),
        "overlap": N_("Their dates overlap."),
        "near": N_("Days between them: %(days)s."),
        "category": N_("Both are of this kind: %(categories)s."),
        "place": N_("Both happened here: %(place)s."),
        "attributed": N_("Both are said to be the work of: %(bodies)s."),
        "unsure": N_("Somebody was unsure on %(judged)s; more was said since then, on %(newest)s."),
    }
)
"""Form of a reason → what a person reads; the same places as in `projections/alike.py`."""

SYSTEMS = (N_("Korean"), N_("Mandarin"), N_("Cantonese"), N_("Chinese of South East Asia"), N_("Burmese"))
"""As what syllables are read."""

_CALLED = frozenset({"target", "place", "bodies"})
_BETWEEN: Mapping[str, str] = MappingProxyType({"pair": " / ", "parts": "; "})


class Alike:
    """Says such reasons in one language.

    Args:
        speech: of the language.
        values: of the language.
    """

    def __init__(self, speech: Speech, values: Values) -> None:
        self._texts = speech.texts
        self._values = values
        self._readers: Mapping[str, Callable[[Json], Json]] = {
            **dict.fromkeys(("same", "all", "days"), speech.number),
            **dict.fromkeys(("day", "judged", "newest"), speech.day),
            "share": lambda share: speech.percent(round(share, 2)),
            "system": speech.texts.gettext,
            "categories": lambda code: speech.label("threat_category", code),
        }

    def said(self, reason: Reason, names: Names) -> Markup:
        """Return a reason as a person reads it, without its weight.

        Args:
            reason: as it was found.
            names: what references are called.
        """
        text = escape(self._texts.gettext(WORDS[reason.form]))
        return text % {place: self._several(place, value, names) for place, value in reason.values.items()}

    def _several(self, place: str, value: Json, names: Names) -> Markup:
        several = value if isinstance(value, tuple) else (value,)
        return escape(_BETWEEN.get(place, ", ")).join(self._value(place, one, names) for one in several)

    def _value(self, place: str, value: Json, names: Names) -> Markup:
        """Return one value; each stands apart from a text that may run the other way."""
        if isinstance(value, Reason):
            return self.said(value, names)
        if place in _CALLED:
            return self._values.link(str(value), names)
        read = self._readers.get(place, str)
        return Markup("<bdi>{}</bdi>").format(read(value))
