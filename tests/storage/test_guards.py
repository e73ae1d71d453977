"""Whatever of its own guards a database has lost is named, with the statement that puts it back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from storage import citus, tables
from storage.append_only import BODY, FUNCTION, MAKE_FUNCTION, triggers_of
from storage.citus import DISTRIBUTED
from storage.cluster import distribute
from storage.database import init, open_database
from storage.engine import open_engine, writing
from storage.guards import audit_guards, keys_of
from tests import same_database, standin
from workflow.audit.findings import Finding


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Give the engine of a database that was just made."""
    init(database_url)
    made = open_engine(database_url)
    yield made
    made.dispose()


def do(engine: Engine, *statements: str) -> None:
    """Change the schema as its owner can."""
    with writing(engine) as tx:
        if tx.dialect.name == "postgresql":
            citus.allow(tx)
        for statement in statements:
            tx.exec_driver_sql(statement.replace("%", "%%") if tx.dialect.name == "postgresql" else statement)


def found(engine: Engine) -> list[Finding]:
    """Look, through a database that can only be read; nothing else is told."""
    told: list[str] = []
    with open_database(engine.url.render_as_string(hide_password=False), read_only=True) as looked:
        findings = [*audit_guards(looked.engine, told.append)]
    assert told == []
    return findings


def but_shards(findings: list[Finding]) -> list[Finding]:
    """Leave out what is said of shards: on Citus they are named beside their table."""
    return [x for x in findings if "of its" not in x.text]


def put_back(engine: Engine, findings: list[Finding]) -> None:
    """Do what the findings say, as somebody would who pastes it into the database's own shell."""
    for finding in findings:
        statements = finding.remedy.partition(" by: ")[2]
        assert statements.endswith(";"), finding
        if engine.dialect.name == "sqlite":
            with writing(engine) as tx:
                driver: Any = tx.connection.driver_connection
                driver.executescript(statements)
            continue
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
            for statement in re.findall(r"(?:\$\$.*?\$\$|[^;$])+;", statements):
                tx.exec_driver_sql(statement.replace("%", "%%"))


def test_what_the_migrations_make_stands(engine: Engine) -> None:
    """A database that was just made has all its guards; guards of others beside them are nobody's business."""
    assert found(engine) == []
    do(engine, "CREATE UNIQUE INDEX of_others ON application (candidate, application, bucket)")
    assert found(engine) == []


def test_a_trigger_that_is_gone_is_named(engine: Engine) -> None:
    """Each trigger of each table, by its name, and what the findings say puts it back."""
    wanted = {(table, name) for table in tables.APPEND_ONLY for name in triggers_of(table, engine.dialect.name)}
    for table, name in sorted(wanted):
        do(engine, f"DROP TRIGGER {name}{'' if engine.dialect.name == 'sqlite' else f' ON {table}'}")
    findings = found(engine)
    own = but_shards(findings)
    assert sorted((x.table, x.key) for x in own) == sorted(wanted)
    assert all(x.kind == "guard" and "is not there" in x.text for x in own)
    put_back(engine, findings)
    assert found(engine) == []


SQLITE_OTHERS = (
    "CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT 1; END",
    "CREATE TRIGGER event_no_update BEFORE UPDATE ON event WHEN false BEGIN "
    "SELECT RAISE(ABORT, 'event is append-only: a correction is a new row'); END",
    "CREATE TRIGGER event_no_update BEFORE UPDATE ON seat BEGIN "
    "SELECT RAISE(ABORT, 'event is append-only: a correction is a new row'); END",
)


@pytest.mark.parametrize("other", SQLITE_OTHERS)
def test_a_trigger_in_a_file_that_is_another_one_is_named(sqlite_url: str, other: str) -> None:
    """One that bears the name, and does nothing, not always, or elsewhere."""
    init(sqlite_url)
    engine = open_engine(sqlite_url)
    do(engine, "DROP TRIGGER event_no_update", other)
    (finding,) = findings = found(engine)
    assert (finding.key, "is another one" in finding.text) == ("event_no_update", True)
    put_back(engine, findings)
    assert found(engine) == []
    engine.dispose()


