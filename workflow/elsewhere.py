"""
Elsewhere: what a candidate's other applications bring against a submission or an attempt.

Pure. The machine, and with it replay, re-deciding and what-if, knows one history alone: what is said here is asked by
the draft only, when a step is taken, with the other applications as they are known then; beside that it tells who files
an application of others that still run.
Source: domain.md, section 5.6; the scheme's `misconduct` and `resits`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from workflow.application import Application, Attempt
from workflow.attempts import counted, objections
from workflow.bars import bars_of, bars_of_attempts
from workflow.errors import Objection
from workflow.facts import Admitted, Fact, ScoreRecorded
from workflow.parts import passes
from workflow.replay import run_clock
from workflow.scheme import Rules
from workflow.steps import ENDED

Others = Sequence[tuple[Application, Rules]]


def is_asked(application: Application, rules: Rules, fact: Fact) -> bool:
    """Tell whether other applications of the candidate can have anything against a fact: an attempt that it begins."""
    if isinstance(fact, Admitted):
        return True
    if not isinstance(fact, ScoreRecorded) or (part := rules.parts.get(fact.part)) is None:
        return False
    is_counted = part.kind == "review" and part.resits is not None and part.resits.counts_other_applications
    return is_counted and application.attempt(fact.part, fact.sitting) is None


def against_attempt(
    application: Application, rules: Rules, fact: Admitted | ScoreRecorded, others: Others
) -> list[Objection]:
    """Say what other applications bring against an attempt: bars of a sitting, attempts that count here as well."""
    bars = _barred(rules, fact.sat_on, "the sitting", others) if isinstance(fact, Admitted) else []
    made = _attempts(rules, fact.part, others)
    return [*bars, *(objections(application, rules, fact.part, fact.sat_on, made) if made else ())]


def against_submission(rules: Rules, on: date, others: Others) -> list[Objection]:
    """
    Say what other applications bring against one that is submitted on a day.

    Beside bars, that a part without which the level cannot be completed was attempted as often as is allowed, and never
    passed: a pass may be carried over, and an exemption may be granted.
    """
    return [*_barred(rules, on, "the submission", others), *(_used_up(rules, others) if others else ())]


def still_running(rules: Rules, others: Others, today: Callable[[str], date]) -> list[str]:
    """
    Say which of a candidate's other applications, at the same level of the same occupation, have not ended today.

    Nothing forbids a second one; whoever files it should know.

    Args:
        rules: The level at which another one is filed.
        others: The others.
        today: Gives the day that it is today in a time zone.
    """
    now = ((run_clock(a, its, today(its.scheme.time_zone))[0]) for a, its in _alike(rules, others))
    return [
        f"the candidate has an application at this level that has not ended: {a.key} ({a.state}, submitted on "
        f"{a.submitted_on}); where this one was filed by mistake: examboard application withdraw"
        for a in now
        if a.state not in ENDED
    ]


def _alike(rules: Rules, others: Others) -> Iterator[tuple[Application, Rules]]:
    """Give the other applications for the same occupation and level."""
    code = rules.scheme.occupation.code
    return ((a, r) for a, r in others if r.number == rules.number and r.scheme.occupation.code == code)


def _barred(rules: Rules, day: date, what: str, others: Others) -> list[Objection]:
    bars = [bar for application, their in others for bar in bars_of(application, their)]
    bars += [bar for application, their in _alike(rules, others) for bar in bars_of_attempts(application, their, day)]
    return [no for bar in bars if (no := bar.objection(day, what))]


def _attempts(rules: Rules, part: str, others: Others) -> list[Attempt]:
    """List the attempts in other applications that the limits of a part count as well, by its own terms."""
    resits = rules.parts[part].resits if part in rules.parts else None
    if resits is None or not resits.counts_other_applications:
        return []
    alike = ((a, their) for a, their in _alike(rules, others) if part in their.parts)
    return [x for application, their in alike for x in counted(application, their, part, resits)]


def _used_up(rules: Rules, others: Others) -> Iterator[Objection]:
    spent = {part: made for part in rules.parts if (made := _spent(rules, part, others))}
    for stage in rules.stages.values():
        gone = [[part for part in way if part in spent] for way in stage.ways]
        if all(gone):
            part = gone[0][0]
            resits = rules.parts[part].resits
            found = f"{spent[part]} attempts of {part} were made in earlier applications"
            text = f"{found}, and none passed; no attempt is left"
            yield Objection("may_resit", text, str(resits.clause) if resits else "")


def _spent(rules: Rules, part: str, others: Others) -> int:
    """Count the attempts elsewhere at a part of which none is left and none was passed; 0 where there is a way."""
    resits = rules.parts[part].resits
    if resits is None or resits.in_all is None or any(part in x.parts for x in rules.level.exemptions.values()):
        return 0
    made = _attempts(rules, part, others)
    is_left = len(made) < resits.in_all or any(x.is_open for x in made)
    is_passed = any(p.part == part for application, their in _alike(rules, others) for p in passes(application, their))
    return 0 if is_left or is_passed else len(made)
