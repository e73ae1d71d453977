"""A board that keeps staff: a member for every role, each with a service of their own over the same stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from storage.memory import MemoryStores
from tests.timeline import EVIDENCE, day
from tests.unit.board import Board
from workflow import facts as f
from workflow.board import decisions
from workflow.board.certificates import award
from workflow.events import Event
from workflow.ports import Candidate, Stores
from workflow.roles.access import Access
from workflow.roles.rights import ROLES, Actor, Role
from workflow.roles.staff import Member
from workflow.service import Service

SAT, OUT = "2024-05-18", "2024-06-20"


def changed(event: Event, **values: Any) -> Event:
    """Give an event with other values."""
    return event._replace(**values)


def actor(name: str, *roles: Role) -> Actor:
    """Give a member who has signed in."""
    return Actor(f"staff:{name}", roles, "member")


class StaffedBoard(Board):
    """A board under the test scheme whose steps are taken by members, one for each role."""

    def __init__(self, stores: Stores | None = None, **changes: str) -> None:
        super().__init__(stores or MemoryStores(), **changes)
        # The administrator first, who adds the others.
        self.of = {role: self.member(role.replace("_", "-"), role) for role in ROLES[::-1]}

    def member(self, name: str, *roles: Role) -> Service:
        """Give the service of a member with some roles."""
        who = actor(name, *roles)
        if self.stores.staff.get(name) is None:
            member = Member(name, roles, self.now, "00$00", self.now)
            who_adds = "staff:administrator" if self.stores.staff.is_kept() else "local:anna"
            entry = Access(self.now, who_adds, "staff", f"add {name}: {', '.join(roles)}")
            self.stores.staff.put(member, None, entry)
        keys = self.service.new_key
        return Service(self.stores, lambda: self.now, lambda: f"{name}-{keys()}", who)

    def use(self, stores: Stores) -> None:
        """Go on over other stores of the same database: another login."""
        self.stores = stores
        self.of = {
            role: Service(stores, lambda: self.now, self.service.new_key, who.acts_as) for role, who in self.of.items()
        }

    def go(self, key: str, until: str = "certified", candidate: str = "p1") -> StaffedBoard:
        """Lead an application of level 3 on its way, each step taken by who may, up to a state or a fact."""
        for name, step in self.way(key, candidate):
            step()
            if name == until:
                return self
        raise AssertionError(f"the way has no {until}")

    def way(self, key: str, candidate: str = "p1") -> Iterator[tuple[str, Callable[[], object]]]:
        """Give the steps of an application that is certified: the fact that each records, and what takes it."""
        o, d = self.of, day
        trained = f.TrainingRecorded(hours=Decimal(100), completion_certificate=True, completed_on=d("2024-03-20"))
        person = Candidate(candidate, f"Person {candidate}", "passport", f"X{candidate}")
        yield "registered", lambda: o["registrar"].stores.candidates.add([person])
        yield "Submitted", lambda: o["registrar"].submit(candidate, self.scheme, 3, EVIDENCE, d("2024-03-15"), key)
        yield "EligibilityAccepted", lambda: decisions.accept(o["registrar"], key, on=d("2024-03-15"))
        yield "TrainingRecorded", lambda: o["trainer"].record(key, trained, d("2024-03-20"))
        for part in ("theory", "skills"):
            for role, fact, on in self.sat(part):
                yield f"{type(fact).__name__} {part}", self._step(role, key, fact, on)
        yield "certified", lambda: award(o["awarding_officer"], key, d("2024-07-01"), "minute 9")

    def sat(self, part: str, marks: str = "60") -> list[tuple[Role, f.Fact, str]]:
        """Give the steps of a sitting of a part, with the role that takes each."""
        where = {"part": part, "sitting": "S1"}
        readers = (1, 2) if self.scheme.scheme.parts[part].entry else ()
        return [
            ("registrar", f.Admitted(**where, sat_on=day(SAT)), SAT),
            *(("examiner", f.ScoreEntered(**where, reader=n, score=Decimal(marks)), SAT) for n in readers),
            ("examiner", f.ScoreRecorded(**where, sat_on=day(SAT), score=Decimal(marks)), SAT),
            ("announcer", f.ScoreAnnounced(**where), OUT),
        ]

    def _step(self, role: Role, key: str, fact: f.Fact, on: str) -> Callable[[], object]:
        return lambda: self.of[role].record(key, fact, day(on))
