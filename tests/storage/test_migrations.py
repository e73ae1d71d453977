"""A database is the sum of its migrations, up and down, and says what it is."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from storage import making, tables
from storage.database import init, open_database, status, upgrade
from storage.engine import normal_url, open_engine
from storage.migrations import REVISIONS
from storage.migrations.run import alembic_config, downgrade_to, upgrade_to_head
from tests.claims import part
from tests.contract.test_seat_audit import audited
from tests.guards import put_up_again, take_down
from tests.histories import filed, followed, projected
from tests.nights import MISSED, by_the_clock, caseload, filled, receipts
from tests.older import set_back
from workflow.errors import Misconfigured
from workflow.nights.last_steps import last_step
from workflow.nights.ledger import BEFORE_THE_LEDGER, Chunk, RunKey, Window
from workflow.nights.receipts import Change
from workflow.ports import Append, bucket_of


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    """Open an engine on a database that need not have been made."""
    normal = normal_url(url)
    if normal.get_backend_name() == "sqlite":
        Path(normal.database or "").touch()
    engine = open_engine(normal)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture
def other_url(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Give a second empty database of the same kind."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'other.db'}"
    make: Callable[[], str] = request.getfixturevalue("postgres_database")
    return make()


def shape(connection: Connection) -> dict[str, Any]:
    """Describe every table: columns with type, order of text and null, keys, constraints and indexes by name."""
    found = inspect(connection)
    return {
        table: {
            "columns": [(c["name"], repr(c["type"]), c["nullable"], c["default"]) for c in found.get_columns(table)],
            "key": found.get_pk_constraint(table),
            "unique": sorted(map(str, found.get_unique_constraints(table))),
            "foreign": found.get_foreign_keys(table),
            "indexes": sorted(f"{i['name']} {i['column_names']} {_where(i)}" for i in found.get_indexes(table)),
        }
        for table in sorted(found.get_table_names())
        if table != "alembic_version"
    }


def _where(index: Any) -> str:
    options = index.get("dialect_options", {})
    return "".join(str(options.get(f"{name}_where", "")) for name in ("sqlite", "postgresql")).strip("()")


def triggers(connection: Connection) -> list[str]:
    """Name the triggers of the project."""
    where = "sqlite_master WHERE type = 'trigger'"
    if connection.dialect.name == "postgresql":
        where = (
            "(SELECT tgname AS name FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid"
            " AND NOT tgisinternal AND relnamespace = current_schema()::regnamespace) AS found"
        )
    return sorted(connection.scalars(text(f"SELECT name FROM {where}")))


def test_tables_are_the_sum_of_the_migrations(database_url: str, other_url: str) -> None:
    """The migrations make exactly what storage.tables describes, by Alembic's comparison and by our own."""
    init(database_url)
    with engine_of(database_url) as migrated, engine_of(other_url) as described:
        with described.begin() as tx:
            tables.metadata.create_all(tx)
        with migrated.connect() as one, described.connect() as two:
            context = MigrationContext.configure(one, opts={"compare_type": True})
            assert compare_metadata(context, tables.metadata) == []
            assert shape(one) == shape(two)


def test_up_down_and_up_again(database_url: str) -> None:
    """Going down leaves nothing behind, and up again makes the same as the first time."""
    init(database_url)
    with engine_of(database_url) as engine:
        with engine.begin() as tx:
            before, guards = shape(tx), triggers(tx)
            downgrade_to(tx, "base")
        with engine.begin() as tx:
            assert shape(tx) == {}
            assert triggers(tx) == []
            if tx.dialect.name == "postgresql":
                own = "proname LIKE 'examboard%' AND pronamespace = current_schema()::regnamespace"
                assert tx.scalar(text(f"SELECT count(*) FROM pg_proc WHERE {own}")) == 0
            upgrade_to_head(tx)
        with engine.begin() as tx:
            assert (shape(tx), triggers(tx)) == (before, guards)


def test_rows_of_before_the_run_ledger_stay_and_say_that_they_know_less(database_url: str) -> None:
    """Down to 0004 and up again: every event stands, and a row leaves the clock's next step to its history."""
    init(database_url)
    due = date(2026, 5, 1)
    batch = [filed("中-1", next_due_on=due), filed("E-2")]
    with open_database(database_url) as old:
        old.events.append(batch)
        with old.engine.begin() as tx:
            downgrade_to(tx, "0004")
            assert "recorded_at" not in {c["name"] for c in inspect(tx).get_columns("application")}
    assert status(database_url).condition == "older"
    assert upgrade(database_url).condition == "current"
    unknown = {"recorded_at": None, "next_due_type": "", "next_due_data": ""}
    with open_database(database_url) as new:
        assert list(new.events.projections()) == [b.projection._replace(**unknown) for b in batch[::-1]]
        assert list(new.events.histories()) == [b.events for b in batch[::-1]]
        (row,) = new.due.rows(Window(bucket_of("中-1"), due))
        assert last_step(row, batch[0].events[0].recorded_at) is None  # the history is asked
        after = followed(batch[0])
        window = Window(bucket_of("中-1"), due)
        assert new.due.claim(window, lambda _: chunk_of(window.bucket, after)) == 1
        assert new.events.projection("中-1") == after.projection
        assert new.rebuild(projected) == 2
        assert new.events.projection("E-2") == batch[1].projection


