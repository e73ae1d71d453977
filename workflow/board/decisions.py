"""
Decisions of the board on many applications: eligibility for a whole round, results of a whole sitting.

Each application is judged on its own and gets its own event; one that is refused never touches the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

import rfc8785

from workflow import facts as f
from workflow.application import Application
from workflow.draft import Draft
from workflow.eligibility import Eligibility, assessed
from workflow.errors import ExamboardError, NotFound, Objection, Refused
from workflow.events import Event
from workflow.reading import each_history
from workflow.service import Done, Service

CHUNK = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one application in a bulk decision: what was done, or why it was not; a note where it helps."""

    application: str
    done: Done | None
    error: ExamboardError | None = None
    note: str = ""


def explanation(answer: Eligibility) -> tuple[str, ...]:
    """Write the answer in lines, one for each condition: what a refused candidate is told and the event keeps."""
    return tuple(f"{c.explanation} [{c.clause}]" for c in answer.conditions)


def acceptance(application: Application, answer: Eligibility, condition: str = "") -> f.EligibilityAccepted:
    """Give the fact that accepts an application, under a named condition or the first that is met."""
    evidence = rfc8785.dumps(application.evidence.model_dump(mode="json", by_alias=True, exclude_none=True))
    met = answer.conditions_met
    return f.EligibilityAccepted(
        condition=condition or (met[0] if met else ""),
        conditions_met=met,
        evidence_digest=hashlib.sha256(evidence).hexdigest(),
    )


def refusal(answer: Eligibility, reason: str = "") -> f.EligibilityRefused:
    """Give the fact that refuses an application, with the explanation as it is given."""
    return f.EligibilityRefused(
        reason=reason or "no condition is met", conditions_met=answer.conditions_met, explanation=explanation(answer)
    )


def accept(service: Service, application: str, condition: str = "", on: date | None = None, command: str = "") -> Done:
    """
    Accept an application under a named condition; absent, under the first that is met.

    Raises:
        Refused: the condition is not met, with what is missing; where none was named, by the one met first in time.
    """
    draft = service.draft(service.history(application))
    answer = assessed(draft.application, draft.rules)
    if not condition and not answer.is_eligible:
        condition = answer.nearest
    return service.record(application, acceptance(draft.application, answer, condition), on, command)


def refuse(service: Service, application: str, reason: str = "", on: date | None = None, command: str = "") -> Done:
    """
    Refuse an application; the explanation of every condition is kept with the decision.

    Args:
        service: The service.
        application: Key of the application.
        reason: Why; needed where a condition is met.
        on: Day of effect; absent: today.
        command: Key of the command.

    Raises:
        Refused: a condition is met and no reason was given.
    """
    draft = service.draft(service.history(application))
    answer = assessed(draft.application, draft.rules)
    if answer.is_eligible and not reason:
        text = f"condition {', '.join(answer.conditions_met)} is met: a refusal needs a reason of its own"
        raise Refused(f"application {application}", [Objection("needs_a_reason", text)])
    return service.record(application, refusal(answer, reason), on, command)


def propose_decision(draft: Draft, on: date, command: str) -> None:
    """Decide an undecided application by the rules alone: accept under the first condition met, refuse if none is."""
    answer = assessed(draft.application, draft.rules)
    fact = acceptance(draft.application, answer) if answer.is_eligible else refusal(answer)
    draft.propose(fact, on, command)


def decide_all(
    service: Service,
    wanted: Callable[[Eligibility], bool],
    on: date | None = None,
    dry_run: bool = False,
) -> Iterator[Outcome]:
    """
    Decide every undecided application that is wanted, by the rules alone.

    Args:
        service: The service.
        wanted: Tells from the answer whether to decide this one now (all those eligible, say).
        on: Day of effect; absent: today.
        dry_run: Judge only; write nothing.
    """
    keys = (p.application for p in service.stores.events.projections() if p.state == "submitted")

    def propose(draft: Draft) -> bool:
        if draft.application.state != "submitted" or draft.application.condition or draft.application.is_draft:
            return False
        if not wanted(assessed(draft.application, draft.rules)):
            return False
        propose_decision(draft, on or service.today(draft.rules.scheme.time_zone), f"decide:{service.new_key()}")
        return True

    yield from for_each(service, list(keys), propose, dry_run)


def announce_sitting(
    service: Service,
    sitting: str,
    part: str | None = None,
    on: date | None = None,
    dry_run: bool = False,
    released_on: date | None = None,
) -> Iterator[Outcome]:
    """Announce every result of a sitting that is recorded and not yet out, perhaps released on another day."""

    def propose(draft: Draft) -> bool:
        due = [
            x
            for x in draft.application.attempts
            if x.outcome == "recorded" and x.sitting == sitting and part in (None, x.part)
        ]
        for x in due:
            day = on or service.today(draft.rules.scheme.time_zone)
            service.refuse_future(day, draft.rules)
            command = f"announce:{x.part}:{x.sitting}"
            draft.propose(f.ScoreAnnounced(part=x.part, sitting=x.sitting, released_on=released_on), day, command)
        return bool(due)

    yield from for_each(service, service.stores.events.at_sitting(sitting, part), propose, dry_run)


def for_each(
    service: Service, applications: Sequence[str], propose: Callable[[Draft], bool], dry_run: bool = False
) -> Iterator[Outcome]:
    """
    Judge many applications one by one and write them in chunks, each chunk in one transaction.

    Args:
        service: The service.
        applications: Their keys.
        propose: Proposes facts to a draft; tells whether there was anything to do.
        dry_run: Judge only; write nothing.

    Returns:
        An outcome for every application for which there was something to do. One that someone else wrote to
        meanwhile is judged again on its own.
    """
    keys = iter(applications)
    while chunk := list(islice(keys, CHUNK)):
        drafts: list[Draft] = []
        for key, history, stuck in each_history(service.stores.events, chunk):
            if isinstance(stuck, NotFound):
                continue
            draft, error = (None, stuck) if stuck else _proposed(service, history, propose)
            if error:
                yield Outcome(key, None, error)
            elif draft:
                drafts.append(draft)
        left_out = () if dry_run or not drafts else service.stores.events.append([d.append() for d in drafts if d.new])
        for draft in drafts:
            key = draft.application.key
            if key not in left_out:
                yield Outcome(key, Done(key, tuple(draft.new), draft.application.state))
        if left_out:
            yield from for_each(service, left_out, propose)


def _proposed(
    service: Service, history: Sequence[Event], propose: Callable[[Draft], bool]
) -> tuple[Draft | None, ExamboardError | None]:
    try:
        draft = service.draft(history)
        return (draft, None) if propose(draft) else (None, None)
    except ExamboardError as error:
        return None, error
