"""
Checking the seals against what is stored: one pass over all sealed events, in flat memory.

Only reads. A finding is data, never an exception. Whatever one finding spoils is taken up again at the next seal, whose
signed tree is known, so that each finding names what changed and not all that follows from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from workflow.audit.findings import Checker, Finding
from workflow.ports import Stores
from workflow.sealing.merkle import EMPTY_ROOT, Tree, consistency_spans, is_consistent, nodes_of, proof_of
from workflow.sealing.notes import PublicKey, Verify
from workflow.sealing.seals import Entry, Seal, SealLedger, SealRange, objections_to, tree_of

MOST_NAMED: Final = 10
_RESTORE: Final = (
    "compare with an export or a backup that fits a checkpoint held outside, and restore the row from there"
)
_COMPARE: Final = "compare with the checkpoints that were published, and ask who has the key and the database"
_MOST_MISSING: Final = 10_000  # told one by one up to here: a number changed from outside may be any
_UNKNOWN: Final = bytes(32)  # stands in the place of a leaf that is gone


@dataclass(frozen=True, slots=True)
class SealFinding:
    """
    One thing that does not hold.

    Attributes:
        text: What was found, in a sentence.
        seal: Number of the seal; 0 where it is about none.
        application: Key of the application; empty where it is not known.
        sequence: Number of the event; 0 where it is not known.
    """

    text: str
    seal: int = 0
    application: str = ""
    sequence: int = 0


def check_seals(ledger: SealLedger, keys: Sequence[PublicKey], verify: Verify) -> Iterator[SealFinding]:
    """
    Check every seal: its signature, its ranges, its events as they are stored now, and that it continues the last.

    Events that are in no seal yet are no finding.

    Args:
        ledger: The seals.
        keys: The keys of the board; without any, signatures are not checked, and the caller must say so.
        verify: Checks a signature.
    """
    seals = ledger.seals()
    yield from _of_rows(seals, keys, verify)
    yield from _of_ranges(ledger.ranges(), {seal.number for seal in seals})
    steps = [(0, seals[0].size), *((a.size, b.size) for a, b in pairwise(seals))] if seals else []
    spans = [consistency_spans(a, b) if a <= b else [] for a, b in steps]
    wanted = [*nodes_of(span for found in spans for span in found)]
    tree, is_whole = Tree(wanted=wanted), True
    for seal in seals:
        named = False
        for finding in _of_events(ledger.log(seal.number), tree):
            named = named or not finding.text.startswith("its data")
            yield finding
        if (tree.size, tree.root.hex()) == (seal.size, seal.root):
            continue
        is_whole = False
        if not named:
            yield SealFinding(_unnamed(ledger, seal, tree), seal.number)
        try:
            tree = tree_of(seal)
        except ValueError:
            return  # told already: its frontier is none
    if is_whole:
        yield from _of_consistency(seals, [proof_of(found, tree.found) for found in spans])


def checker(keys: Sequence[PublicKey], verify: Verify) -> Checker:
    """Give the check of the seals in the form that `audit verify` takes."""

    def check(stores: Stores) -> Iterator[Finding]:
        for found in check_seals(stores.seals, keys, verify):
            remedy = _RESTORE if found.application else _COMPARE
            place = {} if found.sequence else {"table": "seal", "key": str(found.seal)}
            text = f"{found.text} (seal {found.seal})" if found.sequence else found.text
            yield Finding("seal", text, remedy, found.application, found.sequence, **place)

    return check


def _of_rows(seals: Sequence[Seal], keys: Sequence[PublicKey], verify: Verify) -> Iterator[SealFinding]:
    before = 0
    for number, seal in enumerate(seals, 1):
        if seal.number != number:
            yield SealFinding(f"seal {number} is missing; the next one is {seal.number}", number)
            return
        if seal.size <= before:
            yield SealFinding(f"has {seal.size} events although the seal before has {before}", number)
        before = seal.size
        for text in objections_to(seal, keys, verify):
            yield SealFinding(text, number)
        if seal.key != seals[0].key:
            yield SealFinding(f"is of the log {seal.key}, the first one of {seals[0].key}", number)


def _of_ranges(ranges: Iterable[SealRange], seals: set[int]) -> Iterator[SealFinding]:
    strangers: set[int] = set()
    for application, own in groupby(ranges, key=lambda one: one.application):
        last = 0
        for one in own:
            place = (one.seal, application, one.first_sequence)
            if one.first_sequence != last + 1 or one.last_sequence < one.first_sequence:
                text = f"the seal took events {one.first_sequence} to {one.last_sequence}, those before end at {last}"
                yield SealFinding(text, *place)
            last = one.last_sequence
            if one.seal not in seals and one.seal not in strangers:
                strangers.add(one.seal)
                yield SealFinding("it took events, but the seal itself is gone", one.seal)


def _of_events(entries: Iterable[Entry], tree: Tree) -> Iterator[SealFinding]:
    """Check the events of a seal, and put them into the tree."""
    for of, own in groupby(entries, key=lambda entry: entry.of):
        there = {entry.sequence: entry for entry in own}
        if of.last_sequence - of.first_sequence > len(there) + _MOST_MISSING:
            yield SealFinding(f"its events to {of.last_sequence} were sealed and are missing", of.seal, of.application)
            continue
        last = b""
        for sequence in range(of.first_sequence, of.last_sequence + 1):
            entry = there.get(sequence)
            last = _leaf(entry.hash) if entry else _UNKNOWN
            tree.append(last)
            place = (of.seal, of.application, sequence)
            if entry is None:
                yield SealFinding("was sealed and is missing", *place)
            elif hashlib.sha256(entry.line.encode("utf-8", "surrogatepass")).hexdigest() != entry.hash:
                # The stored hash may still be the one that was sealed; then the root holds, and only this tells.
                yield SealFinding("its data are not what was sealed: its hash does not follow from them", *place)
        if of.last_sequence in there and last.hex() != of.head:
            text = f"was sealed with hash {of.head} and has {last.hex()} now: it or an event before was rewritten"
            yield SealFinding(text, of.seal, of.application, of.last_sequence)


def _leaf(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        return _UNKNOWN
    return found if len(found) == 32 else _UNKNOWN


def _unnamed(ledger: SealLedger, seal: Seal, tree: Tree) -> str:
    """Tell of a root that does not fit although every event fits its range: the ranges were rewritten too."""
    keys = []
    for of, _ in groupby(ledger.log(seal.number), key=lambda entry: entry.of):
        keys.append(of.application)
        if len(keys) > MOST_NAMED:
            break
    some = ", ".join(keys[:MOST_NAMED]) + (" ..." if len(keys) > MOST_NAMED else "")
    if tree.size != seal.size:
        return f"it sealed {seal.size} events, {tree.size} are told of now; it may be any of {some or 'those gone'}"
    return f"its root is {seal.root}, that of the events now {tree.root.hex()}; what changed is among {some}"


def _of_consistency(seals: Sequence[Seal], proofs: Sequence[Sequence[bytes]]) -> Iterator[SealFinding]:
    size, root = 0, EMPTY_ROOT
    for seal, proof in zip(seals, proofs, strict=True):
        new = bytes.fromhex(seal.root)
        # The empty tree is continued by every other one.
        if size and not is_consistent(size, seal.size, proof, root, new):
            yield SealFinding("does not continue the seal before", seal.number)
        size, root = seal.size, new
