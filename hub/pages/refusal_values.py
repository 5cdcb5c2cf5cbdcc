"""Refusals with the limit or the code that they are about, and what would be accepted, in the language of the page."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from markupsafe import Markup, escape

from events.event import Json
from hub.pages.fields import reading_of
from hub.pages.naming import CODES, FIELDS, spelled
from hub.texts import N_
from hub.texts.speech import Speech

_NO_CHOICE = (
    N_("This is not one of the choices. Did you mean: %(near)s?"),
    N_("This is not one of the choices: %(choices)s."),
    N_("This is not one of the choices: %(known)s."),
)

OF_VALUES: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "not-at-edge": (N_("This address shows only what is public. Use the hub itself for this: %(hub)s"),),
        "not_allowed": (
            N_("No number under %(least)s may be shown here, other than 0. Leave the field empty instead."),
        ),
        "rate-limited": (N_("That was too much in a short time. Wait %(seconds)s s."),),
        "required": (
            N_("At least one of these is needed: %(fields)s."),
            N_("Say how many children stand behind the figure; at least %(children)s."),
        ),
        "too-large": (
            N_("This is too large. At most %(bytes)s bytes are taken at once."),
            N_("The form has too many fields. At most %(fields)s are taken at once."),
        ),
        "too_big": (
            N_("This number is too great. It may be %(most)s at most."),
            N_("This number is too great. It must be less than %(below)s."),
        ),
        "too_deep": (N_("There are too many levels inside each other; at most %(most)s."),),
        "too_few_fields": (N_("At least %(least)s of these are needed."),),
        "too_few_items": (N_("At least %(least)s of these are needed."),),
        "too_large": (N_("This is too large. At most %(bytes)s bytes are taken."),),
        "too_long": (N_("This is too long. It may have %(most)s characters at most."),),
        "too_many_fields": (N_("These are too many; at most %(most)s."),),
        "too_many_items": (N_("These are too many; at most %(most)s."),),
        "too_short": (N_("This is too short. Least number of characters: %(least)s."),),
        "too_small": (
            N_("This number is too small. It must be %(least)s at least."),
            N_("This number is too small. It must be more than %(above)s."),
        ),
        "unknown_code": _NO_CHOICE,
        "unknown_field": (N_("This field is not known here. Did you mean: %(near_field)s?"),),
        "unknown_parameter": (N_("This page does not know this question. It knows: %(known)s."),),
        "wrong_form": (N_("This must be a multiple of %(step)s."),),
        "wrong_type": (N_("Something else is expected here: a whole number from %(least)s to %(most)s."),),
        "wrong_value": _NO_CHOICE,
    }
)
"""Code of a problem, or end of the `type` of a problem document → sentences; the first whose places all have values."""

OF_HINTS: Mapping[str, str] = MappingProxyType(
    {
        "E.g. 2026-11-02, 2026-11, 2026-11-02~ (about), 2026-01/2026-03 (from, to).": "",
        "Extension attributes have 1 to 20 lower-case letters and digits.": "",
        "1 to 128 characters": N_("Expected: 1 to 128 characters."),
        "NAME:VALUE": N_("Expected: NAME:VALUE."),
        "a code": N_("Expected: a code of the list."),
        "a cursor of this hub": N_("Expected: a cursor of this hub."),
        "a slug": N_("Expected: the short name of a partner, for example open-docket."),
        "as the hub made it": N_("Expected: the key as the hub made it."),
        "begin, now, or a cursor of this hub": N_("Expected: begin, now, or a cursor of this hub."),
        "two capital letters": N_("Expected: the two capital letters of a country, for example QM."),
        "kind:LOCAL": N_("Expected: a reference, for example lawyer:open-docket.12."),
        "urn:hub:partner:SLUG": N_("Expected: urn:hub:partner: and the short name of a partner."),
        "e.g. -starts": N_("For example: -starts"),
        "e.g. 14d or 48h": N_("For example: 14d (days), 48h (hours)"),
        "e.g. ar": N_("For example: ar"),
        "e.g. threat.*": N_("For example: threat.*"),
        "1h to 366d": N_("From 1h to 366d."),
        "Expected: e.g. un-bprl.": N_("For example: un-bprl"),
        "Expected: e.g. LA-16, or indicator:LOCAL.": N_("For example: LA-16"),
        "Expected: e.g. 2026.": N_("For example: 2026"),
        "Expected slugs or slug/account with commas between, e.g. open-docket,quill-network/ann.": N_(
            "Expected: short names of partners with commas between, for example open-docket,quill-network/ann."
        ),
        "Put it into sealed_note.": N_("Write it into the sealed note instead."),
        "Send it as text.": "",
        "Send null instead.": N_("Leave the field empty instead."),
        "Leave value and numerator out (null).": N_("Leave value and numerator empty."),
        "Hide a figure by null; to change one, publish the dataset again with `supersedes`.": N_(
            "Hide a figure by leaving it empty. To change one, publish all figures again, and say which they replace."
        ),
        "Pointers start inside data, e.g. /starts. To change the envelope, retract the event.": N_(
            "Label, audience and the like cannot be corrected: withdraw the event, and publish it anew."
        ),
    }
)  # fmt: skip
"""What would be accepted, where it is no text of a contract → what a person reads; empty: nothing."""

HINTED = frozenset({"wrong_form", "wrong_type", "too_big", "too_small", "not_allowed"})
"""Codes whose words leave open what would be accepted."""


def with_values(code: str, values: Mapping[str, Json], speech: Speech) -> Markup:
    """Return the sentence of a refusal that names what it is about; empty where there is none."""
    texts = OF_VALUES.get(code)
    if texts is None:
        return Markup()
    said = {name: _value(name, value, values, speech) for name, value in values.items() if value != ()}
    for text in texts:
        places = [name for name in said if f"%({name})s" in text]
        if places and text.count("%(") == len(places):
            told = escape(speech.texts.gettext(text))
            for name in places:
                told = told.replace(f"%({name})s", said[name])
            return told
    return Markup()


def with_hint(code: str, words: str, hint: Json, speech: Speech) -> str:
    """Return the words of a refusal, with what would be accepted if they leave that open and the language has it."""
    if code not in HINTED or not isinstance(hint, str):
        return words
    english = OF_HINTS.get(hint, hint)
    told = speech.texts.gettext(english) if english else ""
    is_told = bool(told) and (told != english or speech.language.code == "en")
    return f"{words} {told}" if is_told else words


def _value(name: str, value: Json, values: Mapping[str, Json], speech: Speech) -> Markup:
    """Say one value; each stands apart from a text that may run the other way."""
    several = value if isinstance(value, tuple | list) else (value,)
    words = (_word(name, one, values, speech) for one in several)
    return Markup(", ").join(Markup("<bdi>{}</bdi>").format(one) for one in words)


def _word(name: str, value: Json, values: Mapping[str, Json], speech: Speech) -> Json:
    if isinstance(value, int | float):
        return speech.number(value)
    if name in {"near", "choices"} and "vocabulary" in values:
        return speech.label(str(values["vocabulary"]), value)
    if name in {"near", "choices"}:
        return speech.texts.gettext(CODES[value]) if value in CODES else spelled(str(value))
    if name in {"near_field", "fields"}:
        called = {**reading_of(speech.registry).titles, **FIELDS}
        return speech.texts.gettext(called[value]) if value in called else spelled(str(value))
    return value
