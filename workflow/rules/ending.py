"""Rules of time, of misconduct, of the award and of the certificate."""

from __future__ import annotations

from workflow.clock import as_it_was_counted, next_due
from workflow.eligibility import asked_for_award
from workflow.errors import Objection
from workflow.parts import complete_set
from workflow.rules.move import Move


def set_is_complete(move: Move) -> Objection | None:
    """A certificate needs a complete set of parts that were valid together."""
    if complete_set(move.application, move.rules):
        return None
    return Objection(
        "set_is_complete", "not every part is passed and valid together", str(move.rules.scheme.completion.clause)
    )


def award_conditions_are_met(move: Move) -> Objection | None:
    """A certificate needs what the level asks for before the award to be shown, and to hold on its day."""
    if not move.rules.level.award_conditions:
        return None
    asked = asked_for_award(move.application, move.rules, move.on)
    if asked.is_eligible:
        return None
    return Objection("award_conditions_are_met", f"award on {move.on}: {asked.unmet}", asked.clauses)


def is_due(move: Move) -> Objection | None:
    """The clock takes exactly the step that the rules say has fallen due."""
    due = next_due(move.application, move.rules)
    if due is not None and due.fact != move.fact and move.rules.counts_rest_days:
        due = as_it_was_counted(due, move.fact, move.on)
    if due is None or due.fact != move.fact:
        found = (
            f"the clock's next step is {type(due.fact).__name__} on {due.on}" if due else "the clock has nothing to do"
        )
        return Objection("is_due", f"{type(move.fact).__name__} is not due: {found}")
    if move.on < due.on:
        return Objection("is_due", f"{type(move.fact).__name__} falls due on {due.on}, not on {move.on}")
    return None


def supersedes_the_ending(move: Move) -> Objection | None:
    """A reinstatement names the ending that it takes back."""
    if move.fact.supersedes != move.application.ending:
        return Objection("supersedes_the_ending", f"event {move.fact.supersedes} is not what ended the application")
    return None


def is_suspended(move: Move) -> Objection | None:
    """Only a suspension is ended."""
    return None if move.application.suspended else Objection("is_suspended", "the application is not suspended")


def is_not_suspended_yet(move: Move) -> Objection | None:
    """A suspension is not suspended again."""
    reason = move.application.suspended
    return Objection("is_not_suspended_yet", f"the application is suspended already: {reason}") if reason else None


def lasts_longer(move: Move) -> Objection | None:
    """An extension names a part of the level that has a validity, and a day later than any granted before."""
    if move.fact.part not in move.rules.limits:
        return Objection("lasts_longer", f"{move.fact.part} is no part of this level with a validity")
    granted = dict(move.application.extensions).get(move.fact.part)
    if granted and move.fact.until <= granted:
        return Objection("lasts_longer", f"{move.fact.part} is extended through {granted} already")
    return None


def degree_is_known(move: Move) -> Objection | None:
    """A finding names a degree of the scheme, and where it voids something of a session, that session."""
    degrees = move.rules.scheme.misconduct
    if move.fact.degree not in degrees:
        known = ", ".join(degrees) or "none"
        return Objection("degree_is_known", f"the scheme has no degree {move.fact.degree!r}; it has: {known}")
    degree = degrees[move.fact.degree]
    if degree.voids in ("part", "session") and not move.fact.sitting:
        return Objection(
            "degree_is_known", f"{degree.title} voids a {degree.voids}: name the sitting", str(degree.clause)
        )
    if degree.voids == "part" and move.fact.part not in move.rules.parts:
        return Objection("degree_is_known", f"{degree.title} voids a part: name the part", str(degree.clause))
    if (degree.bar is not None) != (move.fact.barred_until is not None):
        text = "needs the last day of the bar" if degree.bar else "brings no bar"
        return Objection("degree_is_known", f"{degree.title} {text}", str(degree.clause))
    if degree.bar and move.fact.barred_until != degree.bar.after(move.on):
        text = f"{degree.title} bars through {degree.bar.after(move.on)}, not {move.fact.barred_until}"
        return Objection("degree_is_known", text, str(degree.clause))
    return None


def names_an_attempt(move: Move) -> Objection | None:
    """What happened at a session happened to someone who was admitted to it, or to the part of it that is named."""
    fact = move.fact
    if not fact.sitting:
        return None
    there = [x.part for x in move.application.attempts if x.sitting == fact.sitting and x.outcome != "cancelled"]
    if fact.part in there if fact.part else there:
        return None
    where = f"{fact.part} at sitting {fact.sitting}" if fact.part else f"sitting {fact.sitting}"
    return Objection("names_an_attempt", f"was never admitted to {where}")


def is_heard_first(move: Move) -> Objection | None:
    """A candidate is heard before misconduct is found, not after."""
    heard = move.fact.heard_on
    if heard is None or heard <= move.on:
        return None
    return Objection("is_heard_first", f"the hearing of {heard} lies after the finding of {move.on}")


def finding_is_in_force(move: Move) -> Objection | None:
    """Lifting names the event that found the misconduct."""
    found = [sequence for sequence, _on, _finding in move.application.findings]
    if move.fact.supersedes in found:
        return None
    return Objection(
        "finding_is_in_force", f"event {move.fact.supersedes} is no finding in force; there are: {found or 'none'}"
    )


def part_can_be_carried(move: Move) -> Objection | None:
    """A part carried over is one of the level's, not there already, and still valid on the day."""
    a, fact = move.application, move.fact
    if fact.part not in move.rules.parts:
        return Objection("part_can_be_carried", f"level {move.rules.number} has no part {fact.part!r}")
    if a.attempt(fact.part, fact.sitting):
        return Objection("part_can_be_carried", f"{fact.part} at {fact.sitting} is here already")
    if fact.last_valid_on < move.on:
        return Objection("part_can_be_carried", f"{fact.part} was valid through {fact.last_valid_on}")
    pass_mark = move.rules.parts[fact.part].pass_mark if fact.pass_mark is None else fact.pass_mark
    if fact.score < pass_mark:
        return Objection("part_can_be_carried", f"{fact.score} marks are no pass")
    return None
