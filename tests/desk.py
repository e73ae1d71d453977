"""A board on the in-memory store, with a clock that is set by hand: for the tests of use cases over many histories."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Self

from storage.memory import MemoryStores
from tests.timeline import EVIDENCE, day
from tests.timeline import test_scheme as scheme_with
from workflow import facts as f
from workflow.board.decisions import Outcome, accept
from workflow.evidence import Evidence
from workflow.facts import Fact
from workflow.ports import Candidate
from workflow.scheme import Pinned
from workflow.service import Done, Service

WHY = {"reason": "a reason", "authority": "the board"}


class Board:
    """Some applications under the test scheme; `at` sets the day on which everything is done."""

    def __init__(self, *schemes: Pinned) -> None:
        self.stores = MemoryStores()
        self.instant = datetime(2030, 1, 1, 4, tzinfo=UTC)
        self.schemes = schemes or (scheme_with(),)
        for scheme in self.schemes:
            self.stores.schemes.put(scheme, self.instant)
        keys = count(1)
        self.service = Service(self.stores, lambda: self.instant, lambda: f"k{next(keys)}", "clerk")

    def at(self, on: str) -> Self:
        """Let it be noon of a day."""
        self.instant = datetime.combine(day(on), time(4), UTC)
        return self

    def file(
        self,
        key: str,
        on: str = "2024-03-15",
        level: int = 3,
        cohort: str = "",
        candidate: str = "c",
        evidence: Evidence = EVIDENCE,
        scheme: Pinned | None = None,
    ) -> Self:
        """File an application on a day."""
        self.at(on)
        self.stores.candidates.add([Candidate(candidate, candidate, "passport", f"P{candidate}")])
        self.service.submit(candidate, scheme or self.schemes[0], level, evidence, day(on), key, cohort=cohort)
        return self

    def ready(self, key: str, on: str = "2024-03-15", level: int = 3, cohort: str = "", candidate: str = "c") -> Self:
        """File, accept and, where the level asks for it, train."""
        self.file(key, on, level, cohort, candidate)
        accept(self.service, key)
        if level == 3:
            self.record(
                key, f.TrainingRecorded(hours=Decimal(100), completion_certificate=True, completed_on=day(on)), on
            )
        return self

    def record(self, key: str, fact: Fact, on: str = "") -> Done:
        """Record a fact, known on its day unless `at` was set later."""
        if on and self.service.today() < day(on):
            self.at(on)
        return self.service.record(key, fact, day(on) if on else None)

    def passed(self, key: str, part: str, sat: str, announced: str, marks: str = "60") -> Self:
        """Admit, mark and announce."""
        self.record(key, f.Admitted(part=part, sitting=sat, sat_on=day(sat)), sat)
        self.record(key, f.ScoreRecorded(part=part, sitting=sat, sat_on=day(sat), score=Decimal(marks)), sat)
        self.record(key, f.ScoreAnnounced(part=part, sitting=sat), announced)
        return self

    def state(self, key: str, on: str) -> str:
        return self.service.standing(key, day(on)).application.state

    def facts(self, key: str) -> list[str]:
        return [x.type for x in self.service.history(key)]

    def last_valid_on(self, key: str, part: str, on: str) -> date:
        return self.service.standing(key, day(on)).held[part].last_valid_on


def told(outcomes: list[Outcome]) -> dict[str, str]:
    """Give what became of each: the state, or the objection."""
    return {x.application: str(x.error) if x.error else x.done.state if x.done else "" for x in outcomes}
