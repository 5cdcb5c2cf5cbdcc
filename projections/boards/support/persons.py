"""What readers may know of whoever needs help, as far as offers ask for it."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from projections.boards.tellings import Telling, Tellings, in_time

Json = Any

_PROFILES = ("lawyer.profiled", "body.profiled")
THREATS = ("threat.reported", "threat.updated")
"""Types that say who is behind a threat to whom."""


class Person(NamedTuple):
    """What these readers may know of whoever needs help, as far as offers ask for it.

    Args:
        country: of practice; where nobody says that, of the last threat.
        status: of practice, or the kind of a body.
        gender: as statistics have it.
        clients: what kinds of people the person defends.
        accused: bodies that are said to be behind threats to the person.
    """

    country: str | None = None
    status: str | None = None
    gender: str | None = None
    clients: frozenset[str] = frozenset()
    accused: frozenset[str] = frozenset()


def persons_of(tellings: Tellings, refs: Collection[str]) -> dict[str, Person]:
    """Return what these readers may know of some persons and bodies."""
    told = tellings.about(sorted(refs), (*_PROFILES, *THREATS)) if refs else {}
    return {ref: _person(set(tellings.merged.all_of(ref)), in_time(every)) for ref, every in told.items()}


def _person(names: set[str], told: Sequence[Telling]) -> Person:
    said: dict[str, Json] = {}
    accused: set[str] = set()
    threatened_in: str | None = None
    for one in told:
        data = one.data
        if one.type in _PROFILES and (data.get("lawyer") in names or data.get("body") in names):
            said.update(data)
        elif one.type in THREATS and names & set(data.get("targets", ())):
            blamed = (
                *data.get("attributed_to", ()),
                *data.get("changes", {}).get("attributed_to_added", ()),
            )
            accused |= {str(each["body"]) for each in blamed if "body" in each}
            threatened_in = data.get("place", {}).get("country", threatened_in)
    status = said.get("practice_status") if "lawyer" in said else said.get("kind")
    # Whoever reports a threat in the night has seldom told of the person before.
    country = said.get("country_of_practice", said.get("country", threatened_in))
    gender = None if said.get("gender_stat") == "unknown" else said.get("gender_stat")
    clients = frozenset(said.get("client_categories", ()))
    return Person(country, None if status == "unknown" else status, gender, clients, frozenset(accused))
