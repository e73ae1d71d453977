"""
Statistics: what became of applications, counted by scheme, level, session and cohort.

Pure. Each application is replayed as of a day and by what was known at a moment, so that one whose time has run out
counts as expired though no job wrote it down (design.md, law 1). Holds no personal value; which small counts may be
shown is the business of `workflow/figures/disclosure.py`.

Source: domain.md 2.6.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from statistics import median
from typing import Any, Final, Literal

from workflow.application import Application, Attempt
from workflow.eligibility import assessed
from workflow.events import Event
from workflow.facts import PartCarriedOver, RecheckDecided, ScoreAmended, ScoreRecorded
from workflow.parts import is_pass, is_void
from workflow.replay import replay
from workflow.scheme import Rules

Grouping = Literal["scheme", "level", "session", "cohort"]
GROUPINGS: Final[tuple[Grouping, ...]] = ("scheme", "level", "session", "cohort")
SPANS: Final = (
    ("submitted", "trained"),
    ("trained", "first_exam"),
    ("first_exam", "awaiting_award"),
    ("awaiting_award", "certified"),
)
_BEFORE_TRAINED: Final = ("submitted", "refused", "withdrawn", "annulled", "expired")


@dataclass(frozen=True, slots=True)
class Case:
    """
    What is counted of one application.

    Attributes:
        application: The application as replayed.
        conditions_met: Ids of the conditions met: as decided, or as the evidence says while undecided.
        results: Each attempt that was not cancelled, with what it counts as: (part, sitting, kinds).
        days: The first day of each milestone that it has reached.
        rechecks: The sitting of each recheck decided, and whether it changed the marks.
        expired_by: What ended it by the clock: a part, or the deadline of a stage; empty if nothing did.
    """

    application: Application
    conditions_met: tuple[str, ...]
    results: tuple[tuple[str, str, tuple[str, ...]], ...]
    days: dict[str, date]
    rechecks: tuple[tuple[str, bool], ...]
    expired_by: str


def case_of(history: Sequence[Event], rules: Rules, as_of: date, known_at: datetime | None = None) -> Case | None:
    """
    Take up one application for counting.

    Args:
        history: All its events in order.
        rules: The rules that it pinned.
        as_of: The day asked about.
        known_at: The moment of knowledge, aware; None: all that is recorded.

    Returns:
        What is counted of it; None if it had not been submitted, or nobody knew of it yet.

    Raises:
        Corrupt: the history holds a step that the machine does not allow.
    """
    application = replay(history, rules, as_of, known_at)
    if application is None:
        return None
    met = application.conditions_met
    if not application.condition and not application.refusal:
        met = assessed(application, rules).conditions_met
    seen = [x for x in history if x.effective_on <= as_of and (known_at is None or x.recorded_at <= known_at)]
    return Case(
        application,
        met,
        tuple(_results(application, rules)),
        _days(seen, application),
        _rechecks(seen),
        _expired_by(application, rules),
    )


def _results(application: Application, rules: Rules) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    tries: Counter[str] = Counter()
    for attempt in sorted(application.attempts, key=lambda x: x.sat_on):
        if attempt.outcome == "cancelled":
            continue
        if attempt.carried_from:
            yield attempt.part, attempt.sitting, ("carried",)
            continue
        kinds = ["admitted", _result(attempt, application, rules)]
        if attempt.outcome in ("recorded", "announced"):
            tries[attempt.part] += 1
            turn = "first" if tries[attempt.part] == 1 else "resit"
            kinds += ["sat", f"{turn}_sat", *([f"{turn}_passed"] if kinds[1] == "passed" else [])]
        yield attempt.part, attempt.sitting, tuple(kinds)


def _result(attempt: Attempt, application: Application, rules: Rules) -> str:
    """Name the result of an attempt; marks that are not announced are no result yet."""
    if attempt.outcome == "admitted":
        return "booked"
    if attempt.outcome == "absent":
        return "absent"
    if is_void(attempt, application, rules):
        return "void"
    if attempt.outcome == "recorded":
        return "pending"
    return "passed" if is_pass(attempt, rules) else "failed"


def _days(seen: Sequence[Event], application: Application) -> dict[str, date]:
    days = {"submitted": application.submitted_on}
    for event in seen:
        if event.source == "submitted" and event.dest not in _BEFORE_TRAINED:
            days.setdefault("trained", event.effective_on)
        if event.dest == "awaiting_award" != event.source:
            days["awaiting_award"] = event.effective_on
    if application.state not in ("awaiting_award", "certified"):
        days.pop("awaiting_award", None)
    sat = [x.sat_on for x in application.attempts if x.outcome in ("recorded", "announced") and not x.carried_from]
    if sat:
        days["first_exam"] = min(sat)
    if application.awarded_on:
        days["certified"] = application.awarded_on
    return days


def _rechecks(seen: Sequence[Event]) -> tuple[tuple[str, bool], ...]:
    marks: dict[tuple[str, str], Decimal] = {}
    decided = []
    for fact in (event.fact for event in seen):
        if isinstance(fact, ScoreRecorded | ScoreAmended | RecheckDecided | PartCarriedOver):
            if isinstance(fact, RecheckDecided):
                decided.append((fact.sitting, marks.get((fact.part, fact.sitting)) != fact.score))
            marks[fact.part, fact.sitting] = fact.score
    return tuple(decided)


def _expired_by(application: Application, rules: Rules) -> str:
    if application.expiry is None or application.state != "expired":
        return ""
    cause = application.expiry.cause
    return next((part for part in rules.parts if cause == f"{part} lapsed"), cause)


@dataclass(slots=True)
class Tally:
    """
    The counts of one group of applications.

    Attributes:
        counts: Applications by what they count as; a state counts under its name.
        met: Applications that meet a condition, by scheme, level and id; one may meet several.
        parts: Attempts by part and by what they count as.
        expired_by: Expired applications by what ended them.
        spans: Days between two milestones, for each application that reached both.
    """

    counts: Counter[str] = field(default_factory=Counter)
    met: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    parts: Counter[tuple[str, str]] = field(default_factory=Counter)
    expired_by: Counter[str] = field(default_factory=Counter)
    spans: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def add(self, case: Case, session: str | None = None) -> None:
        """
        Count an application.

        Args:
            case: The application.
            session: Only its attempts at this sitting; None: all its attempts.
        """
        a = case.application
        results = [x for x in case.results if session in (None, x[1])]
        rechecks = [x for x in case.rechecks if session in (None, x[0])]
        self.counts.update(["applied", f"state {a.state}", *_marks(case)])
        self.counts["assessed"] += any("sat" in kinds for _part, _sitting, kinds in results)
        self.counts["rechecks"] += len(rechecks)
        self.counts["rechecks_changed"] += sum(is_changed for _sitting, is_changed in rechecks)
        self.met.update((a.scheme, a.level, condition) for condition in case.conditions_met)
        self.parts.update((part, kind) for part, _sitting, kinds in results for kind in kinds)
        if case.expired_by:
            self.expired_by[case.expired_by] += 1
        for start, end in SPANS:
            if start in case.days and end in case.days:
                self.spans.setdefault((start, end), []).append((case.days[end] - case.days[start]).days)

    def median_days(self, start: str, end: str) -> float | None:
        """Give the median of the days from one milestone to the next; None where nobody reached both."""
        days = self.spans.get((start, end))
        return float(median(days)) if days else None

    @property
    def pass_rate(self) -> float | None:
        """
        Certified applications for each assessed one; None where none was assessed.

        Assessed is an application in which at least one part was sat (by session: sat there), whatever became of it;
        certified one that holds a certificate that was not revoked.

        Source: domain.md 2.6 (pass rate = certified/assessed).
        """
        return round(self.counts["certified"] / self.counts["assessed"], 4) if self.counts["assessed"] else None


def _marks(case: Case) -> Iterable[str]:
    """Name all that an application counts as, beside its state."""
    a = case.application
    yield "eligible" if case.conditions_met else "not_eligible"
    if a.condition:
        yield "accepted"
    if "trained" in case.days:
        yield "trained"
    if a.is_training_waived:
        yield "waivers"
    if a.certificate is not None:
        yield "awarded"
        yield "revoked" if a.certificate_standing == "revoked" else "certified"


Key = tuple[Any, ...]


def tallied(cases: Iterable[Case], by: Sequence[Grouping]) -> dict[Key, Tally]:
    """
    Count applications by group.

    By session, an application counts in each session to which it was admitted, there with its attempts at that
    session alone; one that was never admitted counts in the session None.

    Returns:
        The tally of each group, by its values in the order of `by`, sorted; a level counts from the highest number, the
        lowest level, up.
    """
    found: dict[Key, Tally] = {}
    for case in cases:
        a = case.application
        fixed = {"scheme": a.scheme, "level": a.level, "cohort": a.cohort or None}
        sessions: Iterable[str | None] = (None,)
        if "session" in by:
            sessions = dict.fromkeys(sitting for _part, sitting, _kinds in case.results) or (None,)
        for session in sessions:
            key = tuple(session if name == "session" else fixed[name] for name in by)
            found.setdefault(key, Tally()).add(case, session)
    return dict(sorted(found.items(), key=lambda item: tuple(map(_order, item[0]))))


def _order(value: object) -> tuple[bool, int, str]:
    return value is None, -value if isinstance(value, int) else 0, str(value)
