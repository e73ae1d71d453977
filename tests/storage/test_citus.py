"""What is distributed over a Citus cluster, how it gets there, and which databases are refused."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import Connection, UniqueConstraint, make_url, text

from storage import citus, database, making, tables
from storage.citus import COLUMN, DISTRIBUTED, ON_COORDINATOR
from storage.cluster import distribute, look
from storage.database import init, open_database, status
from storage.engine import open_engine, reading, writing
from storage.migrations import REVISIONS
from storage.migrations.run import upgrade_to_head
from tests import same_database, standin
from tests.histories import filed, followed
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
def url(undistributed: None, postgres_url: str) -> str:
    """Give the URL of a database on Citus, or on its stand-in, that is to be distributed; with one application."""
    init(postgres_url)
    with open_database(postgres_url) as stores:
        stores.events.append([filed("E-1")])
        with writing(stores.engine) as tx:
            if not citus.has_citus(tx):
                standin.install(tx)
    return postgres_url


def do(url: str, *statements: str) -> None:
    """Run statements as somebody would who goes around the software."""
    with writing(engine := open_engine(url)) as tx:
        for statement in statements:
            tx.execute(text(statement))
    engine.dispose()


def placed(tx: Connection) -> dict[str, tuple[str, int]]:
    """Tell by which column and in which group of tables the tables of the schema are distributed."""
    how = "column_to_column_name(logicalrelid, partkey), colocationid FROM pg_dist_partition"
    where = "JOIN pg_class c ON c.oid = logicalrelid AND relnamespace = current_schema()::regnamespace"
    return {name: (column, group) for name, column, group in tx.execute(text(f"SELECT relname, {how} {where}"))}


def is_standin(tx: Connection) -> bool:
    """Tell whether it is not the real Citus."""
    return tx.scalar(text("SELECT to_regclass('emptied')")) is not None


def by_node(tx: Connection, table: str) -> Counter[int]:
    """Count the rows of a distributed table on each node that has any."""
    counted = f"run_command_on_shards('{table}', 'SELECT count(*) FROM %s') JOIN pg_dist_placement USING (shardid)"
    rows = tx.exec_driver_sql(f"SELECT groupid, result::int FROM {counted}".replace("%", "%%"))
    found: Counter[int] = Counter()
    for group, number in rows:
        found[group] += number
    return +found


def left_behind(tx: Connection) -> set[str]:
    """Name the distributed tables of which the coordinator still has rows of its own."""
    if is_standin(tx):  # which only says that it would empty them
        return {*DISTRIBUTED} - {*tx.scalars(text("SELECT name::text FROM emptied"))}
    return {table for table in DISTRIBUTED if tx.scalar(text(f"SELECT pg_relation_size('{table}')"))}


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
        assert (set(placed(tx)), len(set(placed(tx).values()))) == ({*DISTRIBUTED}, 1)
        assert placed(tx)["event"][0] == COLUMN
        assert guards(tx) == before
        assert left_behind(tx) == set()
    with pytest.raises(Corrupt, match="append-only"), writing(engine) as tx:
        tx.execute(text("UPDATE event SET actor = 'nobody'"))
    for table in guarded:
        with pytest.raises(Corrupt, match="append-only"), writing(engine) as tx:
            tx.execute(text(f"TRUNCATE {table}"))
    engine.dispose()


def test_distributing_again_changes_nothing(url: str) -> None:
    """What is distributed is passed over; what was left half-way is finished."""
    distribute(url)
    assert distribute(url).is_distributed
    do(url, "SELECT undistribute_table('outbox')")
    assert [t.table for t in distribute(url).tables if t.is_new] == ["outbox"]
    assert distribute(url).is_distributed


def test_a_dry_run_changes_nothing(url: str) -> None:
    """It says the same as the run that follows."""
    said = distribute(url, dry_run=True)
    found = look(status(url), url)
    assert found == said
    assert said.workers
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
    do(url, "SELECT undistribute_table('run_part')")
    engine = open_engine(url)
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
    for table, column, told in (
        ("outbox", "application", "outbox is distributed by application"),
        ("outbox", COLUMN, "not beside application"),
        ("number_series", "series", "belongs on the coordinator"),
    ):
        do(url, f"SELECT create_distributed_table('{table}', '{column}', colocate_with => 'none')")
        with pytest.raises(Misconfigured, match=told) as error:
            distribute(url)
        do(url, str(error.value).partition("undo that with: ")[2])
    assert len([t for t in distribute(url).tables if t.is_new]) == len(DISTRIBUTED)


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
    with pytest.raises(Misconfigured, match="nothing was changed") as error:
        distribute(url)
    assert 'on "outbox"' in str(error.value)
    with reading(engine) as tx:
        assert (guards(tx), placed(tx)) == (before, {})
    engine.dispose()


def test_what_is_there_goes_to_every_worker(url: str) -> None:
    """Each application lies with its events on one node, all nodes have some, and the stores give what they gave."""
    with open_database(url) as stores:
        stores.events.append([filed(f"E-{n}") for n in range(2, 200)])
        before = list(stores.events.histories()), list(stores.events.projections())
        cluster = distribute(url)
        assert (list(stores.events.histories()), list(stores.events.projections())) == before
        assert stores.events.append([followed(filed("E-1"))]) == ()
        with reading(stores.engine) as tx:
            if is_standin(tx):  # which moves nothing
                return
            applications, events = by_node(tx, "application"), by_node(tx, "event")
    assert len(events) == cluster.workers
    assert applications.keys() == events.keys()
    assert (sum(applications.values()), sum(events.values())) == (199, 200)


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
