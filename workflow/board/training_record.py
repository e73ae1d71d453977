"""
Training records: every course that counts towards the gate of a level, and what the gate says of them.

Pure but for the history that the service loads. Whether the gate is passed is said by `parts.training_gate` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from workflow.board.evidence_desk import items_of
from workflow.document import parse_marks
from workflow.errors import Objection, Refused
from workflow.events import Event
from workflow.evidence import Course
from workflow.facts import TrainingRecorded, TrainingWaived
from workflow.parts import training_gate
from workflow.replay import known
from workflow.scheme import Rules
from workflow.service import Service


@dataclass(frozen=True, slots=True)
class Record:
    """
    A course, and where it is known from.

    Attributes:
        source: The piece of evidence (`training/0`), or the number of the event that recorded it.
        counts: Whether its hours count.
        is_formal: Whether its completion certificate, if there is one, counts: not by self-study alone.
        said: All that is recorded of it, as plain values.
        actor: Who recorded it; empty for evidence.
        effective_on: From which day it counts; None for evidence.
    """

    source: str
    counts: bool
    is_formal: bool
    said: dict[str, Any]
    actor: str = ""
    effective_on: date | None = None


@dataclass(frozen=True, slots=True)
class TrainingStanding:
    """
    Where an application stands with its training.

    Attributes:
        application: Key of the application.
        level: Its level.
        hours: Hours asked for; None where the level asks for no course.
        clause: Where that comes from.
        met: Whether the gate is passed.
        missing: What is lacking, in words.
        waiver: The event of a waiver by a decision.
        records: Every course.
    """

    application: str
    level: int
    hours: Decimal | None
    clause: str
    met: bool
    missing: str
    waiver: Event | None
    records: tuple[Record, ...]

    @property
    def done(self) -> Decimal:
        """Hours done, of the courses that count."""
        return sum((Decimal(r.said["hours"]) for r in self.records if r.counts), Decimal(0))

    def as_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        waived = self.waiver.fact if self.waiver else None
        return {
            "application": self.application,
            "level": self.level,
            "hours_needed": None if self.hours is None else str(self.hours),
            "hours_done": str(self.done),
            "clause": self.clause,
            "met": self.met,
            "missing": self.missing or None,
            "waived": {"reason": waived.reason, "authority": waived.authority, "by": self.waiver.actor}
            if self.waiver and isinstance(waived, TrainingWaived)
            else None,
            "courses": [
                {
                    "source": r.source,
                    "counts": r.counts,
                    "formal": r.is_formal,
                    **r.said,
                    "recorded_by": r.actor or None,
                    "effective_on": r.effective_on.isoformat() if r.effective_on else None,
                }
                for r in self.records
            ],
        }


def training_of(
    service: Service, application: str, as_of: date | None = None, known_at: datetime | None = None
) -> TrainingStanding:
    """
    Say where an application stands with its training on a day.

    Raises:
        NotFound: there is no such application, or not on that day, or not by that knowledge.
    """
    history = service.history(application)
    standing, rules = service.stood(history, as_of, known_at), service.rules_of(history)
    found = standing.application
    events = known(history, standing.as_of, known_at)
    shown = [i for i in items_of(found, events) if i.name.startswith("training/")]
    courses = dict(zip((i.name for i in shown), found.evidence.training, strict=True))
    records = [
        Record(
            i.name,
            i.counts_as is not None and _is_for(courses[i.name], found.level),
            courses[i.name].is_formal,
            i.shown,
        )
        for i in shown
    ]
    gate = training_gate(found, rules)
    waivers = [x for x in events if isinstance(x.fact, TrainingWaived)]
    training = rules.level.training
    return TrainingStanding(
        application,
        found.level,
        training.hours,
        str(training.clause),
        gate is None or gate.met,
        "" if gate is None else gate.missing,
        waivers[-1] if waivers else None,
        (*records, *_recorded(events)),
    )


def _is_for(course: Course, level: int) -> bool:
    return course.for_level == level


def _recorded(events: Sequence[Event]) -> list[Record]:
    return [
        Record(
            f"event {x.sequence}",
            True,
            set(x.fact.delivery) != {"self_study"},
            {k: v for k, v in x.fact.model_dump(mode="json", exclude_none=True).items() if v not in ("", [])},
            x.actor,
            x.effective_on,
        )
        for x in events
        if isinstance(x.fact, TrainingRecorded)
    ]


def hours_of(rules: Rules, hours: Decimal | None, points: Decimal | None) -> Decimal:
    """
    Give the class hours of a course, counted in hours or in credits (`points`).

    Raises:
        Refused: credits where the scheme has no rate for them.
    """
    training = rules.level.training
    if points is None:
        return hours or Decimal(0)
    if training.hours_per_credit is None:
        text = f"level {rules.number} counts class hours and has no rate for credits; give --hours"
        subject = f"credits at level {rules.number} of {rules.scheme.scheme}"
        raise Refused(subject, [Objection("credits_are_converted", text, str(training.clause))])
    return parse_marks(f"{round(points * training.hours_per_credit, 2):f}")
