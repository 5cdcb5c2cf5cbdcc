"""Whether everybody who sees one thing sees another, told by their labels alone. In doubt: no."""

from events.audience import TLP, Label

_RANK = {label: rank for rank, label in enumerate(TLP)}


def covers(wide: Label, narrow: Label) -> bool:
    """Tell whether every reader who may see what bears `narrow` may see what bears `wide`."""
    ranks = [_RANK.get(one.tlp, len(TLP)) for one in (wide, narrow)]
    if ranks[0] > ranks[1] or (wide.embargoed and not narrow.embargoed):
        return False
    if narrow.embargoed:
        # Nobody but its publisher sees it yet.
        return wide.publisher == narrow.publisher or (not wide.embargoed and _sees(wide, narrow.publisher))
    if wide.tlp == "clear":
        return True
    team = _team(narrow)
    if team is None:
        return _sees(wide, narrow.publisher) and _team(wide) is None and wide.excluded <= narrow.excluded
    named = {narrow.publisher, *(team - narrow.excluded)}
    if wide.tlp == "red":
        is_known = named - {wide.publisher} <= wide.audience and wide.excluded <= narrow.excluded
        return is_known and wide.publisher == narrow.publisher
    return all(_sees(wide, one.partition("/")[0]) for one in named)


def _sees(label: Label, partner: str) -> bool:
    """Tell whether a partner, cleared for it, sees what bears a label that is not embargoed."""
    if partner == label.publisher:
        return True
    team = _team(label)
    return partner not in label.excluded and (team is None or partner in team)


def _team(label: Label) -> frozenset[str] | None:
    """Return who sees what bears a label besides its publisher: partners, or accounts if it is red; None: all."""
    if _RANK.get(label.tlp, len(TLP)) < _RANK["amber"] or (label.tlp == "amber" and not label.audience):
        return None
    return label.audience
