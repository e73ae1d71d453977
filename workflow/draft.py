"""
Drafts: a history being continued, in memory, before anything is written.

Pure. Proposing a fact writes down first what the clock has made true, takes a recorded expiry back where the fact
undoes it, and makes sure that the history replays on every day afterwards (design.md, laws 2 and 4, and section 3).
What a draft holds in the end is appended in one transaction or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from workflow.application import Application, opened
from workflow.clock import next_due
from workflow.elsewhere import Others, against_attempt, is_asked
from workflow.errors import Conflict, ExamboardError, NotFound, Objection, Refused
from workflow.events import GENESIS, Event, canonical_data, chain
from workflow.facts import ATTEMPTING, Admitted, AnnulmentLifted, Fact, Reinstated, ScoreRecorded, Submitted
from workflow.persons.prose import Person, check_prose
from workflow.ports import Append, Projection
from workflow.replay import Taken, advance, fold, run_clock, take_up
from workflow.roles.rights import CLOCK_NAME
from workflow.scheme import Rules

if TYPE_CHECKING:
    from workflow.roles.duties import Acting

CLOCK = CLOCK_NAME


class Draft:
    """
    One application's history and the events that are about to be added to it.

    Attributes:
        rules: The rules that it pinned.
        application: The application after everything, recorded and new.
        new: The new events, not yet chained.
        others: Gives the candidate's other applications, as they are known now.
        acting: Whose rights and duties hold; None: a local operator, who may do everything.
        person: Gives the candidate, whose values no fact may repeat; None: nobody asks.
    """

    acting: Acting | None = None
    person: Person | None = None

    def __init__(
        self,
        history: Sequence[Event],
        rules: Rules,
        at: datetime,
        actor: str,
        others: Callable[[], Others] = tuple,
        application: Application | None = None,
    ) -> None:
        """
        Take up a history.

        Args:
            history: All recorded events, in order; at least one.
            rules: The rules that it pinned.
            at: The instant of recording, aware; never before the last one recorded, so that what was known at a
                moment is always a beginning of the history, even if the machine's clock jumps back.
            actor: Who acts.
            others: Gives the candidate's other applications; asked only when they can have something against a fact.
            application: What the history folds to, where that is known already; else it is folded.

        Raises:
            NotFound: the history is empty.
            Corrupt: it does not replay.
        """
        if application is None:
            application = take_up(history, rules)
        if application is None:
            raise NotFound("no such application")
        self.rules = rules
        self.application = application
        self.new: list[Event] = []
        self._history = tuple(history)
        self._at = max(at, history[-1].recorded_at)
        self._actor = actor
        self._commands = {event.command: event for event in history}
        self.others = others

    @classmethod
    def opening(
        cls,
        key: str,
        fact: Submitted,
        on: date,
        rules: Rules,
        at: datetime,
        actor: str,
        command: str,
        others: Callable[[], Others] = tuple,
    ) -> Draft:
        """Open the history of a new application with its submission."""
        draft = cls.__new__(cls)
        draft.rules, draft.application, draft.new = rules, opened(key, fact, on), []
        draft._history, draft._at, draft._actor, draft._commands, draft.others = (), at, actor, {}, others
        draft._add(Taken(fact, on, "", "submitted"), command)
        return draft

    def recorded(self, command: str) -> Event | None:
        """Give the event that a command has recorded already; None if it is new."""
        return self._commands.get(command)

    def propose(self, fact: Fact, on: date, command: str) -> None:
        """
        Judge a fact and add it, with whatever must be written down before it; on a refusal nothing is added.

        Args:
            fact: What is to become true.
            on: The day on which it takes effect; may lie before facts recorded already (a late entry).
            command: Key of the command; one that was recorded already changes nothing.

        Raises:
            Refused: with every objection; that of `acting` alone, where it has one.
            Conflict: the command was recorded before with other content.
        """
        if self.acting is not None:
            self.acting.may_record(self.application.key, fact, self.rules)
        if self.person is not None:
            check_prose(fact, self.person, f"application {self.application.key}: {type(fact).__name__}")
        if (before := self.recorded(command)) is not None:
            if before.fact != fact:
                raise Conflict(f"command {command} was recorded already with other content (event {before.sequence})")
            return
        if on < self.application.submitted_on:
            text = f"takes effect on {on}, before the application was submitted on {self.application.submitted_on}"
            subject = f"application {self.application.key}: {type(fact).__name__}"
            raise Refused(subject, [Objection("not_before_submission", text)])
        if isinstance(fact, ATTEMPTING):
            self._refuse_for_others(fact)
        latest = self.application.on
        application, overdue = run_clock(self.application, self.rules, on)
        sequence = self.application.sequence + len(overdue)
        if application.expiry and not application.expiry_sequence:
            application = application.but(expiry_sequence=sequence)
        steps = list(overdue)
        back = _reinstatement(application, self.rules, fact, on, sequence)
        for step_fact, step_on in [*([back] if back else []), (fact, on)]:
            sequence += 1
            after = advance(application, step_fact, step_on, self.rules, sequence)
            steps.append(Taken(step_fact, step_on, application.state, after.state))
            application = after
        if on < latest:
            self._check_days([*self._history, *self.new], steps, on)
        if self.acting is not None:
            events = (*self._history, *self.new)
            command = self.acting.apart(application.key, events, fact, on, self.rules) or command
        for step in steps:
            self._add(step, command if step is steps[-1] else "")
        self.application = application

    def propose_all(self, proposals: Sequence[tuple[Fact, date, str]]) -> None:
        """
        Propose facts that stand or fall together: `propose` for each (fact, day, command), or for none.

        Raises:
            Refused, Conflict: as `propose`; the draft is then as it was before.
        """
        application, count = self.application, len(self.new)
        try:
            for fact, on, command in proposals:
                self.propose(fact, on, command)
        except ExamboardError:
            for event in self.new[count:]:
                del self._commands[event.command]
            del self.new[count:]
            self.application = application
            raise

    def write_down(self, until: date) -> int:
        """Add the steps of the clock that have fallen due by a day; give their number."""
        self.application, overdue = run_clock(self.application, self.rules, until)
        for step in overdue:
            self._add(step, "")
        if self.application.expiry and not self.application.expiry_sequence:
            self.application = self.application.but(expiry_sequence=self.new[-1].sequence)
        self.application = self.application.but(sequence=self.sequence)
        return len(overdue)

    @property
    def recorded_events(self) -> tuple[Event, ...]:
        """The events that were recorded before."""
        return self._history

    @property
    def sequence(self) -> int:
        """Number of the last event, recorded or new."""
        return len(self._history) + len(self.new)

    def append(self) -> Append:
        """Chain the new events and give what is to be written."""
        head = self._history[-1].hash if self._history else GENESIS
        events = chain(self.new, head)
        projection = project(self.application, self.rules, events[-1])
        return Append(self.application.key, len(self._history), events, projection)

    def _add(self, step: Taken, command: str) -> None:
        sequence = self.sequence + 1
        actor = self._actor if command else CLOCK
        command = command or f"{CLOCK}:{sequence}"
        key = self.application.key
        event = Event(key, sequence, step.fact, step.source, step.dest, step.on, self._at, actor, command)
        self.new.append(event)
        self._commands[command] = event

    def _refuse_for_others(self, fact: Admitted | ScoreRecorded) -> None:
        """Refuse what the candidate's other applications rule out; replay cannot, since it knows one history alone."""
        if not is_asked(self.application, self.rules, fact):
            return
        if objections := against_attempt(self.application, self.rules, fact, self.others()):
            raise Refused(f"application {self.application.key}: {type(fact).__name__}", objections)

    def _check_days(self, events: Sequence[Event], steps: Sequence[Taken], on: date) -> None:
        """Refuse a late fact with which the history could not be replayed on some day from then on."""
        last = events[-1]
        drafts = [
            Event(last.application, last.sequence + i, s.fact, s.source, s.dest, s.on, self._at, "", "")
            for i, s in enumerate(steps, 1)
        ]
        both = [*events, *drafts]
        for day in sorted({event.effective_on for event in both if event.effective_on >= on}):
            fold([event for event in both if event.effective_on <= day], self.rules)


