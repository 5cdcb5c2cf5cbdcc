"""What provisions of norms are called, for a person: `iccpr:14.1.public_hearing`, `un-bprl:22`, `16.3`."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from hub.texts import N_
from hub.texts.speech import Speech

_NORMS: Mapping[str, str] = MappingProxyType(
    {
        "coe-cppl": N_("European Convention on the Profession of Lawyer, %(place)s"),
        "iccpr": N_("Covenant on Civil and Political Rights, %(place)s"),
        "un-bprl": N_("UN Basic Principles on Lawyers, %(place)s"),
        "un-lapg": N_("UN Principles on Legal Aid, %(place)s"),
    }
)
"""Norm → how one of its provisions is called."""

TITLES = (
    N_("UN Basic Principles on the Role of Lawyers, 1990"),
    N_("UN Principles and Guidelines on Access to Legal Aid in Criminal Justice Systems, 2012"),
    N_("Council of Europe Convention for the Protection of the Profession of Lawyer, 2025"),
    N_("International Covenant on Civil and Political Rights, fair trial"),
)
"""What the norms are called that are listed whole (`projections/boards/law/norms.json`)."""

_GOAL = N_("Sustainable Development Goals, %(place)s")
_OF_GOALS = re.compile(r"[0-9]+\.[0-9a-z]+")
_RIGHTS = "fair_trial_right"


def standard_name(code: str, speech: Speech) -> str:
    """Return what a provision is called in a language; its code where nobody named the norm."""
    norm, _, place = code.partition(":")
    right = speech.label(_RIGHTS, place)
    if norm == "iccpr" and right != place:
        return right
    words = _NORMS.get(norm) or (_GOAL if _OF_GOALS.fullmatch(code) else "")
    if not words:
        return code
    return speech.texts.gettext(words) % {"place": (place or code).replace("_", " ")}
