"""What speaks for two records being one, or against it: a form with values, in English, ready for other languages."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Json = Any

SAYS: Mapping[str, str] = MappingProxyType(
    {
        # Of names.
        "nameless": "no name to compare",
        "written": "names written the same: {name}",
        "syllables": "{same} of {all} syllables are the same, read as {system}",
        "transliterated": "names compared after transliteration: {parts}",
        "sounding": "names compared as they sound: {parts}",
        "short": "{short} may be short for {long}",
        "forms": "{pair} are forms of one name",
        "equal": "{pair} equal",
        "alike": "{pair} alike by {share:.0%}",
        "left": "without a like: {words}",
        # Of persons.
        "born_same_day": "born the same day",
        "born_same_year": "born the same year",
        "born_swapped": "born the same day, if day and month are swapped",
        "born_day_of_another_year": "born the same day of another year",
        "born_near": "born in years next to each other",
        "born_other_year": "born two years apart",
        "born_other_day": "born on different days of a year",
        "born_clash": "born in different years",
        "country_same": "same country",
        "country_different": "different countries",
        "number_same": "same number at the same bar",
        "number_different": "different numbers at the same bar",
        "place_same": "same place",
        # Of incidents.
        "target": "both target {target}",
        "day": "both on {day}",
        "overlap": "their dates overlap",
        "near": "{days} day(s) apart",
        "category": "both of category {categories}",
        "place": "both in {place}",
        "attributed": "both attributed to {bodies}",
        # Of either.
        "unsure": "unsure when judged on {judged}; more was said since then, on {newest}",
    }
)
"""Form → English, with a place for each value."""

_BETWEEN: Mapping[str, str] = MappingProxyType({"pair": " and ", "parts": "; "})


class Reason(str):
    """A reason in English, which also knows its form and its values, so that pages say it in another language.

    Args:
        text: the English.
        form: one of `SAYS`.
        values: by place; several are a tuple, of texts or of reasons.
        weight: what it adds, as it is written before the reason, with its sign; empty: nothing.
    """

    __slots__ = ("form", "values", "weight")

    form: str
    values: Mapping[str, Json]
    weight: str

    def __new__(cls, text: str, form: str, values: Mapping[str, Json], weight: str = "") -> "Reason":
        """Make it of its parts."""
        made = super().__new__(cls, text)
        made.form, made.values, made.weight = form, values, weight
        return made

    def weighing(self, weight: str) -> "Reason":
        """Return it with what it adds written before it."""
        return Reason(f"{weight} {self}", self.form, self.values, weight)


def reason(form: str, **values: Json) -> Reason:
    """Return a reason of a form."""
    if not values:
        return Reason(SAYS[form], form, values)
    read = {
        place: _BETWEEN.get(place, ", ").join(value) if isinstance(value, tuple) else value
        for place, value in values.items()
    }
    return Reason(SAYS[form].format_map(read), form, values)
