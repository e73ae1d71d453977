"""
The file of the board's keys for sealing: made, read, and given a new key.

The file is its owner's alone and lies apart from the database: who could change both could change everything unseen.
Owns the one use of Ed25519. A private key never leaves this module.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from workflow.errors import Conflict, Corrupt, Misconfigured, NotFound
from workflow.events import instant_text
from workflow.sealing.notes import PublicKey, is_key_name, signed, signed_by, split_note

FORMAT: Final = "examboard-keys/1"


def verify(public: bytes, signature: bytes, text: bytes) -> bool:
    """Tell whether an Ed25519 signature holds."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True)
class PrivateKey:
    """A key that signs; its text never shows the private half."""

    key: PublicKey
    made_at: str
    _private: bytes = field(repr=False, default=b"")

    @property
    def can_sign(self) -> bool:
        """Tell whether the private half is still there."""
        return bool(self._private)

    def sign(self, text: bytes) -> bytes:
        """Sign a text."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self._private).sign(text)

    def without_private(self) -> PrivateKey:
        """Give the same key, unable to sign."""
        return PrivateKey(self.key, self.made_at)

    def as_json(self) -> dict[str, str]:
        """Give what the file holds of it."""
        return {"made_at": self.made_at, "public": _text(self.key.public), "private": _text(self._private)}


class KeyFile:
    """
    The keys of a log, newest first.

    Attributes:
        file: Where they are kept.
        name: Name of the log.
        statements: For each change of key, a note that says so, signed by the old key and the new one; oldest first.
    """

    def __init__(self, file: Path, name: str, keys: Sequence[PrivateKey], statements: Sequence[str] = ()) -> None:
        self.file: Final = file
        self.name: Final = name
        self.statements: tuple[str, ...] = tuple(statements)
        self._keys: tuple[PrivateKey, ...] = tuple(keys)

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """Every key that ever was, newest first."""
        return tuple(one.key for one in self._keys)

    @property
    def made_at(self) -> tuple[str, ...]:
        """When each of them was made."""
        return tuple(one.made_at for one in self._keys)

    def signers(self) -> tuple[PrivateKey, ...]:
        """Give the keys that sign the next seal: the newest first, then one that was just replaced."""
        return tuple(one for one in self._keys if one.can_sign)

    def sealed(self) -> None:
        """
        Forget the private half of a key that was replaced and has signed the seal after: it signs no more.

        Where the file cannot be written, the seal stands all the same, and the next one is signed by both again.
        """
        if len(self.signers()) > 1:
            self._keys = (self._keys[0], *(one.without_private() for one in self._keys[1:]))
            with suppress(Misconfigured):
                self._write()

    def rotate(self, at: datetime) -> str:
        """
        Make a new key; the next seal is signed by both.

        Returns:
            The statement of the change, signed by both.

        Raises:
            Conflict: the key before was replaced, and no seal has been made since.
            Misconfigured: the file cannot be written.
        """
        if len(self.signers()) > 1:
            raise Conflict("a key was replaced already and no seal made since; first run: examboard audit seal")
        old, new = self._keys[0], _made(self.name, at)
        text = f"examboard key rotation\n{self.name}\n{old.key.vkey}\n{new.key.vkey}\n{instant_text(at)}\n"
        statement = signed(text, [old, new])
        self._keys, self.statements = (new, *self._keys), (*self.statements, statement)
        self._write()
        return statement

    def _write(self) -> None:
        beside = self.file.with_name(f".{self.file.name}.new")
        try:
            beside.unlink(missing_ok=True)
            _write_new(beside, self._content())
            beside.replace(self.file)
        except OSError as error:
            raise Misconfigured(f"the key file {self.file} cannot be written: {error.strerror}") from None

    def _content(self) -> str:
        keys = [one.as_json() for one in self._keys]
        fields = {"format": FORMAT, "name": self.name, "keys": keys, "statements": self.statements}
        return json.dumps(fields, ensure_ascii=False, indent=1) + "\n"


def make(file: Path, name: str, at: datetime) -> KeyFile:
    """
    Make a key file with its first key.

    Args:
        file: Its place; a folder that is not there is made for its owner alone.
        name: Name of the log, for ever.
        at: The present instant.

    Raises:
        Conflict: there is one already.
        Misconfigured: it cannot be made there.
    """
    if not is_key_name(name):
        raise Misconfigured(f"a log cannot be called {name!r}; use letters of ASCII, digits and / . - _")
    made = KeyFile(file, name, [_made(name, at)])
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(file, made._content())
    except FileExistsError:
        raise Conflict(
            f"there is a key file at {file} already; a new key is made with: examboard keys rotate"
        ) from None
    except OSError as error:
        raise Misconfigured(f"the key file {file} cannot be made: {error.strerror}") from None
    return made


def read(file: Path) -> KeyFile:
    """
    Read a key file.

    Raises:
        NotFound: there is none.
        Misconfigured: others than its owner may read it, or change its folder.
        Corrupt: it is no key file, or not as it was written.
    """
    try:
        with file.open("rb") as opened:
            _check_private(file, os.fstat(opened.fileno()).st_mode)
            raw = opened.read(1_000_000)
    except FileNotFoundError:
        raise NotFound(f"there is no key file at {file}; make one with: examboard keys init") from None
    except OSError as error:
        raise Misconfigured(f"the key file {file} cannot be read: {error.strerror}") from None
    try:
        return _read(file, json.loads(raw))
    # Not chained: it may show what the file holds.
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise Corrupt(f"{file} is no key file, or was changed") from None


def _check_private(file: Path, mode: int) -> None:
    if os.name != "posix":
        return
    if stat.S_IMODE(mode) & 0o077:
        raise Misconfigured(f"others may read the key file {file}; if none has, run: chmod 600 {file}")
    if stat.S_IMODE(file.parent.stat().st_mode) & 0o022:
        raise Misconfigured(f"others may change the folder of the key file; run: chmod go-w {file.parent}")


def _read(file: Path, found: Any) -> KeyFile:
    if found["format"] != FORMAT or not is_key_name(found["name"]) or not found["keys"]:
        raise ValueError
    keys = [_read_key(found["name"], one) for one in found["keys"]]
    if not keys[0].can_sign:
        raise ValueError
    publics = [one.key for one in keys]
    for statement in found["statements"]:
        text, signatures = split_note(statement)
        if len(signed_by(text, signatures, publics, verify)) != 2:
            raise ValueError
    return KeyFile(file, found["name"], keys, found["statements"])


def _read_key(name: str, one: Any) -> PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        public, private = (base64.b64decode(one[half], validate=True) for half in ("public", "private"))
    except binascii.Error:
        raise ValueError from None
    if len(public) != 32 or (
        private and Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw() != public
    ):
        raise ValueError
    return PrivateKey(PublicKey(name, public), str(one["made_at"]), private)


def _made(name: str, at: datetime) -> PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    made = Ed25519PrivateKey.generate()
    public = PublicKey(name, made.public_key().public_bytes_raw())
    return PrivateKey(public, instant_text(at), made.private_bytes_raw())


def _write_new(file: Path, content: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
