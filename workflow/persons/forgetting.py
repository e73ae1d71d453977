"""
Forgetting: a person's data restricted, given free again or erased, as acts in a register of their own.

Pure. The register belongs to persons, not to applications: no event of a history is touched by it. Each act names the
hash of the one before it, whoever it concerns, so that none can be changed, moved or left out unseen.
Source: domain.md, section 4 (PIPL articles 45 to 47).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import rfc8785

from workflow.errors import Conflict, NotFound, Objection, Refused
from workflow.events import instant_text
from workflow.logs import Note

Deed = Literal["restricted", "unrestricted", "erased"]
PersonStanding = Literal["active", "restricted", "erased"]

ERASED: Final = "CandidateErased"  # as receipts call it
FIRST: Final = "0" * 64
AFTER: Final[dict[Deed, PersonStanding]] = {"restricted": "restricted", "unrestricted": "active", "erased": "erased"}


@dataclass(frozen=True, slots=True)
class Act:
    """
    One act on a person's data; it holds no personal value.

    Attributes:
        number: Its number in the register, from 1 without a gap.
        candidate: Key of the person.
        deed: What was done.
        on: The board's day on which it was done.
        note: The instant, by whom, why, and on whose authority.
        previous: Hash of the act before it; 64 zeros for the first.
        hash: sha256 of all the above.
    """

    number: int
    candidate: str
    deed: Deed
    on: date
    note: Note
    previous: str
    hash: str


def hash_of(act: Act) -> str:
    """Compute the hash of an act: sha256 of its canonical JSON (RFC 8785) without the hash itself."""
    fields: dict[str, str | int] = {
        "number": act.number,
        "candidate": act.candidate,
        "deed": act.deed,
        "on": act.on.isoformat(),
        "at": instant_text(act.note.at),
        "actor": act.note.actor,
        "reason": act.note.reason,
        "authority": act.note.authority,
        "previous": act.previous,
    }
    return hashlib.sha256(rfc8785.dumps({**fields})).hexdigest()


def chained(last: tuple[int, str] | None, candidate: str, deed: Deed, on: date, note: Note) -> Act:
    """
    Make the next act of the register.

    Args:
        last: Number and hash of the last act; None where there is none.
        candidate: Key of the person.
        deed: What is done.
        on: The board's day.
        note: When, by whom and why.
    """
    number, previous = last or (0, FIRST)
    act = Act(number + 1, candidate, deed, on, note, previous, "")
    return Act(act.number, candidate, deed, on, note, previous, hash_of(act))


def broken(acts: Iterable[Act]) -> Iterator[str]:
    """Check the whole register, oldest act first; tells what does not hold, and nothing where all does."""
    number, previous = 0, FIRST
    standings: dict[str, PersonStanding] = {}
    for act in acts:
        number += 1
        if act.number != number:
            yield f"act {number} is missing: the next one is {act.number}"
            number = act.number
        elif act.previous != previous:
            yield f"act {act.number} does not follow the one before it: one of them was changed or replaced"
        if hash_of(act) != act.hash:
            yield f"act {act.number} is not what its hash says: it was changed"
        if act.deed not in AFTER:
            yield f"act {act.number} says {act.deed!r}, which is no deed"
        elif standings.get(act.candidate, "active") not in BEFORE[act.deed]:
            yield f"act {act.number} says {act.deed} of a candidate who was {standings.get(act.candidate, 'active')}"
        standings[act.candidate] = AFTER.get(act.deed, "active")
        previous = act.hash


BEFORE: Final[dict[Deed, tuple[PersonStanding, ...]]] = {
    "restricted": ("active",),
    "unrestricted": ("restricted",),
    "erased": ("active", "restricted"),
}


def check_deed(candidate: str, standing: PersonStanding | None, deed: Deed) -> bool:
    """
    Tell whether there is anything to do.

    Returns:
        False where the person's data is so already.

    Raises:
        NotFound: there is no such person.
        Conflict: the person is erased, which cannot be undone.
    """
    if standing is None:
        raise NotFound(f"no candidate {candidate}")
    if standing == AFTER[deed]:
        return False
    if standing == "erased":
        raise Conflict(f"candidate {candidate} is erased, which cannot be undone; see: examboard candidate acts")
    return True


def restricted(candidate: str, what: str) -> Refused:
    """Give the refusal of something new for a person whose data is only kept."""
    text = "the person's data is restricted; if that is to end: examboard candidate unrestrict"
    return Refused(f"candidate {candidate}: {what}", [Objection("is_not_restricted", text, "board forgetting")])
