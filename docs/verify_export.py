#!/usr/bin/env python3
"""
Check an export of Examboard, or a proof, without Examboard: Python's standard library, and openssl for signatures.

    python3 verify.py EXPORT-FOLDER --key KEY --checkpoint HELD.txt --application A123
    python3 verify.py PROOF.json    --key KEY

KEY is the board's verifier key as the board has published it (`name+id+key`, or a file of such lines); HELD.txt a
checkpoint that you got earlier or elsewhere. Without them you only learn that the files agree with each other.
Where the board has replaced its key since, the statement that both keys signed is followed: key-changes.txt of an
export, or the file that --changes names. What rests on that is noted at the end.
Formats: RFC 9162 (Merkle tree), C2SP signed-note and tlog-checkpoint, RFC 8785 (an event a line; its sha256 is a leaf).
"""

import argparse
import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

OPENSSL = ("openssl", "pkeyutl", "-verify", "-pubin", "-rawin", "-inkey", "key", "-in", "text", "-sigfile", "sig")


def sha(data):
    """Hash."""
    return hashlib.sha256(data).digest()


def check(is_so, why):
    """End with a message if something does not hold."""
    if not is_so:
        sys.exit(f"FAILED: {why}")


def unbase64(text):
    """Read base64 that is written as it should be: other characters, or other bits at the end, are no other writing."""
    raw = base64.b64decode(text, validate=True)
    check(base64.b64encode(raw).decode() == text, f"{text} is not written as it should be")
    return raw


def read_keys(lines):
    """Read verifier keys into {(name, id): public key}."""
    keys = {}
    for line in filter(None, map(str.strip, lines)):
        name, own, key = line.split("+", 2)
        raw = unbase64(key)
        check(len(raw) == 33 and sha(f"{name}\n".encode() + raw)[:4].hex() == own, f"key {line} does not fit itself")
        keys[name, bytes.fromhex(own)] = raw[1:]
    return keys


def read_note(note):
    """Take a signed note apart: the text that is signed, the signatures."""
    text, _, below = note.rpartition("\n\n")
    signatures = re.findall("^— (\\S+) (\\S+)$", below, re.M)
    check(below == "".join(f"— {name} {coded}\n" for name, coded in signatures), "a checkpoint is no signed note")
    return text + "\n", signatures


def read_checkpoint(note):
    """Take a signed checkpoint apart: origin, size, root, the text that is signed, the signatures."""
    text, signatures = read_note(note)
    origin, size, root = text.split("\n")[:3]
    return origin, int(size), unbase64(root), text, signatures


def ed25519(public, signature, text):
    """Check a signature: by the module cryptography if it is there, else by openssl; None without either."""
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return openssl(public, signature, text) if shutil.which("openssl") else None
    try:
        return Ed25519PublicKey.from_public_bytes(public).verify(signature, text) is None
    except Exception:  # its own kind of error, which cannot be named where it is not installed
        return False


def pem(public):
    """Write a public key as openssl takes it."""
    der = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + public).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n".encode()


def openssl(public, signature, text):
    """Check a signature by the command openssl (1.1.1 or newer); None if it does not know Ed25519."""
    files = {"key": pem(public), "sig": signature, "text": text}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        said = subprocess.run(OPENSSL, cwd=folder, capture_output=True, text=True, check=False)
    said_so = said.stdout + said.stderr
    return True if said.returncode == 0 else False if "Verification Failure" in said_so else None


def check_signature(point, keys, what, skip):
    """Check that a note is signed by one of some keys, and by none of them wrongly; give those that signed it."""
    *_, text, signatures = point
    signed = set()
    for name, coded in [] if skip else signatures:
        raw = unbase64(coded)
        if public := keys.get((name, raw[:4])):
            found = ed25519(public, raw[4:], text.encode())
            check(found is not None, "signatures cannot be checked here: neither openssl nor cryptography works")
            check(found, f"{what}: the signature by {name} does not hold")
            signed.add((name, raw[:4]))
    by = named((name, unbase64(coded)[:4]) for name, coded in signatures)
    why = f"{what}: signed by {by}, not by {named(keys)}"
    check(signed or skip, f"{why}; where a key was replaced, name the file of the statements of that with --changes")
    return signed


