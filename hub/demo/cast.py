"""The eight invented partners of the scenarios, and what a story admits besides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class Member:
    """An invented organisation.

    Args:
        slug: its name in sources and references.
        name: for people.
        roles: as a partner.
        ecosoc: its consultative status.
    """

    slug: str
    name: str
    roles: tuple[str, ...]
    ecosoc: str = "none"

    def admission(self) -> Mapping[str, Json]:
        """Return the payload of `partner.admitted`; the same at every start, so that it is recorded once."""
        return {
            "partner": f"partner:{self.slug}",
            "body": f"body:stewards.{self.slug}",
            "name": {"en": self.name},
            "roles": list(self.roles),
            "admitted_on": "2024-01-15",
            "independence": {
                "state_funded_percent": 0,
                "party_political": False,
                "declared_on": "2024-01-10",
            },
            "ecosoc_status": self.ecosoc,
        }


def members() -> tuple[Member, ...]:
    """Return the partners that the demo admits; `stewards` are there from the start."""
    return (
        Member("lanterns-for-counsel", "Lanterns for Counsel", ("responder", "monitor"), "special"),
        Member("harbour-bar-watch", "Harbour Bar Watch", ("monitor", "verifier", "policy")),
        Member("meridian-fund", "Meridian Fund", ("funder",)),
        Member("northlight-law-society", "Northlight Law Society", ("bar", "observer", "policy"), "special"),
        Member("open-docket", "Open Docket", ("monitor", "observer")),
        Member("tallow-clinic", "Tallow Clinic", ("legal_aid_provider", "monitor", "policy")),
        Member("quill-network", "Quill Network", ("responder", "policy"), "roster"),
    )
