"""Who may see what bears a label, said a second time, from the text of `audience.md`."""

from dataclasses import dataclass, replace

LADDER = ("clear", "green", "amber", "amber+strict", "red")
LEVELS = ("C0", "C1", "C2", "C3", "C4", "C5")


@dataclass(frozen=True)
class Who:
    """A reader, in the oracle's own words; a steward is also told what only stewards may ask for."""

    name: str
    partner: str | None = None
    account: str = ""
    clearance: str = "clear"
    is_steward: bool = False


@dataclass(frozen=True)
class Label:
    """What decides about an event and its fields.

    Args:
        tlp: one of `LADDER`.
        publisher: slug.
        audience: slugs, or accounts for red.
        closed: its publisher's alone: under embargo, or retracted as unsafe.
        consent: what the person allows, `C0` having taken it back.
        recipients: slugs to whom the identity may go.
        excluded: slugs that have a conflict.
    """

    tlp: str
    publisher: str
    audience: frozenset[str] = frozenset()
    closed: bool = False
    consent: str = "C1"
    recipients: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()


def may_see(who: Who, label: Label, level: str = "clear") -> bool:
    """Tell whether a reader may see an event, or a field of it that demands a label or a consent."""
    if level in LEVELS:
        return _may_see_name(who, label, level)
    tlp = max(label.tlp, level, key=LADDER.index)
    if LADDER.index(who.clearance) < LADDER.index(tlp):
        return False
    if who.partner is not None and who.partner == label.publisher:
        return True
    if label.closed or (label.consent == "C0" and level in LADDER[3:]):
        return False
    return tlp == "clear" or _is_among(who, label, tlp)


def _is_among(who: Who, label: Label, tlp: str) -> bool:
    if who.partner is None or who.partner in label.excluded:
        return False
    if tlp == "green" or (tlp == "amber" and not label.audience):
        return True
    return (f"{who.partner}/{who.account}" if tlp == "red" else who.partner) in label.audience


def _may_see_name(who: Who, label: Label, level: str) -> bool:
    """Names: C5 whoever sees the event; from the level on the named partners; below it the publisher alone."""
    if label.consent == "C5":
        return may_see(who, label)
    team = label.audience or label.recipients
    if label.consent >= level and team:
        return may_see(who, replace(label, audience=team), "amber")
    return may_see(who, replace(label, audience=frozenset()), "amber+strict")
