"""
The audit of rights: every recorded act beside the roles that whoever did it had at that instant.

Which roles a member had when is told by the access log, into which each change of staff is written together with it,
only ever added to and chained. What a role may do is asked of the table of today (`rights`). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from workflow.audit.access import Told, told_by
from workflow.persons.forgetting import Act
from workflow.roles.access import IN_FULL, Access
from workflow.roles.proposals import FORGET, acts_for, command_of
from workflow.roles.rights import CLOCK_ACTOR, CLOCK_NAME, ROLES, STAFF_PREFIX, Actor, is_member

_WORK: Final = {"staff": "keep_staff", "keys": "keep_keys"}  # any other kind of entry is named as its right


class _Since(NamedTuple):
    at: datetime
    entry: int
    told: Told


class RolesHeld:
    """Which roles each member had at which time, as far as the access log has been read."""

    def __init__(self, entries: Iterable[Access] = ()) -> None:
        """
        Read a log.

        Args:
            entries: Its entries in order; those that are not about staff are passed over.
        """
        self._members: dict[str, list[_Since]] = {}
        self._first: datetime | None = None
        for entry in entries:
            self.read(entry)

    def read(self, entry: Access) -> None:
        """Read one more entry."""
        if entry.what == "staff":
            name = told_by(entry).name
            before = self._members.setdefault(name, [])
            told = told_by(entry, before[-1].told if before else None).told
            before.append(_Since(entry.at, entry.number, told))
            self._first = self._first or entry.at

    def against(self, actor: str, at: datetime | None, *acts: str) -> str:
        """
        Say why somebody had no right to an act; empty where there was one.

        Of what was changed at the very instant of the act, before and after are both good. A local operator has every
        right until the board keeps staff, and none afterwards.

        Args:
            actor: Who did it, as it was recorded.
            at: When; None: after the last entry that was read.
            acts: The rights of which one was needed.
        """
        if actor == CLOCK_NAME:
            return "" if CLOCK_ACTOR.may(*acts) else CLOCK_ACTOR.objection(acts[0]).text
        if not is_member(actor):
            is_kept = self._first is not None and (at is None or at > self._first)
            return f"{actor} showed no token, and the board kept staff by then" if is_kept else ""
        known = self._members.get(actor.removeprefix(STAFF_PREFIX), [])
        held = [one for one in known if at is None or one.at < at][-1:] + [one for one in known if one.at == at]
        if not held:
            return f"by the access log {actor} was no member yet"
        if any(not one.told.is_disabled and _as(actor, one.told).may(*acts) for one in held):
            return ""
        last = held[-1]
        since = f"by entry {last.entry} of the access log, of {last.at:%Y-%m-%d %H:%M}Z"
        if last.told.is_disabled:
            return f"{actor} might not sign in, {since}"
        return f"{_as(actor, last.told).objection(acts[0]).text}; {since}"


def _as(actor: str, told: Told) -> Actor:
    roles = told.roles.split(", ")
    return Actor(actor, tuple(role for role in ROLES if role in roles), "member")


def acts_without_right(acts: Iterable[Act], held: RolesHeld) -> Iterator[tuple[Act, str]]:
    """List the acts on persons to which their actor had no right then; retention is the clock's."""
    for act in acts:
        if act.note.actor != CLOCK_NAME and (why := held.against(act.note.actor, act.note.at, FORGET)):
            yield act, why


def entries_without_right(entries: Iterable[Access]) -> Iterator[tuple[Access, str]]:
    """List the entries of the whole access log to which their actor had no right by the entries before."""
    held, proposals = RolesHeld(), dict[str, Access]()
    for entry in entries:
        if entry.what == "proposal":
            proposals[command_of(entry)] = entry
        objections = (held.against(entry.actor, None, *acts) for acts in _needed(entry, proposals))
        if why := next(filter(None, objections), ""):
            yield entry, why
        held.read(entry)


def _needed(entry: Access, proposals: Mapping[str, Access]) -> list[tuple[str, ...]]:
    """Give the rights that an entry took: of each group one."""
    if entry.what in ("proposal", "withdrawal"):
        return [acts_for(proposals.get(entry.detail, entry))]
    return [(_WORK.get(entry.what, entry.what),), *([("reveal",)] if entry.subject.endswith(IN_FULL) else [])]
