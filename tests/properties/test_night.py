"""
A board's life made up at random, with nights that are run, missed, run twice or broken off: the laws of the night.

What is stored after a night is what replay says, whether or not a night was ever run before.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from scheduler.jobs import JOBS, catch_up, owed, run
from scheduler.night import Night, Stopped
from tests.desk import WHY, Board
from tests.nights import by_the_clock, projecting
from tests.timeline import test_scheme as scheme_with
from workflow import facts as f
from workflow.draft import CLOCK
from workflow.errors import Refused
from workflow.events import Event, check_chain
from workflow.nights.ledger import COMPLETE, RunKey
from workflow.replay import fold, replay, run_clock
from workflow.scheme import Pinned
from workflow.standing import standing_of

WAIVED = "training: {waived: true, clause: {source: board}}\n"
DEADLINES = (
    "deadlines: {trained: {within: {months: 1}, clause: {source: rules, at: d1}}, "
    "skills_exam: {within: {months: 18}, clause: {source: rules, at: d2}}}"
)
START = "2024-01-29"
WAYS = ("", "theory", "theory skills", "skills theory", "skills theory certified", "theory skills certified")
JUMPS = st.sampled_from([1, 1, 3, 30, 200])
SHIFTS = st.sampled_from([-1, 0, 0, 1, 2])
PARTS = st.sampled_from(["theory", "skills"])
MARKS = st.sampled_from(["59.5", "60", "60", "88"])


def scheme(effect: str, has_deadlines: bool, ends: bool) -> Pinned:
    """Make a scheme of which something or other runs out."""
    return scheme_with(
        lapse=f"effect: expire->effect: {effect}",
        level=f"{WAIVED}->{WAIVED}    {DEADLINES}\n" if has_deadlines else "version: 1->version: 1",
        paper="{title: Paper, ->{title: Paper, " + ("valid_for: {years: 2}, " if ends else ""),
    )


SCHEMES = [
    scheme(effect, has_deadlines, ends)
    for effect in ("expire", "reopen", "restart")
    for has_deadlines in (False, True)
    for ends in (False, True)
]


class Nights(RuleBasedStateMachine):
    """A few applications under some scheme; every rule is something that happens to a board."""

    board: Board
    keys: Sequence[str] = ()

    def __init__(self) -> None:
        super().__init__()
        self.serials = count(1)

    @initialize(number=st.integers(0, len(SCHEMES) - 1), ways=st.lists(st.sampled_from(WAYS), min_size=2, max_size=3))
    def opened(self, number: int, ways: list[str]) -> None:
        """Open the board with some applications, each come some way."""
        self.board = Board(SCHEMES[number]).at(START)
        self.project = projecting(self.board.stores)
        self.keys = [f"A{n}" for n, _ in enumerate(ways, 1)]
        for key in self.keys:
            self.board.ready(key, START, level=2)
        for key, way in zip(self.keys, ways, strict=True):
            for part, told in zip(way.split(), ("2024-02-10", "2024-02-29", ""), strict=False):
                if part == "certified":
                    self.is_reviewed_and_awarded(self.keys.index(key), "60")
                else:
                    self.board.passed(key, part, "2024-02-03", max(told, str(self.today)))

    @property
    def today(self) -> date:
        """The board's day."""
        return self.board.service.today()

    def at(self, on: date) -> None:
        """Go forward to a day."""
        self.board.at(str(max(on, self.today)))

    def history(self, key: str) -> tuple[Event, ...]:
        """Give the history of an application."""
        return self.board.service.history(key)

    @rule()
    def files(self) -> None:
        """Somebody applies."""
        if len(self.keys) < 4:
            self.keys = [*self.keys, f"A{len(self.keys) + 1}"]
            self.board.ready(self.keys[-1], str(self.today), level=2)

    @rule(pick=st.integers(0, 3), part=PARTS, marks=MARKS, told=st.sampled_from([0, 3, 40]), late=JUMPS)
    def sits(self, pick: int, part: str, marks: str, told: int, late: int) -> None:
        """Somebody sits a part; the result is announced, and all is entered, some days later."""
        sat = self.today
        self.at(sat + timedelta(days=told + (late if late > 3 else 0)))
        announced = sat + timedelta(days=told)
        key = self.keys[pick % len(self.keys)]
        with suppress(Refused):
            self.board.passed(key, part, str(sat), str(announced), marks)

    @rule(pick=st.integers(0, 3), part=PARTS)
    def waits(self, pick: int, part: str) -> None:
        """Somebody sits a part, and the result stays away."""
        key, sat = self.keys[pick % len(self.keys)], self.today
        with suppress(Refused):
            self.board.record(key, f.Admitted(part=part, sitting=f"w{sat}", sat_on=sat))
            self.board.record(key, f.ScoreRecorded(part=part, sitting=f"w{sat}", sat_on=sat, score="60"))

    @rule(pick=st.integers(0, 3))
    def is_told(self, pick: int) -> None:
        """A result that stayed away is announced."""
        key = self.keys[pick % len(self.keys)]
        with suppress(Refused):
            for attempt in fold(self.history(key), self.board.schemes[0].rules(2)).attempts:
                if attempt.outcome == "recorded":
                    self.board.record(key, f.ScoreAnnounced(part=attempt.part, sitting=attempt.sitting))

    @rule(pick=st.integers(0, 3), marks=MARKS)
    def is_reviewed_and_awarded(self, pick: int, marks: str) -> None:
        """Somebody is reviewed, and certified if that was passed."""
        key, on = self.keys[pick % len(self.keys)], self.today
        with suppress(Refused):
            review = f.ScoreRecorded(part="review", sitting=f"r{on}", sat_on=on, score=marks, form="case_analysis")
            self.board.record(key, review)
            self.board.record(key, f.ScoreAnnounced(part="review", sitting=f"r{on}"))
            serial = next(self.serials)
            self.board.record(key, f.CertificateAwarded(number=f"T{serial}", series="T*", serial=serial))

    @rule(pick=st.integers(0, 3), what=st.sampled_from(["suspend", "resume", "withdraw", "amend", "extend"]))
    def is_acted_on(self, pick: int, what: str) -> None:
        """The board or the candidate does something else."""
        key = self.keys[pick % len(self.keys)]
        attempts = [x for x in fold(self.history(key), self.board.schemes[0].rules(2)).attempts if x.score is not None]
        fact: f.Fact
        match what:
            case "suspend":
                fact = f.ApplicationSuspended(**WHY)
            case "resume":
                fact = f.ApplicationResumed(**WHY)
            case "withdraw" if pick == 3:
                fact = f.Withdrawn()
            case "amend" if attempts:
                fact = f.ScoreAmended(part=attempts[-1].part, sitting=attempts[-1].sitting, score="60", **WHY)
            case "extend":
                fact = f.ValidityExtended(part="theory", until=self.today + timedelta(days=400), **WHY)
            case _:
                return
        with suppress(Refused):
            self.board.record(key, fact)

    @rule(days=JUMPS)
    def time_passes(self, days: int) -> None:
        """Some days go by."""
        self.at(self.today + timedelta(days=days))

    @rule(pick=st.integers(0, 3), shift=SHIFTS)
    def a_step_of_the_clock_comes_near(self, pick: int, shift: int) -> None:
        """It is a day around the one on which the clock has something to do."""
        row = self.board.stores.events.projection(self.keys[pick % len(self.keys)])
        if row and row.next_due_on:
            self.at(row.next_due_on + timedelta(days=shift))

    @rule(
        chunks=st.sampled_from([None, None, 0, 1, 3]),
        twice=st.booleans(),
        jobs=st.sampled_from([tuple(JOBS), ("expire",)]),
    )
    def night_falls(self, chunks: int | None, twice: bool, jobs: tuple[str, ...]) -> None:
        """The nights that are owed are run; one may be broken off after some chunks, and taken up by another node."""
        before = {key: self.answers(self.history(key)) for key in self.keys}
        if len(owed(Night(self.board.service, "n"), "expire")) > 40:  # years without a night: the last ones are enough
            run(Night(self.board.service, "n"), "expire", self.today)
        else:
            if chunks is not None:
                left = iter([False] * chunks)
                broken = Night(self.board.service, "broken", is_stopping=lambda: next(left, True))
                with suppress(Stopped):
                    list(catch_up(broken, jobs))
            list(catch_up(Night(self.board.service, "n"), jobs))
            if twice:
                sizes = {key: len(self.history(key)) for key in self.keys}
                run(Night(self.board.service, "again"), "expire", self.today)
                assert {key: len(self.history(key)) for key in self.keys} == sizes
            for job in jobs:
                assert owed(Night(self.board.service, "n"), job) == []
        assert self.board.stores.runs.find(RunKey("expire", self.today)).outcome == COMPLETE
        self.nothing_is_left()
        assert {key: self.answers(self.history(key)) for key in self.keys} == before

    def answers(self, history: tuple[Event, ...]) -> list[object]:
        """Say what people see of a history on the days on which something turns, and today."""
        rules = self.board.schemes[0].rules(2)
        days = {x.effective_on for x in history if x.actor != CLOCK} | {self.today, date(2030, 1, 1)}
        found: list[object] = []
        for on in sorted(days):
            application = replay(history, rules, on)
            standing = standing_of(application, rules, on)
            expired = application.expiry.expired_on if application.expiry else None
            found.append((on, application.state, sorted(standing.held), expired, standing.clock_on))
        return found

    def nothing_is_left(self) -> None:
        """After a night all that had fallen due is written, one step after the other, as one late run would do it."""
        rules = self.board.schemes[0].rules(2)
        for key in self.keys:
            history = self.history(key)
            row = self.board.stores.events.projection(key)
            assert row.next_due_on is None or row.next_due_on > self.today
            assert replay(history, rules, self.today).state == row.state
            # Without the steps since the last fact of a person, the clock takes the very same ones.
            last = max(n for n, event in enumerate(history, 1) if event.actor != CLOCK)
            application, taken = run_clock(fold(history[:last], rules), rules, self.today)
            assert [(x.fact, x.on, x.source, x.dest) for x in taken] == [
                (x.fact, x.effective_on, x.source, x.dest) for x in history[last:]
            ]
            assert application.state == row.state

    @invariant()
    def what_is_stored_holds(self) -> None:
        """Chains are whole, rows are what histories say, instants never go back, and each step bears its own day."""
        for key in self.keys:
            history = self.history(key)
            check_chain(history)
            assert self.board.stores.events.projection(key) == self.project(history)
            instants = [event.recorded_at for event in history]
            assert instants == sorted(instants)
            for event in by_the_clock(history):
                if isinstance(event.fact, f.Expired | f.PartLapsed | f.CertificateExpired):
                    assert event.effective_on > event.fact.last_valid_on
                if isinstance(event.fact, f.Expired) and event.effective_on != event.fact.expired_on:
                    assert event.effective_on == max(x.effective_on for x in history[: event.sequence - 1])


Nights.TestCase.settings = settings(
    max_examples=settings().max_examples // 2, stateful_step_count=25, suppress_health_check=[HealthCheck.too_slow]
)
TestNights = Nights.TestCase
