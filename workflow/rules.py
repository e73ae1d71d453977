"""
Rules: the objections that a step of the machine can meet.

Each rule is a pure question about one move: None if it has no objection, otherwise the objection with the clause that
it rests on. The machine asks every rule of a step and keeps every objection, so that a refusal lists all reasons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from workflow import events as e
from workflow.application import Application, taking
from workflow.clock import next_due
from workflow.eligibility import assess
from workflow.errors import Objection
from workflow.parts import complete_set, held_on, stage_of
from workflow.scheme import Rules


@dataclass
class Move:
    """
    One fact's attempt to become true of one application; lives for a moment and is never stored.

    Attributes:
        application: The application before.
        fact: The fact.
        on: Its effective day.
        rules: The pinned rules.
        sequence: The event's number.
        state: State before; the machine sets it to the state after.
        objections: What the rules objected, filled by the machine's guard.
        is_asked: Whether they have been asked.
    """

    application: Application
    fact: Any
    on: date
    rules: Rules
    sequence: int
    state: str
    objections: list[Objection] = field(default_factory=list)
    is_asked: bool = False

    @cached_property
    def after(self) -> Application:
        """The application with the fact taken in, its state not yet moved."""
        return taking(self.application, self.fact, self.on, self.sequence)

    @cached_property
    def leads_to(self) -> str:
        """The stage in which the facts put the application afterwards."""
        return stage_of(self.after, self.rules)


Rule = Callable[[Move], Objection | None]


def condition_is_met(move: Move) -> Objection | None:
    """Accepting needs a condition of the level that the evidence meets on the submission day."""
    a, fact, level = move.application, move.fact, move.rules.level
    if fact.condition not in level.conditions:
        return Objection(
            "condition_is_met", f"there is no condition {fact.condition!r}; there are {', '.join(level.conditions)}"
        )
    answer = assess(a.level, level, a.evidence, a.submitted_on)
    if fact.condition in answer.conditions_met:
        return None
    condition = next(c for c in answer.conditions if c.id == fact.condition)
    text = f"measured on {a.submitted_on}: {condition.explanation}"
    return Objection("condition_is_met", text, condition.clause)


def is_undecided(move: Move) -> Objection | None:
    """Eligibility is decided once; a decision is reopened, never overwritten."""
    if move.application.condition:
        return Objection(
            "is_undecided", f"eligibility was accepted already, under condition {move.application.condition}"
        )
    return None


def is_accepted(move: Move) -> Objection | None:
    """Training is recorded or waived for accepted applications only."""
    return None if move.application.condition else Objection("is_accepted", "eligibility has not been decided yet")


def is_completed_by_then(move: Move) -> Objection | None:
    """A course cannot be recorded as completed later than the day on which the record takes effect."""
    if move.fact.completed_on > move.on:
        return Objection(
            "is_completed_by_then", f"the course is completed on {move.fact.completed_on}, after {move.on}"
        )
    return None


def part_is_assessed(move: Move) -> Objection | None:
    """The part must be one of the level's."""
    if move.fact.part in move.rules.parts:
        return None
    known = ", ".join(move.rules.parts)
    return Objection("part_is_assessed", f"level {move.rules.number} has no part {move.fact.part!r}; it has {known}")


def is_an_exam(move: Move) -> Objection | None:
    """Only exams have sittings; a review is held by a panel."""
    part = move.rules.parts.get(move.fact.part)
    if part and part.kind != "exam":
        return Objection("is_an_exam", f"{move.fact.part} is a review: it needs no admission", str(part.clause))
    return None


def is_not_held(move: Move) -> Objection | None:
    """A part still held on the day of the sitting is not taken again."""
    held = held_on(move.application, move.rules, move.fact.sat_on).get(move.fact.part)
    if held and move.fact.part in move.rules.parts:
        part = move.rules.parts[move.fact.part]
        text = f"{move.fact.part} is held since the sitting of {held.sat_on}, last valid day {held.last_valid_on}"
        return Objection("is_not_held", text, str(part.clause))
    return None


def prerequisites_are_held(move: Move) -> Objection | None:
    """The parts that this one requires must be held, still valid, on the day on which it is assessed."""
    part = move.rules.parts.get(move.fact.part)
    if not part or not part.requires:
        return None
    held = held_on(move.application, move.rules, move.fact.sat_on)
    missing = [p for p in part.requires if p not in held or held[p].sat_on > move.fact.sat_on]
    if not missing:
        return None
    text = f"{move.fact.part} needs {' and '.join(missing)} held on {move.fact.sat_on}"
    return Objection("prerequisites_are_held", text, str(part.clause))


def is_within_validity(move: Move) -> Objection | None:
    """No seat beyond the last valid day of a held part whose lapse would end the application first."""
    lapse = move.rules.scheme.lapse
    if lapse.effect != "expire":
        return None
    held = held_on(move.application, move.rules, move.application.on)
    ends = min(((p.last_valid_on, part) for part, p in held.items()), default=None)
    if ends is None or move.fact.sat_on <= ends[0]:
        return None
    text = f"{ends[1]} is valid through {ends[0]}; the sitting is on {move.fact.sat_on}, after that"
    return Objection("is_within_validity", text, str(lapse.clause))


def is_not_admitted(move: Move) -> Objection | None:
    """One admission per part and sitting."""
    if move.application.attempt(move.fact.part, move.fact.sitting):
        return Objection("is_not_admitted", f"already admitted to {move.fact.part} at sitting {move.fact.sitting}")
    return None


def is_not_before(move: Move) -> Objection | None:
    """Nothing is admitted to a sitting that was over before the admission took effect."""
    if move.fact.sat_on < move.on:
        return Objection("is_not_before", f"the sitting was on {move.fact.sat_on}, before {move.on}")
    return None


