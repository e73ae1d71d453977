"""
Still to pass: what a candidate in the exam stages waits for, in words, part by part and stage by stage.

Pure; asks the same functions as the rules that refuse an admission.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from workflow.application import Application
from workflow.attempts import next_day, unendorsed, why_not
from workflow.eligibility import asked_for_part
from workflow.parts import held_on, is_stage_complete, lacks_marks
from workflow.scheme import Rules
from workflow.sets import Pass, still_missing


def still_to_pass(application: Application, rules: Rules, as_of: date) -> tuple[tuple[str, str], ...]:
    """
    Say what has to come before the set is complete, and from whom.

    Args:
        application: An application that has been admitted or may be, without an open attempt.
        rules: Its rules.
        as_of: The day asked about.
    """
    held = held_on(application, rules, as_of)
    missing = list(still_missing(held, rules))
    every = [(words, part) for words, parts in missing for part in parts if rules.parts[part].kind == "exam"]
    # What may be sat now; what comes after it is only named, unless nothing else is left.
    exams = [(words, part) for words, part in every if _is_open(part, held, application, rules)] or every
    said: list[tuple[str, str]] = []
    if exams:
        later = {part: day for _, part in exams if (day := next_day(application, rules, part, as_of)) != as_of}
        dates = [f"{part} not before {day}" for part, day in later.items() if day]
        groups = " and ".join(dict.fromkeys(words for words, _ in exams))
        if not all(part in later and later[part] is None for _, part in exams):
            when = f" ({', '.join(dates)})" if dates else ""
            later_on = " and ".join(dict.fromkeys(words for words, part in every if (words, part) not in exams))
            then = f", and after that of {later_on}" if later_on else ""
            said.append((f"admission to a sitting of {groups}{when}{then}", "board"))
        for _, part in exams:
            said += _before_the_sitting(application, rules, part, as_of, is_shut=later.get(part, as_of) is None)
    elif missing:
        said.append(("the review by a panel", "board"))
    for name, stage in rules.stages.items():
        if lacks_marks(name, held, application, rules):
            asked = f"{stage.total} in all" if stage.total is not None else f"{stage.average} on average"
            said.append((f"higher marks in {' and '.join(p for p in stage.parts if p in held)}: {asked}", "board"))
    # All held and yet no complete set: what was passed before one that it requires must be taken again.
    if not said and all(is_stage_complete(name, held, application, rules) for name in rules.stages):
        said.append(("the review by a panel", "board"))
    return tuple(said)


def _is_open(part: str, held: Mapping[str, Pass], application: Application, rules: Rules) -> bool:
    """Tell whether what a part requires is held: parts and whole stages."""
    stage = rules.stages[rules.stage_by_part[part]]
    are_held = all(before in held for before in rules.parts[part].requires)
    return are_held and all(is_stage_complete(name, held, application, rules) for name in stage.requires)


def _before_the_sitting(
    application: Application, rules: Rules, part: str, as_of: date, *, is_shut: bool
) -> Iterator[tuple[str, str]]:
    if is_shut and (no := why_not(application, rules, part, as_of)) is not None:
        is_final = rules.parts[part].resits is None or "before a further one" not in no.text
        yield f"{part}: {no.text}", "board" if is_final else "candidate"
    if missing := unendorsed(application, rules, part, as_of):
        yield f"{part}: {missing}", "candidate"
    if rules.parts[part].conditions and not (asked := asked_for_part(application, rules, part, as_of)).is_eligible:
        yield f"{part}: {asked.unmet}", "candidate"
