"""What the register of staff and the access log keep, on every store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text

from storage.database import Database
from storage.engine import writing
from tests.contract.test_append import WRITERS, at_once
from tests.staffed import StaffedBoard
from tests.timeline import day
from workflow import facts as f
from workflow.audit.duties import audited
from workflow.audit.roles import RolesHeld
from workflow.errors import Conflict, Corrupt, Invalid, NotFound, Refused
from workflow.ports import Stores
from workflow.roles import staff
from workflow.roles.access import Access, access_hash, broken, disclose
from workflow.roles.proposals import command_of
from workflow.roles.rights import ROLES, Actor
from workflow.roles.staff import Member, StaffDesk, sign_in

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
SEEN = Access(NOON, "staff:li", "reveal", "k-1", "asked by the court", 1)
LI = Member("li", ("registrar", "announcer"), NOON, "00$00", NOON)
SAID = Access(NOON, "local:anna", "staff", "add li: registrar, announcer")


def desk(stores: Stores, chance: Callable[[int], bytes] = lambda count: b"\x07" * count) -> StaffDesk:
    """Give the use cases, as a local operator has them."""
    return StaffDesk(stores.staff, Actor("local:anna"), lambda: NOON, chance)


def test_entries_are_chained_in_order(stores: Stores) -> None:
    """Each entry comes back as it was, with its number and the hash of the one before; kinds and subjects are found."""
    first = stores.access.add(SEEN)
    other = stores.access.add(replace(SEEN, what="export", subject="candidates", persons=600))
    third = stores.access.add(replace(SEEN, at=NOON.astimezone(timezone(timedelta(hours=8)))))
    assert [first.number, other.number, third.number] == [1, 2, 3]
    assert (other.previous, third.previous) == (first.hash, other.hash)
    assert [*stores.access.entries()] == [first, other, third]
    assert [*stores.access.entries("reveal")] == [*stores.access.entries(subject="k-1")] == [first, third]
    assert [*stores.access.entries("reveal", "candidates")] == []
    assert not [*broken(stores.access.entries())]
    assert [first.hash, other.hash, third.hash] == [access_hash(entry) for entry in (first, other, third)]


def test_what_is_disclosed_is_logged_first(stores: Stores) -> None:
    """The right, and for full values another right and a reason: else nothing is logged, and nothing may be shown."""
    full, plain = Actor("staff:li", ("auditor",), "member"), Actor("staff:wu", ("announcer",), "member")
    listed = replace(SEEN, what="export", subject="candidates", reason="")
    for actor, entry, is_revealed in [
        (plain, SEEN, True),
        (plain, replace(listed, reason="why"), True),
        (full, listed, True),
        (full, replace(listed, reason=" "), True),
        (Actor("staff:bo", ("administrator",), "member"), listed, False),
    ]:
        with pytest.raises(Refused, match=r"no right to|a reason is missing"):
            disclose(stores.access, actor, entry, is_revealed)
    assert [*stores.access.entries()] == []
    disclose(stores.access, plain, listed)
    disclose(stores.access, full, replace(listed, reason="why"), True)
    disclose(stores.access, full, SEEN, True)
    told = [(entry.subject, entry.reason) for entry in stores.access.entries()]
    assert told == [("candidates", ""), ("candidates, in full", "why"), ("k-1", "asked by the court")]


def test_eight_readers_make_one_chain(stores: Stores) -> None:
    """Whoever adds at the same time waits: no number is left out or given twice."""
    assert len(at_once(lambda n: stores.access.add(replace(SEEN, subject=f"k-{n}")))) == WRITERS
    assert [entry.number for entry in stores.access.entries()] == list(range(1, WRITERS + 1))
    assert not [*broken(stores.access.entries())]


def test_an_entry_that_cannot_be_kept_is_refused(stores: Stores) -> None:
    """A NUL in a reason, or an instant without a zone: then nothing may be shown."""
    with pytest.raises(Invalid, match="reason: holds a NUL"):
        stores.access.add(replace(SEEN, reason="\x00"))
    with pytest.raises(ValueError, match="without a zone"):
        stores.access.add(replace(SEEN, at=NOON.replace(tzinfo=None)))
    assert [*stores.access.entries()] == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda log: log.__setitem__(1, replace(log[1], reason="another")), [(2, "was changed")]),
        (lambda log: log.__delitem__(1), [(2, "is missing")]),
        (lambda log: log.__delitem__(0), [(1, "is missing")]),
        (lambda log: log.insert(1, log.pop()), [(2, "missing"), (3, "missing")]),
    ],
)
def test_a_changed_log_is_found_out(change, found) -> None:
    """An entry changed, taken out or moved is told by its number; one made to fit breaks at the next."""
    from storage.memory_staff import MemoryAccess

    kept = MemoryAccess()
    log = [kept.add(replace(SEEN, subject=f"k-{n}")) for n in range(4)]
    change(log)
    told = [*broken(log)]
    assert [(number, any(word in text for _, text in told)) for number, word in found] == [(n, True) for n, _ in found]
    forged = replace(log[0], persons=99)
    assert [*broken([replace(forged, hash=access_hash(forged)), *log[1:]])]


def test_the_database_refuses_to_change_the_log(database: Database) -> None:
    """No entry is updated or deleted, by whatever statement."""
    database.access.add(SEEN)
    for statement in ("UPDATE access SET reason = 'x'", "DELETE FROM access"):
        with pytest.raises(Exception, match="append-only"), database.engine.begin() as tx:
            tx.execute(text(statement))


def test_members_are_kept_with_their_entry(stores: Stores) -> None:
    """A member comes back as it was; who changes what another changed meanwhile is told so, and no entry stays."""
    assert (stores.staff.is_kept(), stores.staff.all(), stores.staff.get("li")) == (False, (), None)
    stores.staff.put(LI, None, SAID)
    assert (stores.staff.is_kept(), stores.staff.all()) == (True, (LI,))
    off = replace(LI, disabled_at=NOON)
    stores.staff.put(off, LI, SAID)
    assert stores.staff.get("li") == off
    for before in (None, LI):
        with pytest.raises(Conflict, match="li was added or changed"):
            stores.staff.put(LI, before, SAID)
    assert len([*stores.access.entries("staff")]) == 2


def test_one_of_eight_adds_the_member(stores: Stores) -> None:
    """A name is given once."""
    done = at_once(lambda n: _put(stores, replace(LI, roles=(ROLES[n % len(ROLES)],))))
    assert sum(done) == 1
    assert len([*stores.access.entries()]) == 1


def _put(stores: Stores, member: Member) -> bool:
    try:
        stores.staff.put(member, None, SAID)
    except Conflict:
        return False
    return True


def test_signing_in(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest token of a member who may sign in, and nothing else, signs in; the database holds none of it."""
    assert staff._COST["n"] * staff._COST["r"] * 128 >= 2**24  # 16 MB for each try, of which this test needs many
    monkeypatch.setitem(staff._COST, "n", 2)
    chance = iter(bytes([n]) * 64 for n in range(1, 99))
    at = desk(stores, lambda count: next(chance)[:count])
    boss = at.add("boss", ["administrator"])
    token = at.add("li", ["announcer", "registrar"])
    assert sign_in(stores.staff, f"{token}\n") == Actor("staff:li", ("registrar", "announcer"), "member")
    assert token.partition(".")[2] not in str(stores.staff.all())
    newer = at.renew("li", "lost")
    other = f"boss.{token.partition('.')[2]}"
    for wrong in (token, "", "li", "li.", f"{newer}0", newer.upper(), other, "nobody.00", "li\x00.00", "x" * 9999):
        with pytest.raises(Refused, match="not that of a member"):
            sign_in(stores.staff, wrong)
    at.disable("li", "left")
    with pytest.raises(Refused, match="not that of a member"):
        sign_in(stores.staff, newer)
    assert sign_in(stores.staff, at.renew("li")).name == "staff:li"
    assert sign_in(stores.staff, boss).roles == ("administrator",)
    assert [entry.subject.split(" ")[0] for entry in stores.access.entries("staff")] == [
        "add", "add", "token", "disable", "token",
    ]  # fmt: skip


