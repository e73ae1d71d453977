"""What is distributed over a Citus cluster, how it gets there, and which databases are refused."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, UniqueConstraint, make_url, text

from storage import citus, database, making, tables
from storage.citus import COLUMN, DISTRIBUTED, ON_COORDINATOR, distribute, look
from storage.database import init, open_database, status
from storage.engine import open_engine, reading, writing
from storage.migrations import REVISIONS
from storage.migrations.run import upgrade_to_head
from tests import same_database, standin
from tests.histories import filed
from tests.statements import noted
from workflow.errors import Corrupt, Misconfigured

guarded = [table for table in tables.APPEND_ONLY if table in DISTRIBUTED]


@pytest.fixture
def plain_url(postgres_server: str, postgres_url: str) -> str:
    """Give the URL of an empty database that is not on Citus."""
    if same_database.has_citus(postgres_server):
        pytest.skip("the server has the real Citus")
    return postgres_url


@pytest.fixture
def url(plain_url: str) -> str:
    """Give the URL of a database with the stand-in for Citus and one application in it."""
    init(plain_url)
    with open_database(plain_url) as stores:
        stores.events.append([filed("E-1")])
        with writing(stores.engine) as tx:
            standin.install(tx)
    return plain_url


def guards(tx: Connection) -> list[str]:
    """Give the definitions of all triggers in the schema."""
    where = "NOT tgisinternal AND relnamespace = current_schema()::regnamespace ORDER BY 1"
    return list(
        tx.scalars(
            text(f"SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid AND {where}")
        )
    )


def test_every_table_has_its_place() -> None:
    """Each table is distributed or stays on the coordinator; one that is added must be given its place."""
    assert {*DISTRIBUTED, *ON_COORDINATOR} == set(tables.metadata.tables)
    assert not set(DISTRIBUTED) & set(ON_COORDINATOR)


def test_every_key_of_a_distributed_table_contains_the_bucket() -> None:
    """Primary keys begin with it and unique keys contain it, since Citus holds no other key."""
    for name in DISTRIBUTED:
        table = tables.metadata.tables[name]
        assert next(iter(table.primary_key.columns)).name == COLUMN
        keys = [c for c in table.constraints if isinstance(c, UniqueConstraint)]
        assert all(COLUMN in key.columns for key in keys)
        assert all(COLUMN in index.columns for index in table.indexes if index.unique)


def test_foreign_keys_stay_within_a_node() -> None:
    """They join distributed tables on the bucket, in the order of distributing, or tables of the coordinator."""
    for table in tables.metadata.tables.values():
        for key in table.foreign_key_constraints:
            other = key.referred_table.name
            assert (table.name in DISTRIBUTED) == (other in DISTRIBUTED)
            if table.name in DISTRIBUTED:
                assert DISTRIBUTED.index(other) < DISTRIBUTED.index(table.name)
                assert COLUMN in key.column_keys
                assert all(
                    e.parent.name == e.column.name for e in key.elements if COLUMN in (e.parent.name, e.column.name)
                )


def test_distributing_keeps_the_triggers(url: str) -> None:
    """All tables of the applications are distributed together, and refuse changes as before."""
    engine = open_engine(url)
    with reading(engine) as tx:
        before = guards(tx)
    cluster = distribute(url)
    assert [t.table for t in cluster.tables if t.is_new] == list(DISTRIBUTED)
    with reading(engine) as tx:
        kept = tx.execute(text("SELECT logicalrelid::text, partkey, colocationid FROM pg_dist_partition")).all()
        assert [tuple(row) for row in kept] == [(table, COLUMN, 1) for table in DISTRIBUTED]
        assert guards(tx) == before
        assert list(tx.scalars(text("SELECT name::text FROM emptied"))) == list(DISTRIBUTED)
    for table in guarded:
        with pytest.raises(Corrupt, match="append-only"), writing(engine) as tx:
            tx.execute(text(f"TRUNCATE {table}"))
    engine.dispose()


def test_distributing_again_changes_nothing(url: str) -> None:
    """What is distributed is passed over; what was left half-way is finished."""
    distribute(url)
    assert distribute(url).is_distributed
    with writing(engine := open_engine(url)) as tx:
        tx.execute(text("DELETE FROM pg_dist_partition WHERE logicalrelid = 'outbox'::regclass"))
    engine.dispose()
    assert [t.table for t in distribute(url).tables if t.is_new] == ["outbox"]
    assert distribute(url).is_distributed


def test_a_dry_run_changes_nothing(url: str) -> None:
    """It says the same as the run that follows."""
    said = distribute(url, dry_run=True)
    found = look(status(url), url)
    assert (said.workers, found) == (2, said)
    assert not said.is_distributed
    assert distribute(url) == said


def test_triggers_are_allowed_before_they_are_made(url: str) -> None:
    """Citus takes a trigger on a distributed table only then; so do the migrations of a distributed database."""
    engine = open_engine(url)
    with noted(engine) as sent, engine.begin() as tx:
        citus.place(tx)
    made = [n for n, words in enumerate(sent) if words.startswith("CREATE TRIGGER")]
    dropped = [n for n, words in enumerate(sent) if words.startswith("DROP TRIGGER")]
    spread = [n for n, words in enumerate(sent) if "create_distributed_table(" in words]
    assert len(made) == len(dropped) == 2 * len(guarded)
    assert sent.index("SET LOCAL citus.enable_unsafe_triggers TO on") < min(dropped)
    assert max(spread) < min(made)
    engine.dispose()


def test_a_migration_of_a_distributed_database_places_its_tables(url: str) -> None:
    """A table that a later version adds goes to the nodes with the upgrade; triggers are allowed from its start."""
    distribute(url)
    engine = open_engine(url)
    with writing(engine) as tx:
        tx.execute(text("DELETE FROM pg_dist_partition WHERE logicalrelid = 'run_part'::regclass"))
    with noted(engine) as sent, engine.begin() as tx:
        upgrade_to_head(tx)
    assert sent.index("SET LOCAL citus.enable_unsafe_triggers TO on") < next(
        n for n, words in enumerate(sent) if "alembic_version" in words
    )
    assert look(status(url), url).is_distributed
    engine.dispose()


def test_what_cannot_be_distributed_says_why(url: str, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, a database of another version, and a table that is distributed in another way are named."""
    init(sqlite_url)
    with pytest.raises(Misconfigured, match="only a PostgreSQL database"):
        distribute(sqlite_url)
    assert look(status(sqlite_url), sqlite_url) is None
    with monkeypatch.context() as patched:
        patched.setattr(making, "REVISIONS", (*REVISIONS, "9999"))
        with pytest.raises(Misconfigured, match="db upgrade"):
            distribute(url)
    distribute(url)
    engine = open_engine(url)
    for statement, told in (
        (
            "UPDATE pg_dist_partition SET colocationid = 7 WHERE logicalrelid = 'event'::regclass",
            "event is distributed by",
        ),
        ("UPDATE pg_dist_partition SET partkey = 'state' WHERE logicalrelid = 'application'::regclass", "by state"),
        ("INSERT INTO pg_dist_partition VALUES ('candidate', 'h', 'key', 9)", "belongs on the coordinator"),
    ):
        with writing(engine) as tx:
            before = tx.execute(
                text("SELECT logicalrelid::oid::int, partmethod, partkey, colocationid FROM pg_dist_partition")
            ).all()
            tx.execute(text(statement))
        with pytest.raises(Misconfigured, match=told):
            distribute(url)
        with writing(engine) as tx:
            tx.execute(text("DELETE FROM pg_dist_partition"))
            for row in before:
                tx.exec_driver_sql(
                    "INSERT INTO pg_dist_partition VALUES (%s::int::oid::regclass, %s, %s, %s)", tuple(row)
                )
    engine.dispose()


