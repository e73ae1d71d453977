"""The audit of the access log: its chain, and that the staff are those of whom it tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from workflow.audit.findings import ASK, RESTORE, Finding
from workflow.ports import Stores
from workflow.roles.access import Access, broken


class Told(NamedTuple):
    """What is told of a member: the roles as they are written, and whether the member may sign in."""

    roles: str
    is_disabled: bool

    def __str__(self) -> str:
        return f"{'disabled, ' if self.is_disabled else ''}{self.roles}"


def audit_access(stores: Stores) -> Iterator[Finding]:
    """List what does not hold of the access log, and which members are not as it tells."""
    for number, text in broken(stores.access.entries()):
        yield Finding("access", f"entry {number}: {text}", RESTORE, table="access", key=str(number))
    told = staff_told(stores.access.entries("staff"))
    kept = {one.name: Told(", ".join(one.roles), one.disabled_at is not None) for one in stores.staff.all()}
    for name in sorted(told.keys() | kept.keys()):
        if kept.get(name) != told.get(name):
            text = f"member {name} is {kept.get(name, 'not there')}, by the access log {told.get(name, 'not there')}"
            yield Finding("access", f"{text}: the row or the log was changed", ASK, table="member", key=name)


class Change(NamedTuple):
    """A change of staff: of whom, and what is told of the member from then on."""

    name: str
    told: Told


def staff_told(entries: Iterable[Access]) -> dict[str, Told]:
    """Tell from the entries of the access log about staff which members there must be; each came with its change."""
    found: dict[str, Told] = {}
    for entry in entries:
        name = told_by(entry).name
        found[name] = told_by(entry, found.get(name)).told
    return found


def told_by(entry: Access, before: Told | None = None) -> Change:
    """
    Read what an entry about staff tells.

    Args:
        entry: The entry.
        before: What was told of the member before; None: nothing.
    """
    verb, _, rest = entry.subject.partition(" ")
    name, _, roles = rest.partition(": ")
    # Roles leave it as it was whether the member may sign in; a new token lets in again (workflow/roles/staff.py).
    was_disabled = before is not None and before.is_disabled
    return Change(name, Told(roles, verb == "disable" or (verb == "roles" and was_disabled)))
