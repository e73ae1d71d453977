"""
Separated duties: what one member of staff may not do after another act of the same member, and what takes two.

Pure but for the access log, into which a step that needs a second person is put forward. The same questions are asked
of a live step and, by `audit/duties.py`, of every recorded one. They hold between members of staff: a local operator
works alone, and the audit lists what was done so. A scheme document may let a duty go (`duties`), with its clause.
Source: the board's own policy; domain.md, section 1.3 (examination separate from training, recusal).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from workflow import facts as f
from workflow.errors import Objection, Refused
from workflow.events import Event
from workflow.facts import Fact
from workflow.language.policy import Duty
from workflow.roles.access import Access, AccessLog
from workflow.roles.proposals import command_of, step_text, waiting
from workflow.roles.rights import STAFF_PREFIX, Actor, act_of
from workflow.scheme import Rules

DUTIES: Final[dict[Duty, str]] = {
    "score_and_announce": "who entered a score may not announce it",
    "train_and_examine": "who trained a candidate may not examine them",
    "decide_and_award": "who decided eligibility may not award",
    "correction": "a correction after announcement takes two people",
    "reinstatement": "a reinstatement takes two people",
    "revocation": "a revocation takes two people",
}
NO_TRAINERS: Final[frozenset[str]] = frozenset()

_SCORING: Final = (f.ScoreEntered, f.ScoreRecorded, f.ScoreAmended, f.RecheckDecided)


@dataclass(frozen=True, slots=True)
class Clash:
    """
    Two acts that may not be one person's.

    Attributes:
        duty: The rule.
        text: What was found.
        sequence: Number of the event with which the step clashes; 0 where it stands in another application.
    """

    duty: Duty
    text: str
    sequence: int = 0


def clashes(history: Sequence[Event], actor: str, fact: Fact, elsewhere: frozenset[str] = NO_TRAINERS) -> list[Clash]:
    """
    List what an actor did before that forbids a step now.

    Args:
        history: The events before it.
        actor: Whose step it is.
        fact: The step.
        elsewhere: Who trained the candidate for other applications, by the names of actors.
    """
    if isinstance(fact, f.ScoreAnnounced):
        return [
            Clash("score_and_announce", f"{actor} entered this score (event {e.sequence})", e.sequence)
            for e in scored(history, fact.part, fact.sitting)
            if e.actor == actor
        ][-1:]
    if isinstance(fact, f.ScoreEntered | f.ScoreRecorded):
        return list(_trained(history, {actor, *_assessors(fact)}, elsewhere))
    if isinstance(fact, f.CertificateAwarded):
        decided = (f.EligibilityAccepted, f.EligibilityRefused)
        return [
            Clash("decide_and_award", f"{actor} decided eligibility (event {e.sequence})", e.sequence)
            for e in history
            if isinstance(e.fact, decided) and e.actor == actor
        ][-1:]
    return []


def second_person(history: Sequence[Event], fact: Fact) -> Duty | None:
    """Name the duty by which a step needs a second person, if it does."""
    if isinstance(fact, f.ScoreAmended | f.RecheckDecided):
        before = announced(history, fact.part, fact.sitting)
        return "correction" if before not in (None, (fact.score, fact.components)) else None
    if isinstance(fact, f.Reinstated):
        return "reinstatement"
    return "revocation" if isinstance(fact, f.CertificateRevoked) else None


def scored(history: Sequence[Event], part: str, sitting: str) -> list[Event]:
    """List the events that gave an attempt its marks, those that were taken back left out."""
    found: list[Event] = []
    for event in history:
        if getattr(event.fact, "part", "") == part and getattr(event.fact, "sitting", "") == sitting:
            if isinstance(event.fact, f.ScoreRetracted):
                found.clear()
            elif isinstance(event.fact, _SCORING):
                found.append(event)
    return found


def announced(history: Sequence[Event], part: str, sitting: str) -> tuple[Decimal | None, Any] | None:
    """Give the marks of an attempt that is announced, and of its components; None where it is not."""
    marks: tuple[Decimal | None, Any] = (None, ())
    is_out = False
    for event in history:
        fact = event.fact
        if getattr(fact, "part", "") == part and getattr(fact, "sitting", "") == sitting:
            if not isinstance(fact, f.ScoreEntered) and hasattr(fact, "score"):
                marks = (fact.score, getattr(fact, "components", ()))
            is_out = is_out or isinstance(fact, f.ScoreAnnounced | f.PartCarriedOver)
    return marks if is_out else None


def trainers(history: Sequence[Event]) -> dict[str, int]:
    """Give who trained the candidate, as actors, with the event that says so: who recorded it, and who is named."""
    found: dict[str, int] = {}
    for event in history:
        if isinstance(event.fact, f.TrainingRecorded):
            found.setdefault(event.actor, event.sequence)
            if event.fact.trainer:
                found.setdefault(f"{STAFF_PREFIX}{event.fact.trainer}", event.sequence)
    return found


def _assessors(fact: f.ScoreEntered | f.ScoreRecorded) -> list[str]:
    panel = fact.panel if isinstance(fact, f.ScoreRecorded) else ()
    return [f"{STAFF_PREFIX}{one.assessor}" for one in panel]


def _trained(history: Sequence[Event], examiners: set[str], elsewhere: frozenset[str]) -> Iterator[Clash]:
    here = trainers(history)
    for name in sorted(examiners & here.keys()):
        yield Clash("train_and_examine", f"{name} trained this candidate (event {here[name]})", here[name])
    for name in sorted(examiners & elsewhere - here.keys()):
        yield Clash("train_and_examine", f"{name} trained this candidate for another application")


def clause_of(duty: Duty, rules: Rules) -> str:
    """Give the clause of a duty: that of the document where it says anything of duties, else the default."""
    policy = rules.scheme.duties
    return str(policy.clause) if policy else f"none duties {duty}"


def is_let_go(duty: Duty, rules: Rules) -> bool:
    """Tell whether the document lets a duty go."""
    policy = rules.scheme.duties
    return policy is not None and duty in policy.let_go


@dataclass(frozen=True, slots=True)
class Acting:
    """
    A member of staff, or the clock, at work on one application.

    Attributes:
        actor: Who.
        log: Where a step that needs a second person is put forward.
        elsewhere: Gives who trained the candidate for other applications; asked when needed.
        now: Gives the present instant, aware.
    """

    actor: Actor
    log: AccessLog
    elsewhere: Callable[[], frozenset[str]]
    now: Callable[[], datetime]

    def may_record(self, application: str, fact: Fact, rules: Rules) -> None:
        """Refuse a fact to which the actor has no right; see `rights.RIGHTS`."""
        self.actor.need(f"application {application}: {type(fact).__name__}", act_of(fact, rules))

    def apart(self, application: str, history: Sequence[Event], fact: Fact, on: date, rules: Rules) -> str:
        """
        Refuse a step that the duties forbid to this member.

        Returns:
            Key of the command under which the step is to be recorded, naming the proposal that it confirms; empty
            where it needs no second person.

        Raises:
            Refused: naming the duty; where a second person is needed, the step is put forward and its number told.
        """
        if self.actor.kind == "clock":
            return ""
        subject = f"application {application}: {type(fact).__name__}"
        elsewhere = self.elsewhere() if isinstance(fact, f.ScoreEntered | f.ScoreRecorded) else NO_TRAINERS
        found = [x for x in clashes(history, self.actor.name, fact, elsewhere) if not is_let_go(x.duty, rules)]
        if found:
            raise Refused(subject, [_objection(x.duty, x.text, rules) for x in found])
        duty = second_person(history, fact)
        if duty is None or is_let_go(duty, rules):
            return ""
        used = {event.command for event in history}
        step = step_text(fact, on)
        there = [x for x in waiting(self.log, application) if x.detail == step and command_of(x) not in used]
        if other := next((x for x in there if x.actor != self.actor.name), None):
            return command_of(other)
        entry = Access(self.now(), self.actor.name, "proposal", application, detail=step)
        own = there[0] if there else self.log.add(entry)
        text = f"put forward as proposal {own.number}; another member confirms it: examboard proposal confirm "
        raise Refused(subject, [_objection(duty, f"{text}{own.number}", rules)])


def _objection(duty: Duty, text: str, rules: Rules) -> Objection:
    return Objection(duty, f"{DUTIES[duty]}: {text}", clause_of(duty, rules))
