"""Our Merkle tree and the verifier's against `pymerkle`, an independent RFC 6962."""

from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree, verify_consistency

from events import merkle
from events.merkle import Frontier, consistency, inclusion
from verifier import trees

MOST = 40


@cache
def theirs(size: int) -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for number in range(size):
        tree.append_entry(entry(number))
    return tree


def entry(number: int) -> bytes:
    return f"entry {number}".encode()


class Ours:
    """A tree with every node that it ever completed."""

    def __init__(self, entries: list[bytes]) -> None:
        self.frontier, self.other = Frontier(), trees.Tree()
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.roots = [self.frontier.root()]
        for one in entries:
            made = self.frontier.append(merkle.leaf_hash(one))
            assert made == self.other.append(trees.leaf_hash(one))
            self.nodes.update({(level, place): node for level, place, node in made})
            self.roots.append(self.frontier.root())

    def node(self, level: int, place: int) -> bytes:
        return self.nodes[level, place]


@cache
def ours() -> Ours:
    return Ours([entry(number) for number in range(MOST)])


@pytest.mark.parametrize("size", range(MOST + 1))
def test_roots_and_proofs_are_those_of_an_independent_implementation(size: int) -> None:
    tree = theirs(MOST)
    assert ours().roots[size] == (
        tree.get_root(size) if size else InmemoryTree(algorithm="sha256").get_root()
    )
    for index in range(size):
        path = [bytes.fromhex(step) for step in tree.prove_inclusion(index + 1, size).serialize()["path"][1:]]
        assert inclusion(index, size, ours().node) == path
    for old in range(1, size):
        # It writes this proof in another form than RFC 6962; by it, our roots continue each other.
        verify_consistency(ours().roots[old], ours().roots[size], tree.prove_consistency(old, size))


@st.composite
def cuts(draw: st.DrawFn) -> tuple[list[bytes], int, int]:
    entries = draw(st.lists(st.binary(max_size=8), min_size=1, max_size=70))
    old = draw(st.integers(0, len(entries)))
    return entries, old, draw(st.integers(old, len(entries)))


@settings(max_examples=60, deadline=None)
@given(cuts(), st.data())
def test_whatever_is_appended_every_proof_verifies_and_no_other(
    cut: tuple[list[bytes], int, int], data: st.DataObject
) -> None:
    entries, old, new = cut
    tree = Ours(entries)
    proof = consistency(old, new, tree.node)
    ends = (old, tree.roots[old]), (new, tree.roots[new])
    for continues in (merkle.continues, trees.is_continued):
        assert continues(*ends, proof)
        assert not continues(*ends, [*proof, bytes(32)])
        assert not continues((old + 1, tree.roots[old]), (old, tree.roots[new]), proof)
        for broken in flipped(proof, data):
            assert not continues(*ends, broken)
        if old > 0:
            assert not continues((old, bytes(32)), ends[1], proof)
            assert not continues(ends[0], (new, bytes(32)), proof)
    if new:
        index = data.draw(st.integers(0, new - 1))
        leaf, path = merkle.leaf_hash(entries[index]), inclusion(index, new, tree.node)
        assert trees.root_by_path(leaf, index, new, path) == tree.roots[new]
        assert trees.root_by_path(leaf, index, new, [*path, bytes(32)]) != tree.roots[new]
        assert trees.root_by_path(leaf, new, new, path) is None
        for broken in flipped(path, data):
            assert trees.root_by_path(leaf, index, new, broken) != tree.roots[new]


def flipped(path: list[bytes], data: st.DataObject) -> Iterator[list[bytes]]:
    if path:
        at, bit = data.draw(st.integers(0, len(path) - 1)), data.draw(st.integers(0, 255))
        flip = (int.from_bytes(path[at]) ^ 1 << bit).to_bytes(32)
        yield [*path[:at], flip, *path[at + 1 :]]
        yield path[:-1]


@given(st.lists(st.binary(min_size=1, max_size=4), min_size=2, max_size=30, unique=True))
def test_another_order_or_one_less_or_more_is_another_root(entries: list[bytes]) -> None:
    whole = Ours(entries).roots[-1]
    others = [entries[1:], entries[:-1], [*entries, b"more"], entries[::-1], [*entries[1:], entries[0]]]
    assert whole not in {Ours(one).roots[-1] for one in others if one != entries}


def test_a_frontier_is_taken_up_where_it_was_left() -> None:
    for size in (0, 1, 5, 8):
        before = Ours([entry(number) for number in range(size)]).frontier
        again = Frontier(size, before.written())
        assert again.root() == before.root()
        again.append(merkle.leaf_hash(entry(size)))
        assert again.root() == ours().roots[size + 1]


def test_one_by_one_or_all_at_once_is_the_same_root() -> None:
    leaves = [merkle.leaf_hash(entry(number)) for number in range(MOST)]
    for size in range(MOST + 1):
        assert merkle.root_of(leaves[:size]) == ours().roots[size]


def test_every_size_continues_the_one_before() -> None:
    for old, new in pairwise(range(MOST + 1)):
        proof = consistency(old, new, ours().node)
        assert merkle.continues((old, ours().roots[old]), (new, ours().roots[new]), proof)


def test_a_proof_that_is_too_short_or_empty_is_none() -> None:
    roots = ours().roots
    for continues in (merkle.continues, trees.is_continued):
        assert not continues((3, roots[3]), (7, roots[7]), [])
        assert not continues((4, roots[4]), (4, roots[5]), [])
        assert continues((0, roots[0]), (7, roots[7]), [])
        assert not continues((0, roots[0]), (7, roots[7]), [roots[1]])
        assert not continues((2, roots[2]), (3, roots[3]), [roots[1], roots[2], roots[3], roots[4]])
    assert trees.root_by_path(roots[1], 0, 1, [roots[1]]) is None
    assert trees.root_by_path(roots[1], 0, 4, []) is None
