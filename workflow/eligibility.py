"""
Eligibility: which conditions of a level are met by the evidence, and in words why the others are not.

Pure. Every requirement answers one question, *from which day on is it met, if work goes on*; met means that this day
has come. So the verdict, the first eligible day and the explanation cannot disagree.
Source: design.md, section 4; domain.md, sections 1.1, 1.2 and readings A5-A9, A31-A35.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from workflow.application import Application
from workflow.evidence import Evidence
from workflow.findings import Finding
from workflow.language.assessed import Level
from workflow.language.conditions import Condition
from workflow.language.terms import BUILT_IN, Terms
from workflow.requirements import all_met
from workflow.scheme import Rules
from workflow.weighing import weighed


class ConditionAnswer(NamedTuple):
    """The answer for one condition: met, or what is missing, requirement by requirement, or that it is for others."""

    id: str
    clause: str
    text: str
    reading: str
    met: bool
    met_from: date | None
    findings: tuple[Finding, ...]
    not_for: str = ""

    @property
    def explanation(self) -> str:
        """The answer in sentences for the candidate: what counts, or what is missing and from when it would do."""
        if self.met:
            return f"Condition {self.id} is met: {'; '.join(u for f in self.findings for u in f.used)}."
        if self.not_for:
            return f"Condition {self.id} is not met: {self.not_for}."
        text = f"Condition {self.id} is not met: {'; '.join(f.missing for f in self.findings if f.missing)}."
        if self.met_from:
            return f"{text} It would be met from {self.met_from} if all goes on as shown."
        return f"{text} Waiting alone will not meet it."


@dataclass(frozen=True, slots=True)
class Eligibility:
    """
    The whole answer.

    Attributes:
        measured_on: Day on which the evidence was measured.
        conditions: One answer for each condition of the level, in the regulation's order.
    """

    measured_on: date
    conditions: tuple[ConditionAnswer, ...]

    @property
    def conditions_met(self) -> tuple[str, ...]:
        """Ids of the conditions met."""
        return tuple(c.id for c in self.conditions if c.met)

    @property
    def is_eligible(self) -> bool:
        """Whether any condition is met."""
        return any(c.met for c in self.conditions)

    @property
    def unmet(self) -> str:
        """What every condition that is not met says is missing, in sentences."""
        return " ".join(c.explanation for c in self.conditions if not c.met)

    @property
    def clauses(self) -> str:
        """The clauses of all conditions, each once: any one condition would have been enough."""
        return "; ".join(dict.fromkeys(c.clause for c in self.conditions))

    @property
    def eligible_from(self) -> date | None:
        """First day on which some condition is met if work goes on; None where time alone will not do it."""
        return min((c.met_from for c in self.conditions if c.met_from), default=None)

    @property
    def nearest(self) -> str:
        """The condition that is met first if work goes on; where none would be, the first one for this candidate."""
        own = [c for c in self.conditions if not c.not_for] or self.conditions
        return min(own, key=lambda c: c.met_from or date.max).id

    def as_json(self) -> dict[str, Any]:
        """Give the answer as plain JSON values, days as YYYY-MM-DD."""

        def day(value: date | None) -> str | None:
            return value.isoformat() if value else None

        return {
            "eligible": self.is_eligible,
            "measured_on": day(self.measured_on),
            "conditions_met": list(self.conditions_met),
            "eligible_from": day(self.eligible_from),
            "conditions": [
                {
                    "id": c.id,
                    "clause": c.clause,
                    "text": c.text,
                    "reading": c.reading,
                    "met": c.met,
                    "eligible_from": day(c.met_from),
                    "explanation": c.explanation,
                    "requirements": [
                        {
                            "requirement": f.requirement,
                            "met": f.met,
                            "met_from": day(f.met_from),
                            "evidence": list(f.used),
                            "missing": f.missing,
                        }
                        for f in c.findings
                    ],
                }
                for c in self.conditions
            ],
        }


def assess(
    level_number: int, level: Level, evidence: Evidence, filed_on: date, terms: Terms = BUILT_IN, cohort: str = ""
) -> Eligibility:
    """
    Judge the evidence against every condition of a level.

    Args:
        level_number: The level applied for; courses count for this level only.
        level: Its rules.
        evidence: What the candidate shows.
        filed_on: The day of submission, from which the level says on which day eligibility is measured (domain.md A31).
        terms: What the words of the evidence mean under the document.
        cohort: The programme under which the application is filed; empty: none.
    """
    asking = _Asking(level_number, evidence, filed_on, measuring_day(level, filed_on), terms, cohort)
    return Eligibility(asking.on, tuple(asking.answer(key, c) for key, c in level.conditions.items()))


def measuring_day(level: Level, filed_on: date) -> date:
    """Give the day on which the eligibility of an application filed on a day is measured."""
    return level.measured_on.on_or_after(filed_on) if level.measured_on else filed_on


def answer_for(application: Application, rules: Rules, condition: str) -> ConditionAnswer:
    """Answer one condition of the level as `assessed` does."""
    return _asking(application, rules).answer(condition, rules.level.conditions[condition])


def exemption_answer(application: Application, rules: Rules, exemption: str) -> ConditionAnswer:
    """Answer one exemption of the level, by the same evidence and on the same day as the conditions."""
    return _asking(application, rules).answer(exemption, rules.level.exemptions[exemption])


def assessed(application: Application, rules: Rules) -> Eligibility:
    """Answer the eligibility of an application by its evidence as checked and judged, on the day that decides."""
    asking = _asking(application, rules)
    return Eligibility(asking.on, tuple(asking.answer(key, c) for key, c in rules.level.conditions.items()))


def asked_for_part(application: Application, rules: Rules, part: str, sat_on: date) -> Eligibility:
    """Answer what a part asks for on the day of a sitting, by all that the application shows."""
    return _later(application, rules, rules.parts[part].conditions, sat_on)


def asked_for_award(application: Application, rules: Rules, on: date) -> Eligibility:
    """Answer what the level asks for before the award, by all that the application shows."""
    return _later(application, rules, rules.level.award_conditions, on)


def _later(a: Application, rules: Rules, conditions: Mapping[str, Condition], on: date) -> Eligibility:
    """Answer conditions on a day after the submission; courses that were recorded since count beside the evidence."""
    shown = weighed(a)
    if a.training:
        shown = shown.model_copy(update={"training": (*shown.training, *a.training)})
    asking = _Asking(a.level, shown, a.measured_on, on, rules.scheme.terms, a.cohort)
    return Eligibility(on, tuple(asking.answer(key, c) for key, c in conditions.items()))


def _asking(a: Application, rules: Rules) -> _Asking:
    on = measuring_day(rules.level, a.measured_on)
    return _Asking(a.level, weighed(a), a.measured_on, on, rules.scheme.terms, a.cohort)


def doubts(application: Application, rules: Rules) -> tuple[str, ...]:
    """Name an acceptance or an award that the evidence, as it has been checked and judged since, no longer supports."""
    if not application.condition or not (application.checks or application.judgements):
        return ()
    if application.state in ("withdrawn", "expired", "annulled", "refused"):
        return ()
    if application.condition in assessed(application, rules).conditions_met:
        return _doubts_of_award(application, rules)
    said = f"the evidence as now weighed does not meet condition {application.condition}, under which it was accepted"
    if application.state != "certified":
        return (f"{said}: reopen the decision on eligibility",)
    if application.certificate_standing == "revoked":
        return ()
    return (f"{said}: the board decides whether to revoke the certificate",)


def _doubts_of_award(application: Application, rules: Rules) -> tuple[str, ...]:
    awarded_on = application.awarded_on if rules.level.award_conditions else None
    if awarded_on is None or application.certificate_standing == "revoked":
        return ()
    if asked_for_award(application, rules, awarded_on).is_eligible:
        return ()
    said = "the evidence as now weighed does not meet what the award asks for"
    return (f"{said}: the board decides whether to revoke the certificate",)


class _Asking(NamedTuple):
    """What is asked about, whatever the condition."""

    level: int
    evidence: Evidence
    filed_on: date
    on: date
    terms: Terms
    cohort: str

    def answer(self, key: str, condition: Condition) -> ConditionAnswer:
        """Answer one condition."""
        clause = condition.clause
        not_for = condition.only_for.shuts_out(self.cohort, self.filed_on) if condition.only_for else ""
        findings = () if not_for else tuple(self._judged(condition, self.on))
        met = not not_for and all(f.met for f in findings)
        met_from = None if not_for else self._met_from(condition, findings)
        return ConditionAnswer(key, str(clause), clause.text, clause.reading, met, met_from, findings, not_for)

    def _judged(self, condition: Condition, on: date) -> list[Finding]:
        return all_met(condition.all, self.level, self.evidence, on, self.terms)

    def _met_from(self, condition: Condition, findings: tuple[Finding, ...]) -> date | None:
        """
        Find the first day on which everything holds: where one thing can end, it may be over when another begins.

        It is asked again on the day found, until all holds on it; each time it lies later.
        """
        day = _last_of(findings)
        if not condition.can_end and all(c.valid_until is None for c in self.evidence.certificates):
            return day
        while day is not None and day > self.on:
            again = tuple(self._judged(condition, day))
            if all(f.met for f in again):
                return day
            day = _last_of(again)
        return day


def _last_of(findings: tuple[Finding, ...]) -> date | None:
    last = findings[0].met_from
    for finding in findings:
        if finding.met_from is None:
            return None
        last = max(last or finding.met_from, finding.met_from)
    return last
