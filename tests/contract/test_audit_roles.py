"""Each act is held against the roles that its actor had at that instant, on every store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.staffed import SAT, StaffedBoard, actor
from tests.timeline import day
from workflow import facts as f
from workflow.audit.duties import DutyException, audited, done_without_right
from workflow.audit.roles import RolesHeld
from workflow.logs import Note
from workflow.ports import Stores
from workflow.roles.access import Access
from workflow.roles.rights import Actor, Role
from workflow.roles.staff import StaffDesk
from workflow.service import Service

SECOND = timedelta(seconds=1)
ABSENT = f.AbsenceRecorded(part="skills", sitting="S1", sat_on=day(SAT))


@pytest.fixture
def board(stores: Stores) -> StaffedBoard:
    """Give a board on whose application a candidate is admitted to a sitting; the next step is a second later."""
    made = StaffedBoard(stores).go("A1", "Admitted skills")
    made.now += SECOND
    assert breaches(made) == []
    return made


def breaches(board: StaffedBoard) -> list[DutyException]:
    """List what was done without a right."""
    stores = board.stores
    members = {member.name for member in stores.staff.all()}
    held = RolesHeld(stores.access.entries("staff"))
    found = [
        *audited(stores.events.histories, board.service.rules_of, {}, members, held),
        *done_without_right(stores.candidates.acts(), stores.access.entries),
    ]
    return [one for one in found if one.kind == "breach"]


def desk(board: StaffedBoard) -> StaffDesk:
    """Give the administrator's desk."""
    return StaffDesk(board.stores.staff, actor("administrator", "administrator"), lambda: board.now, bytes)


def past_the_register(board: StaffedBoard, name: str, *roles: Role) -> Service:
    """Give the service of a member as somebody would have it who gave the member roles in the database."""
    return Service(board.stores, lambda: board.now, board.service.new_key, actor(name, *roles))


def test_a_role_that_was_given_only_later_is_found(board: StaffedBoard) -> None:
    """What is recorded before the role is a breach, what comes at its instant and after it is none."""
    past_the_register(board, "trainer", "examiner").record("A1", ABSENT, day(SAT))
    (breach,) = breaches(board)
    event = board.stores.events.history("A1")[-1]
    assert (breach.duty, breach.subject, breach.sequence) == ("has_the_right", "A1", event.sequence)
    assert "staff:trainer (trainer) has no right to record AbsenceRecorded; who may: invigilator, ex" in breach.text
    board.now += SECOND
    desk(board).change_roles("trainer", ["examiner"])
    assert breaches(board) == [breach]


def test_a_role_given_at_the_very_instant_is_none(board: StaffedBoard) -> None:
    """Two entries of one instant tell nothing about which came first."""
    desk(board).change_roles("trainer", ["examiner"])
    past_the_register(board, "trainer", "examiner").record("A1", ABSENT, day(SAT))
    assert breaches(board) == []


def test_a_role_that_was_taken_away_before_is_found(board: StaffedBoard) -> None:
    """Also where the member has it again today: what holds is the roles of that instant."""
    desk(board).change_roles("examiner", ["trainer"])
    board.now += SECOND
    board.of["examiner"].record("A1", ABSENT, day(SAT))
    board.now += SECOND
    desk(board).change_roles("examiner", ["examiner"])
    (breach,) = breaches(board)
    assert "staff:examiner (trainer) has no right to record AbsenceRecorded" in breach.text


def test_who_was_disabled_or_not_added_yet_is_found(board: StaffedBoard) -> None:
    """A disabled member has no right until a new token is given, a member to be added none before."""
    desk(board).disable("examiner", "ill")
    board.now += SECOND
    board.of["examiner"].record("A1", ABSENT, day(SAT))
    absence = board.stores.events.history("A1")[-1]
    again = {"part": "skills", "sitting": "S2", "sat_on": day(SAT)}
    board.of["registrar"].record("A1", f.Admitted(**again), day(SAT))
    past_the_register(board, "new", "examiner").record("A1", f.AbsenceRecorded(**again), day(SAT))
    board.now += SECOND
    desk(board).renew("examiner")
    desk(board).add("new", ["examiner"])
    first, second = breaches(board)
    assert (first.sequence, "staff:examiner might not sign in" in first.text) == (absence.sequence, True)
    assert (second.actor, "was no member yet" in second.text) == ("staff:new", True)


def test_who_showed_no_token_and_what_is_not_the_clocks_is_found(board: StaffedBoard) -> None:
    """Once the board keeps staff nobody acts without a token, and in the clock's name only time acts."""
    board.service.record("A1", ABSENT, day(SAT))
    (breach,) = breaches(board)
    assert breach.text == "clerk showed no token, and the board kept staff by then"
    by_clock = Service(board.stores, lambda: board.now, board.service.new_key, Actor("clock", kind="clock"))
    by_clock.acts_as = Actor("clock")
    by_clock.record("A1", f.Withdrawn(reason="ill"), day(SAT))
    found = breaches(board)[-1]
    assert (found.actor, "clock (no role) has no right to record Withdrawn" in found.text) == ("clock", True)


def test_acts_on_persons_and_entries_of_the_log_are_asked_too(board: StaffedBoard) -> None:
    """A restriction, full values and a change of staff by who had no right to it; the first entry was a local one."""
    stores, at = board.stores, board.now
    stores.candidates.forget("p1", "restricted", day("2024-07-01"), Note(at, "staff:examiner", "asked", "request 3"))
    stores.access.add(Access(at, "staff:announcer", "reveal", "p1", "asked", 1))
    stores.access.add(Access(at, "staff:auditor", "export", "candidates, in full", "asked", 1))
    stores.access.add(Access(at, "staff:announcer", "export", "candidates", "asked", 1))
    stores.access.add(Access(at, "staff:announcer", "export", "candidates, in full", "asked", 1))
    stores.access.add(Access(at, "staff:registrar", "staff", "roles registrar: registrar, administrator"))
    stores.access.add(Access(at, "staff:trainer", "proposal", "A1", detail='{"type":"CertificateRevoked"}'))
    stores.access.add(Access(at, "staff:trainer", "proposal", "A1", detail="[]"))
    assert [(x.subject, x.type, x.actor) for x in breaches(board)] == [
        ("p1", "restricted", "staff:examiner"),
        ("p1", "reveal", "staff:announcer"),
        ("candidates, in full", "export", "staff:announcer"),
        ("roles registrar: registrar, administrator", "staff", "staff:registrar"),
        ("A1", "proposal", "staff:trainer"),
        ("A1", "proposal", "staff:trainer"),
    ]
