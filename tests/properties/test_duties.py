"""The law of separated duties: whatever members do through the service, no breach is ever on the record."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.desk import WHY
from tests.staffed import OUT, SAT, StaffedBoard
from tests.timeline import day
from workflow import facts as f
from workflow.audit.duties import audited, done_without_right
from workflow.audit.roles import RolesHeld
from workflow.board.certificates import award
from workflow.board.decisions import accept
from workflow.board.extensions import reinstate
from workflow.errors import ExamboardError
from workflow.roles.rights import RIGHTS, ROLES, Role, acts_of

SKILLS = {"part": "skills", "sitting": "S1"}
COURSE = f.TrainingRecorded(hours=Decimal(100), completion_certificate=True, completed_on=day("2024-03-20"))
STEPS = {
    "accept": lambda who: accept(who, "A1", on=day("2024-03-15")),
    "train": lambda who: who.record("A1", COURSE, day("2024-03-20")),
    "admit": lambda who: who.record("A1", f.Admitted(**SKILLS, sat_on=day(SAT)), day(SAT)),
    "score": lambda who: who.record("A1", f.ScoreRecorded(**SKILLS, sat_on=day(SAT), score=Decimal(60)), day(SAT)),
    "retract": lambda who: who.record("A1", f.ScoreRetracted(**SKILLS, reason="wrong"), day(SAT)),
    "announce": lambda who: who.record("A1", f.ScoreAnnounced(**SKILLS), day(OUT)),
    "amend": lambda who: who.record("A1", f.ScoreAmended(**SKILLS, score=Decimal(61), **WHY), day(OUT)),
    "withdraw": lambda who: who.record("A1", f.Withdrawn(), day("2024-07-01")),
    "reinstate": lambda who: reinstate(who, "A1", **WHY),
    "award": lambda who: award(who, "A1", day("2024-07-01")),
    "revoke": lambda who: who.record("A1", f.CertificateRevoked(**WHY), day("2024-07-01")),
}
NAMES = ("an", "bo", "cy")


@given(
    roles=st.tuples(*[st.sets(st.sampled_from(ROLES), min_size=1)] * len(NAMES)),
    steps=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(list(STEPS))), max_size=25),
    starts=st.sampled_from(["Submitted", "TrainingRecorded", "ScoreRecorded skills", "ScoreAnnounced skills"]),
)
def test_no_breach_is_ever_recorded(roles: tuple[set[Role], ...], steps: list[tuple[str, str]], starts: str) -> None:
    """Members of any roles take any steps in any order: each event is its actor's right, and the audit is silent."""
    board = StaffedBoard()
    board.go("A1", starts)
    known = {f"staff:{name}": tuple(own) for name, own in zip(NAMES, roles, strict=True)}
    members = {name: board.member(name, *known[f"staff:{name}"]) for name in NAMES}
    for name, step in steps:
        with suppress(ExamboardError):
            STEPS[step](members[name])
    stores = board.stores
    for event in stores.events.history("A1"):
        given_to = known.get(event.actor, ())
        if given_to:
            assert any(act in RIGHTS[role] for role in given_to for act in acts_of(event.type))
    proposals = {entry.number: entry for entry in stores.access.entries("proposal")}
    there = {member.name for member in stores.staff.all()}
    held = RolesHeld(stores.access.entries())
    assert not [*audited(stores.events.histories, members["an"].rules_of, proposals, there, held)]
    assert not [*done_without_right(stores.candidates.acts(), stores.access.entries)]
