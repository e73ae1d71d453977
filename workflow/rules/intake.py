"""Rules of intake: evidence, eligibility, training."""

from __future__ import annotations

from workflow.eligibility import answer_for
from workflow.errors import Objection
from workflow.parts import training_gate
from workflow.rules.move import Move
from workflow.weighing import items


def condition_is_met(move: Move) -> Objection | None:
    """Accepting needs a condition of the level that the evidence meets on the submission day."""
    a, fact, level = move.application, move.fact, move.rules.level
    if fact.condition not in level.conditions:
        return Objection(
            "condition_is_met", f"there is no condition {fact.condition!r}; there are {', '.join(level.conditions)}"
        )
    answer = answer_for(a, move.rules, fact.condition)
    if answer.met:
        return None
    return Objection("condition_is_met", f"measured on {a.measured_on}: {answer.explanation}", answer.clause)


def is_undecided(move: Move) -> Objection | None:
    """Eligibility is decided once; a decision is reopened, never overwritten."""
    if move.application.condition:
        return Objection(
            "is_undecided", f"eligibility was accepted already, under condition {move.application.condition}"
        )
    return None


def is_accepted(move: Move) -> Objection | None:
    """Training is recorded or waived, and an exemption granted, for accepted applications only."""
    return None if move.application.condition else Objection("is_accepted", "eligibility has not been decided yet")


def is_completed_by_then(move: Move) -> Objection | None:
    """A course cannot be recorded as completed later than the day on which the record takes effect."""
    if move.fact.completed_on > move.on:
        return Objection(
            "is_completed_by_then", f"the course is completed on {move.fact.completed_on}, after {move.on}"
        )
    if move.fact.started_on and move.fact.started_on > move.fact.completed_on:
        text = f"the course is completed on {move.fact.completed_on}, before it starts on {move.fact.started_on}"
        return Objection("is_completed_by_then", text)
    return None


def credits_are_converted(move: Move) -> Objection | None:
    """Credits stand beside the class hours that they make by the scheme's rate; without a rate there are none."""
    points, training = move.fact.credits, move.rules.level.training
    if points is None:
        return None
    rate = training.hours_per_credit
    if rate is None:
        text = f"level {move.rules.number} counts class hours and has no rate for credits; record hours"
        return Objection("credits_are_converted", text, str(training.clause))
    if points * rate != move.fact.hours:
        text = f"{points} credits of {rate} class hours make {points * rate}, not {move.fact.hours}"
        return Objection("credits_are_converted", text, str(training.clause))
    return None


def is_returned(move: Move) -> Objection | None:
    """Only an application that was returned for information is sent again; else what was shown stands."""
    if move.application.returned or move.application.is_draft:
        return None
    return Objection("is_returned", "the application was not returned for information; what was submitted stands")


def shows_more(move: Move) -> Objection | None:
    """What is added was not shown before, contradicts no birthday, and is not the course of the level itself."""
    shown, more = move.application.evidence, move.fact.evidence
    before = items(shown).values()
    if all(piece in before for piece in items(more).values()) and more.born_on in (None, shown.born_on):
        return Objection("shows_more", "it shows nothing that was not shown before")
    if more.born_on and shown.born_on and more.born_on != shown.born_on:
        text = f"it gives the birthday {more.born_on}, and {shown.born_on} was shown; reopen the decision to correct it"
        return Objection("shows_more", text)
    if any(course.for_level == move.application.level for course in more.training):
        return Objection("shows_more", "a course for the level itself is recorded as training, not as evidence")
    return None


def words_are_known(move: Move) -> Objection | None:
    """The evidence names degrees and schools by the words that the scheme knows."""
    faults = [why for _at, why in move.rules.scheme.terms.faults(move.fact.evidence)]
    return Objection("words_are_known", "; ".join(faults)) if faults else None


def leaves_the_gate_closed(move: Move) -> Objection | None:
    """While an application goes on, a course that its training rests on is not rejected: reopen the decision first."""
    a, training = move.application, move.rules.level.training
    if a.state in ("submitted", "certified"):
        return None
    gate = training_gate(move.after, move.rules)
    if gate is None or gate.met:
        return None
    text = f"without it the training gate is not passed ({gate.missing}); reopen the decision on eligibility first"
    return Objection("leaves_the_gate_closed", text, str(training.clause))


def is_decided(move: Move) -> Objection | None:
    """Only a decision that was made can be reopened."""
    if move.application.condition or move.application.refusal:
        return None
    return Objection("is_decided", "eligibility has not been decided yet")


def names_evidence(move: Move) -> Objection | None:
    """A check or a judgement names a piece of evidence that was shown."""
    known = items(move.application.evidence)
    if move.fact.item in known:
        return None
    return Objection("names_evidence", f"there is no piece {move.fact.item!r}; there are: {', '.join(known) or 'none'}")


def says_why(move: Move) -> Objection | None:
    """A rejected piece of evidence needs a reason."""
    if move.fact.status == "rejected" and not move.fact.reason:
        return Objection("says_why", "rejecting a piece of evidence needs a reason")
    return None


def judges_something(move: Move) -> Objection | None:
    """A judgement says how a piece is to be read."""
    if move.fact.relation is None and move.fact.evaluated_for is None:
        return Objection("judges_something", "say what the piece is to be taken as: a relation or a skill level")
    kind = move.fact.item.partition("/")[0]
    if kind not in ("education", "certificates", "work"):
        text = f"what stands under {kind} is verified or rejected; there is nothing to judge about it"
        return Objection("judges_something", text)
    if move.fact.evaluated_for and kind != "education":
        return Objection("judges_something", f"only a school is evaluated for skills, not {kind}")
    return None
