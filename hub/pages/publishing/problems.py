"""What is wrong with what was typed, in the language of the page, at the field where it is wrong."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from events.audience import TLP
from events.event import Json
from hub.pages.refusals import why
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

OWN = "own"
"""Code of what a page itself finds; its detail is translated."""

TOO_LOOSE = N_(
    "The person concerned has not allowed that. Say above what the person allows, or choose a stricter label."
)
CANNOT_EMPTY = N_("A correction cannot empty a field. Withdraw the event, and publish it anew.")
NOTHING_CHANGED = N_("Nothing is changed yet.")
READS_OTHERWISE = N_(
    "This event reads differently since you opened the form. What you left as it was may be older than what is said"
    " now: compare it with the event, and check again."
)

_LEAST_CONSENT: Mapping[str, str] = MappingProxyType({"clear": "C5", "green": "C2"})
"""What a person must have allowed so that a label is not looser than consent."""


def said(problem: Problem, speech: Speech) -> str:
    """Return what to tell whoever typed."""
    if problem.code == OWN:
        return speech.texts.gettext(problem.detail)
    return why(problem, speech)


def own(pointer: str, text: str) -> Problem:
    """Return a problem that a page itself finds, in words that are translated."""
    return Problem(pointer, OWN, text)


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
