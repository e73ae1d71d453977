"""`examboard sitting` as an exams officer types it: rooms, tickets, lists, release, attendance, findings."""

from __future__ import annotations

import csv

import pytest

SET = ("--on", "2026-12-10", "--starts", "09:00", "--minutes", "90", "--closes-on", "2026-12-01")
ROOMS = ("--room", "101:1", "--room", "一号楼201：5", "--separate-room", "103")
STAFF = ("--invigilator", "K1", "--assessor", "K3", "--recused", "K3=A4")


@pytest.fixture
def session(run):
    """Give a session of theory on 2026-12-10 with rooms, to which A4 and A6 are admitted as far as they may be."""
    run("training", "waive", "A4", "--reason", "r", "--authority", "a")
    said = run("sitting", "create", "S9", "--part", "theory", *SET, *ROOMS, *STAFF)
    assert said.code == 0, said.err
    return "S9"


def test_a_sitting_shows_its_particulars(run, session):
    """Hours, close, rooms and staff are shown, listed and changed; what is not named stays."""
    row = run("sitting", "show", session, "--json").row["parts"][0]
    assert (row["starts"], row["minutes"], row["closes_on"], row["seats"]) == ("09:00", 90, "2026-12-01", 7)
    assert [room["room"] for room in row["rooms"]] == ["101", "一号楼201", "103"]
    assert {x["name"]: x["recused"] for x in row["staff"]} == {"K1": [], "K3": ["A4"]}
    said = run("sitting", "change", session, "--room", "104:2", "--without-staff", "K1", "--centre", "南京")
    assert said.code == 0
    assert "rooms 101 (1), 一号楼201 (5), 103 (1, separate), 104 (2); staff K3 (assessor)" in said.out
    assert run("sitting", "list").rows[-1]["centre"] == "南京"
    assert "09:00" in run("sitting", "show", session).out


def test_what_a_sitting_cannot_be_is_said(run, session):
    """A wrong time, room, close or recusal gets one clear message."""
    line = ("sitting", "create", "S8", "--part", "theory", "--on", "2026-12-10")
    for more, words in (
        (("--starts", "9 o'clock"), "time of day such as 09:00"),
        (("--room", "101"), "such as 101:30"),
        (("--room", "101:0"), "such as 101:30"),
        (("--closes-on", "2026-12-11"), "after the day of the sitting"),
        (("--recused", "K1"), "such as K7=A00001"),
        (("--recused", "K1=A1"), "K1 is not staff of this sitting"),
    ):
        said = run(*line, *more)
        assert said.code == 2
        assert words in said.err
    assert run("sitting", "change", "NOPE", "--room", "1:1").code == 4


def test_admission_gives_seats_and_tickets(run, session, tmp_path):
    """Tickets are listed seat by seat, in files with names where asked; a dry run writes nothing."""
    dry = run("sitting", "admit", session, "--all-eligible", "--dry-run")
    assert "nothing was written" in dry.out
    assert run("sitting", "tickets", session).out == ""
    said = run("sitting", "admit", session, "--all-eligible", "--json")
    admitted = [row["application"] for row in said.rows if not row["refused"]]
    assert "A4" in admitted
    seat = said.rows[0]["events"][-1]
    assert (seat["ticket"], seat["room"], seat["seat"]) == ("S9-theory-261210-0001", "101", 1)
    rows = run("sitting", "tickets", session).rows
    assert [row["application"] for row in rows] == admitted
    assert "name" not in rows[0]
    file = tmp_path / "tickets.csv"
    assert run("sitting", "tickets", session, "--names", "--csv", file, "--xlsx", tmp_path / "t.xlsx").code == 0
    with file.open(encoding="utf-8-sig") as text:
        (first, *_) = csv.DictReader(text)
    assert (first["准考证号"], first["申报号"], first["姓名"]) == (
        "S9-theory-261210-0001",
        admitted[0],
        f"王{admitted[0]}",
    )
    assert (tmp_path / "t.xlsx").stat().st_size > 1000
    assert run("sitting", "admit", session, "--all-eligible").out == "0 done, 0 refused\n"
    plan = run("sitting", "plan", session, "--free").rows
    assert len(plan) == 7
    assert [row["application"] for row in plan if row["application"]] == admitted
    said = run("sitting", "change", session, "--without-room", "101")
    assert said.code == 5
    assert "their tickets name them" in said.err


