"""Notices from the command line: shown masked, handed to a folder or a mail server, and tried again by hand."""

from __future__ import annotations

import email
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.policy import default
from itertools import count
from pathlib import Path

import pytest

from scheduler import jobs
from scheduler.night import Night
from storage.database import open_database
from tests.cli.conftest import document
from tests.mailserver import mail_server
from workflow.service import Service

ADDRESS = "wang.five@mail.example"
LAST = "2027-06-20"
DAY = date(2027, 5, 21)  # 30 days before the passes of A5 run out
WHY = ("--reason", "given now", "--authority", "clerk")

Later = Callable[..., None]


@pytest.fixture
def later(database, monkeypatch) -> Later:
    """Give what sets the clock ahead from the hour of the reminders: `later(hours=2)`."""

    def later(**ahead: int) -> None:
        at = datetime(2027, 5, 21, 4, tzinfo=UTC) + timedelta(**ahead)
        monkeypatch.setattr("cli.wiring.now", lambda: at)

    later()
    return later


@pytest.fixture
def reminded(database, later: Later) -> Later:
    """Queue the reminder of A5, on a board whose clock stands at that hour."""
    keys = count(1)
    with open_database(str(database)) as opened:
        now = datetime(2027, 5, 21, 4, tzinfo=UTC)
        service = Service(opened, lambda: now, lambda: f"n{next(keys)}", "node")
        jobs.run(Night(service, "node"), "remind", DAY)
    return later


@pytest.fixture
def addressed(run, reminded: Later) -> Later:
    """Give the candidate of A5 an address as well."""
    key = run("candidate", "find", "--name", "王A5").row["candidate"]
    assert run("candidate", "amend", key, "--email", f" {ADDRESS}", *WHY).code == 0
    return reminded


def outbox(tmp_path: Path) -> list[Path]:
    """List what lies in the default folder."""
    return sorted((tmp_path / "home" / "examboard" / "outbox").glob("*"))


def test_a_notice_becomes_a_file(run, addressed, tmp_path):
    """Without a mail server it is a file for its owner, and the command says where; a second run has nothing to do."""
    said = run("notice", "deliver")
    (file,) = outbox(tmp_path)
    assert said.out == f"1 sent to {file.parent}, 0 to be tried again, 0 given up, 0 dropped\n"
    mail = email.message_from_bytes(file.read_bytes(), policy=default)
    assert mail["To"] == ADDRESS
    text = mail.get_content()
    assert "申报号：A5" in text
    assert f"Last valid day: {LAST}" in text
    assert not any(value in text for value in ("王A5", document(5), "19900000005"))
    assert run("notice", "list").row["state"] == "sent"
    assert run("notice", "list", "--waiting").rows == run("notice", "list", "--undelivered").rows == []
    told = run("notice", "deliver", "--json").row
    assert told == {"sent": 0, "failed": 0, "given_up": 0, "dropped": 0, "stopped": ""}


def test_the_folder_is_a_setting(run, addressed, tmp_path, monkeypatch):
    """EXAMBOARD_OUTBOX_FOLDER names it, and mail_from is the sender."""
    monkeypatch.setenv("EXAMBOARD_OUTBOX_FOLDER", str(tmp_path / "post"))
    monkeypatch.setenv("EXAMBOARD_MAIL_FROM", "board@exam.example")
    assert f"1 sent to {tmp_path / 'post'}" in run("notice", "deliver").out
    (file,) = (tmp_path / "post").iterdir()
    assert b"From: board@exam.example" in file.read_bytes()


def test_a_dry_run_says_what_would_be_sent_to_whom(run, addressed, tmp_path):
    """The address is masked unless it is to be revealed, and nothing is sent or written."""
    before = run("notice", "list").rows
    row = run("notice", "deliver", "--dry-run").row
    assert (row["application"], row["to"], row["not_sent"]) == ("A5", "w********@m***.example", None)
    assert LAST in row["subject"]
    assert run("notice", "deliver", "--dry-run", "--reveal", "--reason", "asked").row["to"] == ADDRESS
    assert (run("notice", "list").rows, outbox(tmp_path)) == (before, [])


