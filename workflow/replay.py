"""
Replay: the only way to get from facts to an application, for live commands, nightly jobs and auditors alike.

Pure. Two clocks: `as_of` is the day asked about, `known_at` the moment of knowledge. The facts recorded by `known_at`
that had taken effect by `as_of` are put through the machine in the order of recording; then the clock fires what had
fallen due by `as_of` (design.md, law 2). A step that the machine does not allow is an error, never skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from workflow.application import Application, Stay, opened, taking
from workflow.clock import next_due
from workflow.errors import Corrupt, Refused
from workflow.events import Event
from workflow.facts import AnnulmentLifted, Fact, MisconductFound, PartLapsed, Reinstated, Submitted
from workflow.machine import machine_of
from workflow.rules import Move
from workflow.scheme import Rules


class Taken(NamedTuple):
    """
    A step that was taken: what an event will say of it.

    Attributes:
        fact: What became true.
        on: Its effective day.
        source: State before.
        dest: State after.
    """

    fact: Fact
    on: date
    source: str
    dest: str


def advance(application: Application, fact: Fact, on: date, rules: Rules, sequence: int = 0) -> Application:
    """
    Put one fact through the machine.

    Args:
        application: The application before.
        fact: The fact.
        on: Its effective day.
        rules: The pinned rules.
        sequence: The event's number; 0 for a step of the clock that is not written down.

    Raises:
        Refused: with every objection.
    """
    move = Move(application, fact, on, rules, sequence, application.state)
    state = machine_of(rules).state_after(move)
    if state == application.state:
        return move.after
    return moved(move.after, fact, state, on, sequence)


def moved(application: Application, fact: Fact, state: str, on: date, sequence: int) -> Application:
    """
    Give an application after a fact has brought it into another state.

    What is taken back was not: a reinstatement, or the lifting of the very finding that moved it, gives the stay back
    that had been cut short, and its time runs on. So is a fact entered late not held up by a lapse of a later day.

    Args:
        application: The application with the fact taken in.
        fact: The fact.
        state: The state to which it leads.
        on: Its effective day.
        sequence: Its number; 0 for a step of the clock that is not written down.
    """
    since, left = max(on, application.entered_on), application.left
    if left is not None:
        is_lifted = isinstance(fact, AnnulmentLifted) and fact.supersedes == left.finding
        if left.state == state and (is_lifted or isinstance(fact, Reinstated)):
            since = left.since
        elif left.by_clock and on <= application.entered_on:
            since = left.since if left.state == state else max(on, left.since)
    found = sequence if isinstance(fact, MisconductFound) else 0
    stay = Stay(application.state, application.entered_on, isinstance(fact, PartLapsed), found)
    return application.changed({"state": state, "entered_on": since, "left": stay})


def fold(events: Iterable[Event], rules: Rules) -> Application | None:
    """
    Put facts through the machine in the order given; None if there are none.

    Raises:
        Refused: the machine does not allow one of them.
        Corrupt: the first is not a submission under these very rules.
    """
    application: Application | None = None
    for event in events:
        if application is not None:
            application = advance(application, event.fact, event.effective_on, rules, event.sequence)
        elif isinstance(event.fact, Submitted) and (event.fact.digest, event.fact.level) == (
            rules.digest,
            rules.number,
        ):
            application = opened(event.application, event.fact, event.effective_on)
        else:
            raise Corrupt(
                f"application {event.application}: its history does not open with a submission under these rules"
            )
    return application


def take_up(history: Sequence[Event], rules: Rules) -> Application | None:
    """
    Give what a recorded history has come to, without judging again what was judged when it was recorded.

    Every step must be one of the table that is compiled from the machine and start where the one before led; the rules
    are not asked again. Of a history that the machine has judged it makes what `fold` makes, in a fraction of the time.

    Raises:
        Corrupt: a step is not in the table, or the first event is not a submission under these very rules.
    """
    lawful = machine_of(rules).lawful
    application: Application | None = None
    for event in history:
        if application is None:
            application = fold([event], rules)
            continue
        if event.source != application.state or (event.source, event.fact.step, event.dest) not in lawful:
            raise Corrupt(
                f"the history does not replay: event {event.sequence} of application {event.application}: the machine "
                f"knows no step {event.fact.step} from {application.state} to {event.dest}"
            )
        application = taking(application, event.fact, event.effective_on, event.sequence)
        if event.dest != event.source:
            application = moved(application, event.fact, event.dest, event.effective_on, event.sequence)
    return application


def run_clock(application: Application, rules: Rules, until: date) -> tuple[Application, tuple[Taken, ...]]:
    """
    Let the clock take every step that has fallen due by a day, one after the other.

    A step that a pending result held up takes effect on the day on which the result released it; its fact still names
    the day on which the validity ended.

    Returns:
        The application afterwards, and the steps taken, oldest first.
    """
    taken: list[Taken] = []
    while (due := next_due(application, rules)) and due.on <= until:
        on = max(due.on, application.on)
        if on > until:  # released only after the day asked about
            break
        after = advance(application, due.fact, on, rules)
        taken.append(Taken(due.fact, on, application.state, after.state))
        application = after
    return application, tuple(taken)


def known(history: Sequence[Event], as_of: date, known_at: datetime | None = None) -> list[Event]:
    """Give the events that had taken effect by a day and were recorded by a moment: those that replay takes."""
    return [e for e in history if e.effective_on <= as_of and (known_at is None or e.recorded_at <= known_at)]


def replay(history: Sequence[Event], rules: Rules, as_of: date, known_at: datetime | None = None) -> Application | None:
    """
    Give an application as it was on a day, by what was known at a moment.

    Args:
        history: All its events in order.
        rules: The rules that it pinned.
        as_of: The day asked about.
        known_at: The moment of knowledge, aware; None: all that is recorded.

    Returns:
        The application, or None if it had not been submitted, or nobody knew of it yet.

    Raises:
        Corrupt: the history holds a step that the machine does not allow.

    Source: design.md, law 2.
    """
    try:
        application = fold(known(history, as_of, known_at), rules)
    except Refused as refused:
        raise Corrupt(f"the history does not replay as of {as_of}: {refused}") from refused
    return None if application is None else run_clock(application, rules, as_of)[0]
