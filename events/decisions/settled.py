"""What no correction changes: what others signed or agreed to, and what a person's consent was asked for.

A correction may take names out, never put one in: else it would name somebody, or have somebody sign, past the gates.
The fields that are settled are changed by the event that decides them, published again. What figures on an indicator
mean is changed by a new version.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from events.corrections import corrected
from events.decisions.actions.agreements import lawyers_in
from events.decisions.aggregate import DecisionRefused
from events.event import Json

_SIGNED_TEXT = frozenset({"text", "sha256", "language"})

_SETTLED: Mapping[str, frozenset[str]] = {
    "action.proposed": frozenset({
        "kind", "lead", "mechanism", "state", "join_by", "seats", "draft", "text_hash", "language",
        "agreed_with_person",
    }),
    "action.joined": frozenset({
        "partner", "role", "capacity", "text_hash", "joined", "valid_until", "embargo_until",
    }),
    "action.left": frozenset({"partner", "role", "hand_over_to"}),
    "action.completed": frozenset({"state"}),
    "indicator.defined": frozenset({"code", "version", "unit", "numerator", "denominator"}),
    "statement.issued": frozenset({"kind", "action"}),
}  # fmt: skip

_WHY = (
    "This was agreed to, or signed, as it is. Publish the event that decides it again, or retract this one."
)


def keeps_settled(event_type: str, before: Mapping[str, Json], after: Any) -> bool:
    """Tell whether a payload that was corrected leaves what is settled as it was, and names nobody else.

    Args:
        event_type: of the event that is corrected.
        before: its payload as it was recorded.
        after: the same, corrected; of any form.
    """
    settled = _settled(event_type, before)
    if not settled:
        return True
    if not isinstance(after, Mapping):
        return False
    is_same = all(before.get(name) == after.get(name) for name in settled)
    return is_same and set(_named(after)) <= set(_named(before))


def refuse_unsettling(event_type: str, before: Mapping[str, Json], changes: Json) -> None:
    """Refuse a correction that would change what is settled.

    Args:
        event_type: of the event that is corrected.
        before: its payload as it was recorded.
        changes: of the correction.

    Raises:
        DecisionRefused: at the first change that would.
    """
    settled = _settled(event_type, before)
    for number, change in enumerate(changes):
        after = corrected(before, [[change]], lambda _: True)
        # What is sealed is not read here: whatever is said of it is refused, were it the same.
        is_named = change["pointer"].split("/")[1] in settled
        if is_named or not keeps_settled(event_type, before, after):
            raise DecisionRefused("already_decided", f"/data/changes/{number}/pointer", _WHY)


def _settled(event_type: str, before: Mapping[str, Json]) -> frozenset[str]:
    """Return the fields of a payload that are settled."""
    fields = _SETTLED.get(event_type, frozenset())
    is_signed = event_type == "statement.issued" and bool(before.get("signatories") or "sha256" in before)
    return fields | _SIGNED_TEXT if is_signed else fields


def _named(data: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Yield the lawyers that a payload is about or honours, and who signed; what is no list of such names nobody."""
    award = data.get("award")
    laureates = award.get("laureates") if isinstance(award, Mapping) else None
    for refs in (data.get("about"), laureates):
        texts = [one for one in refs if isinstance(one, str)] if isinstance(refs, list) else []
        yield from (("named", one) for one in lawyers_in(texts))
    signed = data.get("signatories")
    for one in signed if isinstance(signed, list) else ():
        yield "signed", one.get("who") if isinstance(one, Mapping) else None
