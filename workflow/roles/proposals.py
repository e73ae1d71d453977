"""
Proposals: steps that take two people, put forward by one member and confirmed by another.

They stand in the access log, which is only ever added to. A proposal is for one step exactly and is used once; it waits
until somebody confirms it, or withdraws it, which is an entry of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

import rfc8785

from workflow.errors import Conflict, Objection, Refused
from workflow.events import canonical_data
from workflow.facts import Fact
from workflow.roles.access import Access, AccessLog
from workflow.roles.rights import Actor, acts_of

ERASE: Final = '{"type":"erasure"}'
ERASURE: Final = "an erasure takes two people"  # of a person, whom no scheme document governs: never let go
FORGET: Final = "forget_person"  # the right to it

_COMMAND: Final = re.compile(r"proposal:([0-9]{1,9}):([0-9a-f]{64})")


def step_text(fact: Fact, on: date) -> str:
    """Write a step as it is put forward: canonical JSON of its type, its data and its day."""
    step = {"type": type(fact).__name__, "data": canonical_data(fact), "on": on.isoformat()}
    return rfc8785.dumps(step).decode()


def command_of(proposal: Access) -> str:
    """Give the command of the step that confirms a proposal: it names the proposal's number and hash."""
    return f"proposal:{proposal.number}:{proposal.hash}"


def proposal_of(command: str) -> tuple[int, str] | None:
    """Read number and hash of the proposal that a command confirms; None where it confirms none."""
    found = _COMMAND.fullmatch(command)
    return (int(found[1]), found[2]) if found else None


def acts_for(proposal: Access) -> tuple[str, ...]:
    """Give the rights of which one is needed to put a step forward, to confirm it, or to withdraw it."""
    if proposal.detail == ERASE:
        return (FORGET,)
    try:
        return acts_of(str(json.loads(proposal.detail)["type"]))
    except (ValueError, KeyError, TypeError):  # whatever was put forward there, nobody has a right to it
        return ("an unreadable step",)


def withdrawals(entries: Iterable[Access]) -> dict[str, Access]:
    """Give the entries by which proposals were withdrawn, by the command that would confirm each: `command_of`."""
    return {entry.detail: entry for entry in entries if entry.what == "withdrawal"}


def waiting(log: AccessLog, subject: str) -> list[Access]:
    """List the proposals about a subject that nobody has withdrawn, oldest first."""
    withdrawn = withdrawals(log.entries("withdrawal", subject))
    return [entry for entry in log.entries("proposal", subject) if command_of(entry) not in withdrawn]


def withdraw(log: AccessLog, actor: Actor, proposal: Access, reason: str, at: datetime) -> Access:
    """
    Withdraw a proposal that nobody has confirmed; nobody can confirm it any more, and it may be put forward again.

    Args:
        log: The access log.
        actor: Who withdraws it: whoever put it forward, or another member who might confirm it.
        proposal: The proposal.
        reason: Why; it must hold no personal value.
        at: The present instant, aware.

    Raises:
        Refused: the actor has no right to such a step, or gives no reason.
        Conflict: it was withdrawn before.
    """
    actor.need(f"proposal {proposal.number}", *acts_for(proposal))
    if not reason.strip():
        raise Refused(f"proposal {proposal.number}", [Objection("has_a_reason", "a reason is missing")])
    if before := withdrawals(log.entries("withdrawal", proposal.subject)).get(command_of(proposal)):
        raise Conflict(f"proposal {proposal.number} was withdrawn already by {before.actor}: {before.reason}")
    return log.add(Access(at, actor.name, "withdrawal", proposal.subject, reason, detail=command_of(proposal)))


def confirm_erasure(log: AccessLog, actor: str, candidate: str, at: datetime) -> None:
    """
    Let a member erase a person whose erasure another member has put forward; else put it forward.

    Raises:
        Refused: nobody else has put it forward yet; that it is now, and under which number.
    """
    there = erasures(waiting(log, candidate))
    if any(entry.actor != actor for entry in there):
        return
    own = there[0] if there else log.add(Access(at, actor, "proposal", candidate, detail=ERASE))
    text = f"{ERASURE}: put forward as proposal {own.number}; another member confirms it by the same command"
    raise Refused(f"candidate {candidate}: erasure", [Objection("erasure", text, "none duties erasure")])


def erasures(proposals: Iterable[Access]) -> list[Access]:
    """List the proposals to erase a person."""
    return [entry for entry in proposals if entry.detail == ERASE]
