"""
Proofs: that the history of one application is inside a seal, in one file that is checked without any database.

Shows that the events are those that were sealed, from the first on and without a gap. Cannot show that none came later:
only the whole log shows that.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from workflow.errors import Corrupt, NotFound
from workflow.events import GENESIS
from workflow.sealing.merkle import Span, Tree, inclusion_spans, is_included, nodes_of, proof_of
from workflow.sealing.notes import PublicKey, Verify, read_checkpoint, read_vkey, signed_by
from workflow.sealing.seals import Seal, SealLedger

FORMAT: Final = "examboard-proof/1"


@dataclass(frozen=True, slots=True)
class Checked:
    """
    What a proof shows.

    Attributes:
        application: Key of the application.
        events: Number of its events, from the first on.
        origin: The log.
        size: Number of events in the seal.
        signed_by: Keys, of those trusted, that signed it.
        lines: The events, as canonical JSON.
    """

    application: str
    events: int
    origin: str
    size: int
    signed_by: tuple[PublicKey, ...]
    lines: tuple[str, ...]


def prove(ledger: SealLedger, application: str, keys: Sequence[PublicKey], number: int = 0) -> dict[str, Any]:
    """
    Prove that a history is inside a seal.

    Args:
        ledger: The seals.
        application: Key of the application.
        keys: The board's keys, to be named in the proof.
        number: Number of the seal; 0: the newest one.

    Returns:
        The proof, to be written as JSON.

    Raises:
        NotFound: there is no such seal, or no event of the application in it.
        Corrupt: what is stored is not what was sealed.
    """
    found = prove_many(ledger, [application], keys, number).get(application)
    if found is None:
        at = f"seal {number}" if number else "any seal yet"
        raise NotFound(f"no event of application {application} is in {at}")
    return found


def prove_many(
    ledger: SealLedger, applications: Sequence[str], keys: Sequence[PublicKey], number: int = 0
) -> dict[str, dict[str, Any]]:
    """
    Prove of many histories, in one pass over the log, that they are inside a seal.

    Args:
        ledger: The seals.
        applications: Keys of the applications; all their events are in memory together.
        keys: The board's keys, to be named in the proofs.
        number: Number of the seal; 0: the newest one.

    Returns:
        The proof of each application that has an event in the seal.

    Raises:
        NotFound: there is no such seal.
        Corrupt: what is stored is not what was sealed.
    """
    seals = ledger.seals()
    seal = seal_numbered(seals, number)
    if seal is None:
        raise NotFound(f"there is no seal {number}" if number else "there is no seal yet; make one: audit seal")
    spans: dict[str, dict[int, list[Span]]] = {}
    lines: dict[str, list[str]] = {}
    for key in dict.fromkeys(applications):
        if places := [(of, start) for of, start in ledger.places(key) if of.seal <= seal.number]:
            indices = [start + n for of, start in places for n in range(of.last_sequence - of.first_sequence + 1)]
            spans[key] = {index: inclusion_spans(index, seal.size) for index in indices}
            lines[key] = [entry.line for of, _ in places for entry in ledger.log(of.seal, key) if entry.sequence]
    tree = Tree(wanted={node for own in spans.values() for found in own.values() for node in nodes_of(found)})
    for one in seals[: seal.number] if spans else ():
        for leaf in ledger.hashes(one.number):
            tree.append(leaf)
    whole = all(len(lines[key]) == len(own) for key, own in spans.items())
    if spans and ((tree.size, tree.root.hex()) != (seal.size, seal.root) or not whole):
        raise Corrupt(f"seal {seal.number} does not fit the events any more; run: examboard audit verify")
    return {key: _proof(seal, key, keys, own, lines[key], tree) for key, own in spans.items()}


def _proof(
    seal: Seal,
    application: str,
    keys: Sequence[PublicKey],
    spans: Mapping[int, Sequence[Span]],
    lines: Sequence[str],
    tree: Tree,
) -> dict[str, Any]:
    events = [
        {"index": index, "line": line, "proof": [_text(one) for one in proof_of(found, tree.found)]}
        for (index, found), line in zip(spans.items(), lines, strict=True)
    ]
    proof = {
        "format": FORMAT,
        "application": application,
        "seal": seal.number,
        "checkpoint": seal.note,
        "vkeys": [key.vkey for key in keys],
        "events": events,
    }
    check_proof(proof, (), lambda *_: False)  # what is handed out holds, or is not handed out
    return proof


def check_proof(proof: object, keys: Sequence[PublicKey], verify: Verify) -> Checked:
    """
    Check a proof.

    Args:
        proof: What was read from its file.
        keys: Keys that are trusted, one of which must have signed; without any, the signature is not checked.
        verify: Checks a signature.

    Raises:
        Corrupt: it does not hold; says why.
    """
    try:
        return _checked(proof, keys, verify)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = str(error) if isinstance(error, ValueError) else "it is no proof, or a part of it is missing"
        raise Corrupt(f"the proof does not hold: {reason}") from None


def _checked(proof: Any, keys: Sequence[PublicKey], verify: Verify) -> Checked:
    if proof["format"] != FORMAT:
        raise ValueError(f"it is of the form {proof['format']!r}; this software knows {FORMAT}")
    point = read_checkpoint(proof["checkpoint"])
    by = signed_by(point.text, point.signatures, keys, verify)
    if keys and not by:
        names = " and ".join(f"{name}+{own.hex()}" for name, own, _ in point.signatures)
        raise ValueError(
            f"its checkpoint is signed by {names}, none of the keys that are trusted; where the board has replaced its "
            "key since, trust the older one as well if it was published (--key may be repeated)"
        )
    application, events = proof["application"], proof["events"]
    if not events:
        raise ValueError("it holds no event")
    head = GENESIS
    for sequence, item in enumerate(events, 1):
        line = item["line"]
        own = hashlib.sha256(line.encode()).digest()
        event = json.loads(line)
        if (event["application"], event["sequence"], event["previous"]) != (application, sequence, head):
            raise ValueError(f"event {sequence} of application {application} does not follow from the one before")
        path = [base64.b64decode(one, validate=True) for one in item["proof"]]
        if not is_included(own, item["index"], point.size, path, point.root):
            raise ValueError(f"event {sequence} of application {application} is not in the checkpoint")
        head = own.hex()
    return Checked(application, len(events), point.origin, point.size, by, tuple(item["line"] for item in events))


def keys_of(proof: object) -> tuple[PublicKey, ...]:
    """
    Give the keys that a proof itself names. Whoever trusts them trusts whoever made the file.

    Raises:
        Corrupt: it names none that can be read.
    """
    try:
        return tuple(_vkeys(proof))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Corrupt("the proof does not hold: it names no key") from None


def _vkeys(proof: Any) -> Iterator[PublicKey]:
    for line in proof["vkeys"]:
        yield read_vkey(line)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def seal_numbered(seals: Sequence[Seal], number: int) -> Seal | None:
    """Find a seal; 0 means the newest one."""
    return next((one for one in reversed(seals) if number in (0, one.number)), None)
