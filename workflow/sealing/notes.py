"""
Signed notes and checkpoints, in the formats of C2SP (signed-note, tlog-checkpoint), and the names of their keys.

Owns the text alone. Who signs and who checks a signature comes from outside: no key and no cryptography is here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

ED25519: Final = b"\x01"
_DASH: Final = "\N{EM DASH}"
_NAME: Final = re.compile(r"[!-*,-~]+")  # printable ASCII without blank and plus: the format allows more, mail does not

# (public key, signature, text) -> whether it holds.
Verify = Callable[[bytes, bytes, bytes], bool]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """
    A public key under the name with which it signs.

    Attributes:
        name: The name; a log signs with its origin.
        public: The 32 bytes of an Ed25519 key.
    """

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that tell it from other keys of the name."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The line in which a key is handed to those who check signatures."""
        return f"{self.name}+{self.id.hex()}+{_text(ED25519 + self.public)}"

    @property
    def pem(self) -> str:
        """The same key for openssl; it does not hold the name."""
        der = bytes.fromhex("302a300506032b6570032100") + self.public
        return f"-----BEGIN PUBLIC KEY-----\n{_text(der)}\n-----END PUBLIC KEY-----\n"


class Signer(Protocol):
    """A key that can sign."""

    @property
    def key(self) -> PublicKey:
        """Its public half."""

    def sign(self, text: bytes) -> bytes:
        """Give the 64 bytes of a signature."""


def is_key_name(name: str) -> bool:
    """Tell whether a key, and so a log, can have this name."""
    return _NAME.fullmatch(name) is not None


def read_vkey(line: str) -> PublicKey:
    """
    Read the line in which a key is handed over.

    Raises:
        ValueError: says what is wrong with it.
    """
    name, _, rest = line.strip().partition("+")
    own, _, key = rest.partition("+")
    try:
        found = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not is_key_name(name) or len(found) != 33 or found[:1] != ED25519:
        raise ValueError("is no verifier key of Ed25519; it looks like examboard/board+0a1b2c3d+AaBb...")
    if (read := PublicKey(name, found[1:])).id.hex() != own:
        raise ValueError("does not fit itself: the eight characters between the plus signs are of another key")
    return read


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """
    What a checkpoint says, and by whom it is signed.

    Attributes:
        origin: The log.
        size: Number of its leaves.
        root: Root of the tree over them.
        text: What is signed.
        signatures: Name, key id and signature, line by line.
    """

    origin: str
    size: int
    root: bytes
    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """Write what is signed."""
    return f"{origin}\n{size}\n{_text(root)}\n"


def signed(text: str, signers: Sequence[Signer]) -> str:
    """Sign a text that ends with a newline, by one key or more."""
    lines = [f"{_DASH} {s.key.name} {_text(s.key.id + s.sign(text.encode()))}\n" for s in signers]
    return f"{text}\n{''.join(lines)}"


def split_note(note: str) -> tuple[str, tuple[tuple[str, bytes, bytes], ...]]:
    """
    Take a signed note apart: its text, and the name, key id and signature of every line under it.

    Raises:
        ValueError: it is no signed note.
    """
    text, blank, below = note.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise ValueError("is no signed note")
    found = []
    for line in below[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, coded = rest.partition(" ")
        try:
            raw = base64.b64decode(coded, validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if dash != _DASH or not name or len(raw) <= 4:
            raise ValueError("is no signed note: a line under it is no signature")
        found.append((name, raw[:4], raw[4:]))
    return f"{text}\n", tuple(found)


def read_checkpoint(note: str) -> Checkpoint:
    """
    Read a signed checkpoint; its signatures are not checked.

    Raises:
        ValueError: it is none.
    """
    text, signatures = split_note(note)
    lines = text.split("\n")
    if len(lines) < 4 or "" in lines[:-1] or not re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]):
        raise ValueError("is no checkpoint: origin, size and root must stand in the first three lines")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError):
        root = b""
    if len(root) != 32:
        raise ValueError("is no checkpoint: its third line is no root hash")
    return Checkpoint(lines[0], int(lines[1]), root, text, signatures)


def signed_by(
    text: str, signatures: Sequence[tuple[str, bytes, bytes]], keys: Sequence[PublicKey], verify: Verify
) -> tuple[PublicKey, ...]:
    """
    Give the keys of those listed that have signed a text. Signatures of other keys are passed over.

    Raises:
        ValueError: a listed key is named, and its signature does not hold.
    """
    known = {(key.name, key.id): key for key in keys}
    found = []
    for name, own, signature in signatures:
        if (key := known.get((name, own))) is None:
            continue
        if not verify(key.public, signature, text.encode()):
            raise ValueError(f"the signature by {name}+{own.hex()} does not hold")
        found.append(key)
    return tuple(found)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
