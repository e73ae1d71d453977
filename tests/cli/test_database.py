"""The database as a whole, the night and the counts, from the command line."""

from __future__ import annotations

import sqlite3
from functools import partial

import pytest

from storage import citus
from storage import cluster as clusters
from storage.database import status
from storage.engine import open_engine, writing
from tests import older, same_database, standin
from tests.cli.conftest import run_on
from workflow.calendar import count


def edit(file, *statements: str) -> None:
    """Change a database behind the back of the service, past its triggers, which stand again afterwards."""
    with sqlite3.connect(file) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        for statement in (*statements, *(made for _, made in triggers)):
            connection.execute(statement)
    connection.close()


def test_init_makes_a_database_once(alone, tmp_path):
    """The database is made with its folder and the packaged schemes; a second time changes nothing."""
    file = tmp_path / "new" / "board.db"
    said = alone("--database", file, "db", "init")
    ring = f"personal values are sealed under the key ring {file}.ring; keep a copy of it in another place\n"
    assert said.out == f"{file} is ready; schemes: lrc-2019 version 1, lrc-three-level version 1\n{ring}"
    assert alone("--database", file, "db", "init").code == 0
    assert alone("--database", file, "application", "list").out == ""


def test_the_default_database_is_a_file_of_the_users_own(alone, round_folder, tmp_path):
    """Without any setting the database is a file in the user's data folder, made by the first import."""
    said = alone("application", "list")
    assert said.code == 4
    assert "make one with: examboard db init" in said.err
    assert alone("round", "import", round_folder).code == 0
    assert len(alone("application", "list").rows) == 7
    assert (tmp_path / "home" / "examboard" / "examboard.db").is_file()


def test_status_and_upgrade(run, alone, tmp_path):
    """A database says of which version it is; one that is up to date is left alone, one that is missing is not made."""
    assert run("db", "status", "--json").row["condition"] == "current"
    assert ": current; version " in run("db", "status").out
    assert "is up to date" in run("db", "upgrade").out
    said = alone("--database", tmp_path / "no.db", "db", "upgrade")
    assert (said.code, "make it with: examboard db init" in said.err) == (7, True)
    assert alone("--database", tmp_path / "no.db", "db", "status", "--json").row["condition"] == "missing"


def set_back(file, revision="0004"):
    """Make of a database one of an older version."""
    from storage.database import open_database

    with open_database(str(file)) as opened, opened.engine.begin() as tx:
        older.set_back(tx, revision)


def rows_of_applications(file):
    """Give every row of a projection."""
    with sqlite3.connect(file) as connection:
        found = connection.execute("SELECT * FROM application ORDER BY application").fetchall()
    connection.close()
    return found


def test_an_upgrade_fills_in_what_older_versions_did_not_keep(run, database):
    """After an upgrade every row is what it would be had this version written it; a second time changes nothing."""
    before = rows_of_applications(database)
    set_back(database)
    assert run("db", "check").code == 7
    said = run("db", "upgrade")
    assert (said.code, said.err) == (0, "")
    assert "upgraded from 0004; version" in said.out
    assert f"key ring {database}.ring; keep a copy" in said.out
    assert "7 applications rebuilt\n" in said.out
    assert rows_of_applications(database) == before
    assert any(row[-2] for row in before)
    found = run("db", "check", "--json").rows
    assert {row["table"] for row in found} == {"candidate"}  # going down left the persons out, and nothing else
    assert "rebuilt" not in run("db", "upgrade").out


def test_an_upgrade_stands_though_a_history_does_not_replay(run, database):
    """Where rows cannot be written anew, the upgrade says so and names what to run; the other rows still work."""
    set_back(database)
    edit(database, "UPDATE event SET type = 'Foreseen' WHERE application = 'A1' AND sequence = 2")
    said = run("db", "upgrade")
    assert said.code == 6
    assert "event 2 of application A1" in said.err
    assert "examboard db rebuild" in said.err
    assert run("db", "status", "--json").row["condition"] == "current"
    assert run("application", "show", "A3").code == 0


def test_a_newer_database_is_refused(run, database):
    """A database of a newer Examboard is neither read nor written."""
    edit(database, "UPDATE alembic_version SET version_num = '9999'")
    for line in (("application", "list"), ("application", "withdraw", "A4"), ("db", "check")):
        said = run(*line)
        assert said.code == 7
        assert "newer version of Examboard" in said.err


