"""What is wrong with what was typed, in the language of the page, at the field where it is wrong."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from events.audience import TLP
from events.event import Json
from hub.texts import N_
from hub.texts.speech import Speech
from schemas.problem import Problem

LABELS: Mapping[str, str] = MappingProxyType({
    "clear": N_("clear"), "green": N_("green"), "amber": N_("amber"), "amber+strict": N_("amber+strict"),
    "red": N_("red"),
})  # fmt: skip
"""The labels of the Traffic Light Protocol as people write them."""

CHOICES: Mapping[str, str] = MappingProxyType({
    "clear": N_("Clear: everybody, also people who are not signed in"),
    "green": N_("Green: all partners of this hub"),
    "amber": N_("Amber: partners who need to know"),
    "amber+strict": N_("Amber, strict: only your organisation and those you name"),
    "red": N_("Red: only the persons you name"),
})  # fmt: skip

_SAID: Mapping[str, str] = MappingProxyType({
    "required": N_("This is needed."),
    "unknown_code": N_("This is not one of the choices."),
    "wrong_value": N_("This is not one of the choices."),
    "not_a_reference": N_("This is no reference. Choose one from the list, or write kind:slug.number."),
    "not_edtf": N_(
        "The hub does not understand this date. Write for example: 3 March 2026, about March 2026, March or April 2026."
    ),
    "not_a_date": N_("This day is not in the calendar. Write it like 2026-03-31."),
    "not_a_moment": N_("This is no moment. Write day, time and time zone."),
    "not_a_uri": N_("This is no web address. It begins with https://."),
    "not_a_language": N_("This is no language tag. Write for example en, fr or pt-BR."),
    "not_a_zone": N_("This is no time zone. Write for example Europe/Paris."),
    "wrong_form": N_("This does not have the form that is expected here."),
    "wrong_type": N_("Something else is expected here, for example a number."),
    "too_long": N_("This is too long."),
    "too_short": N_("This is too short."),
    "too_many_items": N_("These are too many."),
    "too_few_items": N_("At least one more is needed."),
    "repeated_item": N_("This is said twice."),
    "too_big": N_("This number is too big."),
    "too_small": N_("This number is too small."),
    "unknown_field": N_("This field is not known here."),
    "not_allowed": N_("This may not be said here."),
})  # fmt: skip

TOO_LOOSE = N_(
    "The person concerned has not allowed that. Say above what the person allows, or choose a stricter label."
)
CANNOT_EMPTY = N_("A correction cannot empty a field. Withdraw the event, and publish it anew.")
NOTHING_CHANGED = N_("Nothing is changed yet.")

_LEAST_CONSENT: Mapping[str, str] = MappingProxyType({"clear": "C5", "green": "C2"})
"""What a person must have allowed so that a label is not looser than consent."""


def said(problem: Problem, speech: Speech) -> str:
    """Return what to tell whoever typed; where the hub has no words of its own for it, the archive's in English."""
    known = _SAID.get(problem.code)
    if known is None or problem.code == "own":
        return (
            f"{problem.detail} {problem.hint or ''}".strip()
            if problem.code != "own"
            else speech.texts.gettext(problem.detail)
        )
    words = speech.texts.gettext(known)
    is_useful = (
        problem.hint is not None
        and speech.language.code == "en"
        and problem.code in {"wrong_form", "too_big", "too_small", "wrong_type"}
    )
    return f"{words} {problem.hint}" if is_useful else words


def own(pointer: str, text: str) -> Problem:
    """Return a problem that a page itself finds, in words that are translated."""
    return Problem(pointer, "own", text)


def loosest(default: str, data: Mapping[str, Json], *, has_protection: bool) -> str:
    """Return the loosest label that a payload may bear.

    Where a type says what the person concerned allows, no label is looser than the type's own unless the person
    allowed that: to be named in public for `clear`, to coordinate for `green`.
    """
    if not has_protection:
        return TLP[0]
    protection = data.get("protection")
    level = protection.get("consent_level", "C1") if isinstance(protection, Mapping) else "C1"
    allowed = [one for one, least in _LEAST_CONSENT.items() if str(level) >= least]
    return min([default, *allowed], key=TLP.index)


def label_problems(tlp: str, least: str) -> Sequence[Problem]:
    """Return what is wrong with a label that is looser than it may be."""
    is_loose = tlp in TLP and TLP.index(tlp) < TLP.index(least)
    return [own("/tlp", TOO_LOOSE)] if is_loose else []
