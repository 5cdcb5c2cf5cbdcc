"""Dates as people say them: from words to EDTF and back, in the languages of the pages."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType

from babel import Locale

from hub.texts import N_
from hub.texts.speech import Speech
from schemas.edtf import NotEdtf, bounds

_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "en": {
        "about": ("about", "around", "approximately", "circa", "roughly"),
        "unsure": ("maybe", "perhaps", "probably", "possibly"),
        "or": ("or",), "to": ("to", "until", "till"), "from": ("from", "between"), "and": ("and",),
        "since": ("since", "after"), "before": ("until", "before", "up to"),
        "today": ("today",), "yesterday": ("yesterday",),
    },
    "fr": {
        "about": ("vers", "environ", "autour du"), "unsure": ("peut-être", "probablement"),
        "or": ("ou",), "to": ("au", "à", "jusqu'au"), "from": ("du", "de", "entre"), "and": ("et",),
        "since": ("depuis", "après"), "before": ("jusqu'au", "jusqu'en", "avant"),
        "today": ("aujourd'hui",), "yesterday": ("hier",),
    },
    "es": {
        "about": ("alrededor del", "alrededor de", "hacia", "aproximadamente"), "unsure": ("quizás", "tal vez"),
        "or": ("o", "u"), "to": ("al", "a", "hasta"), "from": ("del", "de", "entre"), "and": ("y",),
        "since": ("desde", "después"), "before": ("hasta", "antes"),
        "today": ("hoy",), "yesterday": ("ayer",),
    },
    "ar": {
        "about": ("حوالي", "نحو", "تقريبا"), "unsure": ("ربما", "لعل"),
        "or": ("أو",), "to": ("إلى", "حتى"), "from": ("من", "بين"), "and": ("و",),
        "since": ("منذ", "بعد"), "before": ("حتى", "قبل"),
        "today": ("اليوم",), "yesterday": ("أمس",),
    },
})  # fmt: skip
"""What people write around a date, by language: what they say themselves, not what the pages say."""

_ABOUT = N_("about %(day)s")
_UNSURE = N_("%(day)s, not sure")
_BOTH = N_("about %(day)s, not sure")
_ONE_OF = N_("one of these: %(days)s")
_SPAN = N_("from %(first)s to %(last)s")
_SINCE = N_("since %(first)s")
_BEFORE = N_("until %(last)s")
_MARKS = MappingProxyType({"~": _ABOUT, "?": _UNSURE, "%": _BOTH})

_LONGEST = 120


class Almanac:
    """Reads dates that are said in one language, or in English.

    Args:
        language: of the page.
        today: for dates without a year, and for "yesterday".
    """

    def __init__(self, language: str, today: date) -> None:
        self._languages = tuple(dict.fromkeys((language, "en")))
        self._today = today

    def read(self, said: str) -> str:
        """Return the EDTF of a date in words; what is not understood comes back as it was."""
        text = " ".join(said.split())
        if len(text) > _LONGEST or _is_edtf(text):
            return text
        read = self._whole(text.casefold().strip(" ."))
        return read if read is not None and _is_edtf(read) else said

    def _whole(self, text: str) -> str | None:
        for word, form in (("since", "{}/.."), ("before", "../{}")):
            rest = self._after(word, text)
            single = None if rest is None else self._one(rest)
            if single is not None:
                return form.format(single)
        return self._one(text) or self._either(text) or self._span(text)

    def _either(self, text: str) -> str | None:
        """Read `3 March or 4 April 2026`: one of several."""
        parts = [part for one in text.split(",") for part in self._split("or", one)]
        return None if len(parts) < 2 else _listed(self._each(parts))

    def _span(self, text: str) -> str | None:
        """Read `from 3 March to 5 April 2026`."""
        rest = self._after("from", text)
        sides = self._split("to", rest or text)
        if len(sides) != 2 and rest is not None:
            sides = self._split("and", rest)
        days = self._each(sides) if len(sides) == 2 else None
        return f"{days[0]}/{days[1]}" if days else None

    def _each(self, parts: list[str]) -> list[str] | None:
        """Read several dates, of which the last may say the year, or the month, of all."""
        last = self._one(parts[-1])
        if last is None:
            return None
        year = last[:4]
        found = []
        for part in parts:
            one = self._one(part) or self._one(f"{part} {year}") or self._same_month(part, last)
            if one is None:
                return None
            found.append(one if self._has_year(part) else year + one[4:])
        return found

    def _same_month(self, part: str, last: str) -> str | None:
        return f"{last[:8]}{int(part):02d}" if re.fullmatch(r"\d{1,2}", part) and len(last) >= 10 else None

    @staticmethod
    def _has_year(part: str) -> bool:
        return re.search(r"\d{4}", part) is not None

    def _one(self, text: str) -> str | None:
        about, unsure = self._after("about", text), self._after("unsure", text)
        if about is not None or unsure is not None:
            mark = "~" if unsure is None else "?"
            bare = self._one((about if unsure is None else unsure) or "")
            return None if bare is None or bare[-1] in "~?%" else bare + mark
        relative = {**dict.fromkeys(self._words("today"), 0), **dict.fromkeys(self._words("yesterday"), 1)}
        if text in relative:
            return (self._today - timedelta(days=relative[text])).isoformat()
        return text if _is_edtf(text.upper()) and "/" not in text else self._named(text)

    def _named(self, text: str) -> str | None:
        """Read a date with the name of a month; without a year, it is this year's."""
        words = [
            one.strip("., ").removesuffix("er") if one[:1].isdigit() else one.strip("., ")
            for one in text.split()
        ]
        words = [one for one in words if one not in {"de", "del", "the", "of", "le", "el", ""}]
        months = {name: number for code in self._languages for name, number in _months(code).items()}
        month = [months[one] for one in words if one in months]
        numbers = [re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", one) for one in words if one not in months]
        if len(month) != 1 or len(numbers) > 2 or not all(one.isdecimal() for one in numbers):
            return None
        years = [one for one in numbers if len(one) == 4]
        days = [one for one in numbers if len(one) < 3]
        if len(years) > 1 or len(days) > 1 or len(years) + len(days) != len(numbers):
            return None
        start = f"{int(years[0]) if years else self._today.year:04d}-{month[0]:02d}"
        return f"{start}-{int(days[0]):02d}" if days else start

    def _words(self, name: str) -> list[str]:
        return [word for code in self._languages for word in _WORDS[code][name]]

    def _after(self, name: str, text: str) -> str | None:
        """Return what stands behind a word that a text begins with."""
        return next((text[len(one) + 1 :] for one in self._words(name) if text.startswith(f"{one} ")), None)

    def _split(self, name: str, text: str) -> list[str]:
        between = "|".join(re.escape(one) for one in self._words(name))
        return [one.strip() for one in re.split(rf"(?:^| )(?:{between}) ", text) if one.strip()]


def _listed(days: list[str] | None) -> str | None:
    return f"[{','.join(days)}]" if days else None


def _is_edtf(text: str) -> bool:
    try:
        bounds(text)
    except NotEdtf:
        return False
    return True


@cache
def _months(code: str) -> Mapping[str, int]:
    """Return the names of months of a language in lower case, long and short, → number."""
    names: dict[str, int] = {}
    locale = Locale.parse(code)
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in locale.months[context][width].items():
                names[name.casefold().strip(".")] = number
    return MappingProxyType(names)


def in_words(edtf: str, speech: Speech) -> str:
    """Return what an EDTF date means, in words; nothing for what is no date."""
    if not _is_edtf(edtf):
        return ""
    if edtf.startswith("["):
        return _say(
            speech, _ONE_OF, days=", ".join(_single(one, speech) for one in re.split(r",|\.\.", edtf[1:-1]))
        )
    if "/" not in edtf:
        return _single(edtf, speech)
    first, last = (("" if one == ".." else one) for one in edtf.split("/"))
    said = {"first": _single(first, speech), "last": _single(last, speech)}
    return _say(speech, _SPAN if first and last else _SINCE if first else _BEFORE, **said)


def _single(day: str, speech: Speech) -> str:
    form = _MARKS.get(day[-1:])
    return speech.day(day) if form is None else _say(speech, form, day=speech.day(day[:-1]))


def _say(speech: Speech, text: str, **values: str) -> str:
    return speech.texts.gettext(text) % values
