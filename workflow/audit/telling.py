"""
Telling: a history as an auditor reads it, fact by fact, from one point of view; and two points of view compared.

Pure. Puts the very facts that replay takes through the same machine, one by one, and says of each what stood before
and after, by which clause, which rules were asked and what they answered (design.md, laws 2 and 4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from workflow.application import Application
from workflow.audit.clauses import clause_of
from workflow.audit.superseding import superseded
from workflow.errors import NotFound, Objection, Refused
from workflow.events import Event, instant_text
from workflow.facts import Fact
from workflow.replay import Taken, advance, fold, known, run_clock
from workflow.rules import RULES, Move
from workflow.scheme import Rules
from workflow.standing import Standing, standing_of

Seen = Literal["told", "not known yet", "not yet in effect", "by the clock", "does not replay"]


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What one rule said of one move.

    Attributes:
        rule: Name of the rule.
        asks: What it asks, in a sentence.
        objection: Why it says no; None where it says yes.
    """

    rule: str
    asks: str
    objection: Objection | None

    def as_json(self) -> dict[str, Any]:
        """Give the answer as plain JSON values."""
        no = self.objection
        clause = (no.clause or None) if no else None
        return {"rule": self.rule, "asks": self.asks, "yes": no is None, "objection": no and no.text, "clause": clause}


@dataclass(frozen=True, slots=True)
class Told:
    """
    One fact as it is told.

    Attributes:
        seen: `told`; `not known yet` or `not yet in effect` at the point of view; `by the clock` for a step that time
            has made true and nobody has written down; `does not replay` for the first fact that the machine refuses.
        fact: The fact.
        on: Its effective day.
        source: State before, at this point of view; for a fact that it leaves out, as it was recorded.
        dest: State after, likewise.
        clause: The clause that applied; empty where there is none.
        event: Its event; None for a step of the clock that is not written down.
        superseded_by: Numbers of the later facts that took it back or corrected it.
        answers: What each rule of the step said; empty where no rule was asked.
    """

    seen: Seen
    fact: Fact
    on: date
    source: str
    dest: str
    clause: str
    event: Event | None = None
    superseded_by: tuple[int, ...] = ()
    answers: tuple[Answer, ...] = ()

    @property
    def is_counted(self) -> bool:
        """Whether it makes up the standing at this point of view."""
        return self.seen in ("told", "by the clock")

    def as_json(self) -> dict[str, Any]:
        """Give the fact as plain JSON values."""
        event = self.event
        return {
            "sequence": event.sequence if event else None,
            "type": type(self.fact).__name__,
            "step": self.fact.step,
            "effective_on": self.on.isoformat(),
            "recorded_at": instant_text(event.recorded_at) if event else None,
            "actor": event.actor if event else None,
            "source": self.source,
            "dest": self.dest,
            "clause": self.clause or None,
            "seen": self.seen,
            "superseded_by": list(self.superseded_by),
            "data": self.fact.model_dump(mode="json", by_alias=True, exclude_none=True),
        }


@dataclass(frozen=True, slots=True)
class Telling:
    """
    A history told from one point of view.

    Attributes:
        lines: Its facts in the order of recording, then the steps of the clock that nobody has written down.
        standing: Where the application stands; None if it did not exist there, or its history does not replay.
        refused: Why the machine refuses a recorded fact; None where the history replays.
    """

    lines: tuple[Told, ...]
    standing: Standing | None
    refused: Refused | None = None

    @property
    def counted(self) -> tuple[Told, ...]:
        """The facts that make up the standing."""
        return tuple(line for line in self.lines if line.is_counted)


def answers_of(application: Application, fact: Fact, on: date, rules: Rules, sequence: int = 0) -> tuple[Answer, ...]:
    """Ask every rule of a step, as the machine does, and keep what each says, the yes as well."""
    move = Move(application, fact, on, rules, sequence, application.state)
    return tuple(
        Answer(rule.__name__, (rule.__doc__ or "").strip().split("\n")[0], rule(move))
        for rule in RULES.get(type(fact), ())
    )


def tell(
    history: Sequence[Event],
    rules: Rules,
    as_of: date,
    known_at: datetime | None = None,
    *,
    explain: bool = False,
) -> Telling:
    """
    Tell a history from a point of view.

    Args:
        history: All its events in order.
        rules: The rules that it pinned.
        as_of: The day asked about.
        known_at: The moment of knowledge, aware; None: all that is recorded.
        explain: Whether to keep what each rule answered.
    """
    seen = known(history, as_of, known_at)
    lines, application, refused = _facts(history, seen, rules, known_at, explain)
    if application is None or refused:
        return Telling(tuple(lines), None, refused)
    after, taken = run_clock(application, rules, as_of)
    lines += _clock(application, taken, rules, explain)
    return Telling(tuple(lines), standing_of(after, rules, as_of, known_at))


def _facts(
    history: Sequence[Event], seen: Sequence[Event], rules: Rules, known_at: datetime | None, explain: bool
) -> tuple[list[Told], Application | None, Refused | None]:
    """Put the facts that are seen through the machine; the first that it refuses is the last that is judged."""
    later, numbers = superseded(seen), {event.sequence for event in seen}
    lines: list[Told] = []
    application: Application | None = None
    refused: Refused | None = None
    for event in history:
        if refused or event.sequence not in numbers:
            lines += [] if refused else [_left_out(event, rules, known_at)]
            continue
        before, fact, on = application, event.fact, event.effective_on
        answers: tuple[Answer, ...] = ()
        clause = clause_of(fact, before, rules)
        try:
            application = advance(before, fact, on, rules, event.sequence) if before else fold([event], rules)
            answers = answers_of(before, fact, on, rules, event.sequence) if before and explain else ()
        except Refused as error:  # of a fact that makes no sense not every rule can be asked
            refused = error
            answers = tuple(Answer(no.rule, "", no) for no in error.objections) if explain else ()
        source = before.state if before else ""
        dest = application.state if application and not refused else source
        how: Seen = "does not replay" if refused else "told"
        lines.append(Told(how, fact, on, source, dest, clause, event, later.get(event.sequence, ()), answers))
    return lines, application, refused


def _left_out(event: Event, rules: Rules, known_at: datetime | None) -> Told:
    is_known = known_at is None or event.recorded_at <= known_at
    why: Seen = "not yet in effect" if is_known else "not known yet"
    clause = clause_of(event.fact, None, rules)
    return Told(why, event.fact, event.effective_on, event.source, event.dest, clause, event)


def _clock(application: Application, taken: Sequence[Taken], rules: Rules, explain: bool) -> Iterator[Told]:
    for step in taken:
        answers = answers_of(application, step.fact, step.on, rules) if explain else ()
        clause = clause_of(step.fact, application, rules)
        yield Told("by the clock", step.fact, step.on, step.source, step.dest, clause, answers=answers)
        application = advance(application, step.fact, step.on, rules)


def refuse_unseen(history: Sequence[Event], as_of: date, known_at: datetime | None) -> None:
    """
    Refuse a point of view from which there is nothing to see.

    Raises:
        NotFound: the application had not been submitted by that day, or nobody knew of it; says from when on.
    """
    first = history[0]
    if known(history[:1], as_of, known_at):
        return
    told = f"submitted on {first.effective_on}, recorded at {instant_text(first.recorded_at)}"
    raise NotFound(
        f"application {first.application} was {told}: there is nothing to see as of {as_of}"
        + (f", as known at {instant_text(known_at)}" if known_at else "")
    )
