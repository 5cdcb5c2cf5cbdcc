"""Definitions of indicators: one row for each version, with who agrees and who does not."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from projections.boards.kept import Rows
from projections.boards.papers import Papers
from projections.boards.tellings import Telling, Tellings, in_time
from projections.graph.look import plain

Json = Any

DEFINED = "indicator.defined"

_TOLD = (
    *("code", "version", "name", "definition", "unit", "numerator", "denominator", "disaggregation"),
    *("minimum_cell", "method_guidance", "standards", "sdg", "review_by", "basis"),
)


class Voice(NamedTuple):
    """What is known of one partner's or body's opinion of a version: the last thing that was said of it.

    Args:
        who: reference to go by.
        agrees: whether it endorses.
        time: of the event that says so.
        text: why it objects.
        event: that says so.
    """

    who: str
    agrees: bool
    time: str
    text: str | None
    event: Json


class Definition(NamedTuple):
    """One version of a shared measure.

    Args:
        label: its name, or its reference.
        code: the same in every version.
        version: three numbers.
        status: `draft` where nothing is said.
        replaces: the version before it.
        unit: of its values.
        minimum: the smallest count that is shown.
        data: what the last event says of it.
        by: slug of the partner that said so last.
        voices: who agrees, who does not; sorted.
        event: the last one.
    """

    label: str
    code: str
    version: str
    status: str
    replaces: str | None
    unit: str
    minimum: int
    data: Json
    by: str
    voices: tuple[Voice, ...]
    event: Json

    @property
    def order(self) -> tuple[tuple[int, ...], str]:
        """By which versions are sorted."""
        numbers = self.version.partition("-")[0].split(".")
        return tuple(int(one) if one.isdecimal() else 0 for one in numbers), self.version


def _make(tellings: Tellings, refs: Sequence[str]) -> Mapping[str, Definition]:
    rows = {}
    for ref, told in tellings.about(refs, [DEFINED]).items():
        own = in_time(one for one in told if tellings.merged.of(str(one.data.get("indicator"))) == ref)
        if own:
            rows[ref] = _row(tellings, ref, own)
    return rows


def _row(tellings: Tellings, ref: str, own: Sequence[Telling]) -> Definition:
    last = own[-1]
    data = last.data
    replaced = [str(one.data["replaces"]) for one in own if "replaces" in one.data]
    least = [one.data["minimum_cell"] for one in own if "minimum_cell" in one.data]
    return Definition(
        label=plain(data.get("name")) or ref,
        code=str(data.get("code", ref)),
        version=str(data.get("version", "")),
        status=str(data.get("status", "draft")),
        replaces=tellings.merged.of(replaced[-1]) if replaced else None,
        unit=str(data.get("unit", "")),
        minimum=max([5, *least]),
        data={name: data[name] for name in _TOLD if name in data},
        by=last.partner,
        voices=_voices(tellings, own),
        event=last.proof,
    )


def _voices(tellings: Tellings, own: Sequence[Telling]) -> tuple[Voice, ...]:
    """Return the last word of each: of one publisher's definitions the last one counts."""
    by_partner = {one.partner: one for one in own}
    found: dict[str, Voice] = {}
    for one in in_time(by_partner.values()):
        time = str(one.event.get("time", ""))
        for who in one.data.get("endorsed_by", ()):
            ref = tellings.merged.of(str(who))
            found[ref] = Voice(ref, agrees=True, time=time, text=None, event=one.proof)
        for said in one.data.get("objections", ()):
            ref = tellings.merged.of(str(said.get("by")))
            found[ref] = Voice(ref, agrees=False, time=time, text=said.get("text"), event=one.proof)
    return tuple(found[ref] for ref in sorted(found))


DEFINITIONS = Rows("definitions", "indicator", _make)
"""A row for each version of each indicator."""


def versions_of(papers: Papers, code: str) -> dict[str, Definition]:
    """Return every version of an indicator, the oldest first."""
    found = [(one.order, ref, one) for ref, one in papers.rows(DEFINITIONS).items() if one.code == code]
    return {ref: one for _, ref, one in sorted(found, key=lambda row: row[:2])}
