"""
The access log: who saw full values, exported, opened a dossier, kept staff or keys, and put forward what needs a second
person. Only ever added to, and chained by hash; it holds no personal value.

An entry is written before what it tells of is shown or done (domain.md, section 4: each view logged).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, Protocol, get_args

import rfc8785

from workflow.errors import Objection, Refused
from workflow.events import GENESIS, instant_text
from workflow.roles.rights import Actor

What = Literal["reveal", "export", "dossier", "print", "staff", "keys", "proposal", "withdrawal"]
WHATS: Final[tuple[What, ...]] = get_args(What)
IN_FULL: Final = ", in full"  # ends the subject of what was handed out with names and numbers in full


@dataclass(frozen=True, slots=True)
class Access:
    """
    An entry of the access log.

    Attributes:
        at: The instant, aware.
        actor: Who.
        what: What kind of act it was.
        subject: What it was about: keys, the name of a list, of a member or of a file's form; never a personal value.
        reason: Why, as the actor said; empty where none is asked for.
        persons: Of how many persons values were shown or written.
        detail: Further particulars as canonical JSON; of a proposal, the step that is put forward; of a withdrawal, the
            command by which the proposal would have been confirmed.
        number: 1, 2, 3 ... through the whole log; 0 until it is written.
        previous: Hash of the entry before; 64 zeros for the first.
        hash: sha256 over the canonical form of all the above; empty until it is written.
    """

    at: datetime
    actor: str
    what: What
    subject: str
    reason: str = ""
    persons: int = 0
    detail: str = ""
    number: int = 0
    previous: str = ""
    hash: str = ""


class AccessLog(Protocol):
    """The access log. Entries are only ever added."""

    def add(self, entry: Access) -> Access:
        """
        Add an entry behind the last one; gives it with its number and hash.

        Raises:
            Unavailable: it cannot be written; then nothing may be shown.
            Invalid: a text cannot be kept on every database.
            ValueError: the instant has no zone.
        """

    def entries(self, what: str = "", subject: str = "") -> Iterator[Access]:
        """Stream the entries in order, in flat memory: all of them, or of a kind, or about a subject."""


def disclose(log: AccessLog, actor: Actor, entry: Access, is_revealed: bool = False) -> Access:
    """
    Log what is about to be shown or handed out; only what this gave may be shown.

    Args:
        log: The log.
        actor: Who is to see it.
        entry: What is to be shown, by the right that it takes: `what` names it.
        is_revealed: Whether names and numbers stand there in full.

    Raises:
        Refused: there is no right to it; or it is in full, and there is no right to that, or no reason is given.
        Unavailable, Misconfigured: the log cannot be written.
    """
    actor.need(entry.subject, entry.what)
    if is_revealed:
        actor.need(entry.subject, "reveal")
        if not entry.reason.strip():
            text = "a reason is missing: who sees names and numbers in full says why"
            raise Refused(entry.subject, [Objection("has_a_reason", text)])
        entry = entry if entry.what == "reveal" else replace(entry, subject=f"{entry.subject}{IN_FULL}")
    return log.add(entry)


def access_hash(entry: Access) -> str:
    """Hash an entry's canonical form (RFC 8785); `number` and `previous` must be set."""
    fields: dict[str, str | int] = {
        "number": entry.number,
        "at": instant_text(entry.at),
        "actor": entry.actor,
        "what": entry.what,
        "subject": entry.subject,
        "reason": entry.reason,
        "persons": entry.persons,
        "detail": entry.detail,
        "previous": entry.previous,
    }
    return hashlib.sha256(rfc8785.dumps({**fields})).hexdigest()


def chained(entry: Access, last: tuple[int, str] | None) -> Access:
    """
    Link an entry to the one before.

    Args:
        entry: The entry, not yet written.
        last: Number and hash of the last entry; None where there is none.
    """
    number, previous = last or (0, GENESIS)
    linked = replace(entry, number=number + 1, previous=previous)
    return replace(linked, hash=access_hash(linked))


def broken(entries: Iterable[Access]) -> Iterator[tuple[int, str]]:
    """Check the whole log, first entry first; gives number and text of each thing that does not hold."""
    number, previous = 0, GENESIS
    for entry in entries:
        number += 1
        if entry.number != number:
            yield number, f"entry {number} is missing; the next one is {entry.number}"
            number = entry.number
        elif entry.previous != previous:
            yield number, "does not follow from the entry before: one of them was changed or replaced"
        if entry.hash != access_hash(entry):
            yield number, "its hash does not follow from its content: it was changed"
        previous = entry.hash
