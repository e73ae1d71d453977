"""
Guarded stores: the stores of a database as one member may use them.

The last line within the program: whatever use case asks, a store writes for a member only what the table of
`workflow/roles/rights.py` gives to the member's roles, and in the member's own name. Reading passes through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, cast

from workflow.errors import Objection, Refused
from workflow.logs import Note
from workflow.nights.ledger import Part
from workflow.persons.forgetting import Act, Deed
from workflow.ports import Append, Stores
from workflow.roles.access import Access, AccessLog
from workflow.roles.proposals import confirm_erasure
from workflow.roles.rights import CLOCK_NAME, CLOCK_RIGHTS, STORES, WRITES, Actor, acts_of
from workflow.roles.staff import Member


def guarded(stores: Stores, actor: Actor) -> Stores:
    """Give the stores as a member may use them."""
    return cast(Stores, _Stores(stores, actor))


class _Stores:
    def __init__(self, stores: Stores, actor: Actor) -> None:
        self._stores, self._actor = stores, actor

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._stores, name)
        if name == "events":
            return _Events(found, self._actor, name)
        if name == "candidates":
            return _Persons(found, self._actor, self._stores.access)
        if name in ("access", "staff"):
            return _Logged(found, self._actor, name)
        return _Store(found, self._actor, name) if name in STORES else found


class _Store:
    def __init__(self, store: Any, actor: Actor, name: str) -> None:
        self._store, self._actor, self._name = store, actor, name

    def __getattr__(self, method: str) -> Any:
        if act := WRITES.get((self._name, method)):
            self._actor.need(f"{self._name}.{method}", act)
        return getattr(self._store, method)

    def _check_name(self, subject: str, name: str) -> None:
        if name != self._actor.name:
            text = f"what is to be written names {name}, who is not {self._actor.name}"
            raise Refused(subject, [Objection("is_recorded_by_who_acts", text)])


class _Logged(_Store):
    """The access log and the register of staff: an entry is its own actor's, or two people could be made of one."""

    def add(self, entry: Access) -> Access:
        self._check_name("entry of the access log", entry.actor)
        return cast(Access, self._store.add(entry))

    def put(self, member: Member, before: Member | None, entry: Access) -> None:
        self._actor.need(f"member {member.name}", WRITES["staff", "put"])
        self._check_name(f"member {member.name}", entry.actor)
        self._store.put(member, before, entry)


class _Persons(_Store):
    """The candidate registry: an erasure takes two members."""

    def __init__(self, store: Any, actor: Actor, log: AccessLog) -> None:
        super().__init__(store, actor, "candidates")
        self._log = log

    def amend(self, key: str, values: Mapping[str, str], note: Note) -> tuple[str, ...]:
        self._actor.need(f"candidate {key}", WRITES["candidates", "amend"])
        self._check_name(f"candidate {key}", note.actor)
        return cast("tuple[str, ...]", self._store.amend(key, values, note))

    def forget(self, key: str, deed: Deed, on: date, note: Note, part: Part | None = None) -> Act | None:
        self._actor.need(f"candidate {key}", WRITES["candidates", "forget"])
        self._check_name(f"candidate {key}", note.actor)
        if deed == "erased":
            confirm_erasure(self._log, self._actor.name, key, note.at)
        return cast("Act | None", self._store.forget(key, deed, on, note, part))


class _Events(_Store):
    """The event store: every event that is written is judged by who recorded it and of what type it is."""

    def append(self, batch: Sequence[Append]) -> tuple[str, ...]:
        return cast("tuple[str, ...]", self._store.append(self._checked(batch)))

    def append_numbered(self, series: str, build: Callable[[int], Append]) -> None:
        self._store.append_numbered(series, lambda serial: self._checked([build(serial)])[0])

    def append_seated(self, sitting: Any, most: int, build: Callable[[Any], Sequence[Append]]) -> tuple[str, ...]:
        def checked(seats: Any) -> Sequence[Append]:
            return self._checked(build(seats))

        return cast("tuple[str, ...]", self._store.append_seated(sitting, most, checked))

    def _checked(self, batch: Iterable[Append]) -> list[Append]:
        appends = list(batch)
        for append in appends:
            for event in append.events:
                subject = f"application {event.application}: {event.type}"
                if event.actor == CLOCK_NAME and event.type in CLOCK_STEPS:
                    continue
                self._check_name(subject, event.actor)
                self._actor.need(subject, *acts_of(event.type))
        return appends


# What a draft writes down before a fact, in the clock's name; a seat is released by the night alone.
CLOCK_STEPS: Final = CLOCK_RIGHTS - {"AdmissionCancelled"}
