"""What another hub tells of a publisher's event: recorded as his own, never more openly than told. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from events.audience import TLP
from events.checks import raises
from events.event import Json
from events.submission import Checked, EventRefused
from schemas.problem import Problem

TOLD_BY = "toldby"
"""Attribute that names the hub whose word an event is; the hub alone sets it."""

CEILING = "amber"
"""The strictest label that ever goes from hub to hub."""


@dataclass(frozen=True, slots=True)
class Told:
    """How an event was told.

    Args:
        by: name of the hub that told it.
        tlp: label that it bears there.
        named: slugs in its audience there; None if it names none.
        known: slugs that mean the same organisation here and there.
    """

    by: str
    tlp: str
    named: frozenset[str] | None
    known: frozenset[str]


def vouches(assessment: Mapping[str, Json]) -> bool:
    """Tell whether an assessment lets what it assesses count for more."""
    return raises(assessment)


@dataclass(frozen=True, slots=True)
class ErasedTold:
    """What became of an erasure of another hub.

    Args:
        keys: how many were destroyed.
        is_whole: nobody else here speaks of the same; else the stewards decide about the rest.
    """

    keys: int
    is_whole: bool


def as_told(checked: Checked, told: Told) -> Checked:
    """Return a submission with the stricter of two labels, for those alone who are named in every audience and known.

    Raises:
        EventRefused: `too_strict`, or `names_nobody_here`.
    """
    envelope = dict(checked.envelope)
    tlp = max(str(envelope["tlp"]), told.tlp, key=_rank)
    if _rank(tlp) > TLP.index(CEILING):
        raise EventRefused(
            [Problem("/tlp", "too_strict", f"Nothing stricter than {CEILING} goes from hub to hub.")]
        )
    own = _names(envelope.get("audience"))
    if own is not None or told.named is not None:
        left = (own if own is not None else told.named or frozenset()) & told.known
        left = left if told.named is None else left & told.named
        if not left:
            detail = "Its audience names nobody who is known to be the same here."
            raise EventRefused([Problem("/audience", "names_nobody_here", detail)])
        envelope["audience"] = ",".join(sorted(left))
        tlp = max(tlp, CEILING, key=_rank)
    return replace(checked, envelope={**envelope, "tlp": tlp, TOLD_BY: told.by})


def told_of(shown: Mapping[str, Json], by: str, known: frozenset[str]) -> Told:
    """Return how an event was told, by what the other hub shows; a label that is none is the strictest."""
    return Told(by, str(shown.get("tlp", TLP[-1])), _names(shown.get("audience")), known)


def parcel_of(name: str) -> str:
    """Return a reference for what one hub gave about somebody, by a secret name of 32 hexadecimal digits or more."""
    return f"dataset:{UUID(hex=name[:32].ljust(32, '0'), version=5)}"


def _names(audience: Json) -> frozenset[str] | None:
    if audience is None:
        return None
    return frozenset(name.strip() for name in str(audience).split(",") if name.strip())


def _rank(tlp: str) -> int:
    return TLP.index(tlp) if tlp in TLP else len(TLP)
