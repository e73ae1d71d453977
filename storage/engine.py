"""
Connections to SQLite and PostgreSQL, and what their errors mean.

Owns URLs, pragmas, session settings and the translation of driver errors into the project's own. No error text ever
repeats a stored value: it might be a name or an identity number (design.md, section 5).
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, func, make_url, select
from sqlalchemy import exc as sa

from workflow.errors import Conflict, Corrupt, Misconfigured, Unavailable

BUSY_MILLISECONDS: Final = 10_000
IDLE_SECONDS_TO_PING: Final = 1.0
IDLE_MILLISECONDS: Final = 30_000  # a node that hangs while it holds rows must not block the night (engines.md, 2.3)
LOCK_MILLISECONDS: Final = IDLE_MILLISECONDS + 10_000  # by then whoever only hangs has lost what it holds
LOCK_NOT_AVAILABLE: Final = "55P03"  # PostgreSQL's word for a lock that was waited for too long
EXAMPLES: Final = "sqlite:///examboard.db, a file name ending .db or .sqlite, or postgresql://user@host/database"
# SQLAlchemy tells its log what breaks while a connection is given back, Ctrl-C above all. Where nobody keeps that log,
# Python would print it with its traceback, between our own lines; the error itself is told by whoever asked.
logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())


def normal_url(url: str) -> URL:
    """
    Read the name of a database.

    Args:
        url: `sqlite:///file`, `postgresql://...`, `postgresql+psycopg://...`, or a bare path ending .db or .sqlite.

    Raises:
        Misconfigured: it names no database that Examboard knows; says what to write instead.
    """
    text = url.strip()
    if "://" not in text:
        if Path(text).suffix in (".db", ".sqlite", ".sqlite3"):
            return URL.create("sqlite", database=str(Path(text).expanduser()))
        raise Misconfigured(f"no database is named by {text!r}; give {EXAMPLES}")
    try:
        found = make_url(text)
    except (sa.ArgumentError, ValueError):
        raise Misconfigured(f"the database URL cannot be read; give {EXAMPLES}") from None  # it may hold a password
    if found.drivername in ("sqlite", "sqlite+pysqlite"):
        if found.query:
            raise Misconfigured(f"an SQLite file takes no {', '.join(found.query)!r} in its URL; give {EXAMPLES}")
        if found.database in (None, "", ":memory:"):
            raise Misconfigured(f"a database in memory is gone with each connection; give {EXAMPLES}")
        return URL.create("sqlite", database=found.database)
    if found.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return found.set(drivername="postgresql+psycopg")
    raise Misconfigured(f"Examboard does not run on {found.drivername!r}; give {EXAMPLES}")


def sqlite_file(url: URL) -> Path | None:
    """Give the file of an SQLite URL; None for a server."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def open_engine(url: str | URL, read_only: bool = False) -> Engine:
    """
    Open an engine; nothing is connected before its first use, and no SQLite file is made.

    Behind a pooler in transaction mode (pgbouncer) the URL must say `?pooled=true`: then nothing is prepared in or set
    for a session, since the next statement may meet another one. Set the limit on idle transactions on the server.

    Args:
        read_only: Refuse every write, in the database itself.

    Raises:
        Misconfigured: the URL cannot be read or the driver is missing.
    """
    found = normal_url(url) if isinstance(url, str) else url
    file = sqlite_file(found)
    return _sqlite(found, file, read_only) if file is not None else _postgresql(found, read_only)


