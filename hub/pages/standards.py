"""What provisions of norms are called, for a person: `iccpr:14.1.public_hearing`, `un-bprl:22`, `16.3`."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from hub.texts import N_
from hub.texts.speech import Speech
from projections.boards.law.norms import provision

_NORMS: Mapping[str, str] = MappingProxyType(
    {
        "coe-cppl": N_("European Convention on the Profession of Lawyer, %(place)s"),
        "iccpr": N_("Covenant on Civil and Political Rights, %(place)s"),
        "un-bprl": N_("UN Basic Principles on Lawyers, %(place)s"),
        "un-lapg": N_("UN Principles on Legal Aid, %(place)s"),
    }
)
"""Norm → how one of its provisions is called."""

_GOAL = N_("Sustainable Development Goals, %(place)s")
_OF_GOALS = re.compile(r"[0-9]+\.[0-9a-z]+")
_RIGHTS = "fair_trial_right"


def standard_name(code: str, speech: Speech) -> str:
    """Return what a provision is called in a language; its code where nobody named the norm."""
    right = speech.label(_RIGHTS, code)
    if right != code:
        return right
    norm, _, place = code.partition(":")
    words = _NORMS.get(norm) or (_GOAL if _OF_GOALS.fullmatch(code) else "")
    if not words:
        return code
    return speech.texts.gettext(words) % {"place": (place or code).replace("_", " ")}


def standard_text(code: str, speech: Speech) -> str:
    """Return what a provision says in a language, in a few words; empty where its norm is not listed."""
    found = provision(code)
    return "" if found is None else speech.texts.pgettext(found.within, found.label)
