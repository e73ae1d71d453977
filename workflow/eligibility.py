"""
Eligibility: which conditions of a level are met by the evidence, and in words why the others are not.

Pure. Every requirement answers one question, *from which day on is it met, if work goes on*; met means that this day
has come. So the verdict, the first eligible day and the explanation cannot disagree.
Source: design.md, section 4; domain.md, sections 1.1, 1.2 and readings A5-A9, A31-A35.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from workflow.application import Application
from workflow.conditions import Condition
from workflow.evidence import Evidence
from workflow.requirements import Finding, judge
from workflow.scheme import Level, Rules
from workflow.weighing import weighed


@dataclass(frozen=True, slots=True)
class ConditionAnswer:
    """The answer for one condition: met, or what is missing, requirement by requirement."""

    id: str
    clause: str
    text: str
    reading: str
    met: bool
    met_from: date | None
    findings: tuple[Finding, ...]

    @property
    def explanation(self) -> str:
        """The answer in sentences for the candidate: what counts, or what is missing and from when it would do."""
        if self.met:
            return f"Condition {self.id} is met: {'; '.join(u for f in self.findings for u in f.used)}."
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
    def eligible_from(self) -> date | None:
        """First day on which some condition is met if work goes on; None where time alone will not do it."""
        return min((c.met_from for c in self.conditions if c.met_from), default=None)

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


def assess(level_number: int, level: Level, evidence: Evidence, measured_on: date) -> Eligibility:
    """
    Judge the evidence against every condition of a level.

    Args:
        level_number: The level applied for; courses count for this level only.
        level: Its rules.
        evidence: What the candidate shows.
        measured_on: The day on which eligibility is measured: the submission day (domain.md A31).
    """
    return Eligibility(
        measured_on,
        tuple(_condition(key, level_number, c, evidence, measured_on) for key, c in level.conditions.items()),
    )


def answer_for(application: Application, rules: Rules, condition: str) -> ConditionAnswer:
    """Answer one condition of the level as `assessed` does."""
    asked = rules.level.conditions[condition]
    return _condition(condition, application.level, asked, weighed(application), application.submitted_on)


def assessed(application: Application, rules: Rules) -> Eligibility:
    """Answer the eligibility of an application by its evidence as checked and judged, on its day of submission."""
    return assess(application.level, rules.level, weighed(application), application.submitted_on)


def doubts(application: Application, rules: Rules) -> tuple[str, ...]:
    """Name an acceptance that the evidence, as it has been checked and judged since, no longer supports."""
    if not application.condition or not (application.checks or application.judgements):
        return ()
    if application.state in ("withdrawn", "expired", "annulled", "refused"):
        return ()
    if application.condition in assessed(application, rules).conditions_met:
        return ()
    said = f"the evidence as now weighed does not meet condition {application.condition}, under which it was accepted"
    if application.state != "certified":
        return (f"{said}: reopen the decision on eligibility",)
    if application.certificate_standing == "revoked":
        return ()
    return (f"{said}: the board decides whether to revoke the certificate",)


def _condition(key: str, level_number: int, condition: Condition, evidence: Evidence, on: date) -> ConditionAnswer:
    anchors: dict[str, Finding] = {}
    findings: list[Finding] = []
    # Certificates and diplomas first: work may count from them, whatever the order in the document.
    for requirement in sorted(condition.all, key=lambda r: r.work is not None):
        finding = judge(requirement, level_number, evidence, on, anchors)
        findings.append(finding)
        for kind in ("certificate", "education"):
            if getattr(requirement, kind):
                anchors.setdefault(kind, finding)
    days = [f.met_from for f in findings]
    met_from = max(d for d in days if d) if all(days) else None
    clause = condition.clause
    return ConditionAnswer(
        key, str(clause), clause.text, clause.reading, all(f.met for f in findings), met_from, tuple(findings)
    )
