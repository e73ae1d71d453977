"""`db grants`: what each role of the database server can and cannot do, tried by each role's own login."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection, make_url, text

from scheduler.jobs import JOBS
from scheduler.jobs import run as run_job
from scheduler.night import Night
from storage import tables
from storage.database import Database, init, open_database
from storage.engine import open_engine, writing
from storage.grants import _COUNTERS, DATABASE_ROLES, GRANTS, DatabaseRole, grants
from storage.guards import audit_guards
from storage.rewrap import rewrap
from tests.staffed import StaffedBoard
from tests.timeline import day
from tests.timeline import test_scheme as scheme_with
from tests.unit.board import FULL
from workflow import facts as f
from workflow.errors import Misconfigured, Refused
from workflow.logs import Verification
from workflow.roles.access import Access
from workflow.roles.rights import CLOCK_ACTOR, Actor
from workflow.roles.staff import StaffDesk
from workflow.seating import Room, Sitting
from workflow.service import Service

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
SEEN = Access(NOON, "staff:li", "reveal", "k-1", "asked by the court", 1)

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def granted(postgres_server: str) -> Iterator[dict[str, str]]:
    """Give the URL of one database under each role's login, and under its owner's as `owner`."""
    from tests import postgres

    with ExitStack() as stack:
        url = stack.enter_context(postgres.database(postgres_server))
        init(url)
        yield {"owner": url, **stack.enter_context(logins(url))}


@contextmanager
def logins(url: str) -> Iterator[dict[str, str]]:
    """Make a login for each role, grant what `db grants` prints, and give their URLs."""
    mark, secret = secrets.token_hex(4), secrets.token_hex(8)
    names: dict[DatabaseRole, str] = {role: f"exb {role} {mark}" for role in DATABASE_ROLES}
    engine = open_engine(url)
    try:
        with engine.begin() as tx:
            schema = tx.scalar(text("SELECT current_schema()"))
            for name in names.values():
                tx.execute(text(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{secret}'"))
        for _ in range(2):  # it may be run again
            with engine.begin() as tx:
                for statement in grants(names, schema):
                    tx.execute(text(statement))
        yield {
            role: make_url(url).set(username=name, password=secret).render_as_string(hide_password=False)
            for role, name in names.items()
        }
    finally:
        with engine.begin() as tx:
            for name in names.values():
                tx.execute(text(f'DROP OWNED BY "{name}"'))
                tx.execute(text(f'DROP ROLE "{name}"'))
        engine.dispose()


@pytest.fixture
def opened(granted: dict[str, str]) -> Iterator[Callable[[str], Database]]:
    """Give a maker of stores under a role's login."""
    with ExitStack() as stack:

        def make(role: str) -> Database:
            database = open_database(granted[role])
            stack.callback(database.close)
            return database

        yield make


@pytest.fixture(scope="module")
def _filled(granted: dict[str, str]) -> None:
    """Let the board have an application that is certified, one under way, and its staff; each by the role that may."""
    with open_database(granted["owner"]) as owner:
        owner.schemes.put(scheme_with(**FULL), NOON)
    with open_database(granted["administrator"]) as administrator:
        board = StaffedBoard(administrator, **FULL)
    with open_database(granted["service"]) as service:
        board.use(service)
        board.go("A1")
        board.go("A2", "ScoreAnnounced theory", candidate="p2")


def refused(url: str, statement: str) -> bool:
    """Tell whether the server refused a statement for want of a right, and for no other reason."""
    with pytest.raises(Exception, match=r"permission denied|InsufficientPrivilege|not own|must be owner"):
        attempt(url, statement)
    return True


def attempt(url: str, statement: str) -> None:
    """Run a statement under a login."""
    engine = open_engine(url)
    try:
        with engine.begin() as tx:
            tx.execute(text(statement))
    finally:
        engine.dispose()


TABLES = (*tables.metadata.tables, "alembic_version")


def column(table: str) -> str:
    """Name a column of a table."""
    return "version_num" if table == "alembic_version" else tables.metadata.tables[table].c[0].name


def test_every_table_is_granted_or_not_on_purpose() -> None:
    """The table of grants names only tables that there are; auditors may read every one, and change none."""
    assert {table for granted in GRANTS.values() for table in granted} == set(TABLES)
    assert {right for table, right in GRANTS["auditor"].items() if table != "access"} == {"SELECT"}
    for role in DATABASE_ROLES:
        for table in tables.APPEND_ONLY:
            assert GRANTS[role].get(table, "SELECT") in ("SELECT", "SELECT, INSERT"), (role, table)
    counted = {t.name for t in tables.metadata.tables.values() if "id" in t.c and t.c.id.primary_key}
    assert counted == _COUNTERS.keys()
    assert "event" not in GRANTS["administrator"]


@pytest.mark.usefixtures("_filled")
@pytest.mark.parametrize("role", DATABASE_ROLES)
def test_straight_sql_of_each_role(role: DatabaseRole, granted: dict[str, str]) -> None:
    """Every table and every verb: what is not granted is refused by the server; nobody alters, drops or truncates."""
    url = granted[role]
    for table in TABLES:
        rights, key = GRANTS[role].get(table, ""), column(table)
        quoted = f'"{table}"'
        for verb, statement in {
            "SELECT": f"SELECT {key} FROM {quoted} LIMIT 1",
            "UPDATE": f"UPDATE {quoted} SET {key} = {key}",
            "DELETE": f"DELETE FROM {quoted}",
        }.items():
            if verb not in rights:
                assert refused(url, statement), (table, verb)
            elif verb == "SELECT":
                attempt(url, statement)
        if "INSERT" not in rights:
            assert refused(url, f"INSERT INTO {quoted} DEFAULT VALUES"), table
        for statement in (f"TRUNCATE {quoted}", f"DROP TABLE {quoted}", f"ALTER TABLE {quoted} DISABLE TRIGGER ALL"):
            assert refused(url, statement), statement
    for statement in ("CREATE TABLE payroll (x integer)", "SET session_replication_role = replica"):
        assert refused(url, statement), statement