def test_show_tells_all_of_a_notice(run, addressed):
    """What for, to whom (masked), and what it says while it waits; afterwards what became of it."""
    reason = run("notice", "list").row["reason"]
    said = run("notice", "show", "A5")
    for words in ("w********@m***.example", f"its last valid day was {LAST}", "申报号：A5", "waiting", reason):
        assert words in said.out
    assert ADDRESS not in said.out
    assert ADDRESS in run("notice", "show", "A5", reason, "--reveal", "--reason", "asked").out
    assert "Application: A5" in run("notice", "show", "A5", "--json").row["text"]
    run("notice", "deliver")
    row = run("notice", "show", "A5", "--json").row
    assert (row["state"], row["text"]) == ("sent", None)
    assert run("notice", "show", "A5", "other").code == 4
    assert run("notice", "show", "A1").code == 4


def test_without_an_address_it_is_given_up_until_one_is_registered(run, reminded, tmp_path):
    """It is listed with the reason; once there is an address, `retry` queues it, and it is sent."""
    assert run("notice", "deliver", "--dry-run").row["not_sent"] == "no e-mail address is registered"
    said = run("notice", "deliver")
    assert (said.out, said.code) == ("0 sent, 0 to be tried again, 1 given up, 0 dropped\n", 0)
    assert "notice list --undelivered" in said.err
    row = run("notice", "list", "--undelivered").row
    assert (row["application"], row["state"]) == ("A5", "given up")
    assert row["error"] == "no e-mail address is registered"
    key = run("candidate", "find", "--name", "王A5").row["candidate"]
    run("candidate", "amend", key, "--email", ADDRESS, *WHY)
    assert run("notice", "retry", "--all", "--dry-run", "--json").row == {"queued": 1, "dry_run": True}
    assert run("notice", "retry", "--application", "A1").out == "0 notices queued again\n"
    assert run("notice", "retry", "--application", "A5").out == "1 notice queued again\n"
    assert "1 sent" in run("notice", "deliver").out
    assert len(outbox(tmp_path)) == 1
    assert run("notice", "retry", "--all").out == "0 notices queued again\n"


def test_an_extension_drops_the_notice(run, addressed, tmp_path):
    """Who was given more time is not told of a lapse that is no more."""
    for part in ("theory", "skills"):
        granted = ("--part", part, "--until", "2027-12-31", *WHY)
        assert run("extension", "grant", "A5", *granted).code == 0
    assert "any more" in run("notice", "deliver", "--dry-run").row["not_sent"]
    assert "will not be sent: dropped" in run("notice", "show", "A5").out
    assert "0 sent, 0 to be tried again, 0 given up, 1 dropped" in run("notice", "deliver").out
    assert run("notice", "list", "--undelivered").row["state"] == "dropped"
    assert outbox(tmp_path) == []


def test_a_mail_server_of_the_settings_is_used(run, addressed, monkeypatch):
    """smtp_url and mail_from name server and sender; what the server refuses waits, and may be hurried by hand."""
    with mail_server() as server:
        monkeypatch.setenv("EXAMBOARD_SMTP_URL", f"smtp://127.0.0.1:{server.port}")
        assert run("notice", "deliver").code == 7
        monkeypatch.setenv("EXAMBOARD_MAIL_FROM", "board@exam.example")
        server.replies["RCPT"] = f"451 <{ADDRESS}> later"
        assert "0 sent, 1 to be tried again" in run("notice", "deliver").out
        row = run("notice", "list", "--waiting").row
        assert row["error"].endswith("refused the recipient (451)")
        server.replies.clear()
        assert "0 sent" in run("notice", "deliver").out
        assert run("notice", "retry", "--all", "--waiting").out == "1 notice queued again\n"
        assert run("notice", "deliver").out == "1 sent, 0 to be tried again, 0 given up, 0 dropped\n"
        assert server.recipients == [ADDRESS, ADDRESS]
        assert len(server.mails) == 1