def is_open(move: Move) -> Objection | None:
    """A result is recorded for someone who was admitted to that sitting, once."""
    attempt = move.application.attempt(move.fact.part, move.fact.sitting)
    if attempt is None:
        return Objection("is_open", f"was never admitted to {move.fact.part} at sitting {move.fact.sitting}")
    if attempt.outcome != "admitted":
        found = "absent" if attempt.outcome == "absent" else f"{attempt.score} marks"
        return Objection(
            "is_open", f"{move.fact.part} at {move.fact.sitting} is recorded already as {found}; amend it to change it"
        )
    return None


def is_open_or_a_new_review(move: Move) -> Objection | None:
    """A review is recorded once under its key, without an admission; an exam only for an admitted candidate."""
    part = move.rules.parts.get(move.fact.part)
    if part and part.kind == "review" and move.application.attempt(move.fact.part, move.fact.sitting) is None:
        return None
    return is_open(move)


def is_on_the_day(move: Move) -> Objection | None:
    """A result belongs to the day of the sitting that the candidate was admitted to."""
    attempt = move.application.attempt(move.fact.part, move.fact.sitting)
    if attempt and attempt.sat_on != move.fact.sat_on:
        return Objection(
            "is_on_the_day", f"the sitting {move.fact.sitting} is on {attempt.sat_on}, not {move.fact.sat_on}"
        )
    return None


def is_in_scale(move: Move) -> Objection | None:
    """Marks lie between 0 and the part's maximum, both included."""
    part = move.rules.parts.get(move.fact.part)
    score: Decimal = move.fact.score
    if part and not 0 <= score <= part.maximum:
        return Objection("is_in_scale", f"{score} marks lie outside 0 to {part.maximum}", str(part.clause))
    return None


def is_an_allowed_form(move: Move) -> Objection | None:
    """The form of a review is one that the scheme names."""
    part = move.rules.parts.get(move.fact.part)
    if part and part.kind == "review" and part.forms and move.fact.form not in part.forms:
        text = f"form {move.fact.form or 'not given'}; allowed: {', '.join(part.forms)}"
        return Objection("is_an_allowed_form", text, str(part.clause))
    return None


def is_held_back(move: Move) -> Objection | None:
    """Only a recorded result that is not yet out can be announced."""
    attempt = move.application.attempt(move.fact.part, move.fact.sitting)
    what = f"{move.fact.part} at {move.fact.sitting}"
    if attempt is None or attempt.outcome == "admitted":
        return Objection("is_held_back", f"no result of {what} has been recorded")
    if attempt.outcome != "recorded":
        return Objection("is_held_back", f"the result of {what} is out already ({attempt.outcome})")
    if move.on < attempt.sat_on:
        return Objection("is_held_back", f"{what} was sat on {attempt.sat_on}, after the announcement of {move.on}")
    return None


def has_a_score(move: Move) -> Objection | None:
    """Only marks that were recorded can be amended, and only to other marks."""
    attempt = move.application.attempt(move.fact.part, move.fact.sitting)
    if attempt is None or attempt.score is None:
        return Objection("has_a_score", f"{move.fact.part} at {move.fact.sitting} has no marks to amend")
    if attempt.score == move.fact.score:
        return Objection("has_a_score", f"{move.fact.part} at {move.fact.sitting} has {attempt.score} marks already")
    return None


def set_is_complete(move: Move) -> Objection | None:
    """A certificate needs a complete set of parts that were valid together."""
    if complete_set(move.application, move.rules):
        return None
    return Objection(
        "set_is_complete", "not every part is passed and valid together", str(move.rules.scheme.completion.clause)
    )


def is_due(move: Move) -> Objection | None:
    """The clock takes exactly the step that the rules say has fallen due."""
    due = next_due(move.application, move.rules)
    if due is None or due.fact != move.fact:
        found = (
            f"the clock's next step is {type(due.fact).__name__} on {due.on}" if due else "the clock has nothing to do"
        )
        return Objection("is_due", f"{type(move.fact).__name__} is not due: {found}")
    if move.on < due.on:
        return Objection("is_due", f"{type(move.fact).__name__} falls due on {due.on}, not on {move.on}")
    return None


def supersedes_the_expiry(move: Move) -> Objection | None:
    """A reinstatement names the expiry that it takes back."""
    if move.fact.supersedes != move.application.expiry_sequence:
        return Objection("supersedes_the_expiry", f"event {move.fact.supersedes} is not the expiry in force")
    return None


RULES: Final[dict[type[e.Fact], tuple[Rule, ...]]] = {
    e.EligibilityAccepted: (is_undecided, condition_is_met),
    e.EligibilityRefused: (is_undecided,),
    e.TrainingRecorded: (is_accepted, is_completed_by_then),
    e.TrainingWaived: (is_accepted,),
    e.Admitted: (
        part_is_assessed,
        is_an_exam,
        is_not_before,
        is_not_admitted,
        is_not_held,
        prerequisites_are_held,
        is_within_validity,
    ),
    e.AbsenceRecorded: (is_open, is_on_the_day),
    e.AdmissionCancelled: (is_open,),
    e.ScoreRecorded: (
        part_is_assessed,
        is_open_or_a_new_review,
        is_on_the_day,
        is_in_scale,
        is_an_allowed_form,
        prerequisites_are_held,
    ),
    e.ScoreAnnounced: (is_held_back,),
    e.ScoreAmended: (has_a_score, is_in_scale),
    e.PartLapsed: (is_due,),
    e.Expired: (is_due,),
    e.Reinstated: (supersedes_the_expiry,),
    e.Withdrawn: (),
    e.Annulled: (),
    e.CertificateAwarded: (set_is_complete,),
}
