"""Who may record what: a right for every fact and every write, and nobody does what is another's."""

from __future__ import annotations

import inspect
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from storage.memory import MemoryStores
from tests.histories import filed, followed
from tests.staffed import StaffedBoard, actor, changed
from tests.timeline import day
from workflow import facts as f
from workflow import logs, ports
from workflow.clock import LAST_STEPS
from workflow.errors import Refused
from workflow.facts import FACTS
from workflow.nights import ledger
from workflow.roles import staff
from workflow.roles.access import Access, AccessLog
from workflow.roles.guarded import guarded
from workflow.roles.rights import (
    ACTS,
    CLOCK_ACTOR,
    CLOCK_RIGHTS,
    FREE_WRITES,
    REVIEW_RECORDED,
    RIGHTS,
    ROLES,
    WRITES,
    Actor,
)
from workflow.sealing import seals
from workflow.service import Service

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
LI = staff.Member("li", ("auditor",), NOON, "00$00", NOON)
SAID = Access(NOON, "staff:li", "staff", "add li")
NOTE = logs.Note(NOON, "staff:li", "why", "who")
FORGET: tuple[object, ...] = ("k", "restricted", NOON.date(), NOTE)
AMEND: tuple[object, ...] = ("k", {}, NOTE)
PUT: tuple[object, ...] = (LI, None, SAID)
PORTS = {
    "candidates": ports.CandidateRegistry,
    "schemes": ports.SchemeShelf,
    "sittings": ports.SittingRegister,
    "verifications": logs.VerificationLog,
    "due": ledger.DueQueue,
    "runs": ledger.RunLedger,
    "outbox": ledger.Outbox,
    "seals": seals.SealLedger,
    "staff": staff.StaffRegister,
    "access": AccessLog,
}
# What only reads, method by method, so that a new one must be put here or into WRITES.
READS = {
    "candidates": {"get", "many", "by_documents", "by_name", "changes", "standings", "acts"},
    "schemes": {"has", "get", "current"},
    "sittings": {"seats", "find", "all"},
    "verifications": {"of"},
    "due": {"buckets", "rows"},
    "runs": {"find", "history", "last_finished", "first_unfinished", "parts", "parked"},
    "outbox": {"queued", "notices"},
    "seals": {"last", "seals", "ranges", "log", "unsealed", "hashes", "places"},
    "staff": {"get", "all", "is_kept"},
    "access": {"entries"},
}


def test_every_fact_has_a_right() -> None:
    """Each type of fact is some role's or the clock's alone, and the table names nothing that there is not."""
    known = {*FACTS, REVIEW_RECORDED}
    given = frozenset().union(*RIGHTS.values()) - ACTS.keys()
    assert set(RIGHTS) == set(ROLES)
    assert given <= known
    assert known - given == {fact for fact in CLOCK_RIGHTS if fact not in given}
    assert {fact.__name__ for fact in LAST_STEPS} <= CLOCK_RIGHTS <= known


def test_every_write_has_a_right() -> None:
    """Each method of each store is a write with an act, a free one, or known to read; each act is some role's."""
    found = {
        (store, name) for store, port in PORTS.items() for name, _ in inspect.getmembers(port, inspect.isfunction)
        if not name.startswith("_")
    }  # fmt: skip
    reads = {(store, name) for store, names in READS.items() for name in names}
    assert found == WRITES.keys() | FREE_WRITES | reads
    assert not (WRITES.keys() | FREE_WRITES) & reads
    stores = {name for name, _ in inspect.getmembers(ports.Stores, lambda x: isinstance(x, property))}
    assert stores == PORTS.keys() | {"events"}
    assert set(WRITES.values()) <= ACTS.keys() == frozenset().union(*RIGHTS.values()) & ACTS.keys()


def test_the_event_store_has_no_other_way_in() -> None:
    """Whatever appends to the histories is guarded."""
    methods = {name for name, _ in inspect.getmembers(ports.EventStore, inspect.isfunction) if "append" in name}
    events = guarded(MemoryStores(), actor("li", "registrar")).events
    assert methods == {name for name in vars(type(events)) if name.startswith("append")}


def test_an_auditor_changes_nothing_and_an_administrator_sees_no_result() -> None:
    """The auditor's rights are to see; the administrator's are neither facts nor to read."""
    assert RIGHTS["auditor"] == {"read", "reveal", "export", "dossier"}
    assert not RIGHTS["administrator"] & {*FACTS, REVIEW_RECORDED, "read", "reveal", "export", "dossier", "print"}


def test_a_way_by_those_who_may(board: StaffedBoard) -> None:
    """Each step taken by who may leads to a certificate, and the history names each member."""
    board.go("A1")
    history = board.of["auditor"].history("A1")
    assert history[-1].dest == "certified"
    assert [event.actor for event in history if event.type != "CertificateAwarded"] == [
        "staff:registrar", "staff:registrar", "staff:trainer",
        "staff:registrar", *["staff:examiner"] * 3, "staff:announcer",
        "staff:registrar", "staff:examiner", "staff:announcer",
    ]  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_nobody_takes_a_step_of_others(role, board: StaffedBoard) -> None:
    """At every step of the way, whoever has not the right is refused by name, and nothing is written."""
    board.of = {**board.of}
    right = dict(board.of)
    steps = list(board.way("A1"))
    for name, step in steps:
        act = {"registered": "register_person", "certified": "CertificateAwarded"}.get(name, name.split()[0])
        if act not in RIGHTS[role]:
            before = [*board.stores.events.histories()], [*board.stores.candidates.many(["p1"])]
            board.of.update(dict.fromkeys(ROLES, right[role]))
            with pytest.raises(Refused) as refused:
                step()
            board.of.update(right)
            assert {no.rule for no in refused.value.objections} == {"has_the_right"}
            assert (role if role != "awarding_officer" else "awarding") in str(refused.value)
            assert ([*board.stores.events.histories()], [*board.stores.candidates.many(["p1"])]) == before
        step()