def test_an_administrator_sees_no_person(granted: dict[str, str]) -> None:
    """The rows of persons: the wrapped keys, to wrap them anew, and not one sealed value."""
    attempt(granted["administrator"], "SELECT key, ring_key, data_key FROM candidate")
    for statement in (
        "SELECT sealed FROM candidate",
        "SELECT * FROM candidate",
        "UPDATE candidate SET sealed = NULL",
        "DELETE FROM candidate",
    ):
        assert refused(granted["administrator"], statement), statement


@pytest.mark.usefixtures("_filled")
def test_the_service_does_a_day_of_work(opened: Callable[[str], Database], granted: dict[str, str]) -> None:
    """All that the desks write goes under the service's login; staff, seals and the night do not."""
    database = opened("service")
    assert database.events.history("A1")[-1].dest == "certified"
    room = Room("101", 30)
    database.sittings.put([sitting := Sitting("S9", "theory", date(2026, 12, 1), "centre", rooms=(room,))])
    database.sittings.change(replace(sitting, rooms=()))
    database.verifications.put(Verification(NOON, "T-1", "valid", "web"))
    assert database.access.add(SEEN).number
    keeper = StaffDesk(database.staff, Actor("local:anna"), lambda: NOON, lambda count: b"\x07" * count)
    with pytest.raises(Misconfigured):
        keeper.renew("administrator")
    with pytest.raises(Misconfigured):
        database.seals.extend(None, lambda hashes: None if not [*hashes] else _seal())
    with pytest.raises(Misconfigured):
        database.rebuild(lambda history: (_ for _ in ()).throw(AssertionError))
    for statement in (
        "UPDATE event SET data = '{}' WHERE application = 'A1'",
        "DELETE FROM event WHERE application = 'A1'",
        "UPDATE member SET roles = 'administrator'",
        "UPDATE access SET reason = ''",
    ):
        assert refused(granted["service"], statement), statement


def _seal():
    from workflow.sealing.seals import Seal

    return Seal(1, 1, "0" * 64, "note", NOON, "li", ("0" * 64,), "log")


@pytest.mark.usefixtures("_filled")
def test_the_scheduler_does_the_night(opened: Callable[[str], Database]) -> None:
    """Every job of a night, and a seal, go under the scheduler's login; staff do not."""
    database = opened("scheduler")
    night_at = datetime(2026, 8, 1, 17, tzinfo=UTC)
    service = Service(database, lambda: night_at, lambda: secrets.token_hex(8), CLOCK_ACTOR)
    night = Night(service, "node", (30,), lambda seconds: None)
    for job in JOBS:
        assert run_job(night, job, date(2026, 8, 1)).outcome == "complete"
    assert service.history("A2")[-1].type == "Expired"
    assert database.seals.extend(None, lambda hashes: _seal() if [*hashes] else None) == ()
    with pytest.raises(Misconfigured):
        StaffDesk(database.staff, Actor("x"), lambda: NOON, lambda count: b"\x07" * count).renew("administrator")


@pytest.mark.usefixtures("_filled")
def test_an_auditor_reads_all_and_adds_to_the_log_alone(
    opened: Callable[[str], Database], granted: dict[str, str]
) -> None:
    """Every store is read; the log takes an entry; any other write is refused, and the log is never changed."""
    database = opened("auditor")
    assert len([*database.events.histories()]) == 2
    assert database.candidates.get("p1") is not None
    assert database.staff.all()
    before = len([*database.access.entries()])
    database.access.add(SEEN)
    assert len([*database.access.entries()]) == before + 1
    clerk = Service(database, lambda: NOON, lambda: "k", Actor("staff:clerk", ("registrar",), "member"))
    with pytest.raises((Misconfigured, Refused)):
        clerk.record("A2", f.Withdrawn(), day("2024-06-01"))
    assert refused(granted["auditor"], "UPDATE access SET reason = ''")


@pytest.mark.usefixtures("_filled")
def test_the_administrator_keeps_staff_and_reads_no_history(opened: Callable[[str], Database]) -> None:
    """A member is added and disabled; a history cannot be read."""
    database = opened("administrator")
    desk = StaffDesk(database.staff, Actor("local:anna"), lambda: NOON, lambda count: b"\x07" * count)
    desk.add("wu", ["administrator"])
    desk.disable("wu", "left")
    with database.ring.changing():
        database.ring.add(NOON)
    assert rewrap(database.engine, database.ring) > 0
    with pytest.raises(Misconfigured):
        database.events.history("A1")
    with pytest.raises(Misconfigured), writing(database.engine) as tx:
        counted(tx)


def counted(tx: Connection) -> int:
    """Count the events."""
    return int(tx.scalar(text("SELECT count(*) FROM event")) or 0)


def test_an_auditor_sees_whether_the_guards_stand(granted: dict[str, str]) -> None:
    """The catalogue may be read by who reads the rows: nothing is missed, and nothing is taken for missing."""
    engine = open_engine(granted["auditor"], read_only=True)
    try:
        assert [*audit_guards(engine, lambda _: None)] == []
    finally:
        engine.dispose()