def test_who_comes_after_the_last_seat_is_refused(run, session):
    """Accommodations stand on the plan; a full room is said in words; the code is that of a refusal."""
    run("sitting", "create", "S10", "--part", "theory", "--on", "2026-12-10", "--separate-room", "1")
    said = run("sitting", "admit", "S10", "A4", "--accommodation", "separate_room", "--accommodation", "reader")
    assert said.code == 0
    assert run("sitting", "plan", "S10").row["accommodations"] == ["separate_room", "reader"]
    run("training", "waive", "A3", "--reason", "r", "--authority", "a")
    run("sitting", "create", "S11", "--part", "skills", "--on", "2026-12-10", "--room", "1:1")
    run("sitting", "admit", "S11", "A4")
    full = run("sitting", "admit", "S11", "A8")
    assert full.code == 3
    assert "no seat is free for skills at S11: 1 in all rooms" in full.out
    for flags in ((), ("--dry-run",)):  # who has the seat, or may have none, hears that, and not that rooms are wanted
        said = run("sitting", "admit", "S11", "A4", "A2", *flags)
        assert "A4: refused: already admitted to skills at sitting S11" in said.out
        assert "A2: refused: the application is refused" in said.out
    for line in (("S10",), ("S10", "A4", "--all-eligible"), ("S10", "--all-eligible", "--accommodation", "x")):
        assert run("sitting", "admit", *line).code == 2


def test_cancelled_and_released_seats_are_free(run, session):
    """Each with its reason; a sitting to release is named, or all of them."""
    run("sitting", "admit", session, "A4")
    said = run("sitting", "cancel", session, "A4", "--reason", "住院")
    assert "AdmissionCancelled theory S9 (住院)" in said.out
    assert run("sitting", "cancel", session, "A4", "--reason", "x").code == 3
    assert run("sitting", "plan", session).out == ""
    run("sitting", "admit", session, "A4")
    run("application", "withdraw", "A4", "--reason", "moved")
    assert "no ticket for A4, theory: the application is withdrawn" in run("sitting", "tickets", session).err
    assert "1 done" in run("sitting", "release", "--all", "--dry-run").out
    said = run("sitting", "release", session, "--json")
    assert said.row["events"][-1]["reason"].startswith("the application is withdrawn since")
    assert run("sitting", "plan", session).out == ""
    for line in ((), ("S9", "--all"), ("--all", "--part", "theory")):
        assert run("sitting", "release", *line).code == 2


def test_attendance_is_listed_and_absence_recorded(run):
    """Expected, present and absent; an absence is recorded once, and a day to come is refused."""
    run("sitting", "create", "S7", "--part", "theory", "--on", "2026-11-20", "--room", "1:3")
    run("training", "waive", "A4", "--reason", "r", "--authority", "a", "--on", "2026-11-01")
    assert run("sitting", "admit", "S7", "A4", "--on", "2026-11-02").code == 0
    assert run("sitting", "attendance", "S7").row["attendance"] == "expected"
    assert run("sitting", "attendance", "S7", "--absent", "A4", "--dry-run").code == 0
    assert run("sitting", "attendance", "S7", "--absent", "A4").code == 0
    assert run("sitting", "attendance", "S7").row["attendance"] == "absent"
    assert "unchanged" in run("sitting", "attendance", "S7", "--absent", "A4").out
    assert run("sitting", "attendance", "S7", "--absent", "NOPE").code == 4
    assert run("sitting", "attendance", "S7", "--absent").code == 2
    assert run("sitting", "attendance", "S7", "A4").code == 2


def test_findings_name_the_clause(run, session):
    """Too few invigilators, and an assessor who declared not to examine: told, and nothing is stopped."""
    assert "no findings" in run("sitting", "findings", session).out
    run("sitting", "admit", session, "A4")
    rows = run("sitting", "findings", session, "--json").rows
    assert [(row["rule"], row["application"]) for row in rows] == [
        ("has_invigilators_per_room", None),
        ("is_not_examined_by_recused", "A4"),
    ]
    assert "1.9.3" in rows[0]["clause"]
    assert run("sitting", "findings", "NOPE").code == 4
