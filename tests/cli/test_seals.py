"""Seals and keys on the command line."""

from __future__ import annotations

import json
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cli.audit_seals import verifier_text
from cli.wiring import Settings
from storage.database import open_database
from workflow.sealing.notes import read_checkpoint, read_vkey

HOME_KEY = Path("examboard/keys/seal.json")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Give the place where a key file is made by default."""
    return tmp_path / "home" / HOME_KEY


@pytest.fixture
def board(run, key_file):
    """Give the command line of a board with a key and one seal."""
    assert run("keys", "init", "--name", "exams.example.org/log").code == 0
    assert run("audit", "seal").code == 0
    return run


def test_a_key_file_is_its_owners_alone_and_is_made_once(run, key_file):
    """It has mode 0600 in a folder of 0700; a second init changes nothing; no command shows the private half."""
    made = run("keys", "init", "--name", "exams.example.org/log")
    assert made.code == 0
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_file.parent.stat().st_mode) == 0o700
    before = key_file.read_text()
    again = run("keys", "init")
    assert (again.code, key_file.read_text()) == (5, before)
    assert "keys rotate" in again.err
    private = json.loads(before)["keys"][0]["private"]
    shown = "".join(run("keys", "show", *more).out for more in ([], ["--json"], ["--pem"], ["--vkey"]))
    assert private not in made.out + made.err + shown
    assert read_vkey(run("keys", "show", "--vkey").out).name == "exams.example.org/log"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_file_that_others_may_read_is_refused(board, key_file, mode):
    """Nothing is signed with a key that may be known to others; the message says what to do."""
    key_file.chmod(mode)
    for call in (["audit", "seal"], ["keys", "show"], ["keys", "rotate"]):
        said = board(*call)
        assert said.code == 7
        assert "chmod 600" in said.err


def test_a_key_file_in_a_folder_that_others_may_change_is_refused(board, key_file):
    """Who may change the folder may exchange the key."""
    key_file.parent.chmod(0o777)
    said = board("audit", "seal")
    assert said.code == 7
    assert "chmod go-w" in said.err


def test_a_key_file_beside_the_database_is_refused(run, database, monkeypatch):
    """Whoever copies or changes one would have the other."""
    monkeypatch.setenv("EXAMBOARD_SEAL_KEY", str(database.with_name("seal.json")))
    said = run("keys", "init")
    assert said.code == 7
    assert "beside the database" in said.err
    assert not database.with_name("seal.json").exists()


@pytest.mark.parametrize("change", [("private", "AAAA"), ("public", "A" * 43 + "="), ("public", "!")])
def test_a_key_file_that_was_changed_is_refused(board, key_file, change):
    """A public half that is not that of the private one is told, and nothing of the file is shown."""
    found = json.loads(key_file.read_text())
    private = found["keys"][0]["private"]
    found["keys"][0] |= dict([change])
    key_file.write_text(json.dumps(found))
    said = board("audit", "seal")
    assert said.code == 6
    assert private not in said.err + said.out


def test_without_a_key_nothing_is_sealed(run):
    """The message names the command that makes one."""
    said = run("audit", "seal")
    assert said.code == 4
    assert "examboard keys init" in said.err
    assert run("audit", "seals", "--json").rows == []
    assert run("audit", "export", "out").code == 4


def test_the_name_of_a_log_tells_nothing_about_the_machine(run, key_file, monkeypatch):
    """By default it comes from the board's name where that is ASCII, else from chance; a setting names it."""
    for setting, name in (("The Board, Ltd.", "examboard/the-board-ltd"), ("鉴定中心", None)):
        monkeypatch.setenv("EXAMBOARD_BOARD", setting)
        assert run("keys", "init").code == 0
        found = json.loads(key_file.read_text())["name"]
        assert found == name or (name is None and len(found) == len("examboard/") + 16)
        key_file.unlink()
    monkeypatch.setenv("EXAMBOARD_SEAL_ORIGIN", "exams.example.org/log")
    assert run("keys", "init").code == 0
    assert json.loads(key_file.read_text())["name"] == "exams.example.org/log"
    monkeypatch.setenv("EXAMBOARD_SEAL_ORIGIN", "has blanks")
    assert run("keys", "show").code == 7


def test_a_seal_is_printed_listed_and_made_once(board):
    """The checkpoint on stdout is the signed note itself; a second seal without news is none."""
    listed = board("audit", "seals", "--json").row
    again = board("audit", "seal")
    assert (again.code, again.out) == (0, "nothing new since seal 1: no seal was made\n")
    note = board("audit", "seals", "--number", 1).out
    assert note == listed["checkpoint"]
    assert read_checkpoint(note).origin == "exams.example.org/log"
    assert board("audit", "seal", "--json").row | {"new": True} == {"new": True, "events": 0, "left_out": [], **listed}
    assert board("audit", "seals", "--number", 2).code == 4


def test_what_is_recorded_after_a_seal_comes_into_the_next(board):
    """The next seal has one event more and is signed anew."""
    size = board("audit", "seals", "--json").row["size"]
    assert board("application", "withdraw", "A1", "--reason", "moved").code == 0
    made = board("audit", "seal", "--json").row
    assert (made["seal"], made["new"], made["events"], made["size"]) == (2, True, 1, size + 1)
    later = board("application", "history", "A1", "--json").rows
    first = board("audit", "prove", "A1", "--seal", 1)
    assert len(json.loads(first.out)["events"]) == len(later) - 1
    assert "1 later event of application A1 not in seal 1" in first.err
    assert len(json.loads(board("audit", "prove", "A1").out)["events"]) == len(later)


