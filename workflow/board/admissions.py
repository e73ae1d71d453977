"""
Admissions: what becomes of one before its result: released where it no longer holds, cancelled, or ended by an absence.

An admission that is cancelled frees its seat. Whether it still holds is asked by the rules that would refuse it today.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from workflow import facts as f
from workflow.application import Attempt
from workflow.board.decisions import Outcome, for_each
from workflow.clock import because
from workflow.draft import Draft
from workflow.errors import NotFound, Objection, Refused
from workflow.facts import Fact
from workflow.parts import complete_set, exempt_parts
from workflow.replay import run_clock
from workflow.rules.move import Move
from workflow.rules.results import is_not_barred, is_within_validity
from workflow.rules.time import outlasts_deadlines
from workflow.seating import Sitting
from workflow.service import Service
from workflow.steps import ENDED


def reason_to_release(draft: Draft, attempt: Attempt, day: date) -> str:
    """
    Say why an admission no longer holds on a day: what the candidate is told; empty while it holds.

    It holds no longer once the application has ended by the day of the sitting, or where nobody would be admitted
    today: to a part from which the candidate is exempt since, beyond the last valid day of a part that is held or the
    last day of a deadline, or inside a bar.
    """
    application, _ = run_clock(draft.application, draft.rules, day)
    if application.state in ENDED:
        why = because(application.expiry, draft.rules) if application.expiry else application.ended
        text = f"the application is {application.state} since {application.entered_on}{f': {why}' if why else ''}"
        return text if attempt.sat_on >= application.entered_on else ""
    if attempt.sat_on > day and (key := exempt_parts(application, draft.rules).get(attempt.part)):
        return f"the candidate is exempt from {attempt.part} ({key}) [{draft.rules.level.exemptions[key].clause}]"
    if complete_set(application, draft.rules):
        return ""
    fact = f.Admitted(part=attempt.part, sitting=attempt.sitting, sat_on=attempt.sat_on)
    move = Move(application, fact, day, draft.rules, 0, application.state)
    rules = (is_within_validity, outlasts_deadlines, is_not_barred)
    return "; ".join(str(no) for rule in rules if (no := rule(move)) is not None)


def release_all(
    service: Service, sittings: Sequence[Sitting], on: date | None = None, dry_run: bool = False
) -> Iterator[Outcome]:
    """Cancel the admissions to sittings that no longer hold, each with its reason, and free their seats."""

    def propose(draft: Draft, attempts: Sequence[Attempt], day: date) -> bool:
        return _propose_release(service, draft, attempts, day)

    for key in dict.fromkeys(sitting.key for sitting in sittings):
        parts = {sitting.part for sitting in sittings if sitting.key == key}
        yield from _for_open(service, key, parts, service.stores.events.at_sitting(key), propose, on, dry_run)


def propose_release(service: Service, draft: Draft, keys: set[str], day: date) -> bool:
    """
    Propose to cancel the admissions to sessions that no longer hold on a day.

    Args:
        service: The service.
        draft: The application.
        keys: Keys of the sessions.
        day: The day on which that takes effect, before the day of the sittings.

    Returns:
        Whether there was one.
    """
    attempts = [
        x for x in draft.application.attempts if x.sitting in keys and x.outcome == "admitted" and x.sat_on > day
    ]
    return _propose_release(service, draft, attempts, day)


def _propose_release(service: Service, draft: Draft, attempts: Sequence[Attempt], day: date) -> bool:
    reasons = [(x, reason) for x in attempts if (reason := reason_to_release(draft, x, day))]
    draft.propose_all([(_cancelled(x, reason), day, _cancel_command(service, x)) for x, reason in reasons])
    return bool(reasons)


def cancel(
    service: Service, key: str, parts: set[str], applications: Sequence[str], reason: str, on: date | None = None
) -> Iterator[Outcome]:
    """Cancel the admissions of applications to parts of a session for a reason of the board's, and free their seats."""

    def propose(draft: Draft, attempts: Sequence[Attempt], day: date) -> bool:
        _refuse_none(draft, attempts, key)
        draft.propose_all([(_cancelled(x, reason), day, _cancel_command(service, x)) for x in attempts])
        return True

    yield from _for_open(service, key, parts, applications, propose, on)


def record_absences(
    service: Service, key: str, parts: set[str], applications: Sequence[str], dry_run: bool = False
) -> Iterator[Outcome]:
    """Record that candidates did not come to the parts of a session that they are admitted to; nothing held is lost."""

    def propose(draft: Draft, attempts: Sequence[Attempt], day: date) -> bool:
        absent = [x for x in draft.application.attempts if _is_of(x, key, parts) and x.outcome == "absent"]
        if not absent:
            _refuse_none(draft, attempts, key)
        proposals: list[tuple[Fact, date, str]] = []
        for x in attempts:
            service.refuse_future(x.sat_on, draft.rules)
            fact = f.AbsenceRecorded(part=x.part, sitting=x.sitting, sat_on=x.sat_on)
            proposals.append((fact, x.sat_on, f"absent:{x.part}:{x.sitting}:{x.retractions}"))
        draft.propose_all(proposals)
        return True

    yield from _for_open(service, key, parts, applications, propose, None, dry_run)


Propose = Callable[[Draft, Sequence[Attempt], date], bool]


def _for_open(
    service: Service,
    key: str,
    parts: set[str],
    applications: Sequence[str],
    propose: Propose,
    on: date | None,
    dry_run: bool = False,
) -> Iterator[Outcome]:
    """Judge applications with their admissions to parts of a session whose result is not recorded yet."""

    def judge(draft: Draft) -> bool:
        day = on or service.today(draft.rules.scheme.time_zone)
        service.refuse_future(day, draft.rules)
        attempts = [x for x in draft.application.attempts if _is_of(x, key, parts) and x.outcome == "admitted"]
        return propose(draft, attempts, day)

    known = []
    for application in dict.fromkeys(applications):
        if service.stores.events.projection(application):
            known.append(application)
        else:
            yield Outcome(application, None, NotFound(f"no application {application}"))
    yield from for_each(service, known, judge, dry_run)


def _is_of(attempt: Attempt, key: str, parts: set[str]) -> bool:
    return attempt.sitting == key and attempt.part in parts


def _refuse_none(draft: Draft, attempts: Sequence[Attempt], key: str) -> None:
    if not attempts:
        outcomes = {f"{x.part}: {x.outcome}" for x in draft.application.attempts if x.sitting == key}
        found = f" ({', '.join(sorted(outcomes))})" if outcomes else ""
        what = f"has no admission to sitting {key} that waits for a result{found}"
        raise Refused(f"application {draft.application.key}", [Objection("is_open", what)])


def _cancelled(attempt: Attempt, reason: str) -> f.AdmissionCancelled:
    return f.AdmissionCancelled(part=attempt.part, sitting=attempt.sitting, reason=reason)


def _cancel_command(service: Service, attempt: Attempt) -> str:
    return f"cancel:{attempt.part}:{attempt.sitting}:{service.new_key()}"
