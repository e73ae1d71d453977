"""`examboard audit dossier`: the archive of a session or of one application, as a folder that checks itself."""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
import stat
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cli.audit_dossier import file_name
from cli.errors import clause_text
from tests.cli.conftest import NOW, document, run_on
from tests.timeline import Timeline, day
from workflow import facts as f
from workflow.audit.dossier import Case, event_line, history_page, index_page
from workflow.audit.telling import tell
from workflow.checking.check import pin
from workflow.events import GENESIS

VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """Reads a page, and keeps its tags, its links and its text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open += [] if tag in VOID else [tag]
        for name, value in attrs:
            assert not name.startswith("on"), f"{tag} {name}"
            if name in ("href", "src", "action", "data", "srcset"):
                self.links.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def read(folder: Path) -> dict[str, bytes]:
    """Give every file of a folder by its path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    """Read a list."""
    with (folder / "lists" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def session(run, tmp_path):
    """Give the dossier of session S1, in English."""
    folder = tmp_path / "here/S1"
    said = run("audit", "dossier", "--session", "S1", folder, "--english")
    assert said.code == 0, said.err
    return folder


def test_the_digests_are_those_of_the_files(session):
    """SHA256SUMS names every file but itself, in order, as `sha256sum -c` reads it, and each digest is right."""
    files = read(session)
    lines = files.pop("SHA256SUMS").decode().splitlines()
    assert [line[66:] for line in lines] == sorted(files)
    for line in lines:
        assert line[64:66] == "  "
        assert hashlib.sha256(files[line[66:]]).hexdigest() == line[:64]


def test_the_index_leads_to_every_file_and_nowhere_else(session):
    """Every file is linked from the index once, and every link leads to a file."""
    files = read(session)
    page = Page(files["index.html"].decode())
    assert sorted(page.links) == sorted(files.keys() - {"index.html", "SHA256SUMS"})
    assert "Dossier of session S1" in page.texts
    assert "2026-11-22" in page.texts


def test_pages_are_whole_and_ask_for_nothing(session):
    """Every page parses, closes what it opens, has no script, no form and no address from outside."""
    for name, content in read(session).items():
        if name.endswith(".html"):
            text = content.decode()
            page = Page(text)
            assert (page.open, page.tags[:2]) == ([], ["html", "head"]), name
            assert not {"script", "iframe", "img", "link", "form", "object", "base"} & set(page.tags)
            assert "://" not in text
            assert "url(" not in text
            assert "@import" not in text


def test_the_histories_are_the_events_that_were_recorded(session, run):
    """Each line is canonical JSON whose sha256 is the hash that the next one names, and the last is the database's."""
    assert sorted(p.name for p in (session / "histories").glob("*.jsonl")) == ["A1.jsonl", "A3.jsonl"]
    lines = (session / "histories/A1.jsonl").read_text(encoding="utf-8").splitlines()
    events, head = [json.loads(line) for line in lines], GENESIS
    for line, event in zip(lines, events, strict=True):
        assert event["previous"] == head
        head = hashlib.sha256(line.encode()).hexdigest()
    kept = run("application", "history", "A1", "--json").rows
    assert [event["sequence"] for event in events] == [row["sequence"] for row in kept]
    assert head == kept[-1]["hash"]


def test_the_page_of_an_application_tells_every_fact(session, run):
    """The page has a row for each fact, with its clause, and where the application stands."""
    page = Page((session / "histories/A1.html").read_text(encoding="utf-8"))
    said = run("audit", "replay", "A1", "--json").rows
    for row in said[:-1]:
        assert clause_text(row["clause"] or "") in " ".join(page.texts)
        assert row["recorded_at"] in page.texts
    assert any(text.startswith("awaiting_award since") for text in page.texts)
    assert "seed-001 Level 3 (1)" in page.texts


def test_the_lists_are_those_of_the_session(session):
    """Who was accepted, admitted, came and passed at S1; what belongs to another session is not there."""
    assert {row["application"]: row["condition"] for row in rows_of(session, "eligibility")} == {"A1": "1", "A3": "1"}
    came = {(row["application"], row["part"]): row["attendance"] for row in rows_of(session, "attendance")}
    assert came == {(a, p): "present" for a in ("A1", "A3") for p in ("theory", "skills")} | {
        ("A3", "skills"): "absent"
    }
    results = {(row["application"], row["part"]): (row["score"], row["result"]) for row in rows_of(session, "results")}
    assert results == {
        ("A1", "theory"): ("60", "pass"),
        ("A1", "skills"): ("88.5", "pass"),
        ("A3", "theory"): ("60", "pass"),
    }
    assert {row["session"] for row in rows_of(session, "admissions")} == {"S1"}
    counts = {row["part"]: (row["sat"], row["passed"], row["absent"]) for row in rows_of(session, "statistics")}
    assert counts == {"theory": ("2", "2", "0"), "skills": ("1", "1", "1")}


def test_the_scheme_documents_are_the_pinned_ones(session, run):
    """A document is there for each digest that an application names, byte for byte."""
    digest = run("application", "show", "A1", "--json").row["digest"]
    (file,) = (session / "schemes").iterdir()
    assert hashlib.sha256(file.read_bytes()).hexdigest() == digest
    assert pin(file.read_text(encoding="utf-8"), "x").digest == digest


def test_persons_are_masked_unless_they_are_to_be_revealed(session, run, tmp_path):
    """No file has a name or a number in full; with --reveal the lists and the pages have both."""
    number = document(1)
    for name, content in read(session).items():
        text = content.decode("utf-8")
        assert number not in text, name
        assert "王A1" not in text, name
        assert "1990000000" not in text, name
    assert rows_of(session, "eligibility")[0]["document_number"].startswith("110101********")
    folder = tmp_path / "open"
    assert run("audit", "dossier", "--session", "S1", folder, "--english", "--reveal", "--reason", "asked").code == 0
    assert rows_of(folder, "eligibility")[0]["document_number"].strip() == number
    assert {"王A1", number} <= set(Page((folder / "histories/A1.html").read_text(encoding="utf-8")).texts)


def test_the_same_record_gives_the_same_bytes(session, run, tmp_path, monkeypatch):
    """Made again, later on the same day as of the same day, every file is the same."""
    monkeypatch.setattr("cli.wiring.now", lambda: NOW.replace(hour=11))
    again = tmp_path / "again"
    assert run("audit", "dossier", "--session", "S1", again, "--english", "--as-of", "2026-11-22").code == 0
    assert read(again) == read(session)


def test_one_application_with_chinese_titles(run, tmp_path):
    """The dossier of one application has everything of it, in Chinese titles, and no statistics of anybody."""
    folder = tmp_path / "one"
    said = run("audit", "dossier", "A1", folder, "--json").row
    assert said == {"folder": str(folder), "applications": 1, "files": len(read(folder))}
    assert [row["申报号"] for row in rows_of(folder, "eligibility")] == ["A1"]
    assert {row["考次"] for row in rows_of(folder, "results")} == {"S1"}
    assert not (folder / "lists/statistics.csv").exists()
    assert not (folder / "proofs").exists()


def test_a_day_and_a_knowledge_are_those_of_the_dossier(run, tmp_path):
    """As of a day the lists hold what had taken effect; the events are all there, told as not yet in effect."""
    folder = tmp_path / "early"
    assert run("audit", "dossier", "A1", folder, "--as-of", "2024-06-01", "--english").code == 0
    assert not (folder / "lists/results.csv").exists()
    page = Page((folder / "histories/A1.html").read_text(encoding="utf-8"))
    assert any(text.startswith("not yet in effect; ScoreAnnounced") for text in page.texts)
    assert run("audit", "dossier", "A1", tmp_path / "no", "--known-at", "2026-11-20").code == 4
    assert not (tmp_path / "no").exists()


def test_only_an_empty_folder_is_written_to(run, tmp_path):
    """A folder that holds something is left as it is; an empty one is taken; what fails leaves nothing behind."""
    full, empty = tmp_path / "full", tmp_path / "empty"
    full.mkdir()
    (full / "mine").write_text("mine")
    said = run("audit", "dossier", "A1", full)
    assert (said.code, "not empty" in said.err) == (5, True)
    assert [p.name for p in full.iterdir()] == ["mine"]
    empty.mkdir()
    assert run("audit", "dossier", "A1", empty).code == 0
    assert (empty / "SHA256SUMS").exists()
    before = set(tmp_path.iterdir())
    assert run("audit", "dossier", "NOPE", tmp_path / "new").code == 4
    assert run("audit", "dossier", "--session", "NOPE", tmp_path / "new").code == 4
    assert run("audit", "dossier", tmp_path / "new").code == 2
    assert run("audit", "dossier", "--session", "S1", "A1", tmp_path / "new").code == 2
    assert set(tmp_path.iterdir()) == before


def test_what_fails_on_the_way_leaves_no_folder(run, tmp_path, monkeypatch):
    """Where writing ends in an error there is no half dossier, and no leftover."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cli.audit_dossier._write_sums", full)
    assert run("audit", "dossier", "A1", tmp_path / "new").code == 8
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith("board.db")] == ["here"]


def test_the_files_are_their_owners_alone(session):
    """Nobody else reads the folder or a file in it."""
    for path in [session, *session.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_sealed_history_comes_with_its_proof(run, tmp_path, monkeypatch):
    """What a seal can prove is a file, linked from the page and the index; without --proofs a session has none."""
    monkeypatch.setattr("cli.audit_dossier._prover", lambda *_: '{{"of": "{}"}}\n'.format)
    folder = tmp_path / "proved"
    assert run("audit", "dossier", "A1", folder).code == 0
    assert (folder / "proofs/A1.json").read_text() == '{"of": "A1"}\n'
    assert Page((folder / "histories/A1.html").read_text(encoding="utf-8")).links == ["../proofs/A1.json"]
    assert "proofs/A1.json" in Page((folder / "index.html").read_text(encoding="utf-8")).links
    assert run("audit", "dossier", "--session", "S1", tmp_path / "plain").code == 0
    assert not (tmp_path / "plain/proofs").exists()
    assert run("audit", "dossier", "--session", "S1", tmp_path / "all", "--proofs").code == 0
    assert len(list((tmp_path / "all/proofs").iterdir())) == 2


def test_the_proof_of_a_seal_holds(run, tmp_path):
    """Once the board has sealed its record, the dossier's proof is one that `audit check-proof` accepts."""
    assert run("keys", "init", "--name", "exams.example.org/log").code == 0
    assert run("audit", "seal").code == 0
    assert run("audit", "dossier", "A1", tmp_path / "sealed").code == 0
    assert run("audit", "check-proof", tmp_path / "sealed/proofs/A1.json").code == 0


def test_nothing_is_written_to_the_database(run, database, tmp_path):
    """What the database holds is the same before and after, but for the entry of the access log."""

    def dump():
        with closing(sqlite3.connect(database)) as connection:
            return [line for line in connection.iterdump() if not line.startswith('INSERT INTO "access"')]

    before = dump()
    assert run("audit", "dossier", "--session", "S1", tmp_path / "new", "--reveal", "--reason", "asked").code == 0
    assert dump() == before


def test_whatever_is_written_is_escaped():
    """Signs that mean something in HTML come back as the text that they are, wherever they stand."""
    bad = "<script>alert('王&\"')</script>"
    t = Timeline().accept().train("2024-04-01")
    t.record(f.ApplicationSuspended(reason=bad, authority=bad), "2024-05-01")
    telling = tell(t.history, t.rules, day("2024-05-02"))
    page = Page(history_page(Case(t.history, t.rules, telling, {bad: bad}), bad))
    assert "script" not in page.tags
    assert page.texts.count(bad) >= 3
    assert page.links == [bad]
    index = Page(index_page(bad, {bad: bad}, {bad: [(bad, bad)]}))
    assert ("script" not in index.tags, index.links) == (True, [bad])
    assert json.loads(event_line(t.history[-1]))["data"]["reason"] == bad


def test_no_number_of_an_application_leads_out_of_the_folder():
    """Numbers become file names that are safe everywhere, and different ones stay different."""
    numbers = ["A1", "../A1", "A/1", "A.1", "..", "考/1", "A~2f~1", "A_1"]
    names = [file_name(number) for number in numbers]
    assert len(set(names)) == len(numbers)
    assert all(name.isascii() and not set(name) & set("./\\") for name in names)


def test_there_must_be_a_database(tmp_path):
    """Without a database nothing is made."""
    said = run_on(str(tmp_path / "none.db"), "audit", "dossier", "A1", tmp_path / "new")
    assert (said.code, (tmp_path / "new").exists()) == (4, False)
