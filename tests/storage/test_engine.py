"""What a database is called, how it is opened, and what is said when it cannot do its work."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.dialects import postgresql, sqlite

from storage import engine as engines
from storage.column_types import Instant
from storage.database import Database, init, open_database, status
from storage.engine import normal_url, open_engine
from tests import postgres, same_database
from tests.histories import filed, followed
from workflow.errors import Corrupt, Misconfigured, Unavailable
from workflow.ports import bucket_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a new SQLite database."""
    path = tmp_path / "examboard.db"
    init(str(path))
    return path


@pytest.fixture
def opened(file: Path) -> Iterator[Database]:
    """Give it opened."""
    with open_database(str(file)) as database:
        yield database


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("sqlite:///a/b.db", "sqlite:///a/b.db"),
        ("sqlite:////a/b", "sqlite:////a/b"),
        ("  board.db ", "sqlite:///board.db"),
        ("/var/lib/board.sqlite", "sqlite:////var/lib/board.sqlite"),
        ("postgresql://u@h:5/d", "postgresql+psycopg://u@h:5/d"),
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://h/d?host=a:1&host=b:2", "postgresql+psycopg://h/d?host=a%3A1&host=b%3A2"),
    ],
)
def test_a_database_is_named_in_several_ways(given: str, normal: str) -> None:
    """A URL of either kind or a plain file name leads to one form."""
    assert normal_url(given).render_as_string(hide_password=False) == normal


@pytest.mark.parametrize(
    "given",
    [
        "",
        "board",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///x.db?mode=ro",
        "mysql://u:sesame@h/d",
        "postgresql+psycopg2://u:sesame@h/d",
        "postgresql://u:sesame@h:port/d",
        "://sesame",
    ],
)
def test_what_names_no_database_is_told_without_its_password(given: str) -> None:
    """What cannot be used is refused with examples, and a password is not repeated."""
    with pytest.raises(Misconfigured, match=r"sqlite:///examboard\.db") as error:
        open_engine(given)
    assert "sesame" not in str(error.value)


def test_a_missing_driver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without psycopg the message says what to install."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Misconfigured, match=r"pip install 'examboard\[postgres\]'"):
        open_engine("postgresql://u@h/d")


def test_sqlite_is_opened_durably(opened: Database) -> None:
    """Write-ahead log, a sync at every commit, foreign keys, ten seconds of patience."""
    with opened.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    """It is told in a sentence, whether opened or made anew, and keeps its content."""
    file = tmp_path / "letter.db"
    file.write_text("Dear board, " * 100)
    for act in (open_database, init, status):
        with pytest.raises(Misconfigured, match="not an SQLite database"):
            act(str(file))
    assert file.read_text() == "Dear board, " * 100


