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
        countries: where it works.
        languages: in which it works.
        ecosoc: its consultative status.
    """

    slug: str
    name: str
    roles: tuple[str, ...]
    countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("en",)
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
            "countries_of_work": list(self.countries),
            "languages": list(self.languages),
        }


def members() -> tuple[Member, ...]:
    """Return the partners that the demo admits; `stewards` are there from the start."""
    north, south, both = ("QM", "QN", "QT", "QV"), ("QP", "QR", "QS"), ("en", "qaa", "qab")
    return (
        Member("lanterns-for-counsel", "Lanterns for Counsel", ("responder", "monitor"), north, both, "special"),
        Member("harbour-bar-watch", "Harbour Bar Watch", ("monitor", "verifier", "policy"), north, ("en", "qaa")),
        Member("meridian-fund", "Meridian Fund", ("funder",)),
        Member("northlight-law-society", "Northlight Law Society", ("bar", "observer", "policy"), ("QM", *south),
               ("en", "qaa"), "special"),
        Member("open-docket", "Open Docket", ("monitor", "observer"), ("QM", "QN", "QR"), both),
        Member("tallow-clinic", "Tallow Clinic", ("legal_aid_provider", "monitor", "policy"), south, ("en", "qab")),
        Member("quill-network", "Quill Network", ("responder", "policy"), ("QN", "QR", "QV"), both, "roster"),
    )  # fmt: skip