def test_a_server_that_is_down_ends_with_code_8(run, addressed, monkeypatch):
    """The notice waits for its next try, later ones come by themselves; after three the command says so and ends."""
    with mail_server() as server:
        url = f"smtp://127.0.0.1:{server.port}"
    monkeypatch.setenv("EXAMBOARD_SMTP_URL", url)
    monkeypatch.setenv("EXAMBOARD_MAIL_FROM", "board@exam.example")
    monkeypatch.setattr("scheduler.delivery.STRIKES", 1)
    said = run("notice", "deliver")
    assert (said.code, "unavailable: the mail server 127.0.0.1" in said.err) == (8, True)
    assert "1 to be tried again" in said.out
    monkeypatch.delenv("EXAMBOARD_SMTP_URL")
    addressed(minutes=5)
    assert "1 sent" in run("notice", "deliver").out


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SMTP_URL", "smtp://board:s3cret@mail.example", "setting smtp_url: would send a password unencrypted"),
        ("SMTP_URL", "https://board:s3cret@mail.example", "setting smtp_url: is no URL such as smtp://"),
        ("MAIL_FROM", "s3cret", "setting mail_from: holds no @"),
    ],
)
def test_a_setting_that_is_none_is_named_without_its_value(run, monkeypatch, name, value, message):
    """What is wrong is said, and no password is repeated."""
    monkeypatch.setenv(f"EXAMBOARD_{name}", value)
    said = run("notice", "list")
    assert (said.code, message in said.err) == (7, True)
    assert "s3cret" not in said.err


def test_usage(run, alone):
    """Contradicting or missing choices are usage errors; where there is no database there is nothing to list."""
    assert run("notice", "list", "--waiting", "--undelivered").code == 2
    assert run("notice", "retry").code == 2
    assert run("notice", "retry", "--all", "--application", "A5").code == 2
    for verb in (("list",), ("list", "--undelivered"), ("deliver", "--dry-run"), ("retry", "--all", "--dry-run")):
        assert alone("notice", *verb).code == 4


def test_an_address_is_taken_shown_masked_and_exported(run):
    """It is cleaned when it comes in, masked wherever phones are, and its amendment is logged without it."""
    named = ("--name", "钱六", "--document-type", "passport", "--document-number", "E12345")
    said = run("candidate", "add", *named, "--email", "ｑｉａｎ＠mail.example", "--json")
    assert said.row["email"] == "q***@m***.example"
    key = said.row["candidate"]
    assert run("candidate", "show", key, "--reveal", "--reason", "asked", "--json").row["email"] == "qian@mail.example"
    refused = run("candidate", "amend", key, "--email", "qian at mail.example", *WHY)
    assert (refused.code, "--email: holds a blank" in refused.err, "qian" in refused.err) == (2, True, False)
    told = run("candidate", "amend", key, "--email", "x@y.cn", "--reason", "was qian@mail.example", "--authority", "x")
    assert (told.code, "repeats the name or a number" in told.err) == (2, True)
    assert run("candidate", "amend", key, "--email", "", *WHY).code == 0
    assert run("candidate", "show", key, "--reveal", "--reason", "asked", "--json").row["email"] == ""
    assert [row["amended"] for row in run("candidate", "changes", key).rows] == ["email"]


def test_an_address_comes_with_a_file_and_leaves_with_a_list(run, tmp_path):
    """A column 邮箱 or e-mail is taken in with the applications; exports mask it unless it is to be revealed."""
    columns = "application,name,document_type,document_number,E-mail,occupation,level,submitted_on\n"
    good = f"B1,赵七,resident_id,{document(71)},zhao@mail.example,4-07-03-02,3,2026-03-15\n"
    bad = f"B2,孙八,resident_id,{document(72)},sun.mail.example,4-07-03-02,3,2026-03-15\n"
    (tmp_path / "applications.csv").write_text(columns + good + bad, encoding="utf-8")
    said = run("round", "import", tmp_path, "--rejects", tmp_path / "rejects.csv")
    assert "E-mail: holds no @ instead of one" in said.out + said.err
    assert "sun.mail" not in said.out + said.err
    rows = {row["application"]: row for row in run("export", "candidates", "--json").rows}
    assert (rows["B1"]["email"], "B2" in rows) == ("z***@m***.example", False)
    revealed = run("export", "candidates", "--json", "--reveal", "--reason", "asked").rows
    rows = {row["application"]: row for row in revealed}
    assert (rows["B1"]["email"], rows["A1"]["email"]) == ("zhao@mail.example", "")
