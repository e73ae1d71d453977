"""
Steps: what may happen in a level, from which states and to which, as its scheme has it.

Pure; `workflow/machine.py` makes a state machine of them; nothing else knows the legal moves (design.md, section 3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from workflow.rules.renewal import STANDINGS
from workflow.scheme import Rules

ENDED: Final = ("certified", "expired", "refused", "withdrawn", "annulled")


@dataclass(frozen=True)
class Step:
    """A step of the machine: its name, where it may start, and where it may lead."""

    name: str
    sources: tuple[str, ...]
    dests: tuple[str, ...]
    is_derived: bool


def steps_of(rules: Rules) -> Iterator[Step]:
    """List the steps of a level."""
    return _with_void_courses(_steps(rules), rules)


def _steps(rules: Rules) -> Iterator[Step]:
    """List the steps of a level; where a step may lead to several states, the facts decide which."""
    stages = tuple(rules.stages)
    done = "awaiting_award"
    going_on = ("submitted", "trained", *stages, done)
    yield from _intake(stages)
    yield Step("admit", ("trained", *stages), stages, True)
    yield Step("cancel_admission", stages, ("trained", *stages), True)
    for step in ("record_absence", "enter_score", "record_score", "retract_score"):
        yield Step(step, stages, stages, True)
    if any(part.kind == "review" and not rules.required_by[key] for key, part in rules.parts.items()):
        yield Step("record_score", ("trained",), stages, True)  # a review has no admission that leads to its stage
    for step in ("announce_score", "amend_score", "decide_recheck", "extend_validity", "lift_annulment"):
        yield Step(step, stages, (*stages, done), True)
    for step in ("amend_score", "decide_recheck"):
        yield Step(step, (done,), (*stages, done), True)
    yield Step("carry_over", ("trained", *stages), (*stages, done), True)
    yield Step("find_misconduct", (*stages, done), (*stages, done, "annulled"), True)
    yield Step("find_misconduct", ("submitted", "trained"), ("submitted", "trained", "annulled"), True)
    yield Step("lift_annulment", ("annulled",), going_on, True)
    yield Step("award", (done,), ("certified",), False)
    yield Step("lapse", stages, stages, True)
    yield from _staying(("lapse",), ("submitted",))  # while a decision on eligibility is reopened
    waiting = ("submitted", "trained", *stages)
    yield Step("expire", (*waiting, done) if done in rules.countdowns else waiting, ("expired",), False)
    yield from _beside_the_passes(rules, (*waiting, done))
    yield Step("reinstate", ("expired", "withdrawn", "annulled"), going_on, True)
    yield Step("withdraw", going_on, ("withdrawn",), False)
    yield Step("annul", going_on, ("annulled",), False)
    yield from _without_moving(stages)
    # A suspension that is entered late gives back the stage that a lapse took, until its end.
    for step in ("suspend", "resume"):
        yield Step(step, stages, stages, True)
    yield from _before_attempts(rules, going_on)
    yield from _staying((*STANDINGS, "expire_certificate"), ("certified",))
    if rules.scheme.certificate.renewal:
        renewing = ("record_credit", "reject_credit", "renew_certificate", "miss_renewal")
        yield from _staying(renewing, ("certified",))


def _without_moving(stages: tuple[str, ...]) -> Iterator[Step]:
    """
    List the steps that leave the state as it is.

    An attempt that was open when the set became complete still gets its result, and a correction after the end stays
    visible and changes nothing by itself: the board decides what follows.
    """
    done, over = "awaiting_award", ("certified", "expired")
    going_on = ("submitted", "trained", *stages, done)
    open_results = (
        "cancel_admission",
        "record_absence",
        "enter_score",
        "record_score",
        "retract_score",
        "announce_score",
    )
    yield from _staying(open_results, (done,))
    # A seat that no longer serves anyone is released, however the application ended.
    yield from _staying(("cancel_admission",), ("refused", "withdrawn", "annulled", *over))
    # While a decision is reopened, what was sat before still gets its result.
    yield from _staying((*open_results, "amend_score", "request_recheck", "decide_recheck"), ("submitted",))
    yield from _staying(("extend_validity", "lift_annulment"), ("submitted", "trained", done))
    yield from _staying(("amend_score", "decide_recheck", "find_misconduct", "lift_annulment"), over)
    yield from _staying(("extend_validity",), ("expired",))
    yield from _staying(("request_recheck",), (*stages, done, *over))
    yield from _staying(("report_incident",), (*going_on, *over))
    yield from _staying(("check_evidence", "judge_evidence"), (*going_on, "certified"))
    yield from _staying(("suspend", "resume"), ("submitted", "trained", done))


def _before_attempts(rules: Rules, going_on: tuple[str, ...]) -> Iterator[Step]:
    """List the steps of what is shown later, exemptions, endorsements and void courses; a level without has none."""
    stages, parts = tuple(rules.stages), rules.parts.values()
    if rules.level.exemptions:
        before, done = ("submitted", "trained", *stages), "awaiting_award"
        yield Step("grant_exemption", before, (*before, done), True)
        yield Step("withdraw_exemption", (*before, done), (*before, done), True)
        yield from _staying(("withdraw_exemption",), ENDED)
    if _asks_later(rules):
        yield from _staying(("add_evidence",), going_on)
    if any(part.endorsement or (part.resits and part.resits.remediation) for part in parts):
        yield from _staying(("record_endorsement", "withdraw_endorsement"), going_on)
    if rules.voids_courses:
        yield Step("void_course", stages, ("submitted",), True)
        yield from _staying(("admit", "carry_over"), ("submitted",))  # late, for a day before the course was void
    if any(part.resits and part.resits.per == "course" for part in parts):
        yield from _staying(("record_training",), ("trained", *stages))


def _asks_later(rules: Rules) -> bool:
    """Tell whether anything after the acceptance rests on evidence."""
    level = rules.level
    of_parts = any(part.conditions for part in rules.parts.values())
    return of_parts or bool(level.exemptions or level.award_conditions) or any(x.all for x in level.carries_from)


# What may make it true or untrue that a part was passed before the course was void.
_OF_RESULTS: Final = frozenset({
    *("cancel_admission", "record_absence", "record_score", "retract_score", "announce_score", "amend_score"),
    *("decide_recheck", "extend_validity", "carry_over", "find_misconduct", "lift_annulment", "lapse"),
    *("grant_exemption", "withdraw_exemption"),
})  # fmt: skip


def _with_void_courses(steps: Iterator[Step], rules: Rules) -> Iterator[Step]:
    """Where a course can be void, let whatever touches a result give it back, or make it void again."""
    if not rules.voids_courses:
        yield from steps
        return
    going_on = ("submitted", "trained", *rules.stages, "awaiting_award")
    for step in steps:
        if step.name in _OF_RESULTS and set(step.sources) <= set(going_on):
            yield Step(step.name, step.sources, tuple(dict.fromkeys((*step.dests, *going_on))), True)
        else:
            yield step


def _beside_the_passes(rules: Rules, going_on: tuple[str, ...]) -> Iterator[Step]:
    """List the steps of the clocks that are none of a pass; a level without such clocks has none of them."""
    if rules.countdowns:
        yield from _staying(("extend_deadline",), (*going_on, "expired"))
    if any(x.counted_from == "authorized" for x in rules.countdowns.values()):
        yield from _staying(("authorize",), tuple(s for s in going_on if s != "awaiting_award"))


def _intake(stages: tuple[str, ...]) -> Iterator[Step]:
    yield from _staying(("request_information", "resubmit"), ("submitted",))
    yield Step("accept", ("submitted",), ("submitted", "trained", *stages, "awaiting_award"), True)
    yield Step("refuse", ("submitted",), ("refused",), False)
    yield Step(
        "reopen_eligibility", ("submitted", "trained", *stages, "awaiting_award", "refused"), ("submitted",), False
    )
    yield Step("record_training", ("submitted",), ("submitted", "trained", *stages, "awaiting_award"), True)
    yield Step("waive_training", ("submitted",), ("trained", *stages, "awaiting_award"), True)


def _staying(names: tuple[str, ...], states: tuple[str, ...]) -> Iterator[Step]:
    for name in names:
        for state in states:
            yield Step(name, (state,), (state,), False)
