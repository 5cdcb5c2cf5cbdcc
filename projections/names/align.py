"""Aligns the words of two names, best first, each by how it sounds and weighted by how much it tells."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter

from rapidfuzz.distance.Levenshtein import normalized_similarity

from projections.names.parts import Part, joined
from projections.names.prepared import Spelling
from projections.names.scripts import ABJADS
from projections.names.sounds import bones as bones_of
from projections.names.sounds import coarse
from projections.names.syllables import Match

_AN_INITIAL = 0.75
_SAME_NAME = 0.93
_LEAST = 0.55
"""Words less alike than this are no match."""
_FAINT = 0.4
"""Words less alike than this are not tried in another reading."""
_WELL = 0.8
"""If a word is matched worse than this, neighbouring words are tried as one."""

_DEAF = frozenset({"han", "kana", "burmese", "other"})
_SYLLABLE = 0.8
"""How much a syllable tells, as words do."""

_BONES, _BONES_OF_ABJADS = 0.6, 0.85
"""How much the consonants count; the vowels beside them count the rest."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two words that were matched, how alike they are, and where each stands in its name."""

    alike: float
    one: Part
    other: Part
    here: tuple[int, ...]
    there: tuple[int, ...]

    @property
    def by_initial(self) -> bool:
        """Whether one of them is an initial."""
        return self.one.initial or self.other.initial


@dataclass(frozen=True, slots=True)
class Alignment:
    """How well the words of two names agree; all weights as in `Part`.

    Args:
        pairs: the matched words, best first.
        shorter: share of the name with less weight that has its like in the other, 0 to 1.
        longer: the same of the name with more weight.
        told: how much all that was matched tells.
        clash: how much the lesser of both sides has left that has no like.
        left: how much the greater side has left.
        first_left: on how many sides the first word has no like.
        last_left: on how many sides the last word has no like.
    """

    pairs: tuple[Pair, ...]
    shorter: float
    longer: float
    told: float
    clash: float
    left: float
    first_left: int
    last_left: int


@dataclass(frozen=True, slots=True)
class Ear:
    """How to hear two words of two scripts.

    Args:
        bones: how much the consonants count; the vowels beside them count the rest.
        deaf: whether l and r are the same.
        across: whether the scripts differ, so that Latin letters may be meant as another language reads them.
    """

    bones: float = _BONES
    deaf: bool = False
    across: bool = False


def ear_for(one: str, other: str) -> Ear:
    """Return the way to hear words of two scripts."""
    scripts = {one, other}
    return Ear(
        _BONES_OF_ABJADS if scripts & ABJADS else _BONES, not scripts.isdisjoint(_DEAF), len(scripts) > 1
    )


def align(one: Spelling, other: Spelling) -> Alignment:
    """Align two names."""
    ear = ear_for(one.script, other.script)
    here, there = _singles(one), _singles(other)
    ranked = _ranked(here, there, ear)
    pairs = _best_first(ranked)
    found = _weighed(one, other, pairs)
    if len(here) + len(there) < 3 or (not found.clash and all(pair.alike > _WELL for pair in pairs)):
        return found
    # Words that have no good like yet may be two words of the other name, or half of one.
    well = {at for pair in pairs if pair.alike > _WELL for at in pair.here}
    well_too = {at for pair in pairs if pair.alike > _WELL for at in pair.there}
    ranked += _ranked(_doubles(one, well), [place for place in there if place[1][0] not in well_too], ear)
    ranked += _ranked([place for place in here if place[1][0] not in well], _doubles(other, well_too), ear)
    return max(found, _weighed(one, other, _best_first(ranked)), key=lambda each: each.told - each.clash)


_Place = tuple[Part, tuple[int, ...]]


def _singles(name: Spelling) -> list[_Place]:
    return [(part, (at,)) for at, part in enumerate(name.parts)]


def _doubles(name: Spelling, well: Set[int]) -> list[_Place]:
    return [
        (joined(one, other), (at, at + 1))
        for at, (one, other) in enumerate(pairwise(name.parts))
        if at not in well or at + 1 not in well
    ]


