"""Merkle trees as RFC 6962 (and 9162) has them: hashes, paths, proofs that one tree continues another."""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

Node = Callable[[int, int], bytes]
"""Returns the root of a complete subtree: its level (0 is a leaf), and its place on that level."""

EMPTY = sha256(b"").digest()
"""Root of the tree without leaves."""

HASH_BYTES = 32


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over hashes of leaves."""
    level = list(leaves)
    while len(level) > 1:
        # Whoever has nobody beside it stands on the next level as it is.
        above = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
        level = [*above, level[-1]] if len(level) & 1 else above
    return level[0] if level else EMPTY


class Frontier:
    """The right edge of a tree: all that is needed to append to it and to tell its root."""

    def __init__(self, size: int = 0, nodes: bytes = b"") -> None:
        """Take up a tree of `size` leaves whose edge `written` returned."""
        self.size = size
        self._nodes = [nodes[start : start + HASH_BYTES] for start in range(0, len(nodes), HASH_BYTES)]

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Append the hash of a leaf; return the subtrees that it completes: level, place, root."""
        level, place = 0, self.size
        made = [(level, place, leaf)]
        node = leaf
        while place & 1:
            node = node_hash(self._nodes.pop(), node)
            level, place = level + 1, place >> 1
            made.append((level, place, node))
        self._nodes.append(node)
        self.size += 1
        return made

    def root(self) -> bytes:
        """Return the root of the tree as it is now."""
        if not self._nodes:
            return EMPTY
        found = self._nodes[-1]
        for node in reversed(self._nodes[:-1]):
            found = node_hash(node, found)
        return found

    def written(self) -> bytes:
        """Return the edge, to be taken up again."""
        return b"".join(self._nodes)


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """Return the path of a leaf to the root of the tree that had `size` leaves, from below."""
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _half(end - start)
        if index < middle:
            path.append(_span(middle, end, node))
            end = middle
        else:
            path.append(_span(start, middle, node))
            start = middle
    return path[::-1]


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """Return the proof that the tree of `new` leaves continues that of `old` leaves; empty if either says nothing."""
    return [] if old in (0, new) else list(_continued(old, (0, new), node, is_known=True))


def _continued(old: int, span: tuple[int, int], node: Node, *, is_known: bool) -> Iterator[bytes]:
    """Yield SUBPROOF of RFC 6962: `old` counts from the start of the span."""
    start, end = span
    if old == end - start:
        if not is_known:
            yield _span(start, end, node)
        return
    middle = start + _half(end - start)
    if old <= middle - start:
        yield from _continued(old, (start, middle), node, is_known=is_known)
        yield _span(middle, end, node)
    else:
        yield from _continued(old - (middle - start), (middle, end), node, is_known=False)
        yield _span(start, middle, node)


def _span(start: int, end: int, node: Node) -> bytes:
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _half(size)
    return node_hash(_span(start, middle, node), _span(middle, end, node))


def _half(size: int) -> int:
    """Return the greatest power of two below a size."""
    return 1 << ((size - 1).bit_length() - 1)


def continues(old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Tell whether a proof shows that a tree continues another; each is its size and its root (RFC 9162, 2.1.4.2)."""
    if old[0] > new[0]:
        return False
    if old[0] in (0, new[0]):
        return not proof and (old[0] == 0 or old[1] == new[1])
    first, last = old[0] - 1, new[0] - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    steps = list(proof) if first else [old[1], *proof]
    return bool(steps) and _climb(first, last, steps) == (old[1], new[1])


def _climb(first: int, last: int, steps: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    one = other = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if first & 1 or first == last:
            one, other = node_hash(step, one), node_hash(step, other)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            other = node_hash(other, step)
        first, last = first >> 1, last >> 1
    return (one, other) if last == 0 else None
