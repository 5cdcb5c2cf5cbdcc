"""Definitions of indicators: one row for each version, with who agrees and who does not."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from events.decisions.aggregate import slug_in
from events.submission import STEWARDS
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
        is_own: whether it says so itself; no word of another outweighs that.
    """

    who: str
    agrees: bool
    time: str
    text: str | None
    event: Json
    is_own: bool

    @property
    def is_reliable(self) -> bool:
        """Whether it may count against the version of somebody else: not by hearsay about a partner."""
        return self.is_own or not self.who.startswith("partner:")


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
    defining = _defining(own)
    last = defining[-1]
    data = last.data
    replaced = [str(one.data["replaces"]) for one in defining if "replaces" in one.data]
    least = [one.data["minimum_cell"] for one in defining if "minimum_cell" in one.data]
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
        voices=_voices(tellings, own, frozenset(one.partner for one in defining)),
        event=last.proof,
    )


def _defining(own: Sequence[Telling]) -> Sequence[Telling]:
    """Return the events that say what a version is: of whoever gave it its reference, and of the stewards.

    Others may endorse it or object, and repeat what it is; what they make of it defines nothing. A reference that
    tells of nobody is that of whoever used it first.
    """
    owners = [slug_in(str(one.data["indicator"])) or own[0].partner for one in own]
    found = [one for one, owner in zip(own, owners, strict=True) if one.partner in (owner, STEWARDS)]
    return found or own


def _voices(tellings: Tellings, own: Sequence[Telling], defining: Collection[str]) -> tuple[Voice, ...]:
    """Return the last word of each: of one publisher's definitions the last one counts.

    Of a partner only its own word counts, and until there is one what those say who define the version.
    """
    by_partner = {one.partner: one for one in own}
    found: dict[str, Voice] = {}
    for one in in_time(by_partner.values()):
        for voice in _said_by(tellings, one):
            before = found.get(voice.who)
            is_heard = voice.is_reliable or one.partner in defining
            if is_heard and (voice.is_own or before is None or not before.is_own):
                found[voice.who] = voice
    return tuple(found[ref] for ref in sorted(found))


def _said_by(tellings: Tellings, one: Telling) -> Iterator[Voice]:
    """Yield who endorses and who objects, as one definition says."""
    time, said = str(one.event.get("time", "")), one.data
    told = [(who, True, None) for who in said.get("endorsed_by", ())]
    told += [(against.get("by"), False, against.get("text")) for against in said.get("objections", ())]
    for who, agrees, text in told:
        is_own = slug_in(str(who)) == one.partner
        yield Voice(tellings.merged.of(str(who)), agrees, time, text, one.proof, is_own)


DEFINITIONS = Rows("definitions", "indicator", _make)
"""A row for each version of each indicator."""


def versions_of(papers: Papers, code: str) -> dict[str, Definition]:
    """Return every version of an indicator, the oldest first."""
    found = [(one.order, ref, one) for ref, one in papers.rows(DEFINITIONS).items() if one.code == code]
    return {ref: one for _, ref, one in sorted(found, key=lambda row: row[:2])}
