"""What is said of a pair of need and offer: a form with values, in English, and ready for any other language."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from projections.boards.support.terms import listed

Json = Any

SAYS: Mapping[str, str] = MappingProxyType(
    {
        "kinds_none": "Looked for: {kinds}; the offer gives none of it.",
        "kinds": "Gives {given} of {wanted} kinds looked for: {kinds}.",
        "country_any": "The offer is for any country.",
        "country_unknown": "The offer is for {countries} only; ask where.",
        "country": "The offer is for {country}.",
        "country_other": "The offer is for {countries} only, not for {country}.",
        "roles_any": "The offer is for anyone.",
        "roles": "The offer is for: {roles}.",
        "roles_unknown": "The offer is for {roles} only; ask.",
        "roles_other": "The offer is for {roles} only.",
        "gender_any": "The offer is for any gender.",
        "gender_unknown": "For women and gender minorities only; ask.",
        "gender": "For women and gender minorities; that fits.",
        "gender_other": "For women and gender minorities only.",
        "defender_any": "Not only for defenders of human rights.",
        "defender": "For defenders of human rights; acts for some.",
        "defender_unknown": "For defenders of human rights only; ask.",
        "capacity_unknown": "The offer does not say how far it reaches; ask.",
        "capacity": "{left} {unit} left, {asked} needed.",
        "amount_any": "The offer names no most.",
        "amount_unknown": "{most} {currency} at most; you do not see how much is needed.",
        "amount_currencies": "{most} {currency} at most, {needed} {other} needed: compare the currencies.",
        "amount": "{most} {currency} at most, {needed} {currency} needed: {share} % of it.",
        "language_any": "No language is asked for.",
        "language_unknown": "Asked for: {languages}; ask the partner.",
        "language": "In common: {languages}.",
        "language_other": "Asked for: {languages}; offered: {offered}.",
        "response_unknown": "{urgency}: answer due in {within} h; ask.",
        "response": "{urgency}: answer due in {within} h, promised in {hours} h.",
        "until_any": "No day stands against it.",
        "until": "Needed by {needed_by}, offered until {last}.",
        "retrospective": "Needed by {needed_by}, which is past; the offer pays for nothing past.",
        "in_exile": "Is in exile; the offer is for people who are not.",
        "in_exile_unknown": "The offer is not for people in exile; ask.",
        "helped": "Helped already by {partners}: tell them first.",
        "helped_excluded": "Helped already by {partners}: tell them first. The offer is not for what another pays.",
        "running_costs": "Pays no running costs; is that what {kinds} would be?",
        "other": "The partner excludes something more; ask.",
        "contact": "No contact in {country}, and the partner works there.",
        "conflict": "The partner is said to be behind a threat to this person.",
        "paused": "Somebody came to harm ({support}); the stewards look at it first.",
    }
)
"""Form → English, with a place for each value."""


class Reason(str):
    """A reason in English, which also knows its form and its values, so that pages say it in another language.

    Args:
        form: one of `SAYS`.
        values: by place; several are a sorted tuple.
    """

    __slots__ = ("form", "values")

    form: str
    values: Mapping[str, Json]

    def __new__(cls, form: str, values: Mapping[str, Json]) -> "Reason":
        """Say it."""
        kept = {name: _kept(value) for name, value in values.items()}
        read = {name: listed(value) if isinstance(value, tuple) else value for name, value in kept.items()}
        made = super().__new__(cls, SAYS[form].format_map(read))
        made.form, made.values = form, MappingProxyType(kept)
        return made


def reason(form: str, **values: Json) -> Reason:
    """Return a reason of a form."""
    return Reason(form, values)


def _kept(value: Json) -> Json:
    return value if isinstance(value, str) or not isinstance(value, Iterable) else tuple(sorted(value))
