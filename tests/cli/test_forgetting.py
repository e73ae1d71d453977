"""Restricting, erasing and handing over a person's data, and the key ring, from the command line."""

from __future__ import annotations

import json
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.database import open_database
from tests.cli.conftest import document, run_on

WHY = ("--reason", "asked for", "--authority", "minute 7")
LATE = datetime(2060, 1, 1, 4, tzinfo=UTC)
VALUES = [value.encode() for n in range(1, 8) for value in (document(n), f"1990000000{n}")] + ["王A1".encode()]


@pytest.fixture
def key(run) -> str:
    """Give the key of the person of A1, whose application has ended."""
    said = run("application", "withdraw", "A1", "--reason", "asked for")
    assert said.code in (0, 3), said.err  # refused where it has ended already
    return str(run("candidate", "find", "--name", "王A1").row["candidate"])


def test_restrict_takes_out_of_lists(run, key):
    """The person stands in no export any more, and the row is said to be left out; freeing brings it back."""
    before = run("export", "candidates", "--json", "--reason", "x").rows
    assert run("candidate", "restrict", key, *WHY).out == f"{key} is restricted; act 1\n"
    assert run("candidate", "restrict", key, *WHY).out == f"{key} was restricted already; nothing was changed\n"
    said = run("export", "candidates", "--json", "--reason", "x")
    assert len(said.rows) == len(before) - 1
    assert "1 row left out: the person's data is restricted" in said.err
    assert run("candidate", "show", key, "--json").row["standing"] == "restricted"
    row = run("candidate", "unrestrict", key, *WHY, "--json").row
    assert (row["done"], row["act"]["deed"]) == (True, "unrestricted")
    assert run("export", "candidates", "--json", "--reason", "x").rows == before
    assert [row["deed"] for row in run("candidate", "acts", "--json").rows] == ["restricted", "unrestricted"]


def test_erase_waits_for_its_day_and_leaves_the_proofs(run, key, monkeypatch):
    """Refused before, with day and clause; done after; the record is then as whole as it was."""
    said = run("candidate", "erase", key, *WHY)
    assert (said.code, "kept through 20" in said.err, "lrc-2019: none retention" in said.err) == (3, True, True)
    history = run("audit", "replay", "A1", "--json").out
    monkeypatch.setattr("cli.wiring.now", lambda: LATE)
    assert "would be erased (dry run" in run("candidate", "erase", key, *WHY, "--dry-run").out
    assert run("candidate", "erase", key, *WHY).code == 0
    assert run("candidate", "show", key).code == 4
    assert "is erased" in run("candidate", "show", key).err
    assert run("candidate", "find", "--name", "王A1").code == 4
    assert len(run("audit", "replay", "A1", "--json").out) == len(history)
    assert run("db", "check").code == 0


def test_a_reason_that_names_the_person_is_refused(run, key):
    """The register of acts outlives the name."""
    said = run("candidate", "restrict", key, "--reason", "王A1 asked for it", "--authority", "x")
    assert (said.code, "王A1" in said.err) == (2, False)


def test_export_hands_everything_over(run, key, tmp_path):
    """To a file of one's own alone, as text or JSON, in full, and only with a reason."""
    out = tmp_path / "held.txt"
    assert run("candidate", "export", key, "--out", out).code != 0
    assert run("candidate", "export", key, "--out", out, "--reason", "asked for").code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert document(1) in out.read_text(encoding="utf-8")
    found = json.loads(run("candidate", "export", key, "--json", "--reason", "asked for").out)
    assert (found["values"]["name"], found["applications"][0]["application"]) == ("王A1", "A1")


def test_retention_is_due_planned_and_run(run, key, monkeypatch):
    """What the default says is listed, and erased by hand alone; the receipt can be shown again."""
    assert run("retention", "due", "--json").out == ""
    rows = run("retention", "due", "--on", "2060-01-01", "--json").rows
    assert key in [row["candidate"] for row in rows]
    assert {row["declared"] for row in rows} == {False}
    monkeypatch.setattr("cli.wiring.now", lambda: LATE)
    assert "nothing (dry run" in run("retention", "run", "--dry-run").out
    assert f"{key}: CandidateErased" in run("retention", "run", "--default", "--dry-run").out
    assert "nothing" in run("retention", "run").out
    done = run("retention", "run", "--default")
    assert f"{key}: CandidateErased on 2060-01-01" in done.out
    assert run("jobs", "show", "retention/2060-01-01").code == 0
    assert run("db", "check").code == 0
    (actor,) = {row["by"] for row in run("candidate", "acts", "--json").rows}
    assert actor != "clock"