def _reinstatement(
    application: Application, rules: Rules, fact: Fact, on: date, sequence: int
) -> tuple[Reinstated, date] | None:
    """
    Give the reinstatement that must come before a fact, if its application has expired by the clock.

    A fact of a day before that on which the clock struck was simply not known then: the expiry is taken back and the
    clock asked again; a correction takes it back only if the clock would not strike again at once. Neither does if the
    clock would have struck before misconduct was found since: a finding makes void what had lapsed, and undoes none.
    """
    expiry = application.expiry
    if expiry is None or application.state != "expired":
        return None
    struck_on = application.entered_on  # where a result or a suspension held it up, later than `expired_on`
    is_late, is_correction = on < struck_on, fact.is_correction
    if not (is_late or is_correction):
        return None
    what = f"{type(fact).__name__} of {on}" if is_correction else f"{type(fact).__name__} of {on} was entered late"
    back = Reinstated(
        supersedes=application.expiry_sequence, reason=f"{what}; before: {expiry.cause}", authority="replay"
    )
    back_on = max(on, struck_on)
    if isinstance(fact, AnnulmentLifted) and fact.supersedes > application.expiry_sequence:
        return None
    facts = ((back, back_on), (fact, on))
    if is_correction and _strikes_again(application, rules, facts, back_on):
        return None
    since = [x for x in application.findings if x[0] > application.expiry_sequence]
    if since:
        before = application.but(findings=tuple(x for x in application.findings if x not in since))
        if _strikes_again(before, rules, facts, max(back_on, min(found_on for _, found_on, _ in since))):
            return None
    return back, back_on


def _strikes_again(application: Application, rules: Rules, facts: Iterable[tuple[Fact, date]], by: date) -> bool:
    """Tell whether the clock ends an application by a day after further facts, whatever took effect after that day."""
    for fact, on in facts:
        application = advance(application, fact, on, rules)
    while (due := next_due(application, rules)) and due.on <= by:
        application = advance(application, due.fact, max(due.on, application.on), rules)
    return application.state == "expired"


def project(application: Application, rules: Rules, last: Event) -> Projection:
    """Give the projection of an application after its last recorded event."""
    due = next_due(application, rules)
    return Projection(
        application.key,
        application.candidate,
        application.scheme,
        application.digest,
        application.level,
        application.submitted_on,
        application.state,
        last.sequence,
        last.hash,
        max(due.on, application.on) if due else None,
        last.recorded_at,
        type(due.fact).__name__ if due else "",
        _due_data(due.fact) if due else "",
    )


_due_data = lru_cache(maxsize=4096)(canonical_data)  # of many applications the same falls due on the same day
