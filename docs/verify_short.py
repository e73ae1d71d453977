#!/usr/bin/env python3
"""
Check an export of Examboard by a program that is short enough to be read before it is run: Python and openssl alone.

    python3 verify_short.py EXPORT-FOLDER KEY [APPLICATION]

KEY is the board's verifier key as the board has published it (`name+id+key`). Every event must follow from the one
before of its application, every checkpoint be the root of the Merkle tree over the events until then, and the newest
one be signed by KEY. With APPLICATION its events are printed as they were sealed. What else can be checked (proofs,
replaced keys, scheme documents, a checkpoint that you hold) needs verify_export.py.
Formats: RFC 9162 (Merkle tree), C2SP signed-note and tlog-checkpoint, RFC 8785 (an event a line; its sha256 is a leaf).
"""

import base64
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

OPENSSL = "openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in text -sigfile signature"


def sha(data):
    """Hash."""
    return hashlib.sha256(data).digest()


def check(is_so, why):
    """End with a message if something does not hold."""
    if not is_so:
        sys.exit(f"FAILED: {why}")


def check_signature(note, key):
    """Check that a signed note bears a good Ed25519 signature by a key (openssl 1.1.1 or newer)."""
    name, _, coded = key.split("+", 2)
    public = base64.b64decode(coded)
    known = sha(f"{name}\n".encode() + public)[:4]
    text, _, below = note.rpartition("\n\n")
    found = [base64.b64decode(line.split()[-1]) for line in below.splitlines() if line.startswith(f"— {name} ")]
    signature = next((raw[4:] for raw in found if raw[:4] == known), None)
    check(signature is not None, "the newest checkpoint is not signed by this key")
    der = bytes.fromhex("302a300506032b6570032100") + public[1:]
    with tempfile.TemporaryDirectory() as folder:
        for file, content in {"key": der, "text": f"{text}\n".encode(), "signature": signature}.items():
            Path(folder, file).write_bytes(content)
        said = subprocess.run(OPENSSL.split(), cwd=folder, capture_output=True, text=True, check=False)
    check(said.returncode == 0, f"the signature does not hold: {said.stdout}{said.stderr}")


def root_of(subtrees):
    """Give the root of a tree by the roots of its perfect subtrees, the largest first."""
    root = subtrees[-1] if subtrees else sha(b"")
    for left in subtrees[-2::-1]:
        root = sha(b"\1" + left + root)
    return root


def main(folder, key, wanted=""):
    """Check an export."""
    notes = [file.read_text("utf-8") for file in sorted(Path(folder, "checkpoints").glob("*.txt"))]
    sealed = [(int(note.split("\n")[1]), base64.b64decode(note.split("\n")[2])) for note in notes]
    check(sealed and sealed == sorted(sealed), "there is no checkpoint, or not in the order of their sizes")
    check_signature(notes[-1], key)
    size, sizes, subtrees, heads, roots = 0, {at for at, _ in sealed}, [], {}, {0: root_of([])}
    with Path(folder, "events.jsonl").open("rb") as lines:
        for line in lines:
            event, own, place = json.loads(line), sha(line.removesuffix(b"\n")), size
            before = heads.get(event["application"], (0, "0" * 64))
            check((event["sequence"] - 1, event["previous"]) == before, f"line {size + 1} does not follow on")
            heads[event["application"]] = (event["sequence"], own.hex())
            node, size = sha(b"\0" + own), size + 1
            while place & 1:  # two subtrees of one size become one
                node, place = sha(b"\1" + subtrees.pop() + node), place >> 1
            subtrees.append(node)
            if size in sizes:
                roots[size] = root_of(subtrees)
            if event["application"] == wanted:
                print(line.decode(), end="")
    check(size == sealed[-1][0], f"{size} events are there, the newest checkpoint has {sealed[-1][0]}")
    check(all(roots.get(at) == root for at, root in sealed), "the events are not those that were sealed")
    print(f"OK: {size} events of {len(heads)} applications are sealed")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except (KeyError, TypeError, ValueError, OSError, RecursionError) as error:
        sys.exit(f"FAILED: what is there cannot be read: {error!r}")
