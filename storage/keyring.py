"""
The key ring of personal values: a file outside the database, whose keys wrap the data key of every person.

Newest key first; what is new is wrapped by it, and the older ones open what was wrapped before (MultiFernet). Without
the ring no personal value of the database can be read, by anybody. A key never leaves this module but as what it wraps.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

from workflow.errors import Conflict, Corrupt, Misconfigured
from workflow.events import instant_text

if TYPE_CHECKING:  # loaded where a personal value is read or written, and by no other command
    from cryptography.fernet import Fernet, MultiFernet

FORMAT: Final = "examboard-ring/1"
LEAST_AGE: Final = timedelta(days=1)
_COPY: Final = "put back the copy that was kept of it; see docs/operations.md, Keys"


@dataclass(frozen=True)
class RingKey:
    """
    A key of a ring; its text never shows the key.

    Attributes:
        id: Its name, derived from it: 16 hexadecimal digits.
        made_at: When it was made, as text; empty where nobody said so.
    """

    id: str
    made_at: str
    _key: bytes = field(repr=False)

    @property
    def fernet(self) -> Fernet:
        """What wraps and unwraps by it."""
        from cryptography.fernet import Fernet

        return Fernet(self._key)

    def as_json(self) -> dict[str, str]:
        """Give what the file holds of it."""
        return {"id": self.id, "made_at": self.made_at, "key": self._key.decode()}


class Ring:
    """
    A key ring, read when it is first needed, and again when its file has changed. Safe for threads.

    Attributes:
        file: Where it lies; None where nobody has said so.
    """

    def __init__(self, file: Path | None) -> None:
        self.file: Final = file
        self._lock = RLock()
        self._seen: tuple[int, ...] = ()
        self._keys: tuple[RingKey, ...] = ()
        self._multi: MultiFernet | None = None

    @property
    def keys(self) -> tuple[RingKey, ...]:
        """
        Its keys, newest first.

        Raises:
            Misconfigured: there is no such file, or others than its owner may read it, or no place was given for it.
            Corrupt: the file is no key ring.
        """
        return self._loaded()[0]

    @property
    def exists(self) -> bool:
        """Tell whether its file is there."""
        return self.file is not None and self.file.exists()

    def refresh(self) -> None:
        """Read the file again if it has changed; asked before anything new is wrapped."""
        with self._lock:
            if self._keys and self._look() != self._seen:
                self._keys = ()

    def wrap(self, key: bytes) -> tuple[str, str]:
        """Wrap a key by the newest one; gives the name of that one and the wrapped text."""
        keys, multi = self._loaded()
        return keys[0].id, multi.encrypt(key).decode()

    def unwrap(self, id_: str, token: str) -> bytes:
        """
        Unwrap a key.

        Args:
            id_: Name of the key by which it was wrapped.
            token: The wrapped text.

        Raises:
            Misconfigured: the ring does not have that key: it is an old copy, or the ring of another database.
            Corrupt: it has, but the wrapped text is not what was written.
        """
        return self._with(id_, token, lambda multi, raw: multi.decrypt(raw))

    def rewrap(self, id_: str, token: str) -> tuple[str, str]:
        """Wrap a wrapped key by the newest one; raises as `unwrap`."""
        return self.keys[0].id, self._with(id_, token, lambda multi, raw: multi.rotate(raw)).decode()

    def _with(self, id_: str, token: str, work: Any) -> bytes:
        from cryptography.fernet import InvalidToken

        keys, multi = self._loaded()
        if not any(key.id == id_ for key in keys):
            self.refresh()
            keys, multi = self._loaded()
        if not any(key.id == id_ for key in keys):
            raise Misconfigured(
                f"the key ring {self.file} is not the one of this database, or an old copy: it lacks the key {id_}; "
                f"nothing was read. {_COPY[0].upper()}{_COPY[1:]}"
            )
        try:
            done: bytes = work(multi, token.encode())
        except (InvalidToken, UnicodeEncodeError):
            raise Corrupt(
                f"a wrapped key in the database is not what was written by the key {id_}: it was changed"
            ) from None
        return done

    def _loaded(self) -> tuple[tuple[RingKey, ...], MultiFernet]:
        from cryptography.fernet import MultiFernet

        with self._lock:
            if not self._keys or self._multi is None:
                self._seen = self._look()
                self._keys = _read(self._place())
                self._multi = MultiFernet([key.fernet for key in self._keys])
            return self._keys, self._multi

    def _place(self) -> Path:
        if self.file is None:
            raise Misconfigured(
                "personal values are kept under a key ring, and none is named: set key_ring (EXAMBOARD_KEY_RING) to "
                "its file; a new one is made with: examboard keys init --ring"
            )
        return self.file

    def _look(self) -> tuple[int, ...]:
        try:
            found = self._place().stat()
        except OSError:
            return ()
        return found.st_ino, found.st_mtime_ns, found.st_size

    # -- changing the file -----------------------------------------------------------------------------------------

    def make(self, at: datetime | None) -> None:
        """
        Make the file with its first key, for its owner alone.

        Args:
            at: The present instant; None where the caller has no clock.

        Raises:
            Conflict: there is one already.
            Misconfigured: it cannot be made there.
        """
        file = self._place()
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_new(file, _content([_made(at)]))
        except FileExistsError:
            raise Conflict(
                f"there is a key ring at {file} already; a new key is made with: examboard keys rotate --ring"
            ) from None
        except OSError as error:
            raise Misconfigured(f"the key ring {file} cannot be made: {error.strerror}") from None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """
        Keep other processes of this machine from changing the file, and look at it as it is now.

        Raises:
            Misconfigured, Corrupt: see `keys`.
        """
        self._loaded()
        folder = os.open(self._place().parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            self._keys = ()
            yield
        finally:
            os.close(folder)

    def add(self, at: datetime) -> RingKey:
        """Put a new key before the others; inside `changing`."""
        key = _made(at)
        self._replace([key, *self.keys])
        return key

    def retire(self, at: datetime, dry_run: bool = False) -> tuple[RingKey, ...]:
        """
        Take out every key but the newest, for ever; inside `changing`, and only where nothing is wrapped by them.

        Args:
            at: The instant.
            dry_run: Judge only.

        Returns:
            The keys that were taken out, or would be.

        Raises:
            Conflict: the newest key was made less than a day ago: another process may still wrap by the one before.
        """
        newest, *older = self.keys
        if older and datetime.fromisoformat(newest.made_at) + LEAST_AGE > at:
            raise Conflict(
                f"the key {newest.id} was made at {newest.made_at}; other processes may work with the one before for a "
                "day: retire it tomorrow"
            )
        if older and not dry_run:
            self._replace([newest])
        return tuple(older)

    def _replace(self, keys: list[RingKey]) -> None:
        file = self._place()
        beside = file.with_name(f".{file.name}.new")
        try:
            beside.unlink(missing_ok=True)
            _write_new(beside, _content(keys))
            beside.replace(file)
        except OSError as error:
            raise Misconfigured(f"the key ring {file} cannot be written: {error.strerror}") from None
        self._keys = ()


def beside(database: Path) -> Path:
    """Give the place of the key ring of an embedded database: beside its file."""
    return database.with_name(f"{database.name}.ring")


def _made(at: datetime | None) -> RingKey:
    key = base64.urlsafe_b64encode(os.urandom(32))
    return RingKey(_id(key), instant_text(at) if at else "", key)


def _id(key: bytes) -> str:
    return hashlib.sha256(b"examboard ring key\n" + base64.urlsafe_b64decode(key)).hexdigest()[:16]


def _read(file: Path) -> tuple[RingKey, ...]:
    try:
        with file.open("rb") as opened:
            if os.name == "posix" and stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & 0o077:
                raise Misconfigured(f"others may read the key ring {file}; if none has, run: chmod 600 {file}")
            raw = opened.read(1_000_000)
    except FileNotFoundError:
        raise Misconfigured(
            f"there is no key ring at {file}, and without it no personal value can be read; {_COPY}"
        ) from None
    except OSError as error:
        raise Misconfigured(f"the key ring {file} cannot be read: {error.strerror}") from None
    try:
        found = json.loads(raw)
        keys = tuple(RingKey(str(one["id"]), str(one["made_at"]), one["key"].encode("ascii")) for one in found["keys"])
        if found["format"] != FORMAT or not keys or any(_id(key._key) != key.id for key in keys):
            raise ValueError
    # Not chained: it may show what the file holds.
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise Corrupt(f"{file} is no key ring, or was changed; {_COPY}") from None
    return keys


def _content(keys: list[RingKey]) -> str:
    return json.dumps({"format": FORMAT, "keys": [key.as_json() for key in keys]}, indent=1) + "\n"


def _write_new(file: Path, content: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
