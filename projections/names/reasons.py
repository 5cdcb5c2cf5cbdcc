"""Says in words what was found of two names, so that a person can check it."""

from collections.abc import Iterator

from projections.names.align import Pair
from projections.names.findings import Findings

_EQUAL = 0.97


def in_words(found: Findings) -> str:
    """Return one sentence about the two names that agree best."""
    if found.one.text == found.other.text:
        return f"names written the same: {found.one.text}"
    if found.by_syllables and found.match:
        match = found.match
        return f"{match.same} of {max(match.one, match.other)} syllables are the same, read as {_READ[match.system]}"
    across = "after transliteration" if found.one.script != found.other.script else "as they sound"
    return f"names compared {across}: " + "; ".join([*map(_paired, found.alignment.pairs), *_left(found)])


_READ = {
    "korean": "Korean",
    "mandarin": "Mandarin",
    "cantonese": "Cantonese",
    "overseas": "Chinese of South East Asia",
    "burmese": "Burmese",
}


def _paired(pair: Pair) -> str:
    if pair.by_initial:
        return f"{pair.one.word} may be short for {pair.other.word}" if pair.one.initial else _short(pair)
    if pair.one.kin & pair.other.kin and pair.one.word != pair.other.word:
        return f"{pair.one.word} and {pair.other.word} are forms of one name"
    word = pair.one.word if pair.one.word == pair.other.word else f"{pair.one.word} and {pair.other.word}"
    return f"{word} equal" if pair.alike >= _EQUAL else f"{word} alike by {pair.alike:.0%}"


def _short(pair: Pair) -> str:
    return f"{pair.other.word} may be short for {pair.one.word}"


def _left(found: Findings) -> Iterator[str]:
    taken = {at for pair in found.alignment.pairs for at in pair.here}
    taken_too = {at for pair in found.alignment.pairs for at in pair.there}
    left = [part.word for at, part in enumerate(found.one.parts) if at not in taken]
    left_too = [part.word for at, part in enumerate(found.other.parts) if at not in taken_too]
    if left or left_too:
        yield "without a like: " + ", ".join([*left, *left_too])