def _sqlite(url: URL, file: Path, read_only: bool) -> Engine:
    # A URI, since a plain path would make an empty database of a misspelt name.
    uri = f"{file.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri,
            uri=True,
            isolation_level=None,  # the driver issues no BEGIN of its own
            check_same_thread=False,  # the pool hands a connection to one thread at a time
            timeout=BUSY_MILLISECONDS / 1000,
        )
        try:
            connection.execute("PRAGMA foreign_keys=ON")
            if read_only:
                connection.execute("PRAGMA query_only=ON")
            else:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")  # NORMAL may lose the last commits with the power
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine(url, creator=connect, poolclass=QueuePool, hide_parameters=True)

    # A read that turns into a write fails at once without waiting, so that a writer says so from the start.
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads = read_only or connection.get_execution_options().get("reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: URL, read_only: bool) -> Engine:
    query = dict(url.query)
    is_pooled = query.pop("pooled", "false") == "true"
    arguments: dict[str, Any] = {"prepare_threshold": None} if is_pooled else {}
    if not is_pooled:
        limits = f"-c idle_in_transaction_session_timeout={IDLE_MILLISECONDS} -c lock_timeout={LOCK_MILLISECONDS}"
        own = f"-c timezone=UTC {limits}"
        arguments["options"] = f"{own} {query.get('options', '')}"  # the last one holds: what the URL says wins
    try:
        engine = create_engine(
            url.set(query=query),
            connect_args=arguments,
            execution_options={"postgresql_readonly": True} if read_only else {},
            hide_parameters=True,
            paramstyle="format",  # bulk rows go to the driver as tuples
        )
    except ModuleNotFoundError as error:
        raise Misconfigured(
            f"the driver for PostgreSQL is missing ({error.name}); install it with: pip install 'examboard[postgres]'"
        ) from None
    _ping_after_idling(engine)
    return engine


def _ping_after_idling(engine: Engine) -> None:
    """Ask the server whether a connection still stands, but not where it was in use a second ago."""

    @event.listens_for(engine, "checkin")
    def note(_driver: Any, record: Any) -> None:
        record.info["used"] = monotonic()

    @event.listens_for(engine, "checkout")
    def ping(driver: Any, record: Any, _proxy: Any) -> None:
        if monotonic() - record.info.get("used", monotonic()) > IDLE_SECONDS_TO_PING:
            try:
                engine.dialect.do_ping(driver)
            except engine.dialect.loaded_dbapi.Error as error:
                raise sa.DisconnectionError from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes; it is committed at the end, or rolled back whole by any error."""
    with speaking(), engine.begin() as connection:
        yield connection


def taking_turns(connection: Connection, chain: str) -> None:
    """
    Let who goes on with a chain of rows at the same time wait for the end of this transaction; SQLite has one writer.

    No lock of a table: that would ask for the right to change its rows, which nobody is granted.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"examboard {chain}"))))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that reads: it neither waits for a writer nor makes one wait."""
    with speaking(), engine.connect() as connection:
        connection = connection.execution_options(reads=True)
        with connection.begin():
            yield connection


@contextmanager
def speaking() -> Iterator[None]:
    """
    Translate what the driver says into the project's errors.

    Raises:
        Unavailable: the database cannot be reached, is locked or has no room.
        Conflict: the number of an event is taken.
        Corrupt: the database holds, or was told to hold, what cannot be.
        Misconfigured: wrong rights, wrong database, wrong version.
    """
    try:
        yield
    except sa.IntegrityError as error:
        # Not chained: the driver's detail repeats the values of the row.
        raise _refused_row(error) from None
    except sa.TimeoutError as error:
        raise Unavailable("every connection to the database is in use; try again") from error
    except sa.DBAPIError as error:
        if (meant := _meaning(error)) is None:
            raise
        raise meant from error
    except sqlite3.Error as error:
        raise _sqlite_meaning(error) or Unavailable(f"the database answers: {error}") from error


def _refused_row(error: sa.IntegrityError) -> Conflict | Corrupt:
    diagnosis = getattr(error.orig, "diag", None)
    text = str(error.orig) if diagnosis is None else str(diagnosis.message_primary)
    if "append-only" in text:
        return Corrupt(f"refused by the database: {text}")
    taken = "event.bucket, event.application, event.sequence"
    name = getattr(diagnosis, "constraint_name", None) or text  # on a Citus worker the shard's number follows the name
    if taken in text or re.search(r"\bpk_event(_\d+)?\b", name):
        return Conflict("someone else has written to this application; look again and repeat if it still holds")
    return Corrupt(f"the database refuses a row that breaks its rules: {text}; nothing was kept")


_TOO_OLD: Final = "run: examboard db init (new database) or examboard db upgrade"


def _sqlite_meaning(error: sqlite3.Error) -> Unavailable | Corrupt | Misconfigured | None:
    text = str(error)
    if "not a database" in text:
        return Misconfigured("the file is not an SQLite database, or is encrypted; name another file")
    if "decode to UTF-8" in text:
        return Corrupt(
            "the database holds a text that is none, which was put there by something else; see: audit verify"
        )
    if "malformed" in text:
        return Corrupt("the database file is damaged (SQLite: malformed); restore it from the last backup")
    if "locked" in text or "busy" in text:
        return Unavailable("the database is locked by another writer for over 10 seconds; try again")
    if "full" in text:
        return Unavailable("the disk is full; nothing was kept. Make room and try again")
    if "readonly" in text or "read-only" in text:
        return Misconfigured("the database may only be read here: it was opened so, or its file allows no more")
    if "unable to open" in text:
        return Unavailable("the database file cannot be opened; check that it exists and may be read and written")
    if re.search("no such (table|column)", text):
        return Misconfigured(f"the database has other tables than expected ({text}); {_TOO_OLD}")
    if isinstance(error, sqlite3.OperationalError):
        return Unavailable(f"the database cannot do its work now: {text}")
    return None


_SQLSTATES: Final[dict[str, tuple[type[Unavailable | Corrupt | Misconfigured], str]]] = {
    "42P01": (Misconfigured, f"the database has other tables than expected; {_TOO_OLD}"),
    "42703": (Misconfigured, f"the database has other columns than expected; {_TOO_OLD}"),
    "42501": (Misconfigured, "the database user lacks a right that is needed"),
    "25006": (Misconfigured, "the database may only be read here: it was opened so, or it is a standby"),
    "28000": (Misconfigured, "the database server refuses this user; check user and password"),
    "28P01": (Misconfigured, "the database server refuses this user; check user and password"),
    "3D000": (Misconfigured, "the server has no such database; create it (createdb), then run: examboard db init"),
    "53100": (Unavailable, "the disk of the database server is full; nothing was kept"),
    "53300": (Unavailable, "the database server has no connection left; try again"),
    "40001": (Unavailable, "two writers got in each other's way and the database chose the other; try again"),
    "40P01": (Unavailable, "two writers waited for each other and the database chose the other; try again"),
    LOCK_NOT_AVAILABLE: (Unavailable, "someone else holds what is to be written, for over 40 seconds; try again"),
    "57014": (Unavailable, "the database server cancelled the statement; try again"),
    "XX001": (Corrupt, "the database server reports damaged data; restore it from the last backup"),
    "XX002": (Corrupt, "the database server reports a damaged index; reindex it or restore the last backup"),
}
# A refusal while connecting bears no state, only text.
_AT_THE_DOOR: Final = {
    "password": "28P01",
    'role "': "28000",
    "pg_hba": "28000",
    'database "': "3D000",
    "too many": "53300",
    "remaining connection": "53300",
}


def _meaning(error: sa.DBAPIError) -> Unavailable | Corrupt | Misconfigured | None:
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return _sqlite_meaning(original)
    text = str(original).strip().splitlines()[0] if str(original).strip() else type(original).__name__
    state = getattr(original, "sqlstate", None)
    if state is None and isinstance(error, sa.OperationalError):
        state = next((s for word, s in _AT_THE_DOOR.items() if word in str(original)), None)
    if state in _SQLSTATES:
        meant, sentence = _SQLSTATES[state]
        return meant(f"{sentence} (PostgreSQL: {text})")
    if isinstance(error, sa.OperationalError | sa.InterfaceError) or error.connection_invalidated:
        return Unavailable(f"the database server cannot be reached or gave up (PostgreSQL: {text})")
    if isinstance(error, sa.DataError):
        return Corrupt("the database refuses a value that is too long, out of range or not portable; nothing was kept")
    return None