NOTHING = "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
ROW = "CREATE TRIGGER event_append_only BEFORE DELETE OR UPDATE ON event FOR EACH ROW"
CALLS = f"EXECUTE FUNCTION {FUNCTION}()"
SERVER_CHANGES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "disabled": (("ALTER TABLE event DISABLE TRIGGER event_append_only",), "event_append_only", "is disabled"),
    "for replicas alone": (
        ("ALTER TABLE event ENABLE REPLICA TRIGGER event_append_only",),
        "event_append_only",
        "is disabled",
    ),
    "another function": (
        (NOTHING, "DROP TRIGGER event_append_only ON event", f"{ROW} EXECUTE FUNCTION nothing()"),
        "event_append_only",
        "is another one",
    ),
    "not always": (
        ("DROP TRIGGER event_append_only ON event", f"{ROW} WHEN (OLD.sequence > 9) {CALLS}"),
        "event_append_only",
        "is another one",
    ),
    "one column only": (
        (
            "DROP TRIGGER event_append_only ON event",
            f"{ROW.replace('UPDATE', 'UPDATE OF actor')} {CALLS}",
        ),
        "event_append_only",
        "is another one",
    ),
    "an empty function": (
        (MAKE_FUNCTION.replace(BODY, " BEGIN RETURN coalesce(NEW, OLD); END "),),
        FUNCTION,
        "nothing is refused",
    ),
}


@pytest.mark.parametrize("change", SERVER_CHANGES)
def test_a_trigger_on_a_server_that_does_not_refuse_is_named(postgres_url: str, change: str) -> None:
    """Disabled, replaced, narrowed, or calling what was emptied; one that is always enabled is as good."""
    statements, name, said = SERVER_CHANGES[change]
    init(postgres_url)
    engine = open_engine(postgres_url)
    do(engine, *statements)
    findings = found(engine)
    (finding,) = but_shards(findings)
    assert (finding.table, finding.key, said in finding.text) == ("event", name, True)
    put_back(engine, findings)
    assert found(engine) == []
    do(engine, "ALTER TABLE event ENABLE ALWAYS TRIGGER event_append_only")
    assert found(engine) == []
    engine.dispose()


@pytest.mark.parametrize("table", ["event", "seat", "certificate", "certificate_code", "candidate"])
def test_keys_that_are_gone_are_named(engine: Engine, table: str) -> None:
    """A table made anew without its keys; what the findings say puts them back, but a foreign one in a file."""
    wanted = keys_of(tables.metadata.tables[table])
    is_file = engine.dialect.name == "sqlite"
    if is_file:
        do(engine, f"CREATE TABLE other AS SELECT * FROM {table}", f"DROP TABLE {table}")
        do(engine, f"ALTER TABLE other RENAME TO {table}", *triggers_of(table, "sqlite").values())
        do(
            engine,
            *(f"DROP TRIGGER {name}" for name in triggers_of(table, "sqlite") if table not in tables.APPEND_ONLY),
        )
    else:
        do(engine, *(f"ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE" for name in wanted))
    findings = found(engine)
    assert {x.key for x in findings if x.table == table} == set(wanted)
    assert all("is not there" in x.text for x in findings)
    here = [x for x in findings if not (is_file and "FOREIGN KEY" in x.text)]
    put_back(engine, here)
    assert found(engine) == [x for x in findings if x not in here]


@pytest.mark.parametrize(
    ("statement", "key"),
    [
        ("ALTER TABLE event DISABLE TRIGGER ALL", "fk_event_application"),
        ("UPDATE pg_index SET indisready = false WHERE indexrelid = 'pk_event'::regclass", "pk_event"),
    ],
)
def test_a_key_on_a_server_that_holds_nothing_is_named(plain_url: str, statement: str, key: str) -> None:
    """A foreign key whose own triggers are disabled, and an index that is no longer kept."""
    engine = open_engine(plain_url)
    do(engine, "SET allow_system_table_mods TO on", statement)
    findings = found(engine)
    (finding,) = [x for x in findings if x.key == key]
    assert "is disabled" in finding.text
    engine.dispose()


@pytest.fixture
def plain_url(postgres_server: str, undistributed: None, postgres_url: str) -> str:
    """Give the URL of a database that is not on Citus."""
    if same_database.has_citus(postgres_server):
        pytest.skip("the server has the real Citus")
    init(postgres_url)
    return postgres_url


