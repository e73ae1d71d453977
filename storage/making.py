"""
Making a database, telling what it is, and bringing it up to date.

Owns the check that the tables are those of this software, before any store touches them.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import platformdirs
from sqlalchemy import URL, Connection, Engine, inspect, text

from storage.engine import normal_url, open_engine, reading, speaking, sqlite_file
from storage.keyring import Ring, beside
from storage.migrations import REVISIONS
from workflow.errors import Conflict, Corrupt, Misconfigured

_MIGRATING: Final = 0x6578616D  # "exam": the advisory lock under which one node at a time migrates


@dataclass(frozen=True, slots=True)
class Status:
    """
    What a database is.

    Attributes:
        url: Where it lies, without the password.
        condition: `missing` (no file, or no tables of ours), `older` (run upgrade), `current`, or `newer` than this
            software.
        revision: Its migration; empty if it has none.
        head: The newest migration that this software knows.
    """

    url: str
    condition: Literal["missing", "older", "current", "newer"]
    revision: str
    head: str = REVISIONS[-1]


def ring_place(url: URL) -> Path:
    """
    Give the place of the key ring where no other is named.

    Beside an SQLite file; for a database on a server in the user's folder of settings, under the names of both.
    """
    file = sqlite_file(url)
    if file is not None:
        return beside(file)
    where = url.host or url.query.get("host") or "local"
    name = "-".join(quote(str(part), safe="") for part in (where, url.port, url.database) if part)
    return platformdirs.user_config_path("examboard", appauthor=False) / "keys" / f"{name}.ring"


def check_current(found: Status) -> None:
    """
    Check that a database is there and of this version.

    Raises:
        Misconfigured: it is not; says what to do.
    """
    if found.condition == "missing":
        raise Misconfigured(f"there is no Examboard database at {found.url}; make it with: examboard db init")
    if found.condition == "older":
        raise Misconfigured(f"the database at {found.url} is of an older version; run: examboard db upgrade")
    if found.condition == "newer":
        raise Misconfigured(
            f"the database at {found.url} was written by a newer version of Examboard (it is at {found.revision!r}, "
            f"this software knows up to {found.head!r}); use that version"
        )


def status(url: str) -> Status:
    """
    Tell what a database is, without changing it.

    Raises:
        Misconfigured: the URL cannot be read, or the file is no database.
        Unavailable: the server cannot be reached.
    """
    normal = normal_url(url)
    engine = open_engine(normal, read_only=True)
    try:
        return status_of(normal, engine)
    finally:
        engine.dispose()


def status_of(url: URL, engine: Engine) -> Status:
    """Tell what the database of an engine is."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return Status(shown(url), "missing", "")
    with reading(engine) as tx:
        revision = _revision(tx)
    if not revision:
        return Status(shown(url), "missing", "")
    if revision not in REVISIONS:
        return Status(shown(url), "newer", revision)
    return Status(shown(url), "current" if revision == REVISIONS[-1] else "older", revision)


def init(url: str, ring: Path | None = None, at: datetime | None = None) -> Status:
    """
    Make a database: the file with its folder (readable by its owner only), or the tables on a server.

    One that is there already and up to date is left as it is. A new one gets its key ring (see `ring_place`), unless
    another place is named, where it is to be made by `examboard keys init --ring`.

    Args:
        url: Where it is to be.
        ring: File of its key ring; absent: where `ring_place` says.
        at: The present instant, for the key ring.

    Raises:
        Misconfigured: it is there and of another version, or holds the tables of something else.
        Unavailable: it cannot be made.
    """
    found = normal_url(url)
    file = sqlite_file(found)
    if file is not None:
        _make_file(file)
    before = status(url)
    if before.condition in ("older", "newer"):
        raise Misconfigured(f"there is a database of another version at {before.url} already; see: examboard db status")
    if before.condition == "missing":
        _migrate(found, must_be_empty=True, ring=Ring(None))
        place = Ring(ring_place(found))
        if ring is None and place.file is not None and not place.exists:
            with suppress(Conflict):  # another node makes it at the same time
                place.make(at)
    return status(url)


def upgrade(url: str, ring: Path | None = None, at: datetime | None = None) -> Status:
    """
    Bring a database up to date; one that is so already is left as it is.

    Personal values that an older version kept in plain text are sealed, and an SQLite file is then written anew, so
    that nothing of them stays in it.

    Args:
        url: Where it is.
        ring: File of its key ring; absent: where `ring_place` says, made if there is none.
        at: The present instant, for the key ring.

    Raises:
        Misconfigured: it has not been made yet, is newer than this software, or has persons and no key ring.
    """
    before = status(url)
    if before.condition == "missing":
        raise Misconfigured(f"there is no Examboard database at {before.url}; make it with: examboard db init")
    if before.condition == "newer":
        raise Misconfigured(f"the database at {before.url} is newer than this software; use the version that wrote it")
    if before.condition == "older":
        found = normal_url(url)
        place = Ring(ring or ring_place(found))
        if ring is None and place.file is not None and not place.exists:
            place.make(at)
        _migrate(found, must_be_empty=False, ring=place)
        _compact(found)
    return status(url)


def shown(url: URL) -> str:
    """Write a URL without its password."""
    return url.render_as_string(hide_password=True)


def _make_file(file: Path) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        if not file.is_file():
            raise Misconfigured(f"{file} is there already and is no file") from None
    except OSError as error:
        raise Misconfigured(f"the database file {file} cannot be made: {error.strerror}") from error


def _revision(tx: Connection) -> str:
    if not inspect(tx).has_table("alembic_version"):
        return ""
    revisions = list(tx.scalars(text("SELECT version_num FROM alembic_version")))
    if len(revisions) > 1:
        raise Corrupt("the database names more than one version of itself (table alembic_version)")
    return str(revisions[0]) if revisions else ""


def _compact(url: URL) -> None:
    """Write an SQLite file anew: rows that a migration replaced would else stay in its free pages."""
    if sqlite_file(url) is None:
        return
    engine = open_engine(url)
    try:
        with speaking(), engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("VACUUM")
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        engine.dispose()


def _migrate(url: URL, must_be_empty: bool, ring: Ring) -> None:
    """Run the migrations in one transaction, one node at a time."""
    from storage.migrations.run import upgrade_to_head  # Alembic costs a tenth of a second that other commands save

    engine = open_engine(url)
    try:
        with speaking(), engine.begin() as tx:
            if tx.dialect.name == "postgresql":
                tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
            strangers = set(inspect(tx).get_table_names()) - {"alembic_version"}
            if must_be_empty and not _revision(tx) and strangers:
                some = ", ".join(sorted(strangers)[:5])
                raise Misconfigured(f"{shown(url)} holds the tables of something else ({some}); name another database")
            upgrade_to_head(tx, ring)
    finally:
        engine.dispose()
