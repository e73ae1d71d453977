"""`audit verify` from the command line: how it is asked, interrupted, taken up, shared and told."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from cli import integrity
from tests.cli.test_database import edit
from workflow.audit.bucket import BucketAudit
from workflow.audit.findings import Finding

SPOILT = (
    "UPDATE event SET data = replace(data, '88.5', '89.5') WHERE application = 'A1'",
    "UPDATE application SET state = 'certified' WHERE application = 'A6'",
    "DELETE FROM event WHERE application = 'A8' AND sequence = 4",
)


@pytest.fixture
def spoilt(run, database):
    """Give the board with three findings."""
    edit(database, *SPOILT)
    return run


def test_a_sound_board(run):
    """A sound board has no findings, however it is asked."""
    for options in ((), ("--all",), ("--redecide",), ("--jobs", 2)):
        said = run("audit", "verify", *options)
        assert (said.code, said.out) == (0, "7 applications checked, 0 findings\n")
    assert run("audit", "verify", "--json").out == ""


def test_findings_are_told_with_what_to_do(spoilt, tmp_path):
    """As text, as JSON and in a workbook: the row, what was found, what to do; code 6."""
    said = spoilt("audit", "verify", "--xlsx", tmp_path / "found.xlsx")
    assert said.code == 6
    assert "A6: application state: its row says state certified, its history submitted\n" in said.out
    assert "  what to do: run: examboard db rebuild\n" in said.out
    assert said.out.endswith("7 applications checked, 3 findings\n")
    rows = spoilt("audit", "verify", "--json").rows
    assert {row["application"] for row in rows} == {"A1", "A6", "A8"}
    assert all(row["finding"] and row["remedy"] and row["kind"] for row in rows)
    sheet = CalamineWorkbook.from_path(tmp_path / "found.xlsx").get_sheet_by_index(0).to_python()
    assert sheet[0][:3] == ["kind", "application", "sequence"]
    assert sorted(row[1] for row in sheet[1:]) == ["A1", "A6", "A8"]


def test_many_processes_find_what_one_finds(spoilt):
    """The findings and their order do not hang on the number of processes."""
    one = spoilt("audit", "verify", "--json", "--redecide", "--jobs", 1)
    two = spoilt("audit", "verify", "--json", "--redecide", "--jobs", 2)
    assert (one.code, one.out) == (two.code, two.out)
    assert len(one.rows) == 3


def test_an_interrupted_audit_goes_on(spoilt, tmp_path, monkeypatch):
    """What was done before an interruption is not done again, and the findings are the same in the end."""
    whole = spoilt("audit", "verify", "--json")
    file, judge = tmp_path / "kept.jsonl", integrity.Auditor.bucket
    done: list[int] = []
    patience = 40

    def judged(self, bucket, *more):
        if len(done) == patience:
            raise KeyboardInterrupt
        done.append(bucket)
        return judge(self, bucket, *more)

    monkeypatch.setattr(integrity.Auditor, "bucket", judged)
    assert spoilt("audit", "verify", "--json", "--resume", file).code == 130
    with file.open("ab") as stream:
        stream.write(b'{"unit": "bucket 40", "appl')  # the power went while the next line was written
    patience = 1_000
    again = spoilt("audit", "verify", "--json", "--resume", file)
    assert (again.code, again.out) == (whole.code, whole.out)
    assert sorted(done) == list(range(64))
    assert all(map(json.loads, file.read_text(encoding="utf-8").splitlines()))
    assert spoilt("audit", "verify", "--json", "--resume", file).out == whole.out
    assert sorted(done) == list(range(64))


def test_a_file_of_another_audit_is_refused(run, tmp_path):
    """A file that keeps something else is left alone."""
    file = tmp_path / "kept.jsonl"
    assert run("audit", "verify", "--resume", file).code == 0
    said = run("audit", "verify", "--redecide", "--resume", file)
    assert (said.code, "other options" in said.err) == (2, True)
    for text in ("notes\n", '{"a": 1}\n[]\n', "no end of line"):
        file.write_text(text, encoding="utf-8")
        assert run("audit", "verify", "--resume", file).code == 2
        assert file.read_text(encoding="utf-8") == text


def test_a_sample_can_be_drawn_again(spoilt):
    """The same seed draws the same histories, whoever draws; they are named, and only they are audited."""
    first = spoilt("audit", "verify", "--sample", 3, "--seed", 5, "--json")
    again = spoilt("audit", "verify", "--sample", 3, "--seed", 5, "--json", "--jobs", 2)
    assert first.out == again.out
    drawn = [row["sampled"] for row in first.rows if "sampled" in row]
    assert len(drawn) == 3
    assert {row["application"] for row in first.rows if "finding" in row} <= set(drawn)
    other = {tuple(r["sampled"] for r in spoilt("audit", "verify", "--sample", 3, "--seed", n, "--json").rows
                   if "sampled" in r) for n in range(6)}  # fmt: skip
    assert len(other) > 1
    said = spoilt("audit", "verify", "--sample", 9, "--seed", 1)
    assert said.out.count(": drawn (weight ") == 7
    assert said.out.endswith("7 applications checked, 3 findings\n")


def test_a_sample_needs_its_seed(run):
    """A sample without a seed could not be drawn again; and a sample is not all."""
    assert run("audit", "verify", "--sample", 3).code == 2
    assert run("audit", "verify", "--seed", 3).code == 2
    assert run("audit", "verify", "--all", "--sample", 3, "--seed", 1).code == 2


def test_further_checkers_are_asked(run, monkeypatch):
    """Whoever checks something else, such as the seals, adds findings to the same audit."""
    finding = Finding("seal", "seal 3 does not hold", "compare it with its copy", table="seal", key="3")
    monkeypatch.setattr(integrity, "CHECKERS", [("others", lambda stores: [finding])])
    said = run("audit", "verify")
    assert (said.code, "seal 3: seal 3 does not hold\n" in said.out) == (6, True)


def test_nothing_is_written(spoilt, database):
    """An audit leaves every byte of the database as it was."""

    def content() -> str:
        return hashlib.sha256(Path(database).read_bytes()).hexdigest()

    before = content()
    assert spoilt("audit", "verify", "--redecide").code == 6
    assert spoilt("db", "check").code == 6
    Path(database).chmod(0o400)
    assert spoilt("audit", "verify").code == 6
    assert content() == before


def test_text_that_is_none_is_found(run, database):
    """Bytes that are no text in a row are a finding of that row, and spare the others."""
    edit(database, "UPDATE event SET actor = CAST(X'ff41' AS TEXT) WHERE application = 'A1' AND sequence = 2")
    for options in ((), ("--redecide",)):
        (row,) = run("audit", "verify", "--json", *options).rows
        assert (row["application"], row["sequence"]) == ("A1", 2)


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("UPDATE application SET submitted_on = 'abc' WHERE application = 'A1'", {"table": "application"}),
        ("UPDATE application SET candidate = CAST(X'ff41' AS TEXT) WHERE application = 'A1'", {"application": "A1"}),
        ("UPDATE event SET sequence = 'abc' WHERE application = 'A1' AND sequence = 8", {"application": "A1"}),
        ("UPDATE candidate_act SET deed = 'praised'", {"table": "candidate_act"}),
        ("UPDATE candidate_act SET at = 'abc'", {"table": "candidate_act"}),
        ("UPDATE admission SET application = X'ff' WHERE application = 'A1'", {"table": "admission"}),
        ("UPDATE scheme_document SET text = X'ff'", {"table": "scheme_document"}),
        (
            "UPDATE event SET step = X'ff' WHERE application = 'A1' AND sequence = 2",
            {"application": "A1", "sequence": 2},
        ),
        ("UPDATE seal SET at = 'abc'", {"table": "seal"}),
        ("UPDATE seal_range SET application = X'ff' WHERE application = 'A1'", {"kind": "seal"}),
    ],
)
def test_what_no_column_can_hold_is_a_finding(run, database, statement, names):
    """SQLite keeps anything in any column: what is no day, no number or no text is a finding, and never a crash."""
    person = run("application", "show", "A2", "--json").row["candidate"]
    assert run("candidate", "restrict", person, "--reason", "asked for", "--authority", "minute 1").code == 0
    assert run("keys", "init").code == run("audit", "seal").code == 0
    edit(database, statement)
    for options in ((), ("--redecide",)):
        said = run("audit", "verify", "--json", *options)
        assert (said.code, said.err) == (6, "")
        assert any(names.items() <= row.items() for row in said.rows), said.rows


def test_a_history_in_the_wrong_bucket_is_found(run, database):
    """A history that lies where nobody looks for it is found, and named."""
    edit(
        database,
        "UPDATE event SET bucket = (bucket + 1) % 64 WHERE application = 'A4'",
        "UPDATE application SET bucket = (bucket + 1) % 64 WHERE application = 'A4'",
    )
    found = run("audit", "verify", "--json").rows
    assert "A4" in {row["application"] for row in found}
    assert any("bucket" in row["finding"] for row in found)


def test_no_database_is_made(alone, tmp_path):
    """Where there is no database there is nothing to verify, and none is made."""
    said = alone("--database", tmp_path / "no.db", "audit", "verify")
    assert said.code == 4
    assert not (tmp_path / "no.db").exists()


def test_what_is_found_once_only_was_being_written(run, monkeypatch):
    """Nodes of a cluster are not read at one moment, so that a step under way may look half done: one looks again."""
    looks = []
    audit = BucketAudit.run

    def half_done(self):
        done = audit(self)
        looks.append(done.unit)
        if looks.count(done.unit) == 1:
            done.findings.append(Finding("certificate", "is not in the register", "ask"))
        return done

    monkeypatch.setattr(BucketAudit, "run", half_done)
    said = run("audit", "verify", "--jobs", "1")
    assert (said.code, said.out) == (0, "7 applications checked, 0 findings\n")
    assert set(Counter(looks).values()) == {2}
