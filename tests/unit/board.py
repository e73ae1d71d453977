"""A board in memory: a service over in-memory stores, whose clock is set by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any, Self

from storage.memory import MemoryStores
from tests.timeline import EVIDENCE, day
from tests.timeline import test_scheme as scheme_with
from workflow import facts as f
from workflow.board import decisions
from workflow.ports import Candidate, Stores
from workflow.service import Service

WHY = {"reason": "a reason", "authority": "the board"}
DEGREES = """misconduct:
  minor: {title: Minor, voids: part, clause: {source: rules, at: art. 6}}
  serious: {title: Serious, voids: all, bar: {years: 1}, clause: {source: rules, at: art. 8}}
  papers: {title: False papers, voids: all, ends: true, voids_certificate: true, clause: {source: rules, at: art. 10}}
levels:"""
RECHECK = "recheck: {request_within: {days: 10}, decide_within: {working_days: 10}, clause: {source: rules, at: rc}}"
ENTRY = "entry: {readers: 2, tolerance: 2, clause: {source: rules, at: readers}}"
PANEL = "panel: {least: 3, odd: true, clause: {source: rules, at: panel}}"
FULL = {
    "levels": f"levels:->{DEGREES}",
    "theory": f"title: Theory, ->title: Theory, {RECHECK}, {ENTRY}, ",
    "skills": f"title: Skills, ->title: Skills, {RECHECK}, ",
    "review": f"kind: review\n->kind: review\n    {PANEL}\n",
}


class Board:
    """A service under one scheme; `at` sets the day on which it stands."""

    def __init__(self, stores: Stores | None = None, at: str = "2024-07-01", **changes: str) -> None:
        self.stores = stores or MemoryStores()
        self.scheme = scheme_with(**(changes or FULL))
        self.now = datetime.combine(day(at), time(10), UTC)
        keys = count(1)
        self.service = Service(self.stores, lambda: self.now, lambda: f"k{next(keys)}", "clerk")
        self.stores.schemes.put(self.scheme, self.now)

    def at(self, on: str) -> Self:
        """Set the clock."""
        self.now = datetime.combine(day(on), time(10), UTC)
        return self

    def file(self, key: str, candidate: str = "p1", level: int = 3, on: str = "2024-03-15") -> Self:
        """File, accept and train an application."""
        person = Candidate(candidate, f"Person {candidate}", "passport", f"X{candidate}")
        self.stores.candidates.add([person])
        self.service.submit(candidate, self.scheme, level, EVIDENCE, day(on), key)
        decisions.accept(self.service, key, on=day(on))
        if level == 3:
            fact = f.TrainingRecorded(hours=Decimal(100), completion_certificate=True, completed_on=day(on))
            self.service.record(key, fact, day(on))
        return self

    def admit(self, key: str, part: str, sitting: str, sat_on: str, on: str = "") -> Self:
        """Admit to a sitting."""
        fact = f.Admitted(part=part, sitting=sitting, sat_on=day(sat_on))
        self.service.record(key, fact, day(on or sat_on))
        return self

    def score(self, key: str, part: str, sitting: str, sat_on: str, marks: str, announced: str = "") -> Self:
        """Admit and record marks, by two readers where the part has them; announce them where a day is given."""
        self.admit(key, part, sitting, sat_on)
        if self.scheme.scheme.parts[part].entry:
            for reader in (1, 2):
                fact = f.ScoreEntered(part=part, sitting=sitting, reader=reader, score=Decimal(marks))
                self.service.record(key, fact, day(sat_on))
        recorded = f.ScoreRecorded(part=part, sitting=sitting, sat_on=day(sat_on), score=Decimal(marks))
        self.service.record(key, recorded, day(sat_on))
        if announced:
            self.service.record(key, f.ScoreAnnounced(part=part, sitting=sitting), day(announced))
        return self

    def types(self, key: str) -> list[str]:
        """Name the types of an application's events."""
        return [event.type for event in self.service.history(key)]

    def state(self, key: str, on: str = "") -> str:
        """Give the state of an application."""
        return str(self.standing(key, on).application.state)

    def standing(self, key: str, on: str = "") -> Any:
        """Give the standing of an application."""
        return self.service.standing(key, day(on) if on else None)


def write_clock(service: Service, applications: Sequence[str], until: date) -> tuple[str, ...]:
    """Write down what the clock has made true of some applications by a day; give those that owed something."""
    drafts = [service.draft(history) for history in service.stores.events.histories(applications)]
    owing = [draft for draft in drafts if draft.write_down(until)]
    if owing:
        assert service.stores.events.append([draft.append() for draft in owing]) == ()
    return tuple(draft.application.key for draft in owing)
