"""
The sealed log as a folder that anybody can check without Examboard.

Events hold no personal value, and so neither does the folder. It is made beside its place and renamed at the end: half
an export is never seen. What does not fit the seals is not exported; the audit says what is wrong.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workflow.errors import Conflict, Corrupt, Misconfigured, NotFound
from workflow.ports import Stores
from workflow.sealing.merkle import Tree
from workflow.sealing.notes import PublicKey
from workflow.sealing.seals import Entry, Seal

_SUBMISSION: Final = '"type":"Submitted"'
_README: Final = """\
The sealed log of {name}: {size} events, {seals}, made by examboard audit export.

events.jsonl   one event a line, in the order of the log; sha256 of a line (without its end) is the event's hash
checkpoints/   every seal as a signed note (C2SP tlog-checkpoint): log, number of events, root of the Merkle tree
key.vkey       the keys of the board, newest first; compare with what the board has published
key.pem        the newest of them for openssl
key-changes.txt  where a key was replaced: the statement of it, signed by the old key and the new one
schemes/       the rules under which applications were judged, each under its sha256
verify.py      checks all this; needs Python 3.9 and openssl:

    python3 verify.py . --key KEY                        KEY as the board has published it
    python3 verify.py . --checkpoint HELD.txt            a checkpoint that you got earlier is inside this log
    python3 verify.py . --application NUMBER             shows the sealed events of one application

A leaf of the tree is the 32 bytes of an event's hash; the tree is that of RFC 9162. Whoever holds no checkpoint from
elsewhere learns only that these files agree with each other and with the key.
"""
_UNSEALED: Final = "\nunsealed.jsonl holds {count} events that are in no seal yet: nothing vouches for them.\n"


@dataclass(frozen=True, slots=True)
class Exported:
    """
    What an export holds.

    Attributes:
        folder: Where it is.
        events: Number of sealed events.
        seals: Number of seals.
        schemes: Number of scheme documents.
        unsealed: Number of events beyond the last seal; None where they were not asked for.
    """

    folder: Path
    events: int
    seals: int
    schemes: int
    unsealed: int | None


def export(
    stores: Stores,
    folder: Path,
    keys: Sequence[PublicKey],
    verifier: str,
    unsealed: bool = False,
    statements: Sequence[str] = (),
) -> Exported:
    """
    Write the sealed log into a folder that is not there, or is empty.

    Args:
        stores: The board's stores.
        folder: Where to.
        keys: Every key of the board, newest first.
        verifier: The program that checks it.
        unsealed: Whether to write the events beyond the last seal as well, into a file of their own.
        statements: What was signed at each change of key.

    Raises:
        NotFound: there is no seal.
        Conflict: the folder holds something.
        Corrupt: the events are not those that were sealed.
        Misconfigured: the folder cannot be written.
    """
    seals = stores.seals.seals()
    if not seals:
        raise NotFound("there is no seal yet; make one with: examboard audit seal")
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise Conflict(f"{folder} is there already and not empty; name another folder")
        with _beside(folder) as at:
            digests: set[str] = set()
            _write(at / "events.jsonl", _sealed(stores, seals, digests))
            extra = _write(at / "unsealed.jsonl", _noting(stores.seals.unsealed(), digests)) if unsealed else None
            _write_texts(at, seals, keys, verifier, statements, extra)
            _write_schemes(at / "schemes", stores, digests)
    except OSError as error:
        raise Misconfigured(f"the folder {folder} cannot be written: {error.strerror}") from None
    return Exported(folder, seals[-1].size, len(seals), len(digests), extra)


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    parent = folder.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=parent))
    try:
        yield made
        if folder.exists():
            folder.rmdir()
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _sealed(stores: Stores, seals: Sequence[Seal], digests: set[str]) -> Iterator[str]:
    tree = Tree()
    for seal in seals:
        for line in _noting(stores.seals.log(seal.number), digests):
            tree.append(hashlib.sha256(line.encode()).digest())
            yield line
        if (tree.size, tree.root.hex()) != (seal.size, seal.root):
            raise Corrupt(f"seal {seal.number} does not fit the events any more; run: examboard audit verify")


def _noting(entries: Iterable[Entry], digests: set[str]) -> Iterator[str]:
    """Give the lines of entries, and note which scheme documents they pin."""
    for entry in entries:
        if not entry.sequence:
            raise Corrupt(f"events of application {entry.of.application} are missing; run: examboard audit verify")
        if _SUBMISSION in entry.line:
            data = json.loads(entry.line)["data"]
            if digest := data.get("digest"):
                digests.add(digest)
        yield entry.line


def _write(file: Path, lines: Iterable[str]) -> int:
    count = 0
    with file.open("w", encoding="utf-8", newline="\n") as opened:
        for line in lines:
            opened.write(line + "\n")
            count += 1
        opened.flush()
        os.fsync(opened.fileno())
    return count


def _write_texts(
    at: Path,
    seals: Sequence[Seal],
    keys: Sequence[PublicKey],
    verifier: str,
    statements: Sequence[str],
    extra: int | None,
) -> None:
    (at / "checkpoints").mkdir()
    for seal in seals:
        _write_text(at / "checkpoints" / f"{seal.number:06}.txt", seal.note)
    _write_text(at / "key.vkey", "".join(f"{key.vkey}\n" for key in keys))
    _write_text(at / "key.pem", keys[0].pem)
    if statements:
        _write_text(at / "key-changes.txt", "\n".join(statements))
    _write_text(at / "verify.py", verifier)
    count = "one seal" if len(seals) == 1 else f"{len(seals)} seals"
    readme = _README.format(name=seals[-1].key, size=seals[-1].size, seals=count)
    _write_text(at / "README.txt", readme if extra is None else readme + _UNSEALED.format(count=extra))


def _write_schemes(at: Path, stores: Stores, digests: set[str]) -> None:
    at.mkdir()
    for digest in sorted(digests):
        if (pinned := stores.schemes.get(digest)) is None:
            raise Corrupt(f"the scheme document {digest} is not on the shelf; run: examboard audit verify")
        _write_text(at / f"{digest}.yaml", pinned.text)


def _write_text(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")
