"""Rules of attempts: how many, how soon, what must come before; exemptions; and marks made of components."""

from __future__ import annotations

from workflow.attempts import unendorsed, why_not
from workflow.eligibility import asked_for_part, exemption_answer
from workflow.errors import Objection
from workflow.parts import exempt_parts
from workflow.rules.marking import marks_of
from workflow.rules.move import Move, only_where


@only_where(lambda rules: any(part.resits for part in rules.parts.values()))
def may_resit(move: Move) -> Objection | None:
    """The scheme's limits on attempts at a part: how many, what comes before a further one, how long to wait."""
    fact, part = move.fact, move.rules.parts.get(move.fact.part)
    if part is None or part.resits is None or move.application.attempt(fact.part, fact.sitting):
        return None
    return why_not(move.application, move.rules, fact.part, fact.sat_on)


def course_was_not_void(move: Move) -> Objection | None:
    """Who waits for a course is admitted only for a day before the last one was void, which is entered late."""
    a = move.application
    if a.state != "submitted" or not move.rules.voids_courses:  # elsewhere the machine knows no such step
        return None
    if a.condition and a.course_voided_on and move.on < a.course_voided_on:
        return None
    void = f": the course is void since {a.course_voided_on}" if a.course_voided_on else ""
    return Objection("course_was_not_void", f"the application is submitted{void}; the training comes first")


@only_where(lambda rules: any(part.endorsement for part in rules.parts.values()))
def is_endorsed(move: Move) -> Objection | None:
    """A part that needs an instructor's endorsement is sat only with one that is still valid on the day."""
    part = move.rules.parts.get(move.fact.part)
    if part is None or part.endorsement is None or move.application.attempt(move.fact.part, move.fact.sitting):
        return None
    missing = unendorsed(move.application, move.rules, move.fact.part, move.fact.sat_on)
    return Objection("is_endorsed", f"{move.fact.part}: {missing}", str(part.endorsement.clause)) if missing else None


@only_where(lambda rules: any(part.conditions for part in rules.parts.values()))
def part_conditions_are_met(move: Move) -> Objection | None:
    """Whoever is let in to a part shows by then what the part asks for, and it holds on the day of the sitting."""
    a, fact, part = move.application, move.fact, move.rules.parts.get(move.fact.part)
    if part is None or not part.conditions or a.attempt(fact.part, fact.sitting):
        return None
    asked = asked_for_part(a, move.rules, fact.part, fact.sat_on)
    if asked.is_eligible:
        return None
    return Objection("part_conditions_are_met", f"{fact.part} on {fact.sat_on}: {asked.unmet}", asked.clauses)


def is_given_by_then(move: Move) -> Objection | None:
    """An endorsement is of a part that asks for one, and was given by the day on which it takes effect."""
    part, fact = move.rules.parts.get(move.fact.part), move.fact
    if part is None:
        known = ", ".join(move.rules.parts)
        return Objection("is_given_by_then", f"level {move.rules.number} has no part {fact.part!r}; it has {known}")
    if fact.given_on > move.on:
        return Objection("is_given_by_then", f"it was given on {fact.given_on}, after {move.on}")
    if not fact.endorsed and not fact.hours:
        return Objection("is_given_by_then", "it says nothing: record hours, or that the candidate is endorsed")
    return None


def endorsement_stands(move: Move) -> Objection | None:
    """Taking an endorsement back names the event that recorded it."""
    known = [sequence for sequence, _ in move.application.endorsements]
    if move.fact.supersedes in known:
        return None
    text = f"event {move.fact.supersedes} is no endorsement in force; there are: {known or 'none'}"
    return Objection("endorsement_stands", text)


def exemption_is_met(move: Move) -> Objection | None:
    """An exemption is one of the level's, of the parts that it names, and the evidence meets what it asks for."""
    a, fact, known = move.application, move.fact, move.rules.level.exemptions
    if fact.exemption not in known:
        there = ", ".join(known) or "none"
        return Objection("exemption_is_met", f"there is no exemption {fact.exemption!r}; there are: {there}")
    if fact.exemption in a.exemptions:
        parts = ", ".join(a.exemptions[fact.exemption])
        text = f"exemption {fact.exemption} is granted already, of {parts}; for other parts withdraw it first"
        return Objection("exemption_is_met", text, str(known[fact.exemption].clause))
    if not known[fact.exemption].gives(fact.parts):
        given = ", ".join(fact.parts) or "none"
        text = f"exemption {fact.exemption} is of {known[fact.exemption]}; parts given: {given}"
        return Objection("exemption_is_met", text, str(known[fact.exemption].clause))
    answer = exemption_answer(a, move.rules, fact.exemption)
    text = answer.explanation.replace("Condition", "Exemption", 1)
    return None if answer.met else Objection("exemption_is_met", text, answer.clause)


def exemption_stands(move: Move) -> Objection | None:
    """Only an exemption that was granted is taken back."""
    if move.fact.exemption in move.application.exemptions:
        return None
    known = ", ".join(move.application.exemptions) or "none"
    return Objection("exemption_stands", f"exemption {move.fact.exemption!r} is not granted; granted: {known}")


def is_not_exempt(move: Move) -> Objection | None:
    """A part from which the candidate is exempt is not carried over."""
    key = exempt_parts(move.application, move.rules).get(move.fact.part)
    return Objection("is_not_exempt", f"the candidate is exempt from {move.fact.part} ({key})") if key else None


def components_make_the_score(move: Move) -> Objection | None:
    """Where a part has components, the marks of each are given, inside its scale, and make the score."""
    part = move.rules.parts.get(move.fact.part)
    if part is None or (not part.components and not move.fact.components):
        return None
    given = {x.component: x.score for x in move.fact.components}
    names = ", ".join(part.components)
    if set(given) != set(part.components) or len(given) != len(move.fact.components):
        found = f"marks of {', '.join(x.component for x in move.fact.components)} are"
        if not given:
            found = f"{move.fact.score} is given for the whole part, and no marks of its components are"
        asked = f"the marks of each of {names}, once" if names else "no components: the part is marked as a whole"
        return Objection("components_make_the_score", f"{found} given; asked for: {asked}", str(part.clause))
    for key, marks in given.items():
        if marks > part.components[key].maximum:
            text = f"{marks} marks of {key} lie outside 0 to {part.components[key].maximum}"
            return Objection("components_make_the_score", text, str(part.clause))
    if given and (made := marks_of(part, given)) != move.fact.score:
        text = f"the components make {made} marks, not {move.fact.score}"
        return Objection("components_make_the_score", text, str(part.clause))
    return None