def test_check_finds_nothing_in_a_sound_database(run):
    """A sound database has no findings."""
    said = run("db", "check")
    assert (said.code, said.out) == (0, "7 applications checked, 0 findings\n")
    assert run("db", "check", "--json").out == ""


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE event SET data = replace(data, '88.5', '89.5') WHERE application = 'A1'", "its hash does not follow"),
        ("DELETE FROM event WHERE application = 'A1' AND sequence = 4", "event 4 is missing"),
        ("UPDATE application SET state = 'certified' WHERE application = 'A1'", "its row says state certified"),
        ("UPDATE application SET next_due_on = NULL WHERE application = 'A3'", "its history 2026-06-21"),
        ("UPDATE application SET digest = 'x' WHERE application = 'A1'", "run: examboard db rebuild"),
    ],
)
def test_check_finds_what_was_changed_from_outside(run, database, statement, finding):
    """A change past the service is found, named with its application, and ends with code 6."""
    edit(database, statement)
    said = run("db", "check")
    assert said.code == 6
    assert finding in said.out
    assert "7 applications checked, 1 finding\n" in said.out
    (row,) = run("db", "check", "--json").rows
    assert row["application"] in ("A1", "A3")


def test_check_finds_a_document_that_was_changed(run, database):
    """A scheme document that is no longer the one that its digest names is found, for every application."""
    edit(database, "UPDATE scheme_document SET text = text || '# x' WHERE scheme = 'lrc-2019'")
    said = run("db", "check")
    assert said.code == 6
    assert "digest" in said.out or "document" in said.out


def test_rebuild_restores_what_is_derived(run, database):
    """All that is derived is written anew from the histories, to the same rows."""
    before = run("application", "list").out
    edit(database, "UPDATE application SET state = 'x', next_due_on = NULL", "DELETE FROM admission")
    assert run("db", "check").code == 6
    assert run("db", "rebuild").out == "7 applications rebuilt\n"
    assert run("db", "check").code == 0
    assert run("application", "list").out == before
    assert run("sitting", "show", "S1", "--json").row["admitted"]


def test_expire_writes_down_what_is_true_already(run):
    """The night writes each expiry once, with the day on which it took effect; a dry run writes nothing."""
    dry = run("jobs", "run", "expire", "--dry-run")
    assert dry.out == (
        "A3: Expired on 2026-06-21; theory lapsed, its last valid day was 2026-06-20\n"
        "expire/2026-11-22: 1 Expired (dry run: nothing was written)\n"
    )
    change, receipt = run("jobs", "run", "expire", "--day", "2026-11-20", "--json").rows
    assert receipt["counts"] == {"Expired": 1}
    assert (change["application"], change["on"]) == ("A3", "2026-06-21")
    said = run("jobs", "run", "expire").out.splitlines()
    assert [line.partition(";")[0] for line in said] == ["expire/2026-11-21: nothing", "expire/2026-11-22: nothing"]
    last = run("application", "history", "A3").rows[-1]
    assert (last["type"], last["actor"], last["effective_on"]) == ("Expired", "clock", "2026-06-21")


def test_expire_of_a_day_to_come_is_only_asked(run):
    """What will have run out by a day to come can be asked, never written."""
    said = run("jobs", "run", "expire", "--day", "2027-06-21", "--dry-run", "--json")
    assert [row["application"] for row in said.rows if "what" in row] == ["A3", "A5"]
    assert run("jobs", "run", "expire", "--day", "2026-11-23").code == 3


def test_summary_counts_each_level(run):
    """Each scheme and level is counted once: applied, eligible, and the state of each."""
    rows = run("report", "summary", "--as-of", "2026-11-20", "--json").rows
    assert [(r["scheme"], r["level"], r["applied"], r["eligible"]) for r in rows] == [
        ("lrc-2019", 3, 5, 4),
        ("lrc-2019", 2, 1, 1),
        ("lrc-three-level", 3, 1, 1),
    ]
    assert rows[0]["states"] == {"trained": 1, "theory_exam": 1, "awaiting_award": 1, "expired": 1, "refused": 1}
    assert (rows[0]["expired"], rows[0]["certified"]) == (1, 0)
    said = run("report", "summary", "--as-of", "2026-11-20").out.splitlines()
    assert said[0].split()[:4] == ["scheme", "level", "applied", "eligible"]
    assert said[-1].split() == ["all", "7", "6", "1", "1", "1", "1", "1", "1", "1"]
    assert run("report", "summary", "--as-of", "2024-01-01").out == "no applications\n"