def test_a_board_never_locks_itself_out(stores: Stores) -> None:
    """The first member is an administrator, and the last one who may sign in stays one."""
    at = desk(stores)
    with pytest.raises(Refused, match="first member must be an administrator"):
        at.add("li", ["registrar"])
    at.add("boss", ["administrator", "auditor"])
    at.add("li", ["registrar"])
    for act in (lambda: at.disable("boss", "x"), lambda: at.change_roles("boss", ["auditor"])):
        with pytest.raises(Refused, match="only administrator"):
            act()
    at.change_roles("li", ["administrator"])
    at.disable("boss", "retired")
    with pytest.raises(Refused, match="only administrator"):
        at.disable("li", "x")
    with pytest.raises(Conflict, match="boss already"):
        at.add("boss", ["registrar"])
    with pytest.raises(NotFound, match="no member wu"):
        at.renew("wu")
    for name in ("", "Li", "1li", "li wei", "李", "x" * 41, "li\n", "staff:li"):
        with pytest.raises(Refused, match="short code"):
            at.add(name, ["registrar"])
    with pytest.raises(Refused, match="at least one of the roles"):
        at.add("wu", [])


def test_an_entry_with_a_taken_number_is_corrupt_or_a_conflict(database: Database) -> None:
    """The number of an entry is its key: the database itself keeps the chain from forking."""
    database.access.add(SEEN)
    row = "INSERT INTO access SELECT * FROM access"
    with pytest.raises((Conflict, Corrupt)), writing(database.engine) as tx:
        tx.execute(text(row))


def test_a_board_with_staff_on_every_store(stores: Stores) -> None:
    """A certificate by those who may, a correction by two, a refusal by rule: the same on each store, and audited."""
    board = StaffedBoard(stores)
    board.go("A1")
    fact = f.CertificateRevoked(reason="false papers", authority="minute 4")
    first, second = board.of["awarding_officer"], board.member("second", "awarding_officer", "registrar")
    with pytest.raises(Refused, match="put forward as proposal"):
        first.record("A1", fact, day("2024-07-01"))
    with pytest.raises(Refused, match="no right to record CertificateRevoked"):
        board.of["auditor"].record("A1", fact, day("2024-07-01"))
    (entry,) = stores.access.entries("proposal", "A1")
    second.record("A1", fact, day("2024-07-01"))
    history = stores.events.history("A1")
    assert (history[-1].actor, history[-1].command) == ("staff:second", command_of(entry))
    proposals, members = {entry.number: entry}, {member.name for member in stores.staff.all()}
    held = RolesHeld(stores.access.entries())
    assert not [*audited(stores.events.histories, first.rules_of, proposals, members, held)]
    assert len([*audited(stores.events.histories, first.rules_of, {}, members, held)]) == 1
