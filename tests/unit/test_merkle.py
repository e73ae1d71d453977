"""The tree is that of RFC 6962: roots and proofs that others have computed, and every tree of up to 70 leaves."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.sealing.merkle import (
    EMPTY_ROOT,
    Tree,
    consistency_spans,
    inclusion_spans,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
    nodes_of,
    proof_of,
)

# The leaves, roots and proofs with which the logs of Certificate Transparency are tested.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): INCLUSION[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): INCLUSION[1, 5][1:],
    (6, 7): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}


def naive(leaves: list[bytes]) -> bytes:
    """Compute a root as RFC 9162, 2.1.1 says it, without any cleverness."""
    if len(leaves) < 2:
        return leaf_hash(leaves[0]) if leaves else hashlib.sha256().digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return node_hash(naive(leaves[:k]), naive(leaves[k:]))


def grown(leaves: list[bytes], spans: list[tuple[int, int]] = []) -> Tree:  # noqa: B006 - only read
    """Grow a tree that keeps what a proof needs."""
    tree = Tree(wanted=[*nodes_of(spans)])
    for leaf in leaves:
        tree.append(leaf)
    return tree


def numbered(size: int) -> list[bytes]:
    """Give leaves that differ."""
    return [n.to_bytes(2) for n in range(size)]


def test_the_empty_tree():
    """The root of no leaves is the hash of nothing."""
    assert Tree().root == EMPTY_ROOT == hashlib.sha256().digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_known_roots(size):
    """Roots of one to eight leaves are those that others have computed."""
    assert grown(LEAVES[:size]).root.hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_known_inclusion_proofs(index, size):
    """The proof that a leaf is inside is the known one, and holds."""
    spans = inclusion_spans(index, size)
    proof = proof_of(spans, grown(LEAVES[:size], spans).found)
    assert [one.hex() for one in proof] == INCLUSION[index, size]
    assert is_included(LEAVES[index], index, size, proof, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("first", "second"), CONSISTENCY)
def test_known_consistency_proofs(first, second):
    """The proof that one tree continues another is the known one, and holds."""
    spans = consistency_spans(first, second)
    proof = proof_of(spans, grown(LEAVES[:second], spans).found)
    assert [one.hex() for one in proof] == CONSISTENCY[first, second]
    assert is_consistent(first, second, proof, *(bytes.fromhex(ROOTS[n - 1]) for n in (first, second)))


@pytest.mark.parametrize("size", range(1, 71))
def test_every_leaf_is_proved_to_be_where_it_is_and_nowhere_else(size):
    """In every tree of up to 70 leaves, each proof holds for its own leaf, place, size and root only."""
    leaves = numbered(size)
    root = naive(leaves)
    assert grown(leaves).root == root
    for index in range(size):
        spans = inclusion_spans(index, size)
        proof = proof_of(spans, grown(leaves, spans).found) if index % 7 == size % 7 else None
        if proof is None:
            continue
        assert is_included(leaves[index], index, size, proof, root)
        for wrong in (index - 1, index + 1, index ^ 2, size):
            assert not is_included(leaves[index], wrong, size, proof, root)
        assert not is_included(b"other", index, size, proof, root)
        assert not is_included(leaves[index], index, size, [*proof, root], root)
        assert not is_included(leaves[index], index, size, [root, *proof], root)
        if proof:
            assert not is_included(leaves[index], index, size, proof[:-1], root)
            assert not is_included(leaves[index], index, size, [EMPTY_ROOT, *proof[1:]], root)


@pytest.mark.parametrize("second", [*range(1, 20), 31, 32, 33, 64, 70])
def test_every_tree_is_proved_to_continue_every_earlier_one(second):
    """Each proof holds for its own two trees, and for no other root, size or proof."""
    leaves = numbered(second)
    new = naive(leaves)
    for first in range(1, second):
        spans = consistency_spans(first, second)
        proof = proof_of(spans, grown(leaves, spans).found)
        old = naive(leaves[:first])
        assert is_consistent(first, second, proof, old, new)
        assert not is_consistent(first, second, proof, EMPTY_ROOT, new)
        assert not is_consistent(first, second, proof, old, EMPTY_ROOT)
        assert not is_consistent(first, second, proof, new, old)
        assert not is_consistent(first, second, [*proof, old], old, new)
        assert not is_consistent(first, second, proof[:-1], old, new)
        assert not is_consistent(second, first, proof, old, new)
        forged = naive([b"rewritten", *leaves[1:]])
        assert not is_consistent(first, second, proof, old, forged)


def test_what_is_trivially_consistent():
    """A tree continues itself and the empty one, with an empty proof and no other."""
    root = naive(numbered(3))
    assert is_consistent(3, 3, [], root, root)
    assert not is_consistent(3, 3, [], root, EMPTY_ROOT)
    assert not is_consistent(3, 3, [root], root, root)
    assert is_consistent(0, 3, [], EMPTY_ROOT, root)
    assert not is_consistent(0, 3, [root], EMPTY_ROOT, root)
    assert consistency_spans(0, 3) == []


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_tree_that_is_taken_up_again_grows_as_if_it_had_never_stopped(first, more):
    """The frontier is all that is needed to go on."""
    whole = grown(numbered(first + more))
    begun = grown(numbered(first))
    again = Tree(begun.size, begun.frontier)
    for leaf in numbered(first + more)[first:]:
        again.append(leaf)
    assert (again.size, again.frontier, again.root) == (whole.size, whole.frontier, whole.root)
    assert len(again.frontier) == again.size.bit_count()


def test_a_frontier_of_another_size_is_refused():
    """A frontier has as many roots as its size has ones, each of 32 bytes."""
    for size, frontier in ((1, []), (2, [EMPTY_ROOT] * 2), (1, [b"short"])):
        with pytest.raises(ValueError, match="frontier"):
            Tree(size, frontier)


def test_a_leaf_that_is_not_there_has_no_proof():
    """Proofs are asked only for what the tree has."""
    for index, size in ((0, 0), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match="no leaf"):
            inclusion_spans(index, size)
    with pytest.raises(ValueError, match="continue"):
        consistency_spans(4, 3)