def test_the_whole_way_on_both_databases(database_url, round_folder, tmp_path):
    """On an empty database of either kind a round is taken in, decided, certified, expired, counted and checked."""
    board = partial(run_on, database_url)
    assert board("application", "list").code == 4
    assert board("round", "import", round_folder, "--dry-run").code == 0
    assert status(database_url).condition == "missing"
    assert board("round", "import", round_folder).code == 0
    assert board("candidate", "find", "--name", "王A1").code == 0
    assert board("review", "record", "A5", "--on", "2026-09-05", "--form", "thesis_defence", "--score", "60",
                 "--announced", "2026-09-18").code == 0  # fmt: skip
    assert board("certificate", "award", "--all", "--on", "2026-11-20").code == 0
    assert board("jobs", "run", "expire").code == 0
    assert board("score", "announce", "--sitting", "S3").code == 0
    states = [row["state"] for row in board("application", "list").rows]
    assert states == ["certified", "refused", "expired", "trained", "certified", "submitted", "skills_exam"]
    assert board("application", "history", "A3").rows[-1]["type"] == "Expired"
    assert board("db", "rebuild").code == 0
    assert board("db", "check").out == "7 applications checked, 0 findings\n"
    assert board("db", "status", "--json").row["condition"] == "current"


@pytest.fixture
def cluster(undistributed, postgres_url):
    """Give the command line of a database on Citus, or on its stand-in, and its number of workers as it is told."""
    board = partial(run_on, postgres_url)
    assert board("db", "init").code == 0
    with writing(engine := open_engine(postgres_url)) as tx:
        if not citus.has_citus(tx):
            standin.install(tx)
    engine.dispose()
    return board, count(clusters.look(status(postgres_url), postgres_url).workers, "worker node")


def test_distribute_asks_for_citus(postgres_server, postgres_url):
    """Without it the answer is how to install it; before that the database is to be made."""
    if same_database.has_citus(postgres_server):
        pytest.skip("the server has the real Citus")
    board = partial(run_on, postgres_url)
    assert board("db", "distribute").code == 7
    assert board("db", "init").code == 0
    said = board("db", "distribute")
    assert (said.code, "CREATE EXTENSION citus" in said.err) == (7, True)
    assert board("db", "status").out.count("\n") == 1


def test_distribute_spreads_the_tables_of_a_cluster(cluster, round_folder):
    """A dry run says what would be done; then it is done, once, with what is there; the status tells it."""
    board, workers = cluster
    assert board("round", "import", round_folder).code == 0
    assert board("db", "status").out.endswith(f"Citus, {workers}: not distributed (examboard db distribute)\n")
    dry = board("db", "distribute", "--dry-run").out.splitlines()
    assert dry[-1].endswith(f"7 tables distributed over {workers} (dry run: nothing was changed)")
    assert [line.split()[0] for line in dry if line.endswith("distributed by bucket")] == [
        "application", "event", "admission", "run_part", "parked", "outbox", "seal_range",
    ]  # fmt: skip
    assert board("db", "status", "--json").row["distributed"] is False
    assert board("db", "distribute").out.splitlines()[:-1] == dry[:-1]
    assert board("db", "status", "--json").row["distributed"] is True
    rows = {row["table"]: row for row in board("db", "distribute", "--json").rows}
    assert rows["event"] == {"table": "event", "place": "distributed", "new": False, "why": "", "dry_run": False}
    assert rows["candidate"]["place"] == "coordinator"
    assert board("db", "status").out.endswith(f"Citus, {workers}: distributed\n")
    assert board("certificate", "award", "--all", "--on", "2026-11-20").code == 0
    assert board("jobs", "run", "expire").code == 0
    assert board("db", "rebuild").code == 0
    assert board("db", "check").out == "7 applications checked, 0 findings\n"


def test_a_distributed_database_of_an_older_version_is_upgraded(cluster):
    """Its status says how far it is distributed; the upgrade brings what came since to its place."""
    board, workers = cluster
    assert board("db", "distribute").code == 0
    set_back(board.args[0], "0006")
    assert board("db", "status").out.endswith(f"Citus, {workers}: 6 of 7 tables distributed (examboard db upgrade)\n")
    assert board("db", "upgrade").code == 0
    assert board("db", "status").out.endswith(f"Citus, {workers}: distributed\n")


def test_distribute_without_workers_says_so(postgres_server, postgres_url):
    """A cluster of the coordinator alone is warned about; the tables are distributed all the same."""
    if same_database.has_citus(postgres_server):
        pytest.skip("the server has the real Citus")
    assert run_on(postgres_url, "db", "init").code == 0
    with writing(engine := open_engine(postgres_url)) as tx:
        standin.install(tx, workers=0)
    engine.dispose()
    said = run_on(postgres_url, "db", "distribute")
    assert (said.code, "no worker node" in said.err) == (0, True)


def test_distribute_of_a_file_is_refused(run):
    """An SQLite file is one file."""
    said = run("db", "distribute")
    assert (said.code, "one file" in said.err) == (7, True)
    assert run("db", "status", "--json").row["distributed"] is False