def named(keys):
    """Name keys by name and id."""
    return " and ".join(f"{ascii(name)[1:-1]}+{own.hex()}" for name, own in keys) or "nobody"


def check_trusted(point, keys, changes, said, what="the checkpoint"):
    """Check that a note is signed by a key that is trusted, or by one that replaced it or was replaced by it."""
    statements = re.split("^(?=examboard key rotation$)", changes, flags=re.M)[1:]
    known, notes = dict(keys), {}
    for statement in statements + statements[::-1]:
        text, signatures = read_note(statement.rstrip("\n") + "\n")
        _, _, old, new, at = text.splitlines()
        pair = read_keys([old, new])
        if sum(key in known for key in pair) == 1:
            for key in pair:
                one = {key: pair[key]}
                check_signature((text, signatures), one, "a statement of a change of key", said.no_signature)
                if key not in known:
                    notes[key] = f"NOTE: at {at} {old} was replaced by {new}, as both keys have signed."
            known.update(pair)
    signed = check_signature(point, known, what, said.no_signature)
    if signed and not signed & set(keys):
        said.notes += notes.values()
        said.notes.append("NOTE: whoever stole an old key could sign all that, too: compare with what was published.")


def add_leaf(frontier, size, data):
    """Add a leaf to a Merkle tree of which the roots of the perfect subtrees are kept."""
    node = sha(b"\0" + data)
    while size & 1:
        node, size = sha(b"\1" + frontier.pop() + node), size >> 1
    frontier.append(node)


def root_of(frontier):
    """Give the root of a tree."""
    root = frontier[-1] if frontier else sha(b"")
    for left in frontier[-2::-1]:
        root = sha(b"\1" + left + root)
    return root


def root_by_proof(data, index, size, proof):
    """Give the root to which an inclusion proof leads (RFC 9162, 2.1.3.2); None if it has the wrong length."""
    node, last = sha(b"\0" + data), size - 1
    for other in proof:
        if last == 0:
            return None
        if index & 1 or index == last:
            node = sha(b"\1" + other + node)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            node = sha(b"\1" + node + other)
        index, last = index >> 1, last >> 1
    return node if last == 0 else None


def follow(heads, line, where):
    """Check that an event follows from the one before of its application, and give it with its hash."""
    event, own = json.loads(line), sha(line)
    sequence, head = heads.get(event["application"], (0, "0" * 64))
    text = f"{where}: event {event['sequence']} of application {event['application']}"
    check(event["sequence"] == sequence + 1, f"{text} comes after event {sequence}")
    check(event["previous"] == head, f"{text} does not follow from the event before")
    heads[event["application"]] = (event["sequence"], own.hex())
    return event, own


def check_documents(folder, pinned):
    """Check that every document is the one that its name says, and that all are there by which was judged."""
    found = {file.name: f"{sha(file.read_bytes()).hex()}.yaml" for file in folder.iterdir()}
    for name, right in found.items():
        check(name == right, f"schemes/{name} is another document")
    for digest in pinned:
        check(f"{digest}.yaml" in found, f"schemes/{digest}.yaml is missing, by which an application was judged")


