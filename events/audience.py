"""Who may see what: the one rule. Missing or unknown means hidden; only allow rules exist."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TLP = ("clear", "green", "amber", "amber+strict", "red")
"""The Traffic Light Protocol 2.0, loosest first."""

_RANK = {label: rank for rank, label in enumerate(TLP)}


@dataclass(frozen=True, slots=True)
class Label:
    """What decides who may see an event or a field of it.

    Args:
        tlp: one of `TLP`.
        publisher: slug of the partner that published it.
        audience: slugs (`open-docket`) or, for red, accounts (`open-docket/anna`).
        embargoed: not yet released by the timekeeper; until then it is the publisher's alone.
    """

    tlp: str
    publisher: str
    audience: frozenset[str] = frozenset()
    embargoed: bool = False

    def stricter(self, tlp: str) -> "Label":
        """Return this label raised to at least `tlp`; never looser than it was."""
        if _RANK.get(tlp, len(TLP)) <= _RANK.get(self.tlp, len(TLP)):
            return self
        return Label(tlp, self.publisher, self.audience, self.embargoed)


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
    if reader.partner is None:
        return False
    if label.tlp == "green":
        return True
    if label.tlp == "amber":
        return not label.audience or reader.partner in label.audience
    if label.tlp == "amber+strict":
        return reader.partner in label.audience
    return f"{reader.partner}/{reader.account}" in label.audience


def label_of(envelope: Mapping[str, Any], *, embargoed: bool) -> Label:
    """Read the label off a recorded envelope. A missing or odd label reads as red."""
    audience = str(envelope.get("audience", ""))
    return Label(
        tlp=str(envelope.get("tlp", "red")),
        publisher=str(envelope["source"]).rpartition(":")[2],
        audience=frozenset(name.strip() for name in audience.split(",") if name.strip()),
        embargoed=embargoed,
    )
