"""
The audit of separated duties and of rights: every recorded step asked again, over whole histories.

What it finds is a breach (a member did what the duties forbid, or what the roles of that time gave no right to, by
whatever way), what a local operator did alone, and what a scheme document lets go. Pure; the histories, the proposals
and the access log are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, Literal

from workflow.audit.roles import RolesHeld, acts_without_right, entries_without_right
from workflow.events import Event
from workflow.facts import ScoreEntered, ScoreRecorded, Submitted
from workflow.language.policy import Duty
from workflow.persons.forgetting import Act
from workflow.roles.access import Access
from workflow.roles.duties import DUTIES, NO_TRAINERS, Clash, clashes, clause_of, is_let_go, second_person, trainers
from workflow.roles.proposals import ERASURE, command_of, erasures, proposal_of, step_text
from workflow.roles.rights import CLOCK_NAME, STAFF_PREFIX, act_of, is_member
from workflow.scheme import Rules

Kind = Literal["breach", "local_operator", "let_go"]

_WHY: Final[Mapping[Kind, str]] = {
    "breach": "a member did what the duties forbid",
    "local_operator": "recorded without staff, by a local operator, between whose acts no duty is separated",
    "let_go": "the scheme document lets this duty go",
}
NOT_WITHDRAWN: Final[Mapping[str, Access]] = MappingProxyType({})
UNKNOWN: Final = "is_a_member"
RIGHT: Final = "has_the_right"
_BY_RIGHTS: Final = "board rights"
_NO_RIGHT: Final = "it was done without a right to it, by the roles of that time"


@dataclass(frozen=True, slots=True)
class DutyException:
    """
    A recorded step that was not separated as the duties ask.

    Attributes:
        kind: Why it stands: a `breach`, the work of a `local_operator`, or `let_go` by the scheme.
        duty: Name of the duty; `is_a_member` where the actor is no member of the register, `has_the_right` where the
            actor had no right to it then.
        subject: Key of the application, or of the person on whom was acted; or what an entry of the log is about.
        sequence: Number of the event, of the act on the person, or of the entry.
        type: Its type.
        on: Its day of effect; of an entry the day of its instant, in UTC.
        actor: Who recorded it.
        text: What was found.
        reason: What that means.
        clause: The clause of the duty.
    """

    kind: Kind
    duty: str
    subject: str
    sequence: int
    type: str
    on: date
    actor: str
    text: str
    reason: str
    clause: str

    def as_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {**asdict(self), "on": self.on.isoformat()}


def audited(
    histories: Callable[[], Iterable[Sequence[Event]]],
    rules_of: Callable[[Sequence[Event]], Rules],
    proposals: Mapping[int, Access],
    members: Collection[str],
    held: RolesHeld,
    withdrawn: Mapping[str, Access] = NOT_WITHDRAWN,
) -> Iterator[DutyException]:
    """
    Ask every step of every history again.

    Args:
        histories: Streams all histories; asked twice, since who trained a candidate may stand in a later one.
        rules_of: Gives the rules that a history pinned.
        proposals: What was ever put forward, by number.
        members: The names of all members, disabled ones too.
        held: Which roles they had when.
        withdrawn: Which proposals were withdrawn by what, as `proposals.withdrawals` gives it.
    """
    taught: dict[str, dict[str, set[str]]] = {}
    for history in histories():
        for name in trainers(history):
            taught.setdefault(_candidate(history), {}).setdefault(name, set()).add(history[0].application)
    for history in histories():
        here = history[0].application
        found = taught.get(_candidate(history), {})
        elsewhere = frozenset(name for name, where in found.items() if where - {here})
        yield from exceptions(history, rules_of(history), proposals, members, held, elsewhere, withdrawn)


def exceptions(
    history: Sequence[Event],
    rules: Rules,
    proposals: Mapping[int, Access],
    members: Collection[str],
    held: RolesHeld,
    elsewhere: frozenset[str] = NO_TRAINERS,
    withdrawn: Mapping[str, Access] = NOT_WITHDRAWN,
) -> Iterator[DutyException]:
    """List the steps of one history that were not separated as the duties ask, or done without a right, in order."""
    for number, event in enumerate(history):
        if is_member(event.actor) and event.actor.removeprefix(STAFF_PREFIX) not in members:
            yield _exception("breach", UNKNOWN, event, f"there is no member {event.actor}", _BY_RIGHTS)
        elif why := held.against(event.actor, event.recorded_at, act_of(event.fact, rules)):
            yield _exception("breach", RIGHT, event, why, _BY_RIGHTS, _NO_RIGHT)
        if event.actor == CLOCK_NAME:
            continue
        before = history[:number]
        taught = elsewhere if isinstance(event.fact, ScoreEntered | ScoreRecorded) else NO_TRAINERS
        found = clashes(before, event.actor, event.fact, taught)
        duty = second_person(before, event.fact)
        if duty and (why := _alone(event, proposals, withdrawn)):
            found.append(Clash(duty, why))
        for clash in found:
            kind = _kind(clash.duty, event, rules)
            text = f"{DUTIES[clash.duty]}; {clash.text}"
            yield _exception(kind, clash.duty, event, text, clause_of(clash.duty, rules))


def erased_alone(
    acts: Iterable[Act], proposals: Collection[Access], withdrawn: Mapping[str, Access] = NOT_WITHDRAWN
) -> Iterator[DutyException]:
    """List the erasures of persons that were one person's alone; what retention asks for is the clock's."""
    for act in acts:
        who = act.note.actor
        if act.deed != "erased" or who == CLOCK_NAME:
            continue
        others = (x for x in erasures(proposals) if x.subject == act.candidate and x.actor != who)
        if is_member(who) and any(is_member(x.actor) and _stood(x, act.note.at, withdrawn) for x in others):
            continue
        kind: Kind = "breach" if is_member(who) else "local_operator"
        text = f"{ERASURE}; {who} did it alone"
        clause = "none duties erasure"
        yield DutyException(
            kind, "erasure", act.candidate, act.number, act.deed, act.on, who, text, _WHY[kind], clause
        )  # fmt: skip


def done_without_right(acts: Iterable[Act], log: Callable[[], Iterable[Access]]) -> Iterator[DutyException]:
    """
    List what no history tells and was done without a right: acts on persons, and what the access log itself tells.

    Args:
        acts: The acts on persons.
        log: Streams the whole access log; asked twice.
    """
    for act, why in acts_without_right(acts, RolesHeld(log())):
        who = act.note.actor
        yield DutyException(
            "breach", RIGHT, act.candidate, act.number, act.deed, act.on, who, why, _NO_RIGHT, _BY_RIGHTS
        )  # fmt: skip
    for entry, why in entries_without_right(log()):
        who, on = entry.actor, entry.at.date()
        yield DutyException(
            "breach", RIGHT, entry.subject, entry.number, entry.what, on, who, why, _NO_RIGHT, _BY_RIGHTS
        )  # fmt: skip


def _kind(duty: Duty, event: Event, rules: Rules) -> Kind:
    if is_let_go(duty, rules):
        return "let_go"
    return "breach" if is_member(event.actor) else "local_operator"


def _alone(event: Event, proposals: Mapping[int, Access], withdrawn: Mapping[str, Access]) -> str:
    """Say why a step that needs two people was one person's; empty where another had put it forward."""
    named = proposal_of(event.command)
    if named is None:
        return f"{event.actor} recorded it alone"
    entry = proposals.get(named[0])
    if entry is None or entry.hash != named[1]:
        return f"it names proposal {named[0]}, which is not in the access log as it was then"
    if entry.subject != event.application or entry.detail != step_text(event.fact, event.effective_on):
        return f"proposal {entry.number} put forward another step"
    if entry.actor == event.actor or not is_member(entry.actor) or entry.at > event.recorded_at:
        return f"proposal {entry.number} was not put forward before by another member"
    if (end := withdrawn.get(event.command)) and end.at < event.recorded_at:
        return f"proposal {entry.number} had been withdrawn by {end.actor}"
    return ""


def _stood(proposal: Access, at: datetime, withdrawn: Mapping[str, Access]) -> bool:
    """Tell whether something was put forward at an instant, and not withdrawn before."""
    end = withdrawn.get(command_of(proposal))
    return proposal.at <= at and (end is None or end.at >= at)


def _exception(kind: Kind, duty: str, event: Event, text: str, clause: str, reason: str = "") -> DutyException:
    on, who = event.effective_on, event.actor
    return DutyException(
        kind, duty, event.application, event.sequence, event.type, on, who, text, reason or _WHY[kind], clause
    )  # fmt: skip


def _candidate(history: Sequence[Event]) -> str:
    opening = history[0].fact
    return opening.candidate if isinstance(opening, Submitted) else ""
