"""Merkle trees from outside (RFC 6962, RFC 9162): roots, paths, consistency, and the sheets of a hub."""

from collections.abc import Sequence
from hashlib import sha256, shake_128

HASH_BYTES = 32
SHEET_HEIGHT = 24


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that only grows: it knows its root, and the subtrees that the last leaf completed."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Append the hash of a leaf; return what it completes: level, place, hash."""
        made, node, place = [(0, self.size, leaf)], leaf, self.size
        while place & 1:
            node, place = node_hash(self._edge.pop(), node), place >> 1
            made.append((len(made), place, node))
        self._edge.append(node)
        self.size += 1
        return made

    def root(self) -> bytes:
        """Return the root."""
        if not self._edge:
            return sha256(b"").digest()
        root = self._edge[-1]
        for node in self._edge[-2::-1]:
            root = node_hash(node, root)
        return root


def root_by_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root to which a leaf belongs (RFC 9162, 2.1.3.2); None if the path has not the right length."""
    if not 0 <= index < size:
        return None
    at, last, root = index, size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            root = node_hash(step, root)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            root = node_hash(root, step)
        at, last = at >> 1, last >> 1
    return root if last == 0 else None


def is_continued(old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Tell whether one tree (size and root) continues another (RFC 9162, 2.1.4.2)."""
    if old[0] > new[0]:
        return False
    if old[0] in (0, new[0]):
        return not proof and (old[0] == 0 or old[1] == new[1])
    at, last = old[0] - 1, new[0] - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    steps = list(proof) if at else [old[1], *proof]
    return bool(steps) and _both_roots(at, last, steps) == (old[1], new[1])


def _both_roots(at: int, last: int, steps: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    one = other = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            one, other = node_hash(step, one), node_hash(step, other)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            other = node_hash(other, step)
        at, last = at >> 1, last >> 1
    return (one, other) if last == 0 else None


def sheet_by_path(leaf: bytes, place: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root of the sheet in which the leaf of an event hangs; None if it is no path of a sheet."""
    if len(path) != SHEET_HEIGHT or not 0 <= place < 1 << SHEET_HEIGHT:
        return None
    root = leaf
    for level, step in enumerate(path):
        root = node_hash(step, root) if place >> level & 1 else node_hash(root, step)
    return root


def sheet_root(leaves: Sequence[bytes], secret: bytes) -> bytes:
    """Return the root of a sheet from all that is in it and the secret that fills it up."""
    depth = (max(len(leaves), 1) - 1).bit_length()
    level = [*sorted(leaves), *_drawn(b"fill" + secret, (1 << depth) - len(leaves))]
    while len(level) > 1:
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    root, sides = level[0], shake_128(b"sides" + secret).digest(SHEET_HEIGHT)
    for side, beside in zip(sides, _drawn(b"beside" + secret, SHEET_HEIGHT - depth), strict=False):
        root = node_hash(beside, root) if side & 1 else node_hash(root, beside)
    return root


def _drawn(seed: bytes, many: int) -> list[bytes]:
    drawn = shake_128(seed).digest(many * HASH_BYTES)
    return [drawn[start : start + HASH_BYTES] for start in range(0, len(drawn), HASH_BYTES)]
