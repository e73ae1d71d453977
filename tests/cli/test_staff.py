"""Staff at the command line: tokens, roles, a day of attempts, what takes two, and who saw what."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from cli import main, wiring
from storage.database import open_database
from tests.cli.conftest import NOW, Run, Said, document, run_on
from workflow.roles import staff
from workflow.roles.rights import ACTS, RIGHTS, ROLES, Actor
from workflow.roles.staff import StaffDesk

As = Run


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """Let a hash take less than the 40 ms that it is to take."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(staff._COST, "n", 2)
        yield


@pytest.fixture(scope="module")
def _staffed(_taken_in: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Give a board of the small round with a member for every role, and one of two; each with the token."""
    folder = tmp_path_factory.mktemp("staffed")
    for file in _taken_in.parent.glob(f"{_taken_in.name}*"):
        shutil.copy(file, folder / file.name)
    file = folder / _taken_in.name
    with open_database(str(file)) as opened:
        first, boss = Actor("local:anna"), Actor("staff:administrator", ("administrator",), "member")
        desk = StaffDesk(opened.staff, first, lambda: NOW, wiring.chance)
        tokens: dict[str, str] = {"administrator": desk.add("administrator", ["administrator"])}
        desk = replace(desk, actor=boss)
        others = [role for role in ROLES if role != "administrator"]
        tokens |= {role: desk.add(role.replace("_", "-"), [role]) for role in others}
        tokens["both"] = desk.add("both", ["examiner", "announcer", "awarding_officer", "registrar"])
    return file, tokens


@pytest.fixture
def board(_staffed: tuple[Path, dict[str, str]], tmp_path: Path) -> Path:
    """Give a copy of that board."""
    file, _ = _staffed
    for one in file.parent.glob(f"{file.name}*"):
        shutil.copy(one, tmp_path / one.name)
    return tmp_path / file.name


@pytest.fixture
def tokens(_staffed: tuple[Path, dict[str, str]]) -> dict[str, str]:
    """Give the token of each role's member."""
    return _staffed[1]


@pytest.fixture
def by(board: Path, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> As:
    """Give `by("registrar", "application", "show", "A1")`; "" is nobody."""

    def run(role: str, *arguments: object, stdin: str | bytes | None = None) -> Said:
        monkeypatch.setenv("EXAMBOARD_TOKEN", tokens.get(role, role))
        return run_on(str(board), *arguments, stdin=stdin)

    return run


def log_of(board: Path, what: str = "") -> list[tuple[str, str, str, str, int]]:
    """Read the access log as it stands in the database."""
    with sqlite3.connect(board) as tx:
        rows = tx.execute("SELECT actor, what, subject, reason, persons FROM access ORDER BY number").fetchall()
    return [row for row in rows if what in ("", row[1]) and row[1] != "staff"]


def test_a_board_takes_on_its_staff(alone: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without staff nobody is asked; the first member is an administrator; from then on everybody shows a token."""
    assert alone("db", "init").code == 0
    assert alone("staff", "list", "--json").rows == []
    said = alone("staff", "add", "li", "--role", "registrar")
    assert (said.code, "first member must be an administrator" in said.err) == (3, True)
    said = alone("staff", "add", "boss", "--role", "administrator")
    token = said.out.strip()
    assert (said.code, token.partition(".")[0], "shown this once" in said.err) == (0, "boss", True)
    for line in (("staff", "list"), ("application", "list"), ("candidate", "find", "--name", "王"), ("jobs", "list")):
        assert (alone(*line).code, "nobody acts without a token" in alone(*line).err) == (3, True)
    file = tmp_path / "token"
    file.write_text(f"{token}\n")
    file.chmod(0o640)
    assert (alone("--token-file", file, "staff", "list").code, alone("staff", "list", "--token-file", file).code) == (
        7,
        7,
    )
    file.chmod(0o600)
    assert alone("--token-file", file, "staff", "add", "li", "--role", "registrar", "--json").row["member"] == "li"
    monkeypatch.setenv("EXAMBOARD_TOKEN_FILE", str(file))
    assert [row["member"] for row in alone("staff", "list", "--json").rows] == ["boss", "li"]
    newer = alone("staff", "token", "boss", "--reason", "the old one was seen").out.strip()
    assert alone("staff", "list").code == 3
    file.write_text(newer)
    assert alone("staff", "disable", "li", "--reason", "left").code == 0
    assert alone("staff", "show", "li", "--json").row["state"].startswith("disabled since")
    assert alone("staff", "roles", "boss", "--role", "auditor").code == 3
    assert (
        "may record" in alone("staff", "show", "boss").out
        or "add and disable members" in alone("staff", "show", "boss").out
    )
    entries = alone("audit", "access", "--what", "staff", "--json").rows
    assert [(row["actor"].partition(":")[0], row["subject"]) for row in entries] == [
        ("local", "add boss: administrator"),
        ("staff", "add li: registrar"),
        ("staff", "token boss: administrator"),
        ("staff", "disable li: registrar"),
    ]
    assert newer.partition(".")[2] not in str(entries)


def test_a_token_is_never_shown_or_kept(by: As, board: Path, tokens: dict[str, str]) -> None:
    """No message repeats a token, right or wrong, and the database holds none."""
    wrong = "registrar." + "ab" * 32
    said = by(wrong, "application", "show", "A1")
    assert (said.code, "ab" * 8 in said.out + said.err) == (3, False)
    content = b"".join(file.read_bytes() for file in board.parent.glob(f"{board.name}*"))
    assert not any(token.partition(".")[2].encode() in content for token in tokens.values())
    assert not any("token" in name and name != "--token-file" for name in _options())


def _options() -> list[str]:
    """Name the root's options: a token given as one would be seen by whoever lists the processes."""
    return [name for parameter in main.cli.params for name in parameter.opts]


RECORD = ("event", "application", "candidate", "member", "access", "scheme_document", "run", "sitting", "outbox")
ATTEMPTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "Submitted": (("application", "create"),),
    "read": (("application", "show", "A1"), ("audit", "verify"), ("audit", "duties"), ("report", "summary")),
    "export": (("export", "candidates"), ("audit", "log", "log.json", "--format", "ocel")),
    "reveal": (("export", "candidates", "--reveal", "--reason", "a request"),),
    "dossier": (("audit", "dossier", "A1", "folder"),),
    "keep_staff": (("staff", "add", "wu", "--role", "auditor"), ("staff", "disable", "both", "--reason", "x")),
    "keep_keys": (("keys", "init"),),
    "keep_database": (("db", "rebuild"),),
    "run_jobs": (("jobs", "run", "expire"), ("notice", "deliver")),
    "Withdrawn": (("application", "withdraw", "A4", "--reason", "ill"),),
    "ScoreAnnounced": (("score", "announce", "--sitting", "S3"),),
    "CertificateAwarded": (("certificate", "award", "--all"),),
    "register_person": (
        ("candidate", "add", "--name", "王五", "--document-type", "passport", "--document-number", "E1234567"),
    ),
    "put_scheme": (("scheme", "add", "scheme.yaml"),),
}  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_a_day_of_attempts(role: str, by: As, board: Path) -> None:
    """What is not the role's is refused by the rule and with code 3, and the record is as it was."""
    Path("scheme.yaml").write_text(
        (files("workflow") / "schemes" / "lrc-2019.yaml")
        .read_text(encoding="utf-8")
        .replace("version: 1", "version: 2")
    )
    before = _record(board)
    for act, lines in ATTEMPTS.items():
        for line in lines:
            if act in RIGHTS[role] or line == ("application", "create"):
                continue
            said = by(role, *line)
            assert (said.code, "has no right to" in said.err + said.out) == (3, True), (line, said.out, said.err)
    assert _record(board) == before
    assert not Path("folder").exists()
    for act, lines in ATTEMPTS.items():
        for line in lines if act in RIGHTS[role] and act != "Submitted" else ():
            said = by(role, *line)
            assert "has no right to" not in said.err + said.out, (line, said.err)


def _record(board: Path) -> list[list[tuple[object, ...]]]:
    """Read all that a board has recorded."""
    with sqlite3.connect(board) as tx:
        return [tx.execute(f"SELECT * FROM {name}").fetchall() for name in RECORD]


def test_a_member_stands_in_the_history(by: As) -> None:
    """The event names who showed the token, whatever `--actor` says."""
    assert by("registrar", "--actor", "anna", "application", "withdraw", "A4", "--reason", "ill").code == 0
    assert by("auditor", "application", "history", "A4", "--json").rows[-1]["actor"] == "staff:registrar"


def test_nobody_claims_to_be_a_member_or_the_clock(alone: Run) -> None:
    """On a board without staff anybody may take any name, but not one that stands for a proof."""
    assert alone("db", "init").code == 0
    for name in ("clock", "staff:li"):
        said = alone("--actor", name, "application", "list")
        assert (said.code, "nobody may claim it without a token" in said.err) == (3, True)
    assert alone("--actor", "anna", "application", "list").code == 0


def test_the_night_is_the_clocks(by: As, board: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node asks for no token; by hand the run names who asked for it, and its events are the clock's."""
    assert by("", "scheduler", "run", "--once").code == 0
    assert by("", "jobs", "run", "expire").code == 3
    said = by("administrator", "jobs", "run", "expire", "--json")
    assert said.code == 0, said.err
    with sqlite3.connect(board) as tx:
        assert {actor for (actor,) in tx.execute("SELECT actor FROM event WHERE type = 'Expired'")} == {"clock"}


def test_a_correction_takes_two_at_the_command_line(by: As, board: Path) -> None:
    """Put forward by one, listed, shown, and confirmed by another; who put it forward cannot confirm it."""
    amend = ("score", "amend", "A1", "--part", "theory", "--sitting", "S1", "--score", "61", "--on", "2026-11-22",
             "--reason", "wrong sum", "--authority", "minute 5")  # fmt: skip
    said = by("examiner", *amend)
    assert (said.code, "a correction after announcement takes two people" in said.err) == (3, True), said
    (row,) = by("auditor", "proposal", "list", "--json").rows
    assert (row["about"], row["step"], row["by"], row["confirmed"]) == ("A1", "ScoreAmended", "staff:examiner", False)
    shown = by("announcer", "proposal", "show", row["proposal"], "--json").row
    assert (shown["score"], shown["reason"]) == ("61", "wrong sum")
    assert "another member confirms it" in by("examiner", "proposal", "confirm", row["proposal"]).err
    assert by("registrar", "proposal", "confirm", row["proposal"]).code == 3
    said = by("announcer", "proposal", "confirm", row["proposal"], "--json")
    assert said.code == 0, said.err
    assert by("auditor", "proposal", "list", "--json").rows == []
    assert by("auditor", "proposal", "list", "--all", "--json").row["confirmed"] is True
    assert by("announcer", "proposal", "confirm", row["proposal"]).code == 5
    assert by("announcer", "proposal", "confirm", 99).code == 4
    last = by("auditor", "application", "history", "A1", "--json").rows[-1]
    assert (last["type"], last["actor"]) == ("ScoreAmended", "staff:announcer")
    told = by("auditor", "audit", "duties", "--json", "--xlsx", "exceptions.xlsx")
    assert told.code == 0
    assert {row["kind"] for row in told.rows} == {"local_operator"}
    assert Path("exceptions.xlsx").stat().st_size > 0


def test_a_proposal_is_withdrawn_at_the_command_line(by: As, board: Path) -> None:
    """By whoever put it forward or might confirm it; it is listed as such, and confirmed by nobody."""
    amend = ("score", "amend", "A1", "--part", "theory", "--sitting", "S1", "--score", "61", "--on", "2026-11-22",
             "--reason", "wrong sum", "--authority", "minute 5")  # fmt: skip
    by("examiner", *amend)
    (row,) = by("auditor", "proposal", "list", "--json").rows
    end = ("proposal", "withdraw", row["proposal"], "--reason", "the sum was right")
    assert by("registrar", *end).code == 3
    said = by("examiner", *end, "--json")
    assert (said.code, said.row["by"]) == (0, "staff:examiner"), said.err
    assert "withdrawn already by staff:examiner" in by("announcer", *end).err
    assert by("auditor", "proposal", "list", "--json").rows == []
    assert by("auditor", "proposal", "list", "--all", "--json").row["state"] == "withdrawn"
    shown = by("announcer", "proposal", "show", row["proposal"], "--json").row
    assert (shown["withdrawn_by"], shown["withdrawn_because"]) == ("staff:examiner", "the sum was right")
    said = by("announcer", "proposal", "confirm", row["proposal"])
    assert (said.code, "was withdrawn by staff:examiner: the sum was right" in said.err) == (5, True)
    assert by("auditor", "audit", "access", "--what", "withdrawal", "--json").row["actor"] == "staff:examiner"
    assert by("auditor", "proposal", "withdraw", 99, "--reason", "x").code == 4


def test_a_round_brings_in_what_its_importer_may_record(by: As, board: Path, tmp_path: Path) -> None:
    """A registrar files and admits; the rows that are a trainer's or an examiner's are rejected, and no other row."""
    folder = tmp_path / "next"
    folder.mkdir()
    titles = "application,name,document_type,document_number,occupation,level,submitted_on\n"
    row = f"B1,赵七,resident_id,{document(71)},4-07-03-02,3,2026-03-15\n"
    (folder / "applications.csv").write_text(titles + row, encoding="utf-8")
    scores = "application,part,session,sat_on,announced_on,score\nA4,theory,S9,2026-10-10,,70\n"
    (folder / "scores.csv").write_text(scores, encoding="utf-8")
    said = by("registrar", "round", "import", folder, "--rejects", folder / "rejects.csv", "--json")
    assert said.row["counts"]["applications_new"] == 1
    (reject,) = said.row["rejects"]
    assert (reject["file"], "no right to record ScoreRecorded" in reject["reason"]) == ("scores.csv", True)
    for role in ("trainer", "auditor", "administrator"):
        assert by(role, "round", "import", folder, "--rejects", folder / "rejects.csv").code == 3
    history = by("auditor", "application", "history", "B1", "--json").rows
    assert {row["actor"] for row in history} == {"staff:registrar"}


def test_an_erasure_takes_two_at_the_command_line(by: As, board: Path) -> None:
    """By the same command of two members, once its time has come; `--default` erases nobody by one member's word."""
    said = by("registrar", "retention", "run", "--default")
    assert (said.code, "an erasure takes two people" in said.err) == (3, True)
    assert by("registrar", "retention", "run", "--default", "--dry-run").code == 0
    key = by("registrar", "candidate", "add", "--name", "王五", "--document-type", "passport",
             "--document-number", "E1234567", "--json").row["candidate"]  # fmt: skip
    erase = ("candidate", "erase", key, "--reason", "asked for it", "--authority", "request 9")
    said = by("registrar", *erase)
    assert (said.code, "put forward as proposal" in said.err) == (3, True), said.err
    (row,) = by("auditor", "proposal", "list", "--json").rows
    assert (row["about"], row["step"], row["confirmed"]) == (key, "erasure", False)
    assert "by the same command" in by("awarding_officer", "proposal", "confirm", row["proposal"]).err
    assert by("auditor", *erase).code == 3
    assert by("awarding_officer", *erase).code == 0
    assert by("auditor", "proposal", "list", "--json").rows == []
    assert not [row for row in by("auditor", "audit", "duties", "--json").rows if row["duty"] == "erasure"]


def test_audit_duties_finds_a_breach(by: As, board: Path) -> None:
    """A member's work past the service is a breach: it is told, and ends the audit with code 6."""
    with sqlite3.connect(board) as tx:
        tx.execute("DROP TRIGGER event_no_update")
        tx.execute("UPDATE event SET actor = 'staff:both' WHERE application = 'A1'")
    said = by("auditor", "audit", "duties")
    assert said.code == 6
    assert "breach: A1 event" in said.out
    assert "who entered a score may not announce it; staff:both entered this score" in said.out
    assert not said.out.strip().endswith("breaches: 0, other exceptions: 0")


def test_audit_duties_finds_who_had_not_the_role_then(by: As, board: Path) -> None:
    """Who took a role in the database for as long as it was needed, and had no right to it by the log, is told."""
    with sqlite3.connect(board) as tx:
        tx.execute("UPDATE member SET roles = 'trainer,announcer' WHERE name = 'trainer'")
    assert by("trainer", "export", "candidates").code == 0
    with sqlite3.connect(board) as tx:
        tx.execute("UPDATE member SET roles = 'trainer' WHERE name = 'trainer'")
    assert by("auditor", "audit", "verify").code == 0
    told = by("auditor", "audit", "duties", "--json")
    (row,) = [row for row in told.rows if row["kind"] == "breach"]
    assert (told.code, row["duty"], row["type"], row["actor"]) == (6, "has_the_right", "export", "staff:trainer")
    assert "staff:trainer (trainer) has no right to write lists to files; who may: registrar," in row["text"]


def test_full_values_take_a_right_and_a_reason(by: As, board: Path) -> None:
    """Without a reason nothing is shown; with both it is, and an entry says who, what, why, and of how many."""
    key = by("registrar", "export", "candidates", "--json").rows[0]["application"]
    assert log_of(board) == [("staff:registrar", "export", "candidates", "", 7)]
    said = by("registrar", "export", "candidates", "--reveal", "--json")
    assert (said.code, "--reason is missing" in said.err, document(1) in said.out) == (2, True, False)
    why = ("--reveal", "--reason", "asked by the court")
    assert by("announcer", "export", "candidates", *why).code == 3
    assert log_of(board)[1:] == []
    full = by("auditor", "export", "candidates", *why, "--json")
    assert (full.code, document(1) in full.out) == (0, True)
    assert log_of(board)[1:] == [("staff:auditor", "export", "candidates, in full", "asked by the court", 7)]
    masked = by("auditor", "candidate", "find", "--document-number", document(1), "--json")
    assert (masked.row["document_number"], key) == (f"{document(1)[:6]}********{document(1)[-4:]}", "A1")
    person = masked.row["candidate"]
    for line in (("candidate", "show", person), ("candidate", "find", "--document-number", document(1))):
        assert by("trainer", *line, *why).code == 3
        assert document(1) in by("registrar", *line, *why, "--json").out
        assert log_of(board)[-1] == ("staff:registrar", "reveal", person, "asked by the court", 1)
    assert by("auditor", "audit", "dossier", "A1", "folder").code == 0
    assert log_of(board)[-1] == ("staff:auditor", "dossier", "A1", "", 1)
    assert by("auditor", "audit", "log", "log.json", "--format", "ocel").code == 0
    assert log_of(board)[-1][1:3] == ("export", "event log (ocel)")


def test_nothing_is_shown_that_cannot_be_logged(by: As, board: Path) -> None:
    """Where the log cannot be written, the values stay hidden."""
    with sqlite3.connect(board) as tx:
        tx.execute("CREATE TRIGGER full BEFORE INSERT ON access BEGIN SELECT RAISE(ABORT, 'no'); END")
    said = by("auditor", "export", "candidates", "--reveal", "--reason", "x", "--json")
    assert said.code != 0
    assert document(1) not in said.out + said.err
    assert by("auditor", "audit", "dossier", "A1", "folder", "--reveal", "--reason", "x").code != 0
    assert not Path("folder").exists()


def test_the_access_log_is_listed_and_verified(by: As, board: Path) -> None:
    """It is listed by kind; a changed, a cut and an unbroken log are told apart, with code 6 for the first two."""
    for _ in range(3):
        by("auditor", "export", "candidates")
    said = by("auditor", "audit", "access", "--what", "export", "--json", "--xlsx", "log.xlsx")
    assert [(row["what"], row["persons"]) for row in said.rows] == [("export", 7)] * 3
    assert (said.code, "unbroken; the last hash is" in said.err) == (0, True)
    head = said.err.strip().rpartition(" ")[2]
    assert head == said.rows[-1]["hash"]
    assert by("administrator", "audit", "access", "--expect", head).code == 0
    assert by("registrar", "audit", "access").code == 0
    assert by("", "audit", "access").code == 3
    with sqlite3.connect(board) as tx:
        tx.execute("DROP TRIGGER access_no_delete")
        tx.execute("DELETE FROM access WHERE number = (SELECT max(number) FROM access)")
    assert by("auditor", "audit", "access").code == 0  # nothing shows what is no longer there, but a noted hash
    cut = by("auditor", "audit", "access", "--expect", head)
    assert (cut.code, "cut off or replaced" in cut.err) == (6, True)
    with sqlite3.connect(board) as tx:
        tx.execute("DROP TRIGGER access_no_update")
        tx.execute("UPDATE access SET reason = 'x' WHERE number = 2")
    broken = by("auditor", "audit", "access")
    assert (broken.code, "entry 2: its hash does not follow" in broken.err) == (6, True)
    whole = by("auditor", "audit", "verify")
    assert (whole.code, "entry 2: its hash does not follow" in whole.out) == (6, True)


AUDITS: dict[str, tuple[object, ...]] = {
    "replay": ("A1",), "diff": ("A1", "--as-of", "2024-07-01"), "verify": (), "seals": (), "dossier": ("A1", "d"),
    "log": ("log2.json", "--format", "ocel"), "access": (), "duties": (), "verifier": (),
}  # fmt: skip


def test_audits_write_nothing_but_the_log(by: As, board: Path) -> None:
    """Every verb of the audit leaves the record byte for byte, but for its entry where it hands something out."""
    before = _record(board)
    at = RECORD.index("access")
    for verb, line in AUDITS.items():
        said = by("auditor", "audit", verb, *line)
        assert said.code in (0, 2), (verb, said.err)
        after = _record(board)
        entries = len(after[at]) - len(before[at])
        assert (entries, after[at][: len(before[at])]) == (int(verb in ("dossier", "log")), before[at]), verb
        assert [rows for n, rows in enumerate(after) if n != at] == [rows for n, rows in enumerate(before) if n != at]
        before = after
    from cli.audit import audit

    known = {*AUDITS, "seal", "export", "prove", "check-proof", "what-if"}
    assert set(audit.commands) == known


def test_what_is_printed_and_handed_out_is_logged(by: As, board: Path) -> None:
    """Each command that hands personal values or the record out asks for its right before it writes a file."""
    assert by("trainer", "audit", "export", "handover").code == 3
    assert by("trainer", "audit", "prove", "A1").code == 3
    assert by("trainer", "ticket", "pdf", "S1", "--out", "t.pdf").code in (3, 4)
    assert by("examiner", "certificate", "list", "--xlsx", "c.xlsx").code == 3
    assert not any(Path(name).exists() for name in ("handover", "t.pdf", "c.xlsx"))
    assert by("awarding_officer", "certificate", "list", "--xlsx", "c.xlsx").code == 0
    assert log_of(board)[-1][:3] == ("staff:awarding-officer", "export", "certificates")


def test_db_grants_prints_statements(alone: Run) -> None:
    """Nothing is needed to print them; the roles may be called anything."""
    said = alone("db", "grants", "--auditor", 'the "eye"')
    assert (said.code, 'GRANT SELECT ON "public"."event" TO "the ""eye""";' in said.out.splitlines()) == (0, True)
    assert not any("UPDATE" in line for line in said.out.splitlines() if '"event"' in line)
    assert json.loads(alone("db", "grants", "--json").out.splitlines()[0])["statement"].startswith("REVOKE")


def test_every_act_is_tried() -> None:
    """The day of attempts covers every act that a verb of the command line asks for."""
    untried = ACTS.keys() - ATTEMPTS.keys()
    assert untried == {"print", "amend_person", "forget_person", "set_sitting", "seal"}
