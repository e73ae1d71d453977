"""
The Merkle tree of RFC 6962 and RFC 9162 over SHA-256: roots, compact ranges, inclusion and consistency proofs.

A tree is never held whole: leaves come as a stream, and only the roots of the perfect subtrees so far are kept (the
frontier), with whatever nodes a proof asks for. Knows nothing of events.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

# A perfect subtree: its height, and its place among the subtrees of that height.
Node = tuple[int, int]
# Leaves from the first number up to, and without, the second.
Span = tuple[int, int]


def leaf_hash(data: bytes) -> bytes:
    """Hash a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into one."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(frontier: Sequence[bytes]) -> bytes:
    """Give the root of the tree whose perfect subtrees, from left to right, have these roots."""
    if not frontier:
        return EMPTY_ROOT
    root = frontier[-1]
    for left in reversed(frontier[:-1]):
        root = node_hash(left, root)
    return root


class Tree:
    """
    A growing tree.

    Attributes:
        size: Number of leaves.
        frontier: Roots of its perfect subtrees, from left to right.
        found: The nodes that were asked for, as far as they are complete.
    """

    def __init__(self, size: int = 0, frontier: Iterable[bytes] = (), wanted: Collection[Node] = ()) -> None:
        """
        Take up a tree.

        Args:
            size: Number of leaves it has already.
            frontier: Its frontier.
            wanted: Nodes to be kept as they are completed from now on.

        Raises:
            ValueError: the frontier is not that of a tree of this size.
        """
        self.size = size
        self.frontier = [*frontier]
        self.found: dict[Node, bytes] = {}
        self._wanted = frozenset(wanted)
        if len(self.frontier) != size.bit_count() or any(len(one) != 32 for one in self.frontier):
            raise ValueError(f"{len(self.frontier)} roots are no frontier of a tree of {size} leaves")

    @property
    def root(self) -> bytes:
        """The root hash."""
        return root_of(self.frontier)

    def append(self, data: bytes) -> None:
        """Add a leaf."""
        node, level, place = leaf_hash(data), 0, self.size
        self._keep(level, place, node)
        while place & 1:
            node, level, place = node_hash(self.frontier.pop(), node), level + 1, place >> 1
            self._keep(level, place, node)
        self.frontier.append(node)
        self.size += 1

    def _keep(self, level: int, place: int, node: bytes) -> None:
        if self._wanted and (level, place) in self._wanted:
            self.found[level, place] = node


def inclusion_spans(index: int, size: int) -> list[Span]:
    """
    Name the subtrees whose roots are the inclusion proof of a leaf, in its order.

    Raises:
        ValueError: the tree has no such leaf.

    Source: RFC 9162, 2.1.3.1.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    return _path(index, 0, size)


def _path(index: int, begin: int, end: int) -> list[Span]:
    if end - begin == 1:
        return []
    middle = begin + _split(end - begin)
    if index < middle:
        return [*_path(index, begin, middle), (middle, end)]
    return [*_path(index, middle, end), (begin, middle)]


def consistency_spans(first: int, second: int) -> list[Span]:
    """
    Name the subtrees whose roots prove that a tree continues an earlier one, in the order of the proof.

    Raises:
        ValueError: the second tree is the smaller one.

    Source: RFC 9162, 2.1.4.1.
    """
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {second} leaves cannot continue one of {first}")
    return _subproof(first, 0, second, True) if first else []


def _subproof(first: int, begin: int, end: int, is_known: bool) -> list[Span]:
    if first == end:
        return [] if is_known else [(begin, end)]
    middle = begin + _split(end - begin)
    if first <= middle:
        return [*_subproof(first, begin, middle, is_known), (middle, end)]
    return [*_subproof(first, middle, end, False), (begin, middle)]


def _split(leaves: int) -> int:
    """Give the largest power of two that is less than a number of leaves."""
    return 1 << ((leaves - 1).bit_length() - 1)


def nodes_of(spans: Iterable[Span]) -> Iterator[Node]:
    """Give the perfect subtrees of which spans of a proof consist, from left to right."""
    for begin, end in spans:
        while begin < end:
            level = (end - begin).bit_length() - 1
            yield level, begin >> level
            begin += 1 << level


def proof_of(spans: Iterable[Span], found: Mapping[Node, bytes]) -> list[bytes]:
    """Put a proof together from the nodes that a tree has kept."""
    return [root_of([found[node] for node in nodes_of([span])]) for span in spans]


def is_included(data: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """
    Tell whether a proof shows that a tree has a leaf at a place.

    Source: RFC 9162, 2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    place, last, node = index, size - 1, leaf_hash(data)
    for other in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = node_hash(other, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, other)
        place, last = place >> 1, last >> 1
    return last == 0 and node == root


def is_consistent(first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> bool:
    """
    Tell whether a proof shows that a tree continues an earlier one.

    Source: RFC 9162, 2.1.4.2.
    """
    if not 0 <= first <= second:
        return False
    if first in (0, second):
        return not proof and first_root == (second_root if first else EMPTY_ROOT)
    if not proof:
        return False
    nodes = [first_root, *proof] if first.bit_count() == 1 else [*proof]
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    one = two = nodes[0]
    for other in nodes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            one, two = node_hash(other, one), node_hash(other, two)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            two = node_hash(two, other)
        place, last = place >> 1, last >> 1
    return last == 0 and (one, two) == (first_root, second_root)
