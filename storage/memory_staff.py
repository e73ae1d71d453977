"""The register of staff and the access log in memory."""

from __future__ import annotations

from collections.abc import Iterator
from threading import RLock

from storage.access_log import check_entry
from storage.staff import overtaken
from workflow.roles.access import Access, chained
from workflow.roles.staff import Member


class MemoryAccess:
    """The access log in memory."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._entries: list[Access] = []

    def add(self, entry: Access) -> Access:
        """Add an entry behind the last one; gives it with its number and hash."""
        check_entry(entry)
        with self._lock:
            last = self._entries[-1] if self._entries else None
            made = chained(entry, (last.number, last.hash) if last else None)
            self._entries.append(made)
        return made

    def entries(self, what: str = "", subject: str = "") -> Iterator[Access]:
        """Stream the entries in order."""
        yield from [x for x in self._entries if what in ("", x.what) and subject in ("", x.subject)]


class MemoryStaff:
    """The register of staff in memory."""

    def __init__(self, log: MemoryAccess) -> None:
        self._lock = RLock()
        self._log = log
        self._members: dict[str, Member] = {}

    def get(self, name: str) -> Member | None:
        """Give a member by name."""
        return self._members.get(name)

    def all(self) -> tuple[Member, ...]:
        """Give every member, in the order of names."""
        return tuple(member for _, member in sorted(self._members.items()))

    def is_kept(self) -> bool:
        """Tell whether there is any member."""
        return bool(self._members)

    def put(self, member: Member, before: Member | None, entry: Access) -> None:
        """Write a member and the entry of the access log that says so."""
        check_entry(entry)
        with self._lock:
            if self._members.get(member.name) != before:
                raise overtaken(member.name)
            self._log.add(entry)
            self._members[member.name] = member