def test_a_database_without_citus_or_tables_says_what_to_do(plain_url: str) -> None:
    """First it must be made, then the extension is asked for, by the statements that put it there."""
    with pytest.raises(Misconfigured, match="examboard db init"):
        distribute(plain_url)
    init(plain_url)
    for dry_run in (True, False):
        with pytest.raises(Misconfigured, match="CREATE EXTENSION citus"):
            distribute(plain_url, dry_run)
    assert look(status(plain_url), plain_url) is None


def test_a_refusal_by_citus_changes_nothing(url: str) -> None:
    """What Citus does not take is told in its words, and the triggers are as before."""
    engine = open_engine(url)
    with writing(engine) as tx:
        before = guards(tx)
        tx.execute(text("CREATE UNIQUE INDEX strange ON outbox (candidate)"))
    with pytest.raises(Misconfigured, match="unique key of outbox"):
        distribute(url)
    with reading(engine) as tx:
        assert guards(tx) == before
        assert tx.scalar(text("SELECT count(*) FROM pg_dist_partition")) == 0
    engine.dispose()


@pytest.mark.parametrize("ending", ["", "&pooled=true"])
def test_a_url_may_name_several_servers(ending: str) -> None:
    """Whichever of them takes writes is connected to: the driver gets all hosts, their ports and the wish."""
    places = "host=db1:5432&host=db2:5433&target_session_attrs=read-write"
    engine = open_engine(f"postgresql://exam:sesame@/board?{places}{ending}")
    _, arguments = engine.dialect.create_connect_args(engine.url)
    wanted = {"host": "db1,db2", "port": "5432,5433", "target_session_attrs": "read-write", "dbname": "board"}
    assert {name: arguments[name] for name in wanted} == wanted
    assert "pooled" not in arguments
    assert "sesame" not in database.shown(make_url(str(engine.url)))