def check_export(folder, keys, said):
    """Check every line, every checkpoint and every signature of an export."""
    own_keys = read_keys((folder / "key.vkey").read_text("utf-8").splitlines())
    notes = {p.name: p.read_text("utf-8") for p in sorted((folder / "checkpoints").glob("*.txt"))}
    points = {name: read_checkpoint(note) for name, note in notes.items()}
    check(points, "there is no checkpoint")
    check([*points] == [f"{n:06}.txt" for n in range(1, len(points) + 1)], "a checkpoint is missing")
    check((folder / "key.pem").read_bytes() == pem(next(iter(own_keys.values()))), "key.pem is another key")
    last = max(points.values(), key=lambda point: point[1])
    found = said.changes or folder / "key-changes.txt"
    changes = found.read_text("utf-8") if said.changes or found.exists() else ""
    check_trusted(last, keys or own_keys, changes if keys else "", said, "the newest checkpoint")
    if said.checkpoint:
        points["the checkpoint that you hold"] = held = read_checkpoint(said.checkpoint.read_text("utf-8"))
        check(held[0] == last[0], f"the checkpoint that you hold is of the log {held[0]}, the export of {last[0]}")
        check(held[1] <= last[1], "the checkpoint that you hold has more events than the export")
    by_size, heads, pinned, frontier, size = {}, {}, set(), [], 0
    for name, point in points.items():
        check(point[0] == last[0], f"{name} is of another log")
        check_signature(point, {**own_keys, **keys}, name, said.no_signature)
        by_size.setdefault(point[1], []).append((name, point[2]))
    with (folder / "events.jsonl").open("rb") as lines:
        for size, line in enumerate(lines, 1):
            event, own = follow(heads, line.removesuffix(b"\n"), f"line {size}")
            add_leaf(frontier, size - 1, own)
            if event["type"] == "Submitted":
                pinned.add(event["data"]["digest"])
            if event["application"] == said.application:
                print(f"leaf {size - 1}: {line.decode().rstrip()}")
            for name, root in by_size.pop(size, []):
                check(root_of(frontier) == root, f"{name}: the first {size} events are not those that were sealed")
    check(not by_size and size == last[1], f"{size} events are there, the newest checkpoint has {last[1]}")
    check_documents(folder / "schemes", pinned)
    check(not said.application or said.application in heads, f"there is no application {said.application}")
    return f"{size} events of {len(heads)} applications, {len(points)} checkpoints, each tree continuing the one before"


def check_proof(file, keys, said):
    """Check that the history in a proof is inside its checkpoint."""
    proof = json.loads(file.read_text("utf-8"))
    note = said.checkpoint.read_text("utf-8") if said.checkpoint else proof["checkpoint"]
    point = read_checkpoint(note)
    changes = said.changes.read_text("utf-8") if said.changes else ""
    check_trusted(point, keys or read_keys(proof["vkeys"]), changes, said)
    heads = {}
    for item in proof["events"]:
        event, own = follow(heads, item["line"].encode(), "the proof")
        check(event["application"] == proof["application"], "an event is of another application")
        path = [unbase64(one) for one in item["proof"]]
        check(root_by_proof(own, item["index"], point[1], path) == point[2], f"{item['line']} is not in the checkpoint")
    check(heads, "there is no event")
    return (
        f"application {proof['application']}: its first {len(proof['events'])} events are in {point[0]} at {point[1]}"
    )


def main():
    """Check what the command line names."""
    parser = argparse.ArgumentParser(description="Check an export of Examboard, or a proof, without Examboard.")
    parser.add_argument("what", type=Path, help="folder of an export, or file of a proof")
    parser.add_argument("--key", action="append", default=[], help="verifier key that you trust, or a file of them")
    parser.add_argument("--checkpoint", type=Path, help="signed checkpoint that you hold")
    parser.add_argument("--changes", type=Path, help="statements of changes of key, if not key-changes.txt beside")
    parser.add_argument("--application", help="show the events of this application as they were sealed")
    parser.add_argument("--no-signature", action="store_true", help="check all but the signatures")
    said = parser.parse_args(namespace=argparse.Namespace(notes=[]))
    lines = [line for k in said.key for line in (Path(k).read_text("utf-8").splitlines() if Path(k).is_file() else [k])]
    try:
        result = (check_export if said.what.is_dir() else check_proof)(said.what, read_keys(lines), said)
    except (KeyError, TypeError, ValueError, OSError, AttributeError, RecursionError) as error:
        sys.exit(f"FAILED: what is there cannot be read: {error!r}")
    print("\n".join([f"OK: {result}", *said.notes]))
    if said.no_signature:
        print("NOTE: signatures were not checked; anybody may have made this.")
    elif not lines:
        print("NOTE: the key came with the files; compare it with the one that the board has published, or give --key.")


if __name__ == "__main__":
    main()