def _call(stores: ports.Stores, store: str, method: str, values: tuple[object, ...]) -> None:
    """Ask a store for a method, and use it."""
    getattr(getattr(stores, store), method)(*values)


@pytest.mark.parametrize("role", ROLES)
def test_a_store_writes_only_what_the_role_may(role) -> None:
    """Past every use case: a guarded store refuses each event and each write that is not the role's."""
    stores = MemoryStores()
    mine = guarded(stores, who := actor("li", role))
    for (store, method), act in WRITES.items():
        if act not in RIGHTS[role]:
            values = {"forget": FORGET, "amend": AMEND, "put": PUT}.get(method, ())
            with pytest.raises(Refused, match="no right to"):
                _call(mine, store, method, values)
    append = filed("E-1")
    named = append._replace(events=tuple(changed(event, actor=who.name) for event in append.events))
    if "Submitted" in RIGHTS[role]:
        mine.events.append([named])
    else:
        with pytest.raises(Refused, match="no right to record Submitted"):
            mine.events.append([named])
    for other in ("clerk", "clock", "staff:wu"):
        forged = append._replace(events=tuple(changed(event, actor=other) for event in append.events))
        with pytest.raises(Refused, match="who is not staff:li"):
            mine.events.append([forged])
    with pytest.raises(Refused):
        mine.events.append_numbered("N", lambda serial: followed(filed("E-1"), f.Withdrawn()))


def test_what_the_clock_had_to_write_is_written_for_anybody(board: StaffedBoard) -> None:
    """A step that the clock owed stands in the clock's name before a member's own, whatever the member's role."""
    board.go("A1", "ScoreAnnounced theory")
    board.at("2026-08-01")
    with pytest.raises(Refused, match="expired"):
        board.of["registrar"].record("A1", f.Admitted(part="skills", sitting="S9", sat_on=day("2026-09-01")))
    late = f.IncidentReported(part="theory", sitting="S1", what="notes found")
    done = board.of["invigilator"].record("A1", late, day("2026-08-01"))
    assert [(event.type, event.actor) for event in done.events] == [
        ("Expired", "clock"), ("IncidentReported", "staff:invigilator"),
    ]  # fmt: skip


def test_nobody_writes_in_the_name_of_another() -> None:
    """An entry of the log, a member, an amendment and an erasure bear the name of who acts: one is not two people."""
    mine = guarded(MemoryStores(), actor("li", "registrar", "administrator"))
    other = replace(SAID, actor="staff:wu")
    note = logs.Note(NOON, "staff:wu", "why", "who")
    for write in (
        lambda: mine.access.add(other),
        lambda: mine.staff.put(LI, None, other),
        lambda: mine.candidates.amend("k", {"name": "王"}, note),
        lambda: mine.candidates.forget("k", "restricted", NOON.date(), note),
    ):
        with pytest.raises(Refused, match="who is not staff:li"):
            write()
    assert mine.access.add(SAID).number == 1


def test_a_review_is_the_assessors(board: StaffedBoard) -> None:
    """A panel's score takes the right of an assessor; an examiner's does not do, nor the other way round."""
    rules = board.scheme.rules(2)
    review = f.ScoreRecorded(part="review", sitting="r", sat_on=day("2024-05-18"), score=60)
    from workflow.roles.rights import act_of

    assert act_of(review, rules) == REVIEW_RECORDED
    assert act_of(in_part(review, "theory"), rules) == "ScoreRecorded"
    assert actor("li", "assessor").may(REVIEW_RECORDED) > actor("li", "examiner").may(REVIEW_RECORDED)
    assert actor("li", "examiner").may("ScoreRecorded") > actor("li", "assessor").may("ScoreRecorded")


def in_part(fact: f.ScoreRecorded, part: str) -> f.ScoreRecorded:
    """Give the same score of another part."""
    return fact.model_copy(update={"part": part})


def test_a_local_operator_is_for_a_board_without_staff(board: StaffedBoard) -> None:
    """A name without a token acts only where there is no staff, and never under a member's name or the clock's."""
    stores = MemoryStores()
    assert Service(stores, lambda: NOON, lambda: "k", "anna").actor == "anna"
    for name in ("clock", "staff:li", "staff:"):
        with pytest.raises(Refused, match="nobody may claim it"):
            Service(stores, lambda: NOON, lambda: "k", name)
    for who in ("anna", Actor("anna")):
        with pytest.raises(Refused, match="nobody acts without a token"):
            Service(board.stores, lambda: NOON, lambda: "k", who)
    assert Service(board.stores, lambda: NOON, lambda: "k", CLOCK_ACTOR).actor == "clock"


def test_the_clock_does_what_time_does_and_no_more(board: StaffedBoard) -> None:
    """The night's own actor releases a seat, and is refused any decision."""
    board.go("A1", "Admitted theory")
    night = Service(board.stores, lambda: board.now, lambda: "k", CLOCK_ACTOR)
    with pytest.raises(Refused, match="no right to record Withdrawn"):
        night.record("A1", f.Withdrawn())
    gone = f.AdmissionCancelled(part="theory", sitting="S1", reason="beyond the validity")
    assert night.record("A1", gone, day("2024-05-18")).events[-1].actor == "clock"


@pytest.fixture
def board() -> StaffedBoard:
    """Give a board with staff."""
    return StaffedBoard()