def test_no_value_lies_in_the_file(run, database: Path):
    """After a whole round nobody finds a name, number or telephone in the files of the database."""
    raw = b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
    assert not [value for value in VALUES if value in raw]


def test_init_says_where_the_ring_is(tmp_path):
    """Beside the file, its owner's alone; a named place is left to `keys init --ring`."""
    file = tmp_path / "new.db"
    said = run_on(str(file), "db", "init")
    assert f"sealed under the key ring {file}.ring" in said.out
    assert stat.S_IMODE(Path(f"{file}.ring").stat().st_mode) == 0o600


def test_a_named_ring_is_made_by_hand(tmp_path, monkeypatch):
    """The setting names it, init says that it is missing, and nothing personal is written before it is there."""
    ring = tmp_path / "keys" / "board.ring"
    monkeypatch.setenv("EXAMBOARD_KEY_RING", str(ring))
    file = str(tmp_path / "new.db")
    assert "keys init --ring" in run_on(file, "db", "init").err
    add = ("candidate", "add", "--name", "王晓明", "--document-type", "resident_id", "--document-number", document(7))
    said = run_on(file, *add)
    assert (said.code, "王晓明" in said.err) == (7, False)
    assert run_on(file, "keys", "init", "--ring").code == 0
    assert run_on(file, "keys", "init", "--ring").code == 5
    assert run_on(file, *add).code == 0
    ring.rename(tmp_path / "lost")
    assert run_on(file, "keys", "init", "--ring").code == 5  # a new one could open nothing
    assert run_on(file, "candidate", "find", "--name", "王晓明").code == 7


def test_keys_rotate_show_and_retire(run, database: Path, monkeypatch):
    """A rotation wraps all anew, shows no key, and the old key is destroyed a day later at the earliest."""
    (before,) = run("keys", "show", "--ring", "--json").rows
    assert before["has_wrapped"] == 8  # seven persons and the key of the digests
    said = run("keys", "rotate", "--ring")
    assert "8 keys wrapped anew" in said.out
    new, old = run("keys", "show", "--ring", "--json").rows
    assert (new["has_wrapped"], old["has_wrapped"], old["key_id"]) == (8, 0, before["key_id"])
    keys = [one["key"] for one in json.loads(Path(f"{database}.ring").read_text())["keys"]]
    assert not [key for key in keys if key in said.out + run("keys", "show", "--ring").out]
    assert run("keys", "retire").code == run("keys", "retire", "--dry-run").code == 5
    monkeypatch.setattr("cli.wiring.now", lambda: LATE)
    assert old["key_id"] in run("keys", "retire", "--dry-run").out
    assert run("keys", "retire").code == 0
    assert [row["key_id"] for row in run("keys", "show", "--ring", "--json").rows] == [new["key_id"]]
    assert run("candidate", "find", "--name", "王A1").code == 0


def test_a_stopped_rotation_is_gone_on_with(run, database: Path):
    """Where something is still wrapped by an older key no further key is made, and nothing is destroyed."""
    with open_database(str(database)) as opened, opened.ring.changing():
        from cli.wiring import now

        opened.ring.add(now())
    assert "first: examboard keys rotate --ring" in run("keys", "retire").err
    assert "is gone on with" in run("keys", "rotate", "--ring").out
    assert len(run("keys", "show", "--ring", "--json").rows) == 2


def test_a_backup_without_its_ring_is_told(run, database: Path, tmp_path):
    """The file alone opens for what is not personal; with the ring beside it, it opens whole."""
    copy = tmp_path / "restored" / "board.db"
    copy.parent.mkdir()
    shutil.copy(database, copy)
    assert run_on(str(copy), "application", "list").code == 0
    assert run_on(str(copy), "db", "check").code == 0
    said = run_on(str(copy), "candidate", "find", "--name", "王A1")
    assert (said.code, "board.db.ring" in said.err) == (7, True)
    shutil.copy(f"{database}.ring", f"{copy}.ring")
    assert run_on(str(copy), "candidate", "find", "--name", "王A1").code == 0
