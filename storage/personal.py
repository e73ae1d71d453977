"""
The one codec for personal values: whatever the registry of candidates writes or reads passes through it.

All values of a person are one sealed text: AES-256-GCM under a data key of the person's own, bound to the person's key,
so that no row can be given another's. The data key is wrapped by the key ring (`keyring`). Lookups go by keyed digests,
under an index key that is wrapped by the ring too and never changes: a rotation touches neither values nor digests.
"""

from __future__ import annotations

import hmac
import json
import os
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, select

from storage import bulk, tables
from storage.keyring import Ring
from workflow import identity
from workflow.errors import Conflict, Corrupt
from workflow.ports import Candidate

INDEX_KEY: Final = "index"
KEY_BYTES: Final = 32
REMEMBERED: Final = 65_536  # data keys that this process need not unwrap again
VALUES: Final = ("name", "document_type", "document_number", "sex", "phone", "email")
_NONCE: Final = 12
_k = tables.wrapped_key.c


def seal(key: bytes, candidate: str, values: dict[str, str]) -> bytes:
    """Seal a person's values: a version, a nonce that is never used again, and the sealed JSON."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE)
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    return b"\x01" + nonce + AESGCM(key).encrypt(nonce, text, _bound(candidate))


def unseal(key: bytes, candidate: str, sealed: bytes) -> dict[str, str]:
    """
    Open what was sealed.

    Raises:
        Corrupt: it is not what was sealed for this person under this key.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        if sealed[:1] != b"\x01":
            raise InvalidTag
        text = AESGCM(key).decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], _bound(candidate))
    except (InvalidTag, ValueError):
        raise Corrupt(
            f"candidate {candidate}: the sealed values are not what was written for them; restore the last backup"
        ) from None
    values: dict[str, str] = json.loads(text)
    return values


def _bound(candidate: str) -> bytes:
    return b"examboard candidate\n" + candidate.encode()


def document_index(key: bytes, kind: str, number: str) -> str:
    """Give what stands for an identity document in a lookup: equal for equal ones, told from it by nobody else."""
    return _digest(key, "document", *identity.document_key(kind, number))


def name_index(key: bytes, name: str) -> str:
    """Give what stands for a name in a lookup."""
    return _digest(key, "name", identity.name_key(name))


def _digest(key: bytes, *texts: str) -> str:
    return hmac.digest(key, "\x00".join(texts).encode(), "sha256").hex()


class Personal:
    """The codec over one database and its key ring; the ring is first read when there is something to open or seal."""

    def __init__(self, ring: Ring, is_embedded: bool = False) -> None:
        """
        Take a ring.

        Args:
            ring: The key ring.
            is_embedded: Whether a ring that is not there may be made, as long as nothing has been sealed yet.
        """
        self.ring: Final = ring
        self._is_embedded = is_embedded
        self._index_key: bytes | None = None
        self._unwrapped: Final = lru_cache(maxsize=REMEMBERED)(ring.unwrap)

    def index_key(self, tx: Connection) -> bytes | None:
        """
        Give the key of the digests; None where nobody has been registered yet.

        Raises:
            Misconfigured: the ring is lost, or is not that of this database.
        """
        if self._index_key is None and (row := self._stored(tx)) is not None:
            self._index_key = self.ring.unwrap(*row)
        return self._index_key

    def made_index_key(self, tx: Connection) -> bytes:
        """Give the key of the digests, made in this transaction where there is none; raises as `index_key`."""
        self.ring.refresh()
        if (found := self.index_key(tx)) is not None:
            return found
        if self._is_embedded and not self.ring.exists:
            with suppress(Conflict):  # another thread or process makes it at the same time
                self.ring.make(None)
        id_, wrapped = self.ring.wrap(os.urandom(KEY_BYTES))
        fresh = bulk.insert(tx.dialect, tables.wrapped_key).values(name=INDEX_KEY, ring_key=id_, wrapped=wrapped)
        tx.execute(fresh.on_conflict_do_nothing())
        row = self._stored(tx)
        assert row is not None
        return self.ring.unwrap(*row)  # not kept: the transaction may yet be taken back

    def _stored(self, tx: Connection) -> tuple[str, str] | None:
        row = tx.execute(select(_k.ring_key, _k.wrapped).where(_k.name == INDEX_KEY)).one_or_none()
        return None if row is None else (row[0], row[1])

    def row(self, index_key: bytes, candidate: Candidate) -> dict[str, Any]:
        """Give the row of a new person, under a data key of its own."""
        key = os.urandom(KEY_BYTES)
        id_, wrapped = self.ring.wrap(key)
        kept = {"key": candidate.key, "standing": "active", "ring_key": id_, "data_key": wrapped}
        return kept | self._sealed(index_key, key, candidate)

    def changed(self, index_key: bytes, row: Any, candidate: Candidate) -> dict[str, Any]:
        """Give what changes in the row of a person with other values; the data key stays."""
        return self._sealed(index_key, self._unwrapped(row.ring_key, row.data_key), candidate)

    def _sealed(self, index_key: bytes, key: bytes, candidate: Candidate) -> dict[str, Any]:
        return {
            "document_index": document_index(index_key, candidate.document_type, candidate.document_number),
            "name_index": name_index(index_key, candidate.name),
            "sealed": seal(key, candidate.key, {field: getattr(candidate, field) for field in VALUES}),
        }

    def open(self, row: Any) -> Candidate:
        """
        Open the row of a person who is not erased.

        Raises:
            Misconfigured: the ring is lost, or is not that of this database.
            Corrupt: the row is not what was written.
        """
        if row.data_key is None or row.ring_key is None or row.sealed is None:
            raise Corrupt(
                f"candidate {row.key}: the values are gone, though nobody erased them; restore the last backup"
            )
        values = unseal(self._unwrapped(row.ring_key, row.data_key), row.key, bytes(row.sealed))
        return Candidate(row.key, **values, is_restricted=row.standing == "restricted")

    def forget(self) -> None:
        """Forget every data key that this process remembers."""
        self._unwrapped.cache_clear()
