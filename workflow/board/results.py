"""
Results: marks entered by readers, taken back, and the marks of panels, as use cases of the board.

Facts about the marking of an attempt take effect on the day of the sitting, whenever they are recorded. Judges nothing
itself: every fact goes through a draft and so through the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from workflow import facts as f
from workflow.application import Application, Attempt
from workflow.board.decisions import Outcome, for_each
from workflow.board.marks import Given, made_of
from workflow.draft import Draft
from workflow.errors import Conflict, NotFound, Objection, Refused
from workflow.parts import complete_set, held_on
from workflow.replay import fold
from workflow.rules.marking import agreed_marks, needs_a_third, panel_mark
from workflow.scheme import Rules
from workflow.service import TRIES, Done, Service
from workflow.standing import flags


@dataclass(frozen=True, slots=True)
class Entered:
    """
    What became of a reader's marks.

    Attributes:
        done: The events written.
        entries: All readers' marks of the attempt so far.
        agreed: The marks recorded, if the readers agree now.
        needs_third: Whether the two differ by more than the tolerance.
    """

    done: Done
    entries: tuple[tuple[int, Decimal], ...]
    agreed: Decimal | None
    needs_third: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """Two readers of one attempt who differ by more than the tolerance: a third is asked for."""

    application: str
    part: str
    sitting: str
    first: Decimal
    second: Decimal
    tolerance: Decimal


def written(service: Service, application: str, propose: Callable[[Draft], None]) -> tuple[Done, Draft]:
    """
    Propose facts to one application and write them together; judged again if someone else wrote first.

    Raises:
        NotFound, Refused, Conflict: see errors.
    """
    for _ in range(TRIES):
        draft = service.draft(service.history(application))
        propose(draft)
        if not draft.new or not service.stores.events.append([draft.append()]):
            return Done(application, tuple(draft.new), draft.application.state), draft
    raise Conflict(f"application {application} is being written by others; try again")


def sat_on(service: Service, application: Application, part: str, sitting: str) -> date:
    """
    Give the day of a sitting: that of the candidate's own attempt, else the one in the register.

    Raises:
        NotFound: there is no such sitting of the part.
    """
    attempt = application.attempt(part, sitting)
    if attempt:
        return attempt.sat_on
    sittings = service.stores.sittings.find(sitting, part)
    if not sittings:
        raise NotFound(f"no sitting {sitting} of {part}; see: examboard sitting list")
    day: date = sittings[0].sat_on
    return day


def enter_score(service: Service, application: str, part: str, sitting: str, reader: int, score: Given) -> Entered:
    """
    Enter one reader's marks; as soon as the readers agree, the agreed marks are recorded in the same transaction.

    Args:
        service: The service.
        application: Key of the application.
        part: The part.
        sitting: The sitting.
        reader: 1 or 2; 3 where these differ by more than the tolerance.
        score: Marks on the part's own scale, or those of its components.

    Raises:
        NotFound, Refused, Conflict: see errors.

    Source: scheme clause `parts.<name>.entry`.
    """

    def propose(draft: Draft) -> None:
        on = sat_on(service, draft.application, part, sitting)
        service.refuse_future(on, draft.rules)
        marks, components = made_of(draft.rules, part, score)
        read: dict[str, Any] = {"part": part, "sitting": sitting, "reader": reader}
        entry = f.ScoreEntered.model_validate({**read, "score": marks, "components": components})
        draft.propose(entry, on, f"enter:{service.new_key()}")
        attempt = draft.application.attempt(part, sitting)
        agreed, made = agreed_marks(attempt, draft.rules) if attempt else (None, ())
        if agreed is not None:
            components = f.component_marks(dict(made))
            fact = f.ScoreRecorded(part=part, sitting=sitting, sat_on=on, score=agreed, components=components)
            draft.propose(fact, on, f"agree:{service.new_key()}")

    done, draft = written(service, application, propose)
    attempt = draft.application.attempt(part, sitting)
    assert attempt is not None  # an entry is allowed for an attempt only
    return Entered(done, attempt.entries, attempt.score, needs_a_third(attempt, draft.rules))


def differences(service: Service, sitting: str) -> Iterator[Difference]:
    """List the attempts of a sitting whose two readers differ by more than the tolerance."""
    for history in service.stores.events.histories(service.stores.events.at_sitting(sitting)):
        draft = service.draft(history)
        for x in draft.application.attempts:
            entry = draft.rules.parts[x.part].entry if x.part in draft.rules.parts else None
            if x.sitting == sitting and entry and needs_a_third(x, draft.rules):
                marks = dict(x.entries)
                yield Difference(draft.application.key, x.part, sitting, marks[1], marks[2], entry.tolerance)


def retract(
    service: Service,
    applications: Sequence[str],
    sitting: str,
    reason: str,
    part: str | None = None,
    *,
    with_absences: bool = False,
    is_named: bool = False,
    dry_run: bool = False,
) -> Iterator[Outcome]:
    """
    Take back results that are recorded and not yet announced, each by an event of its own.

    Args:
        service: The service.
        applications: Whose.
        sitting: The sitting.
        reason: Why.
        part: This part only.
        with_absences: Take recorded absences back as well.
        is_named: The applications were named one by one: one for which there is nothing to take back is refused.
        dry_run: Judge only; write nothing.
    """
    outcomes = ("recorded", "absent") if with_absences or is_named else ("recorded",)

    def propose(draft: Draft) -> bool:
        found = [
            x
            for x in draft.application.attempts
            if x.sitting == sitting
            and part in (None, x.part)
            and (x.outcome in outcomes or (is_named and x.outcome == "admitted" and x.entries))
        ]
        if is_named and not found:
            _nothing_to_retract(draft, sitting, part)
        for x in found:
            fact = f.ScoreRetracted(part=x.part, sitting=sitting, reason=reason)
            draft.propose(fact, x.sat_on, f"retract:{service.new_key()}")
        return bool(found)

    yield from for_each(service, applications, propose, dry_run)


def _nothing_to_retract(draft: Draft, sitting: str, part: str | None) -> None:
    there = [x for x in draft.application.attempts if x.sitting == sitting and part in (None, x.part)]
    text = f"nothing of {part or 'any part'} at {sitting} has been recorded that could be taken back"
    out = [x for x in there if x.outcome == "announced"]
    if out:
        text = f"{out[0].part} at {sitting} was announced on {out[0].announced_on}; announced marks are amended"
    subject = f"application {draft.application.key}: ScoreRetracted"
    raise Refused(subject, [Objection("is_recorded_and_held_back", text)])


def review_part(rules: Rules) -> str:
    """
    Give the part of a level that a panel holds.

    Raises:
        NotFound: the level has none.
    """
    part = next((key for key, x in rules.parts.items() if x.kind == "review"), None)
    if part is None:
        raise NotFound(f"level {rules.number} of {rules.scheme.scheme} has no review; it has: {', '.join(rules.parts)}")
    return part


def record_review(
    service: Service,
    application: str,
    on: date,
    form: str,
    score: Decimal | None,
    marks: Mapping[str, Decimal],
    announced: date | None = None,
) -> Iterator[Outcome]:
    """
    Record the result of a review, and announce it if its day is given; both together or not at all.

    Args:
        service: The service.
        application: Key of the application.
        on: The day of the review.
        form: Its form.
        score: The panel's mark; absent: made of the members' marks by the scheme's rule.
        marks: The members' marks, by their opaque keys.
        announced: The day of the announcement.

    Source: scheme clause `parts.<name>.panel`.
    """
    rules = service.rules_of(service.history(application))
    part = review_part(rules)
    sitting = f"review-{on}"

    def propose(draft: Draft) -> bool:
        members = tuple(f.PanelMark(assessor=key, score=mark) for key, mark in marks.items())
        mark = score if score is not None else _panel_mark(draft, part, tuple(marks.values()))
        fact = f.ScoreRecorded(part=part, sitting=sitting, sat_on=on, score=mark, form=form, panel=members)
        proposals: list[tuple[f.Fact, date, str]] = [(fact, on, f"review:{service.new_key()}")]
        if announced:
            command = f"announce:{part}:{sitting}"
            proposals.append((f.ScoreAnnounced(part=part, sitting=sitting), announced, command))
        draft.propose_all(proposals)
        return True

    yield from for_each(service, [application], propose)


def _panel_mark(draft: Draft, part: str, marks: Sequence[Decimal]) -> Decimal:
    panel = draft.rules.parts[part].panel
    if panel is None or not marks:
        text = "the scheme says no rule for members' marks: give the panel's own mark"
        raise Refused(f"application {draft.application.key}: ScoreRecorded", [Objection("has_a_quorum", text)])
    return panel_mark(panel, marks)


def effects(service: Service, done: Done, on: date) -> tuple[str, ...]:
    """
    Say what follows from what was just written, for the board to see: parts held or taken back, the set, flags.

    Args:
        service: The service.
        done: What was written.
        on: The day for which it is said.
    """
    if not done.events:
        return ()
    history = service.history(done.application)
    rules = service.rules_of(history)
    before = fold(history[: done.events[0].sequence - 1], rules)
    after = fold(history[: done.events[-1].sequence], rules)
    assert before is not None  # the submission came first
    assert after is not None
    return tuple(_effects(before, after, rules, on))


def _effects(before: Application, after: Application, rules: Rules, on: date) -> Iterator[str]:
    held, holds = held_on(before, rules, on), held_on(after, rules, on)
    is_complete = bool(complete_set(after, rules))
    for part in rules.parts:
        if part in held and part not in holds:
            yield f"{part} is no longer held"
        elif part in holds and part not in held:
            until = "" if is_complete else f" through {holds[part].last_valid_on}"
            yield f"{part} is held{until}"
    if bool(complete_set(before, rules)) != is_complete:
        yield f"the set of parts is {'complete' if is_complete else 'no longer complete'}"
    if before.expiry and not after.expiry:
        yield f"the expiry of {before.expiry.expired_on} is taken back"
    if before.state != after.state:
        yield f"the application moves from {before.state} to {after.state}"
    yield from (flag for flag in flags(after, rules) if flag not in flags(before, rules))


def attempts_within(application: Application, first: date, last: date) -> list[Attempt]:
    """List the open attempts at sittings from one day to another, both included."""
    return [x for x in application.attempts if x.is_open and first <= x.sat_on <= last]
