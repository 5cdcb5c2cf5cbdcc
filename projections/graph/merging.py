"""Who is the same as whom for one class of readers: judged by people, undone by them, applied when reading.

Nothing in the log or in the tables changes when two references are judged the same, so that a retraction of the
judgement splits them again exactly.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from projections.graph.claims import Judgement, pair_of
from projections.shown import Assessments, Claim, shown

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Merged:
    """Which references are read as one.

    Args:
        canonical: each merged reference → the one to go by; that one is among them.
        members: the reference to go by → all that it stands for, itself included, sorted.
    """

    canonical: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.canonical)

    def of(self, ref: str) -> str:
        """Return the reference to go by."""
        return self.canonical.get(ref, ref)

    def all_of(self, ref: str) -> tuple[str, ...]:
        """Return every reference that the one to go by stands for."""
        return self.members.get(ref, (ref,))


NOBODY = Merged()


def parted(before: Merged, after: Merged) -> set[str]:
    """Return every reference that stands for others than before, or is read as another one."""
    if before == after:
        return set()
    refs = before.canonical.keys() | after.canonical.keys()
    return {ref for ref in refs if _place(before, ref) != _place(after, ref)}


def _place(merged: Merged, ref: str) -> tuple[str, tuple[str, ...]]:
    name = merged.of(ref)
    return name, merged.all_of(name)


def merged(
    judged: Mapping[Pair, Sequence[Judgement]],
    is_visible: Callable[[Judgement], bool],
    assessments: Assessments,
) -> Merged:
    """Merge what is judged the same and by nobody otherwise.

    Two are one if the shown judgement about them is `SAME_AS` and nobody disputes it. Whoever is judged different from
    one of a group does not join it, however he is tied to another of it; pairs join in the order of their references.

    Args:
        judged: of each pair of references, what events say.
        is_visible: tells which of it this reader may see.
        assessments: that he may see.
    """
    said = {pair: [one for one in found if is_visible(one)] for pair, found in judged.items()}
    verdicts = {pair: _verdict(found, assessments) for pair, found in said.items() if found}
    apart = {pair for pair, verdict in verdicts.items() if verdict == "NOT_SAME_AS"}
    groups: dict[str, frozenset[str]] = {}
    for left, right in sorted(pair for pair, verdict in verdicts.items() if verdict == "SAME_AS"):
        one, other = groups.get(left, frozenset({left})), groups.get(right, frozenset({right}))
        if not any(pair_of(a, b) in apart for a in one for b in other):
            both = one | other
            groups.update(dict.fromkeys(both, both))
    return _named(set(groups.values()), said)


def _verdict(found: Sequence[Judgement], assessments: Assessments) -> str:
    chosen = shown([Claim(one.kind, one.claim.origin) for one in found], assessments)
    return "POSSIBLY_SAME_AS" if chosen.disputed else str(chosen.value)


def _named(groups: Iterable[frozenset[str]], said: Mapping[Pair, Sequence[Judgement]]) -> Merged:
    """Name each group by the member that a judgement within it prefers; if they differ, order decides."""
    group_of = {ref: group for group in groups for ref in group}
    preferred: defaultdict[frozenset[str], list[str]] = defaultdict(list)
    for (left, right), found in said.items():
        group = group_of.get(left)
        if group is not None and right in group:
            names = (one.preferred for one in found if one.kind == "SAME_AS")
            preferred[group] += (name for name in names if name in group)
    members = {min(preferred[group] or group): tuple(sorted(group)) for group in group_of.values()}
    canonical = {ref: name for name, refs in members.items() for ref in refs}
    return Merged(canonical, members)
