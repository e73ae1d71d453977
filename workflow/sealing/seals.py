"""
Seals: signed checkpoints over all events, each continuing the one before.

The log that is sealed is: seal by seal, and within a seal all events that were not sealed before, in the order of
bucket, application and sequence. A leaf is the 32 bytes of an event's hash. Sealing costs what is new, never what is
there. Owns the shapes, the port and the act of sealing; `audit/seals.py` checks, `proofs` proves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from workflow.errors import Conflict, Corrupt, Misconfigured
from workflow.sealing.merkle import Tree
from workflow.sealing.notes import PublicKey, Signer, Verify, checkpoint_text, read_checkpoint, signed, signed_by

_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Seal:
    """
    A seal.

    Attributes:
        number: 1, 2, 3 ...
        size: Number of events in it and in all seals before.
        root: Root of the tree over them, in hexadecimal.
        note: The signed checkpoint.
        at: When it was made.
        by: By whom or which node.
        frontier: Roots of the tree's perfect subtrees in hexadecimal, from left to right: the next seal goes on there.
        key: Name of the key, which is the log's own name.
    """

    number: int
    size: int
    root: str
    note: str
    at: datetime
    by: str
    frontier: tuple[str, ...]
    key: str


class SealRange(NamedTuple):
    """
    Events of one application that came into one seal.

    Attributes:
        application: Key of the application.
        seal: Number of the seal.
        first_sequence: The first of them.
        last_sequence: The last of them.
        head: Hash of the last, by which it is told whose events changed if ever a root does not fit.
    """

    application: str
    seal: int
    first_sequence: int
    last_sequence: int
    head: str


class Entry(NamedTuple):
    """
    A row of the log as it is stored now.

    Attributes:
        of: Where it was sealed, or is about to be.
        sequence: Number of the event; 0 where not one event of the range is there any more.
        hash: Its hash as stored.
        line: Its canonical form, made from the row: sha256 of it must be the hash.
    """

    of: SealRange
    sequence: int
    hash: str
    line: str


class SealLedger(Protocol):
    """The seals, and which events are in which. Rows are only ever added."""

    def last(self) -> Seal | None:
        """Give the newest seal."""

    def seals(self) -> tuple[Seal, ...]:
        """Give every seal in order."""

    def extend(self, last: Seal | None, build: Callable[[Iterator[bytes]], Seal | None]) -> tuple[str, ...]:
        """
        Make a seal of all events that are in none, in flat memory.

        Writers of events are not held up while the tree is computed.

        Args:
            last: The newest seal as the caller saw it.
            build: Takes the hashes of the new events in the order of the log, to their end, and gives the seal; None
                where there is nothing to seal.

        Returns:
            Keys of applications with an event missing or a hash that is none: their events from there on are left out.

        Raises:
            Conflict: someone else has sealed meanwhile; nothing was kept.
        """

    def ranges(self) -> Iterator[SealRange]:
        """Stream what is in which seal, in the order of bucket, application and seal."""

    def log(self, seal: int, application: str = "") -> Iterator[Entry]:
        """Stream what came into a seal (of one application), in the order of the log, as it is stored now."""

    def unsealed(self) -> Iterator[Entry]:
        """Stream the events that are in no seal, in the order in which the next one will take them."""

    def hashes(self, seal: int) -> Iterator[bytes]:
        """
        Stream the hashes of the events that came into a seal, in the order of the log.

        Raises:
            Corrupt: a stored hash is none.
        """

    def places(self, application: str) -> tuple[tuple[SealRange, int], ...]:
        """Give the ranges of an application, in order, and how many events stand before each in the log."""


class KeyRing(Protocol):
    """The board's keys for sealing."""

    @property
    def name(self) -> str:
        """Name of the log."""

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """Every key that ever was, newest first."""

    def signers(self) -> Sequence[Signer]:
        """Give the keys that sign the next seal: the newest first, then one that was just replaced."""

    def sealed(self) -> None:
        """Note that a seal was signed by all of them: a key that was replaced signs no more."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """
    What became of sealing.

    Attributes:
        seal: The newest seal, new or old; None where there is no event at all.
        is_new: Whether it was made now.
        events: How many events came in.
        left_out: Applications whose events do not hold together, and which are sealed no further.
    """

    seal: Seal | None
    is_new: bool
    events: int = 0
    left_out: tuple[str, ...] = ()


def seal(ledger: SealLedger, ring: KeyRing, verify: Verify, at: datetime, by: str) -> Sealing:
    """
    Seal all events that are in no seal yet; where there is none, nothing is written.

    Two who seal at once: one makes the seal, the other finds it made.

    Args:
        ledger: The seals.
        ring: The board's keys.
        verify: Checks a signature.
        at: The present instant.
        by: Who seals.

    Raises:
        Misconfigured: the keys are those of another log.
        Corrupt: the newest seal does not hold, so that none can continue it.
        Conflict: others have sealed again and again meanwhile.
    """
    for _ in range(_TRIES):
        with suppress(Conflict):
            return _seal_once(ledger, ring, verify, at, by)
    raise Conflict("others are sealing again and again; look again with: examboard audit seals")


def _seal_once(ledger: SealLedger, ring: KeyRing, verify: Verify, at: datetime, by: str) -> Sealing:
    last = ledger.last()
    tree = _continued(last, ring, verify)
    before, number = tree.size, last.number + 1 if last else 1
    made: list[Seal] = []

    def build(hashes: Iterator[bytes]) -> Seal | None:
        for own in hashes:
            tree.append(own)
        if tree.size > before:
            made.append(_sealed(tree, number, ring, at, by))
        return made[0] if made else None

    left_out = ledger.extend(last, build)
    if not made:  # or somebody else has sealed it all since we looked: then the newest seal is theirs
        return Sealing(ledger.last(), False, left_out=left_out)
    ring.sealed()
    return Sealing(made[0], True, tree.size - before, left_out)


def _sealed(tree: Tree, number: int, ring: KeyRing, at: datetime, by: str) -> Seal:
    note = signed(checkpoint_text(ring.name, tree.size, tree.root), ring.signers())
    frontier = tuple(one.hex() for one in tree.frontier)
    return Seal(number, tree.size, tree.root.hex(), note, at, by, frontier, ring.name)


def _continued(last: Seal | None, ring: KeyRing, verify: Verify) -> Tree:
    """Take up the tree of the newest seal, but only if that seal holds: a log must never contradict itself."""
    if last is None:
        return Tree()
    if last.key != ring.name:
        raise Misconfigured(f"the seals are of the log {last.key}, the key file is of {ring.name}; name the right one")
    if objections := [*objections_to(last, ring.keys, verify)]:
        raise Corrupt(f"seal {last.number}: {'; '.join(objections)}; run: examboard audit verify")
    return tree_of(last)


def tree_of(seal: Seal, wanted: Sequence[tuple[int, int]] = ()) -> Tree:
    """
    Take up the tree of a seal where it ended.

    Raises:
        ValueError: its frontier is none.
    """
    return Tree(seal.size, map(bytes.fromhex, seal.frontier), wanted)


def objections_to(seal: Seal, keys: Sequence[PublicKey], verify: Verify) -> Iterator[str]:
    """
    Say what is wrong with a seal by itself: its note, its signature, its frontier.

    Args:
        seal: The seal.
        keys: Keys one of which must have signed it; without any, signatures are not checked.
        verify: Checks a signature.
    """
    try:
        found = read_checkpoint(seal.note)
    except ValueError as error:
        yield f"its note {error}"
        return
    if (found.origin, found.size, found.root.hex()) != (seal.key, seal.size, seal.root):
        yield f"its row says {seal.size} events and root {seal.root}, its note {found.size} and {found.root.hex()}"
    try:
        if keys and not signed_by(found.text, found.signatures, keys, verify):
            yield "it is not signed by a key of the board"
    except ValueError as error:
        yield str(error)
    try:
        if tree_of(seal).root.hex() != seal.root:
            yield "its frontier is that of another tree"
    except ValueError as error:
        yield str(error)
