"""
What-if: what a changed scheme document would make of applications that other documents judge.

Pure; writes nothing. Compares an application as it stands with its history retold under the changed rules
(`workflow/audit/retelling.py`): who would gain or lose eligibility, a part or an award, whose next step of the clock
moves, and which recorded facts would not be lawful. It says what the rules would make of what happened, never what
people would have done: nobody is admitted, marked or certified who was not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from workflow.application import Application
from workflow.audit.retelling import Divergence, retell
from workflow.clock import next_due
from workflow.document import LAST_DAY
from workflow.eligibility import assessed
from workflow.errors import Objection
from workflow.events import Event
from workflow.parts import complete_set, held_on
from workflow.renewal import certificate_standing
from workflow.replay import known, replay
from workflow.scheme import Pinned, Rules

_ENTITLED: Final = ("awaiting_award", "certified")


@dataclass(frozen=True, slots=True)
class Fate:
    """
    What is compared of an application.

    Attributes:
        state: Its state; empty where the rules have no such level.
        is_eligible: Whether it is accepted, or would be by the evidence while undecided.
        condition: The condition under which it is accepted; empty if it is not.
        held: The last valid day of each part held; `LAST_DAY` where it does not lapse (any more).
        award: `certified`, `awaiting award`, or empty.
        certificate: Standing of the certificate; empty if there is none.
        next_on: The day of the clock's next step; None where there is none.
        next_what: That step.
    """

    state: str = ""
    is_eligible: bool = False
    condition: str = ""
    held: dict[str, date] = field(default_factory=dict)
    award: str = ""
    certificate: str = ""
    next_on: date | None = None
    next_what: str = ""


def fate_of(application: Application, rules: Rules, as_of: date) -> Fate:
    """Say what is compared of an application as it stands on a day."""
    a, due = application, next_due(application, rules)
    # An undecided application, and one whose decision was taken back, is eligible if the evidence says so.
    is_decided, is_complete = bool(a.condition or a.refusal), bool(complete_set(a, rules))
    return Fate(
        a.state,
        bool(a.condition) if is_decided else assessed(a, rules).is_eligible,
        a.condition,
        {part: LAST_DAY if is_complete else p.last_valid_on for part, p in held_on(a, rules, as_of).items()},
        a.state.replace("_", " ") if a.state in _ENTITLED else "",
        certificate_standing(a, rules, as_of)[0],
        max(due.on, a.on) if due else None,
        type(due.fact).__name__ if due else "",
    )


@dataclass(frozen=True, slots=True)
class Effect:
    """
    What the changed document would make of one application.

    Attributes:
        application: Its key.
        level: Its level.
        before: How it stands.
        after: How it would stand.
        divergences: The recorded facts that would not be lawful, in the order of recording.
    """

    application: str
    level: int
    before: Fate
    after: Fate
    divergences: tuple[Divergence, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """What changes, in the words in which it is counted; empty where nothing does."""
        old, new = self.before, self.after
        found = _won_or_lost("eligibility", old.is_eligible, new.is_eligible)
        if old.condition and new.condition and old.condition != new.condition:
            found.append("accepted under another condition")
        for part in dict.fromkeys([*old.held, *new.held]):
            found += _won_or_lost(part, part in old.held, part in new.held)
        found += _won_or_lost("an award", bool(old.award), bool(new.award))
        if old.certificate != new.certificate and old.award == new.award:
            found.append(f"certificate {old.certificate or 'none'} to {new.certificate or 'none'}")
        if any(old.held[part] != new.held[part] for part in old.held.keys() & new.held.keys()):
            found.append("a part is valid through another day")
        if (old.next_on, old.next_what) != (new.next_on, new.next_what):
            found.append(_moved(old.next_on, new.next_on))
        if old.state != new.state:
            found.append("another state")
        return (*found, *(["a recorded fact is not lawful"] if self.divergences else []))

    def as_row(self) -> dict[str, Any]:
        """Give the effect as plain JSON values."""
        sides = (("before", self.before), ("after", self.after))
        return {
            "application": self.application,
            "level": self.level,
            "changes": list(self.kinds),
            **{f"state_{side}": fate.state or None for side, fate in sides},
            **{f"eligible_{side}": fate.is_eligible for side, fate in sides},
            **{f"condition_{side}": fate.condition or None for side, fate in sides},
            **{f"held_{side}": {part: _last(day) for part, day in fate.held.items()} for side, fate in sides},
            **{f"award_{side}": fate.award or None for side, fate in sides},
            **{f"certificate_{side}": fate.certificate or None for side, fate in sides},
            **{f"next_on_{side}": fate.next_on.isoformat() if fate.next_on else None for side, fate in sides},
            **{f"next_{side}": fate.next_what or None for side, fate in sides},
            "divergences": [
                {"sequence": x.sequence, "type": x.type, "on": x.on.isoformat(), "why": x.why, "follows": x.follows}
                for x in self.divergences
            ],
        }


def _last(day: date) -> str | None:
    return None if day == LAST_DAY else day.isoformat()


def _won_or_lost(what: str, before: bool, after: bool) -> list[str]:
    return [] if before == after else [f"{'gains' if after else 'loses'} {what}"]


def _moved(before: date | None, after: date | None) -> str:
    if before is None or after is None:
        return "the clock starts to run" if after else "the clock stops"
    if before == after:
        return "the clock does something else"
    return f"the clock strikes {'later' if after > before else 'earlier'}"


@dataclass(frozen=True, slots=True)
class Scope:
    """
    Which applications are looked at; what is left empty does not narrow the choice.

    Attributes:
        applications: These alone.
        level: This level alone; 0: every level.
        submitted_from: Submitted on this day or later.
        submitted_until: Submitted on this day or earlier.
        states: In one of these states on the day asked about.
    """

    applications: Collection[str] = ()
    level: int = 0
    submitted_from: date | None = None
    submitted_until: date | None = None
    states: Collection[str] = ()

    def holds(self, application: str, level: int, submitted_on: date) -> bool:
        """Tell whether an application is looked at, as far as that can be told without replaying it."""
        return (
            (not self.applications or application in self.applications)
            and self.level in (0, level)
            and (self.submitted_from is None or self.submitted_from <= submitted_on)
            and (self.submitted_until is None or submitted_on <= self.submitted_until)
        )


def effect_on(
    history: Sequence[Event],
    rules: Rules,
    changed: Pinned,
    as_of: date,
    known_at: datetime | None = None,
    states: Collection[str] = (),
) -> Effect | None:
    """
    Say what a changed document would make of an application.

    Args:
        history: All its events in order.
        rules: The rules that it pinned.
        changed: The changed document, of the same scheme.
        as_of: The day asked about.
        known_at: The moment of knowledge, aware; None: all that is recorded.
        states: Only if it is in one of these on that day; empty: whatever its state.

    Returns:
        The effect, which may be that nothing changes; None where it did not exist, or is in another state.

    Raises:
        Corrupt: the history does not replay under its own rules.
    """
    application = replay(history, rules, as_of, known_at)
    if application is None or (states and application.state not in states):
        return None
    before = fate_of(application, rules, as_of)
    first = history[0]
    if rules.number not in changed.scheme.levels:
        no = Objection("level_is_assessed", f"the document has no level {rules.number}")
        gone = Divergence(first.sequence, first.type, first.effective_on, (no,))
        return Effect(application.key, rules.number, before, Fate(), (gone,))
    other = changed.rules(rules.number)
    retold = retell(known(history, as_of, known_at), other, as_of)
    after = fate_of(retold.application, other, as_of)
    return Effect(application.key, rules.number, before, after, (*_offer(first, rules, other), *retold.divergences))


def _offer(first: Event, rules: Rules, other: Rules) -> Sequence[Divergence]:
    """Name a submission on a day on which the changed document is not offered, though the pinned one is."""
    edition, on = other.scheme.edition, first.effective_on
    if edition.is_offered_on(on) or not rules.scheme.edition.is_offered_on(on):
        return ()
    no = Objection("is_offered", f"not offered on {on}", str(edition.clause))
    return (Divergence(first.sequence, first.type, on, (no,)),)


@dataclass(slots=True)
class Totals:
    """
    The effects counted.

    Attributes:
        looked_at: Applications looked at.
        affected: Those for which anything changes.
        kinds: How many for each change.
    """

    looked_at: int = 0
    affected: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, effects: Iterable[Effect]) -> None:
        """Count effects."""
        for effect in effects:
            self.looked_at += 1
            self.affected += bool(effect.kinds)
            self.kinds.update(effect.kinds)
