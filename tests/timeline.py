"""Builders: a history written day by day, as a board would, and asked about on any day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Self

from workflow import facts as f
from workflow.application import Application
from workflow.checking.check import pin
from workflow.draft import Draft
from workflow.events import Event
from workflow.evidence import Certificate, Evidence, Work
from workflow.facts import Fact
from workflow.replay import replay
from workflow.scheme import Pinned, Rules
from workflow.standing import Standing, standing_of

SCHEME = """
scheme: test
version: 1
title: Test qualification
occupation: {code: 1-01, title: Tester}
edition:
  names: [test]
  in_force_from: 2000-01-01
  offered_from: 2000-01-01
  clause: {source: board}
sources: {rules: Test rules}
parts:
  theory:
    {title: Theory, maximum: 100, pass_mark: 60, validity: {length: {years: 2}}, clause: {source: rules, at: theory}}
  skills:
    {title: Skills, maximum: 100, pass_mark: 60, validity: {length: {years: 2}}, clause: {source: rules, at: skills}}
  review:
    title: Review
    kind: review
    maximum: 100
    pass_mark: 60
    requires: [theory, skills]
    forms: [case_analysis]
    clause: {source: rules, at: review}
lapse: {effect: expire, clause: {source: rules, at: lapse}}
completion: {judged_on: sat, clause: {source: rules, at: completion}}
certificate: {title: Paper, number: "T{yy}{level}{serial:4}", clause: {source: board}}
levels:
  3:
    title: Lower
    training: {hours: 100, clause: {source: rules}}
    stages: {theory_exam: theory, skills_exam: skills}
    conditions: {"1": {clause: {source: rules, at: "(1)"}, all: [{work: {years: 4, counted: continuous}}]}}
  2:
    title: Upper
    training: {waived: true, clause: {source: board}}
    stages: {theory_exam: theory, skills_exam: skills, comprehensive_review: review}
    conditions: {"1": {clause: {source: rules, at: "(1)"}, all: [{certificate: {level: 3}}]}}
"""


def day(text: str) -> date:
    """Read a day."""
    return date.fromisoformat(text)


def test_scheme(**changes: str) -> Pinned:
    """Give the test scheme, with some of its lines changed: `lapse="expire->reopen"`."""
    text = SCHEME
    for change in changes.values():
        old, new = change.split("->")
        assert old in text
        text = text.replace(old, new)
    return pin(text, "test.yaml")


EVIDENCE = Evidence(
    certificates=(Certificate(occupation="same", level=3, kind="vq", issued_on=day("2015-01-01")),),
    work=(Work.model_validate({"occupation": "same", "from": day("2015-01-01")}),),
)


class Timeline:
    """
    One application's history.

    Each method records a fact effective on its day, known on the evening of that day unless `known` names another.
    """

    def __init__(self, level: int = 3, submitted: str = "2024-03-15", scheme: Pinned | None = None) -> None:
        self.scheme = scheme or test_scheme()
        self.rules: Rules = self.scheme.rules(level)
        self.history: tuple[Event, ...] = ()
        fact = f.Submitted(candidate="c", scheme="test", digest=self.scheme.digest, level=level, evidence=EVIDENCE)
        draft = Draft.opening("A1", fact, day(submitted), self.rules, self._instant(submitted), "clerk", "submit")
        self._keep(draft)
        self.submitted = submitted

    def _instant(self, text: str) -> datetime:
        return datetime.combine(day(text), time(10), UTC)

    def _keep(self, draft: Draft) -> None:
        if draft.new:
            self.history += draft.append().events

    def record(self, fact: Fact, on: str, known: str = "") -> Self:
        """Record any fact."""
        draft = Draft(self.history, self.rules, self._instant(known or on), "clerk")
        draft.propose(fact, day(on), f"c{len(self.history)}")
        self._keep(draft)
        return self

    def accept(self, on: str = "") -> Self:
        fact = f.EligibilityAccepted(condition="1", conditions_met=("1",), evidence_digest="")
        return self.record(fact, on or self.submitted)

    def train(self, on: str, hours: int = 100, certificate: bool = True) -> Self:
        fact = f.TrainingRecorded(hours=Decimal(hours), completion_certificate=certificate, completed_on=day(on))
        return self.record(fact, on)

    def admit(self, part: str, on: str, known: str = "") -> Self:
        """Admit to a sitting on a day; the sitting is called after the day."""
        return self.record(f.Admitted(part=part, sitting=on, sat_on=day(on)), min(on, known or on), known)

    def score(self, part: str, on: str, marks: str, announced: str = "", known: str = "") -> Self:
        """Admit if need be, record marks, and announce them where a day is given."""
        review = part == "review"
        if not review and not any(
            isinstance(x.fact, f.Admitted) and (x.fact.part, x.fact.sitting) == (part, on) for x in self.history
        ):
            self.admit(part, on, known)
        form = "case_analysis" if review else ""
        fact = f.ScoreRecorded(part=part, sitting=on, sat_on=day(on), score=Decimal(marks), form=form)
        self.record(fact, on, known)
        return self.announce(part, on, announced, known) if announced else self

    def announce(self, part: str, sat: str, on: str, known: str = "") -> Self:
        return self.record(f.ScoreAnnounced(part=part, sitting=sat), on, known)

    def absent(self, part: str, on: str) -> Self:
        return self.record(f.AbsenceRecorded(part=part, sitting=on, sat_on=day(on)), on)

    def amend(self, part: str, sat: str, marks: str, on: str) -> Self:
        fact = f.ScoreAmended(part=part, sitting=sat, score=Decimal(marks), reason="recheck", authority="board")
        return self.record(fact, on)

    def night(self, on: str, known: str = "") -> Self:
        """Let the nightly job write down what the clock has made true by a day."""
        draft = Draft(self.history, self.rules, self._instant(known or on) + timedelta(hours=12), "nightly")
        draft.write_down(day(on))
        self._keep(draft)
        return self

    def as_of(self, on: str, known: str = "") -> Application:
        known_at = self._instant(known) if known else None
        application = replay(self.history, self.rules, day(on), known_at)
        assert application is not None
        return application

    def state(self, on: str, known: str = "") -> str:
        return self.as_of(on, known).state

    def standing(self, on: str) -> Standing:
        return standing_of(self.as_of(on), self.rules, day(on))

    @property
    def facts(self) -> list[str]:
        return [x.type for x in self.history]


test_scheme.__test__ = False  # type: ignore[attr-defined]
