"""
One database with all its stores: opening, making, bringing up to date, and rebuilding the projections.

Owns the check that the tables are those of this software, before any store touches them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from sqlalchemy import URL, Connection, Engine, delete, exists, inspect, select, text

from storage import tables
from storage.access_log import SqlAccess
from storage.bulk import Bulk, insert
from storage.candidates import SqlCandidates
from storage.codec import admission_rows, from_row, projection_row
from storage.due import SqlDue
from storage.engine import normal_url, open_engine, reading, speaking, sqlite_file, writing
from storage.events import PAGE, SqlEvents, event_columns
from storage.keyring import Ring, beside
from storage.migrations import REVISIONS
from storage.outbox import SqlOutbox
from storage.personal import Personal
from storage.registers import SqlSchemes
from storage.runs import SqlRuns
from storage.seals import SqlSeals
from storage.seating import SqlSeats
from storage.sittings import SqlSittings
from storage.staff import SqlStaff
from storage.verifications import SqlVerifications
from workflow.errors import Conflict, Corrupt, Misconfigured
from workflow.events import Event
from workflow.ports import Projection

CHUNK: Final = 500
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


class Database:
    """
    All stores on one SQLite file or PostgreSQL server. Close it, or use it in a `with`.

    Made by `open_database`.
    """

    def __init__(self, engine: Engine, ring: Path | None = None) -> None:
        self.engine: Final = engine
        self.ring: Final = Ring(ring or ring_place(engine.url))
        self.events: Final = SqlEvents(engine)
        self.due: Final = SqlDue(engine, self.events)
        self.runs: Final = SqlRuns(engine, self.events)
        self.outbox: Final = SqlOutbox(engine)
        personal = Personal(self.ring, is_embedded=ring is None)
        self.candidates: Final = SqlCandidates(engine, personal)
        self.schemes: Final = SqlSchemes(engine)
        self.sittings: Final = SqlSittings(engine)
        self.verifications: Final = SqlVerifications(engine)
        self.seals: Final = SqlSeals(engine)
        self.staff: Final = SqlStaff(engine)
        self.access: Final = SqlAccess(engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self.events.close()
        self.engine.dispose()

    def rebuild(self, project: Callable[[tuple[Event, ...]], Projection]) -> int:
        """
        Write the rows of `application` and `admission` anew from the events, and who has which seat.

        All in one transaction and in flat memory.

        Writers wait meanwhile; readers see the old rows until the end.

        Args:
            project: Makes the projection of a whole history; what it raises leaves everything as it was.

        Returns:
            The number of applications.
        """
        c, a = tables.event.c, tables.application.c
        # From the events alone, in the order of their key: the rows written must not steer the reading.
        wanted = select(*event_columns).order_by(c.bucket, c.application, c.sequence)
        with writing(self.engine) as tx:
            if tx.dialect.name == "postgresql":
                tx.execute(text("LOCK TABLE application IN SHARE ROW EXCLUSIVE MODE"))
            tx.execute(delete(tables.admission))
            has_events = exists().where(c.bucket == a.bucket, c.application == a.application)
            tx.execute(delete(tables.application).where(~has_events))  # made from outside
            with tx.execute(wanted.execution_options(yield_per=PAGE)) as rows:
                histories = (tuple(map(from_row, history)) for _, history in groupby(rows, key=itemgetter(0)))
                return _write_projections(tx, histories, project)


def _write_projections(
    tx: Connection, histories: Iterable[tuple[Event, ...]], project: Callable[[tuple[Event, ...]], Projection]
) -> int:
    statement = insert(tx.dialect, tables.application)
    changed = {c.name: statement.excluded[c.name] for c in tables.application.c if not c.primary_key}
    applications = Bulk(
        tx.dialect, statement.on_conflict_do_update(index_elements=["bucket", "application"], set_=changed)
    )
    admissions = Bulk(tx.dialect, insert(tx.dialect, tables.admission).on_conflict_do_nothing())
    seats = SqlSeats()
    seats.clear(tx)
    count = 0
    projected: list[dict[str, Any]] = []
    admitted: list[Any] = []
    for history in histories:
        projected.append(projection_row(project(history)))
        admitted.extend(admission_rows(history))
        seats.restore(tx, history)
        count += 1
        if len(projected) == CHUNK:
            applications(tx, projected)
            admissions(tx, admitted)
            projected, admitted = [], []
    applications(tx, projected)
    admissions(tx, admitted)
    return count


def ring_place(url: URL) -> Path | None:
    """Give the place of the key ring where no other is named: beside an SQLite file, and none for a server."""
    file = sqlite_file(url)
    return beside(file) if file is not None else None


def open_database(url: str, read_only: bool = False, ring: Path | None = None) -> Database:
    """
    Open a database that has been made and brought up to date.

    Args:
        url: Where it is.
        read_only: Refuse every write, in the database itself.
        ring: File of the key ring of its personal values; absent: beside an SQLite file. It is not asked for before a
            personal value is.

    Raises:
        Misconfigured: it has not been made (`examboard db init`), is older than this software (`examboard db upgrade`)
            or newer (a newer Examboard must be used), or the URL cannot be read.
        Unavailable: it cannot be reached.
    """
    normal = normal_url(url)
    engine = open_engine(normal, read_only)
    try:
        _check_current(_status(normal, engine))
    except BaseException:
        engine.dispose()
        raise
    return Database(engine, ring)


def _check_current(found: Status) -> None:
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
        return _status(normal, engine)
    finally:
        engine.dispose()


def _status(url: URL, engine: Engine) -> Status:
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

    One that is there already and up to date is left as it is. A new SQLite file gets its key ring beside it, unless
    another place is named, where it is to be made by `examboard keys init --ring`.

    Args:
        url: Where it is to be.
        ring: File of its key ring; absent: beside an SQLite file.
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
        ring: File of its key ring; absent: beside an SQLite file, where one is made if there is none.
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
