"""Says in words what was found of two names, so that a person can check it."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from projections.alike import Reason, reason
from projections.names.align import Pair
from projections.names.findings import Findings

_EQUAL = 0.97


def in_words(found: Findings) -> Reason:
    """Return one sentence about the two names that agree best."""
    if found.one.text == found.other.text:
        return reason("written", name=found.one.text)
    if found.by_syllables and found.match:
        match = found.match
        longer = max(match.one, match.other)
        return reason("syllables", same=match.same, all=longer, system=READ[match.system])
    across = "transliterated" if found.one.script != found.other.script else "sounding"
    return reason(across, parts=(*map(_paired, found.alignment.pairs), *_left(found)))


READ: Mapping[str, str] = MappingProxyType(
    {
        "korean": "Korean",
        "mandarin": "Mandarin",
        "cantonese": "Cantonese",
        "overseas": "Chinese of South East Asia",
        "burmese": "Burmese",
    }
)
"""System of syllables → what it is called."""


def _paired(pair: Pair) -> Reason:
    one, other = pair.one.word, pair.other.word
    if pair.by_initial:
        short, long = (one, other) if pair.one.initial else (other, one)
        return reason("short", short=short, long=long)
    if pair.one.kin & pair.other.kin and one != other:
        return reason("forms", pair=(one, other))
    words = tuple(dict.fromkeys((one, other)))
    return (
        reason("equal", pair=words) if pair.alike >= _EQUAL else reason("alike", pair=words, share=pair.alike)
    )


def _left(found: Findings) -> Iterator[Reason]:
    taken = {at for pair in found.alignment.pairs for at in pair.here}
    taken_too = {at for pair in found.alignment.pairs for at in pair.there}
    left = [part.word for at, part in enumerate(found.one.parts) if at not in taken]
    left_too = [part.word for at, part in enumerate(found.other.parts) if at not in taken_too]
    if left or left_too:
        yield reason("left", words=(*left, *left_too))