def test_the_shards_of_a_cluster_are_asked(plain_url: str) -> None:
    """What lies on the nodes must refuse changes too; where they cannot be asked that is said, and is no finding."""
    engine = open_engine(plain_url)
    with writing(engine) as tx:
        standin.install(tx)
    distribute(plain_url)
    assert found(engine) == []
    do(engine, "DROP TRIGGER event_append_only ON event")
    on_coordinator, on_nodes = findings = found(engine)  # the stand-in has one shard, the table itself
    assert (on_coordinator.key, on_nodes.key) == ("event_append_only", "event_append_only")
    assert "on 1 of its 1 shards no trigger refuses changes" in on_nodes.text
    assert "citus.enable_unsafe_triggers" in on_coordinator.remedy
    put_back(engine, findings)
    assert found(engine) == []
    do(engine, "DROP FUNCTION run_command_on_shards")
    told: list[str] = []
    assert [*audit_guards(engine, told.append)] == []
    (line,) = told
    assert all(table in line for table in tables.APPEND_ONLY if table in DISTRIBUTED)
    assert "is not known" in line
    engine.dispose()


@pytest.fixture
def on_cluster(postgres_server: str, postgres_url: str) -> Iterator[Engine]:
    """Give the engine of a database that is distributed over the nodes of the real Citus."""
    if not same_database.has_citus(postgres_server):
        pytest.skip("the server has no Citus")
    init(postgres_url)
    made = open_engine(postgres_url)
    yield made
    made.dispose()


_DISABLE = "run_command_on_shards('event', 'ALTER TABLE %s DISABLE TRIGGER USER')"
_REPLACE = (
    "run_command_on_workers('DO $do$ BEGIN SET LOCAL citus.enable_ddl_propagation TO off; CREATE OR REPLACE FUNCTION '"
    f" || current_schema() || '.{FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$; END $do$')"
)


@pytest.mark.parametrize(
    ("on_the_nodes", "bare"),
    [(_DISABLE, {"event"}), (_REPLACE, {*tables.APPEND_ONLY} & {*DISTRIBUTED})],
    ids=["disabled", "another function"],
)
def test_a_node_of_a_cluster_that_does_not_refuse_is_named(
    on_cluster: Engine, on_the_nodes: str, bare: set[str]
) -> None:
    """Where the coordinator has all its guards and the nodes do not, that is found, and mended by what is said."""
    assert found(on_cluster) == []
    with on_cluster.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
        done = set(tx.exec_driver_sql(f"SELECT success FROM {on_the_nodes}".replace("%", "%%")).scalars())
    assert done == {True}
    findings = found(on_cluster)
    assert {finding.table for finding in findings} == bare
    assert all("shards no trigger refuses changes" in finding.text for finding in findings)
    put_back(on_cluster, findings)
    assert found(on_cluster) == []


def test_the_partitions_that_an_administrator_made_are_asked(plain_url: str) -> None:
    """A partition of `event` has the guards of its table; one whose own triggers do not hold is named."""
    engine = open_engine(plain_url)
    keys = keys_of(tables.event)
    do(
        engine,
        "ALTER TABLE event RENAME TO old",
        "CREATE TABLE event (LIKE old INCLUDING DEFAULTS) PARTITION BY HASH (bucket)",
        "DROP TABLE old",
        *(f"CREATE TABLE event_{n} PARTITION OF event FOR VALUES WITH (MODULUS 2, REMAINDER {n})" for n in (0, 1)),
        *(f"ALTER TABLE event ADD CONSTRAINT {name} {definition}" for name, definition in keys.items()),
        *triggers_of("event", "postgresql").values(),
    )
    findings = found(engine)  # the trigger of rows comes with the table's, the one against TRUNCATE does not
    assert [x.key for x in findings] == ["event_0_no_truncate", "event_1_no_truncate"]
    put_back(engine, findings)
    assert found(engine) == []
    do(engine, "ALTER TABLE event_1 DISABLE TRIGGER event_append_only")
    (finding,) = findings = found(engine)
    assert (finding.table, "refuses changes of rows" in finding.text) == ("event_1", True)
    put_back(engine, findings)
    assert found(engine) == []
    engine.dispose()