def test_a_proof_is_checked_without_any_database(board, alone, tmp_path, key_file, monkeypatch):
    """With the published key it is trusted; with no key at all the reader is told where the key came from."""
    file, vkey = tmp_path / "A1.json", board("keys", "show", "--vkey").out.strip()
    assert board("audit", "prove", "A1", "--output", file).code == 0
    assert alone("audit", "check-proof", file, "--json").row["key_is_trusted"] is True
    key_file.unlink()
    (tmp_path / "board.vkey").write_text(vkey + "\n")
    for key in (vkey, tmp_path / "board.vkey"):
        row = alone("audit", "check-proof", file, "--key", key, "--json").row
        assert (row["application"], row["key_is_trusted"], row["signed_by"]) == ("A1", True, [vkey])
    blind = alone("audit", "check-proof", file)
    assert blind.code == 0
    assert "the key came with the proof" in blind.err
    file.write_text(file.read_text().replace('\\"score\\":\\"60\\"', '\\"score\\":\\"95\\"'))
    said = alone("audit", "check-proof", file, "--key", vkey)
    assert said.code == 6
    assert "event 4" in said.err or "event" in said.err
    other = vkey.replace(vkey[-6:], "AAAAAA")
    assert alone("audit", "check-proof", file, "--key", other).code == 2
    file.write_text("nonsense")
    assert alone("audit", "check-proof", file).code == 2


def test_no_application_is_proved_that_is_not_there(board):
    """An unknown application is told."""
    assert board("audit", "prove", "Z9").code == 4


def test_a_new_key_is_announced_by_the_old_one(board, tmp_path):
    """The statement bears both signatures; the next seal too; then the old key is forgotten, its public half is not."""
    old = board("keys", "show", "--vkey").out.strip()
    statement = board("keys", "rotate")
    assert statement.code == 0
    assert "publish this statement" in statement.err
    assert "examboard audit seal" in statement.err
    new = board("keys", "show", "--vkey").out.split()
    assert new[1:] == [old]
    assert all(key in statement.out for key in new)
    assert statement.out.count("— exams.example.org/log ") == 2
    assert [row["state"] for row in board("keys", "show", "--json").rows] == ["signs", "signs"]
    assert board("keys", "rotate").code == 5
    assert board("application", "withdraw", "A1", "--reason", "moved").code == 0
    assert board("audit", "seal").out.count("— exams.example.org/log ") == 2
    assert [row["state"] for row in board("keys", "show", "--json").rows] == ["signs", "replaced"]
    assert statement.out in board("keys", "show").out
    assert board("audit", "export", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "key-changes.txt").read_text() == statement.out
    done = subprocess.run(
        [sys.executable, tmp_path / "out" / "verify.py", tmp_path / "out", "--key", new[0]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_an_export_is_whole_or_not_there(board, tmp_path, database):
    """A folder that holds something is refused and left; what fails half-way leaves nothing behind."""
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").touch()
    said = board("audit", "export", full)
    assert said.code == 5
    assert [path.name for path in full.iterdir()] == ["mine.txt"]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert board("audit", "export", empty).code == 0
    assert (empty / "events.jsonl").is_file()
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TRIGGER event_no_update")
        connection.execute("UPDATE event SET actor = 'nobody' WHERE application = 'A1' AND sequence = 1")
    connection.close()
    said = board("audit", "export", tmp_path / "broken")
    assert said.code == 6
    assert "audit verify" in said.err
    assert not [path for path in tmp_path.iterdir() if "broken" in path.name]


def test_events_in_no_seal_are_exported_apart(board, tmp_path):
    """They are written only where asked for, into a file of their own."""
    assert board("application", "withdraw", "A1", "--reason", "moved").code == 0
    row = board("audit", "export", tmp_path / "out", "--unsealed", "--json").row
    assert row["unsealed"] == 1
    (line,) = (tmp_path / "out" / "unsealed.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["type"] == "Withdrawn"
    assert "no seal yet" in (tmp_path / "out" / "README.txt").read_text()
    assert board("audit", "export", tmp_path / "without", "--json").row["unsealed"] is None
    assert not (tmp_path / "without" / "unsealed.jsonl").exists()


def test_an_export_holds_no_personal_value(board, database, tmp_path):
    """No name, identity number or telephone of the registry is in any file."""
    assert board("audit", "export", tmp_path / "out", "--unsealed").code == 0
    with open_database(str(database)) as opened:
        keys = {row.candidate for row in opened.events.projections()}
        persons = opened.candidates.many(sorted(keys)).values()
    values = {value for person in persons for value in (person.name, person.document_number, person.phone)}
    content = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "out").rglob("*") if p.is_file())
    assert len(values) > 5
    assert not [value for value in values if value and value in content]


def test_reading_verbs_cannot_write(board, database, tmp_path):
    """Listing, proving and exporting work on a database that may only be read."""
    database.chmod(0o400)
    for call in (["seals"], ["prove", "A1"], ["export", tmp_path / "out"]):
        assert board("audit", *call).code == 0


def test_the_verifier_is_printed_as_it_stands_in_the_documents(alone):
    """What is printed is docs/verify_export.py, or the short one beside it, which is as short as it says."""
    docs = Path(__file__).parents[2] / "docs"
    text = (docs / "verify_export.py").read_text(encoding="utf-8")
    assert alone("audit", "verifier").out == text == verifier_text()
    short = (docs / "verify_short.py").read_text(encoding="utf-8")
    assert alone("audit", "verifier", "--short").out == short
    assert len(short.splitlines()) < 100


def test_the_default_place_of_the_key_is_not_that_of_the_database():
    """They are in different folders even where nothing is set."""
    assert Path(Settings().seal_key).parent != Path(Settings().database).parent
