"""Parameters of the addresses of law, promises and data."""

import re
from collections.abc import Callable, Sequence

from events.event import Json
from hub.address import Parameter, ValueRefused

_NORM = re.compile(r"^[a-z0-9-]{1,40}$")
_INDICATOR = re.compile(r"^(?:[A-Z]{2,4}-[0-9]{2,3}|indicator:[A-Za-z0-9_.-]{1,121})$")
_PERIOD = re.compile(r"^[0-9]{4}(?:[0-9T:/.~?%X-]{0,60})$")


def _matching(name: str, meaning: str, form: re.Pattern[str], hint: str) -> Parameter:
    def read(said: str) -> str:
        if not form.fullmatch(said):
            raise ValueRefused("wrong_form", "Has the wrong form.", f"Expected: {hint}.")
        return said

    return Parameter(name, meaning, {"type": "string", "pattern": form.pattern}, read)


def _one_of(choices: Sequence[str]) -> Callable[[str], Json]:
    def read(said: str) -> str:
        if said not in choices:
            hint = f"One of: {', '.join(choices)}."
            raise ValueRefused("wrong_value", "Is none of the values there are.", hint, known=tuple(choices))
        return said

    return read


def _chosen(name: str, meaning: str, choices: Sequence[str]) -> Parameter:
    return Parameter(name, meaning, {"type": "string", "enum": list(choices)}, _one_of(choices))


norm = _matching("norm", "Only this norm, by the part of a code before the colon.", _NORM, "e.g. un-bprl")
indicator = _matching(
    "indicator",
    "Only this version of an indicator, by its reference, or all its versions, by their code.",
    _INDICATOR,
    "e.g. LA-16, or indicator:LOCAL",
)
period = _matching(
    "period", "Only this period, as it was reported, or all that touch a year.", _PERIOD, "e.g. 2026"
)
light = _chosen("light", "Only commitments whose last report is that old.", ("green", "yellow", "red"))
badge = _chosen("badge", "Only commitments with this badge.", ("DISPUTED",))