_Ranked = tuple[float, tuple[int, ...], tuple[int, ...], float, Part, Part]


def _ranked(here: Sequence[_Place], there: Sequence[_Place], ear: Ear) -> list[_Ranked]:
    """Return all matches worth taking, each with how much it would bring."""
    found = []
    for one, at in here:
        for other, to in there:
            # Most words have too little in common to be worth hearing.
            if one.kinds & other.kinds or ear.deaf or not (one.kinds and other.kinds):
                alike = like(one, other, ear)
                if alike >= _LEAST:
                    found.append(((alike - _LEAST) * (one.weight + other.weight), at, to, alike, one, other))
    return found


def _best_first(ranked: list[_Ranked]) -> list[Pair]:
    """Take the best match, then the best among what is free, and so on."""
    ranked.sort(key=itemgetter(0, 1, 2), reverse=True)
    taken, taken_too, matched = set[int](), set[int](), []
    for _, at, to, alike, one, other in ranked:
        if taken.isdisjoint(at) and taken_too.isdisjoint(to):
            taken.update(at)
            taken_too.update(to)
            matched.append(Pair(alike, one, other, at, to))
    return matched


def like(one: Part, other: Part, ear: Ear) -> float:
    """Return how alike two words are, 0 to 1."""
    if one.word == other.word:
        return 1.0
    if one.initial or other.initial:
        same = one.bones[:1] == other.bones[:1] if ear.across else one.word[0] == other.word[0]
        return _AN_INITIAL if same else 0.0
    alike = _heard(one.code, one.bones, other.code, other.bones, ear)
    if ear.across and _FAINT < alike < _WELL:
        alike = max(alike, _otherwise(one, other, ear), _otherwise(other, one, ear))
    return max(alike, _SAME_NAME) if one.kin and not one.kin.isdisjoint(other.kin) else alike


def _otherwise(one: Part, other: Part, ear: Ear) -> float:
    if not one.otherwise:
        return 0.0
    return _heard(one.otherwise, bones_of(one.otherwise), other.code, other.bones, ear)


def _heard(code: str, bones: str, other_code: str, other_bones: str, ear: Ear) -> float:
    if ear.deaf:
        code, bones, other_code, other_bones = map(coarse, (code, bones, other_code, other_bones))
    alike = ear.bones * normalized_similarity(bones, other_bones)
    vowels = 1 - ear.bones
    # The vowels cannot make a match of these any more.
    return alike if alike + vowels < _FAINT else alike + vowels * normalized_similarity(code, other_code)


def by_syllables(match: Match) -> Alignment:
    """Return a match of syllables in the form of an alignment of words."""
    few, many = sorted((match.one, match.other))
    return Alignment(
        (),
        match.total / few,
        match.total / many,
        _SYLLABLE * match.total,
        _SYLLABLE * (few - match.same),
        _SYLLABLE * (many - match.same),
        2 * (not match.family),
        0,
    )


def _weighed(one: Spelling, other: Spelling, pairs: Sequence[Pair]) -> Alignment:
    free, free_too = set(range(len(one.parts))), set(range(len(other.parts)))
    told = got = got_too = has = has_too = 0.0
    for pair in pairs:
        free.difference_update(pair.here)
        free_too.difference_update(pair.there)
        alike, weight, weight_too = pair.alike, pair.one.weight, pair.other.weight
        told += alike * min(weight, weight_too)
        got, got_too = got + alike * weight, got_too + alike * weight_too
        has, has_too = has + weight, has_too + weight_too
    left = sum([one.parts[at].weight for at in sorted(free)])
    left_too = sum([other.parts[at].weight for at in sorted(free_too)])
    few, many = sorted(((left + has, got), (left_too + has_too, got_too)))
    return Alignment(
        tuple(pairs),
        few[1] / few[0],
        many[1] / many[0],
        told,
        min(left, left_too),
        max(left, left_too),
        (0 in free) + (0 in free_too),
        (len(one.parts) - 1 in free) + (len(other.parts) - 1 in free_too),
    )
