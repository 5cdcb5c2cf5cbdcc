"""Who may see what: the one rule. Missing or unknown means hidden; only allow rules exist."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

TLP = ("clear", "green", "amber", "amber+strict", "red")
"""The Traffic Light Protocol 2.0, loosest first."""

CONSENT = ("C0", "C1", "C2", "C3", "C4", "C5")
"""What a person allows: nothing, keep, coordinate, refer, advocate privately, be named in public."""

WITHDRAWN, KEEP, COORDINATE, REFER, PUBLIC_NAME = "C0", "C1", "C2", "C3", "C5"

FIELD_LEVELS = (*TLP, *CONSENT[2:])
"""What a contract may demand of whoever sees a field: a label (`x-audience`) or a consent (`x-consent`)."""

_RANK = {label: rank for rank, label in enumerate(TLP)}
_STRICT = "amber+strict"


@dataclass(frozen=True, slots=True)
class Label:
    """What decides who may see an event or a field of it.

    Args:
        tlp: one of `TLP`.
        publisher: slug of the partner that published it.
        audience: slugs (`open-docket`) or, for red, accounts (`open-docket/anna`).
        embargoed: not yet released by the timekeeper; until then it is the publisher's alone.
        consent: one of `CONSENT`: what the person it is about allows; decides about fields only.
        recipients: slugs of partners to which that person lets the identity be referred.
        excluded: slugs of partners that have a conflict in its case: they see of it what is public.
    """

    tlp: str
    publisher: str
    audience: frozenset[str] = frozenset()
    embargoed: bool = False
    consent: str = KEEP
    recipients: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()

    def stricter(self, level: str) -> "Label":
        """Return the label of a field that demands one of `FIELD_LEVELS`; never looser than this one.

        Where the person has withdrawn, what needs `amber+strict` or more is the publisher's alone.
        """
        if level in CONSENT:
            return self._consented(level)
        known = _RANK.get(level, len(TLP))
        raised = self if known <= _RANK.get(self.tlp, len(TLP)) else replace(self, tlp=level)
        if self.consent == WITHDRAWN and known >= _RANK[_STRICT] and raised.audience:
            return replace(raised, audience=frozenset())
        return raised

    def _consented(self, level: str) -> "Label":
        """Return the label of a field that is shown from a consent on: public, to the team, or to nobody else."""
        if self.consent == PUBLIC_NAME:
            return self
        # Where the event itself is for nobody else, a consent must not open a part of it.
        is_open = _RANK.get(self.tlp, len(TLP)) < _RANK[_STRICT]
        team = self.audience or (self.recipients if is_open else frozenset())
        if self.consent >= level and team:
            return replace(self.stricter("amber"), audience=team)
        return replace(self.stricter(_STRICT), audience=frozenset())


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever asks. The defaults are the public.

    Args:
        partner: slug of an admitted, non-suspended partner; None for the public.
        account: name of the account within the partner.
        clearance: strictest TLP the account is cleared for.
    """

    partner: str | None = None
    account: str | None = None
    clearance: str = "clear"


PUBLIC = Reader()


def visible(reader: Reader, label: Label) -> bool:
    """Tell whether `reader` may see what bears `label`. Pure, total, no clock, no disk."""
    rank = _RANK.get(label.tlp)
    if rank is None or rank > _RANK.get(reader.clearance, 0):
        return False
    own = reader.partner is not None and reader.partner == label.publisher
    if own:
        return True
    if label.embargoed:
        return False
    return _visible_to_others(reader, label)


def _visible_to_others(reader: Reader, label: Label) -> bool:
    if label.tlp == "clear":
        return True
    if reader.partner is None or reader.partner in label.excluded:
        return False
    if label.tlp == "green":
        return True
    if label.tlp == "amber":
        return not label.audience or reader.partner in label.audience
    if label.tlp == _STRICT:
        return reader.partner in label.audience
    return f"{reader.partner}/{reader.account}" in label.audience


def both(one: Label, other: Label) -> Label | None:
    """Return a label under which a thing is open only to those to whom it is under each of two labels.

    Consent is that of the first. None where no label says that: accounts are named, or the second is another partner's
    and not open to all partners.
    """
    rank = max(_RANK.get(label.tlp, _RANK["red"]) for label in (one, other))
    is_foreign = one.publisher != other.publisher
    if rank == _RANK["red"] or (is_foreign and (other.embargoed or one.publisher in other.excluded)):
        return None
    if is_foreign and _team(other) is not None:
        return None
    team = _meeting(_team(one), _team(other))
    if not team and team is not None:
        rank = _RANK[_STRICT]
    audience = one.audience if team is None and rank < _RANK["amber"] else team or frozenset()
    # A consent opens fields to the named audience; to another one, the person never agreed.
    is_asked_anew = audience != one.audience and one.consent not in (WITHDRAWN, PUBLIC_NAME)
    return replace(
        one,
        tlp=TLP[rank],
        audience=audience,
        embargoed=one.embargoed or other.embargoed,
        consent=KEEP if is_asked_anew else one.consent,
        excluded=one.excluded | other.excluded,
    )


def _team(label: Label) -> frozenset[str] | None:
    """Return the partners besides its publisher that may see what bears a label, if the excluded are; None: all."""
    if _RANK[label.tlp] < _RANK["amber"] or (label.tlp == "amber" and not label.audience):
        return None
    return label.audience


def _meeting(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def label_of(envelope: Mapping[str, Any], *, embargoed: bool) -> Label:
    """Read the label off a recorded envelope. A missing or odd label reads as red."""
    audience = str(envelope.get("audience", ""))
    return Label(
        tlp=str(envelope.get("tlp", "red")),
        publisher=str(envelope["source"]).rpartition(":")[2],
        audience=frozenset(name.strip() for name in audience.split(",") if name.strip()),
        embargoed=embargoed,
    )