def test_a_damaged_file_is_corrupt(file: Path) -> None:
    """A database with overwritten pages says so instead of giving what is left."""
    with open_database(str(file)) as database:
        database.events.append([filed(f"E-{n:04}") for n in range(200)])
    size = file.stat().st_size
    with file.open("r+b") as raw:
        raw.seek(size // 2)
        raw.write(b"\xff" * (size // 2 - 100))
    with pytest.raises(Corrupt, match="damaged"), open_database(str(file)) as database:
        list(database.events.histories())


def test_read_only_reads_and_nothing_else(database_url: str) -> None:
    """A database opened for reading answers, and refuses every write in the database itself."""
    init(database_url)
    with open_database(database_url) as writer:
        first = filed("E-1")
        writer.events.append([first])
        with open_database(database_url, read_only=True) as reader:
            assert reader.events.history("E-1") == first.events
            assert list(reader.events.histories()) == [first.events]
            with pytest.raises(Misconfigured, match="may only be read"):
                reader.events.append([filed("E-2")])
            with pytest.raises(Misconfigured, match="may only be read"):
                reader.events.append([followed(first)])
            writer.events.append([filed("E-3")])
            assert len(list(reader.events.histories())) == 2


def test_a_lock_held_too_long_is_unavailable(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that never ends makes others say so after their patience, while readers go on."""
    monkeypatch.setattr(engines, "BUSY_MILLISECONDS", 50)
    with open_database(str(file)) as database, closing(sqlite3.connect(file, isolation_level=None)) as other:
        database.events.append([filed("E-1")])
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"):
            database.events.append([filed("E-2")])
        assert len(list(database.events.histories())) == 1
        other.execute("ROLLBACK")
        assert database.events.append([filed("E-2")]) == ()


def test_a_full_disk_is_unavailable_and_keeps_nothing(opened: Database) -> None:
    """A batch that does not fit is rolled back whole, and the database goes on answering."""
    with opened.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(Unavailable, match="disk is full"):
        opened.events.append([filed(f"E-{n}") for n in range(500)])
    assert list(opened.events.histories()) == []
    assert opened.events.append([filed("E-1")]) == ()


def test_what_breaks_off_while_a_connection_is_given_back_prints_no_traceback(file: Path) -> None:
    """An interruption at that moment reaches who asked, and nothing else is said beside it."""
    code = f"""
import os
from storage.engine import open_engine
engine = open_engine({str(file)!r})
connection = engine.connect()
def interrupted(_connection): raise KeyboardInterrupt
engine.dialect.do_rollback = interrupted
try: connection.close()
except KeyboardInterrupt: print("interrupted", flush=True)
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("interrupted\n", "")


def test_a_file_that_has_gone_is_unavailable(file: Path) -> None:
    """A database whose file was moved away says so, and does not begin a new one in its place."""
    with open_database(str(file)) as database:
        database.engine.dispose()
        file.rename(file.with_name("elsewhere.db"))
        with pytest.raises(Unavailable, match="cannot be opened"):
            database.events.history("E-1")
    assert not file.exists()


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    """Nobody listens: the service says that it cannot reach the database, and not with a password."""
    with pytest.raises(Unavailable, match="cannot be reached") as error:
        open_database("postgresql://u:sesame@127.0.0.1:1/d")
    assert "sesame" not in str(error.value)


def test_a_server_without_the_database_or_the_user_is_misconfigured(postgres_url: str) -> None:
    """The message says which of the two, and what to do about it."""
    url = make_url(postgres_url)
    for wrong, told in ((url.set(database="nowhere"), "createdb"), (url.set(username="nobody_here"), "user")):
        with pytest.raises(Misconfigured, match=told):
            open_database(wrong.render_as_string(hide_password=False))


def test_a_server_that_drops_the_connection_is_unavailable_once(postgres_url: str) -> None:
    """In the middle of a transaction that is an error, afterwards the pool finds a new connection by itself."""
    init(postgres_url)
    end = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()")
    with open_database(postgres_url) as database, open_database(postgres_url) as other:
        stream = database.events.projections()
        database.events.append([filed(f"E-{n:04}") for n in range(3000)])
        next(stream)
        with pytest.raises(Unavailable), other.engine.begin() as tx, engines.speaking():
            tx.execute(end)  # ends itself as well
        with pytest.raises(Unavailable):
            list(stream)
        assert len(list(database.events.projections())) == 3000


def test_postgresql_sessions_are_set_up(postgres_url: str) -> None:
    """A hung node loses its locks, and nobody waits for ever; behind a pooler nothing is set or prepared."""
    settings = ("idle_in_transaction_session_timeout", "lock_timeout", "timezone")
    shown: dict[str, tuple[Any, ...]] = {}
    for is_pooled in ("false", "true"):
        engine = open_engine(postgres.asking(postgres_url, pooled=is_pooled))
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            shown[is_pooled] = (
                *(connection.scalar(text(f"SHOW {name}")) for name in settings),
                driver.prepare_threshold,
            )
        engine.dispose()
    plain = create_engine(postgres_url)
    with plain.connect() as connection:  # a server, or the database of a cluster, may have limits of its own
        own = [connection.scalar(text(f"SHOW {name}")) for name in settings]
    plain.dispose()
    assert shown == {"false": ("30s", "40s", "UTC", 5), "true": (*own, None)}


def test_a_held_row_is_waited_for_and_then_refused(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who meets a row that another holds for too long is told so, and nothing is kept."""
    init(postgres_url)
    monkeypatch.setattr(engines, "LOCK_MILLISECONDS", 100)
    first = filed("E-1")
    with open_database(postgres_url) as database, open_database(postgres_url) as other:
        database.events.append([first])
        with other.engine.begin() as holder:
            if not same_database.cuts_waits_off(holder):
                pytest.skip("the nodes of this cluster have no lock_timeout (docs/operations.md, Citus)")
            same_database.hold_on(holder)
            bucket = bucket_of("E-1")  # on Citus rows of one bucket only can be held so
            holder.execute(text("SELECT 1 FROM application WHERE bucket = :bucket FOR UPDATE"), {"bucket": bucket})
            with pytest.raises(Unavailable, match="someone else holds what is to be written"):
                database.events.append([followed(first)])
        assert database.events.append([followed(first)]) == ()


def test_a_slow_reader_is_not_cut_off(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit on idle transactions is lifted for a stream, which keeps no row that a writer waits for."""
    init(postgres_url)
    monkeypatch.setattr(engines, "IDLE_MILLISECONDS", 100)
    with open_database(postgres_url) as database:
        database.events.append([filed(f"E-{n:04}") for n in range(2500)])
        stream = database.events.histories()
        next(stream)
        with open_database(postgres_url) as other, other.engine.connect() as connection:
            connection.execute(text("SELECT pg_sleep(0.3)"))
        assert len(list(stream)) == 2499


ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8, minutes=1)), timezone(-timedelta(hours=12))])
ANY_INSTANT = st.datetimes(timezones=ZONES).filter(lambda instant: 1 < instant.year < 9999)


@given(ANY_INSTANT, ANY_INSTANT)
def test_instants_keep_their_value_and_order(first: datetime, second: datetime) -> None:
    """An instant comes back in UTC to the microsecond, and SQLite's text sorts as time does."""
    kind = Instant()
    for dialect in (sqlite.dialect(), postgresql.dialect()):
        kept = kind.process_bind_param(first, dialect)
        back = kind.process_result_value(kept, dialect)
        assert back == first
        assert back is not None
        assert back.tzinfo is UTC
        assert (kept < kind.process_bind_param(second, dialect)) == (first < second)


def test_an_instant_without_a_zone_is_refused() -> None:
    """Nobody knows when it was."""
    with pytest.raises(ValueError, match="without a zone"):
        Instant().process_bind_param(datetime(2026, 1, 1), sqlite.dialect())  # noqa: DTZ001


def test_a_batch_that_is_never_finished_is_ended(postgres_url: str) -> None:
    """
    A session of which the server awaits the rest of a batch is ended by others, though no number says that it writes.

    So it stands with a frozen node on the coordinator of Citus. Who only reads, and lingers, is spared.
    """
    init(postgres_url)
    own = postgres.asking(postgres_url, "-c idle_in_transaction_session_timeout=100", pooled="true")
    engine = open_engine(postgres_url)
    with open_database(own) as database, engine.connect() as reader, engine.connect() as frozen:
        reader.execute(text("SELECT 1"))
        driver: Any = frozen.connection.driver_connection
        driver.pgconn.enter_pipeline_mode()
        for words in (b"BEGIN", b"SELECT 1"):
            driver.pgconn.send_query_params(words, [])
        driver.pgconn.send_flush_request()
        driver.pgconn.flush()
        until = monotonic() + 30
        while not (ended := database.due.end_hung()) and monotonic() < until:
            sleep(0.05)
        frozen.invalidate()
        assert ended == 1
        assert reader.scalar(text("SELECT 1")) == 1
    engine.dispose()