def test_an_upgrade_enters_what_the_clock_did_before_there_was_a_ledger(database_url: str) -> None:
    """Nights of a version without a ledger are no findings of an audit: a run of their own stands for them."""
    init(database_url)
    batch, _expected = caseload(share=0.05, days=MISSED[:2])
    with open_database(database_url) as old:
        filled(old, batch)
        night_of = receipts(old, MISSED[1])
        some = next(a for a in batch if a.application.startswith("lapse") and str(MISSED[0]) in a.application)
        steps = sum(1 for history in old.events.histories() for _ in by_the_clock(history))
        with old.engine.begin() as tx:
            set_back(tx, "0004")
    assert steps > len(night_of)
    upgrade(database_url)
    with open_database(database_url) as new:
        assert [finding for finding in audited(new) if finding.kind == "run"] == []
        (run,) = new.runs.history()
        assert run.key == RunKey(BEFORE_THE_LEDGER, MISSED[1])
        lines = [Change.read(line) for part in new.runs.parts(run.key) for line in part.changes]
        assert len(lines) == steps
        assert (some.application, "Expired", MISSED[0]) in {(c.application, c.what, c.on) for c in lines}
        assert new.runs.last_finished("expire") is None  # which nights were run is not known
        with new.engine.begin() as tx:
            take_down(tx)
            tx.execute(text("DELETE FROM run_part WHERE bucket = :b"), {"b": bucket_of(some.application)})
            put_up_again(tx)
        assert some.application in {finding.application for finding in audited(new) if finding.kind == "run"}


def chunk_of(bucket: int, append: Append) -> Chunk:
    """Give what a job makes of an application whose history it asked."""
    return Chunk(part(bucket, append.application), appends=[append])


def test_every_append_only_table_is_guarded(database_url: str) -> None:
    """After the migrations, each table that must not change has its triggers."""
    init(database_url)
    with engine_of(database_url) as engine, engine.connect() as connection:
        ends = ("_append_only", "_no_truncate") if engine.dialect.name == "postgresql" else ("_no_update", "_no_delete")
        assert triggers(connection) == sorted(table + end for table in tables.APPEND_ONLY for end in ends)


def test_the_list_of_revisions_is_complete() -> None:
    """What storage.migrations lists, to spare the loading of Alembic, is what versions/ holds, in one line."""
    scripts = ScriptDirectory.from_config(alembic_config())
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == REVISIONS
    assert scripts.get_heads() == [REVISIONS[-1]]


def test_opening_a_database_does_not_load_alembic() -> None:
    """Commands that change no tables do not wait for what would."""
    code = "import sys, storage.database; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0


def test_init_may_be_repeated(database_url: str) -> None:
    """A database that is there and up to date is left as it is, with everything in it."""
    assert status(database_url).condition == "missing"
    assert init(database_url).condition == "current"
    with open_database(database_url) as opened:
        opened.events.append([filed("E-1")])
    assert init(database_url) == upgrade(database_url) == status(database_url)
    with open_database(database_url) as opened:
        assert len(opened.events.history("E-1")) == 1


def test_many_nodes_make_one_database(database_url: str) -> None:
    """Eight nodes that start at once on an empty place all come up on the same database."""

    def start(number: int) -> tuple[str, ...]:
        init(database_url)
        with open_database(database_url) as opened:
            return opened.events.append([filed(f"E-{number}")])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(start, range(8))) == [()] * 8
    with open_database(database_url) as opened:
        assert len(list(opened.events.histories())) == 8


def test_init_spares_what_is_not_ours(database_url: str) -> None:
    """A database with other tables is refused by name and not touched."""
    with engine_of(database_url) as engine:
        with engine.begin() as tx:
            tx.execute(text("CREATE TABLE payroll (x integer)"))
        with pytest.raises(Misconfigured, match="payroll"):
            init(database_url)
        with engine.connect() as connection:
            assert inspect(connection).get_table_names() == ["payroll"]


def test_an_older_database_asks_for_its_upgrade(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database behind this software is not opened, and the message names the command; init does not upgrade."""
    init(database_url)
    monkeypatch.setattr(making, "REVISIONS", (*REVISIONS, "9999"))
    assert status(database_url).condition == "older"
    with pytest.raises(Misconfigured, match="db upgrade"):
        open_database(database_url)
    with pytest.raises(Misconfigured, match="another version"):
        init(database_url)
    upgrade(database_url)  # there is no such migration yet: what there is runs without harm


def test_a_newer_database_is_not_touched(database_url: str) -> None:
    """A database that a newer version wrote is neither opened, made nor upgraded."""
    init(database_url)
    with engine_of(database_url) as engine, engine.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = 'next'"))
    assert status(database_url).condition == "newer"
    with pytest.raises(Misconfigured, match="newer version of Examboard"):
        open_database(database_url)
    for act in (init, upgrade):
        with pytest.raises(Misconfigured):
            act(database_url)
    assert status(database_url).revision == "next"


def test_a_missing_database_is_not_made_by_opening_it(database_url: str) -> None:
    """Opening says what to run; nothing is created, and upgrade does not create either."""
    for act in (open_database, upgrade):
        with pytest.raises(Misconfigured, match="examboard db init"):
            act(database_url)
    assert status(database_url).condition == "missing"
    if database_url.startswith("sqlite"):
        assert not Path(normal_url(database_url).database or "").exists()


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    """The file, its log and the folder made for it may be read by their owner only."""
    file = tmp_path / "board" / "data" / "exam #1?.db"
    init(str(file))
    with open_database(str(file)) as opened:
        opened.events.append([filed("E-1")])
        made = [file, file.with_name(file.name + "-wal"), file.with_name(file.name + "-shm")]
        assert [stat.S_IMODE(path.stat().st_mode) for path in made] == [0o600] * 3
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_place_where_no_file_can_be_made_is_named(tmp_path: Path) -> None:
    """A folder in place of the file, or a file in place of the folder, is told by name."""
    (tmp_path / "folder.db").mkdir()
    (tmp_path / "file").touch()
    for place in ("folder.db", "file/x.db"):
        with pytest.raises(Misconfigured, match=place):
            init(str(tmp_path / place))
