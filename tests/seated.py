"""Builders: a board with trained applications and sittings with rooms, on any store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

from tests.timeline import EVIDENCE
from tests.timeline import test_scheme as scheme_with
from workflow import facts as f
from workflow.draft import Draft
from workflow.ports import Sitting, Stores
from workflow.scheme import Pinned
from workflow.seating import Room, Staff
from workflow.service import Service

NOW = datetime(2026, 5, 1, 4, tzinfo=UTC)
SAT_ON = date(2026, 6, 10)


def board(stores: Stores, actor: str = "clerk", now: datetime = NOW) -> Service:
    """Give the service of a clerk on a day in May 2026; the keys of two clerks differ."""
    numbers = count(1)
    return Service(stores, lambda: now, lambda: f"{actor}-{next(numbers)}", actor)


def trained(stores: Stores, keys: Sequence[str], scheme: Pinned | None = None, trainer: str = "") -> None:
    """File applications of level 3 and bring them through their training."""
    scheme = scheme or scheme_with()
    stores.schemes.put(scheme, NOW)
    rules, day = scheme.rules(3), date(2026, 3, 1)
    batch = []
    for key in keys:
        opening = f.Submitted(candidate=f"c-{key}", scheme="test", digest=scheme.digest, level=3, evidence=EVIDENCE)
        draft = Draft.opening(key, opening, day, rules, NOW, "clerk", "submit")
        draft.propose(f.EligibilityAccepted(condition="1", conditions_met=("1",), evidence_digest=""), day, "accept")
        course = f.TrainingRecorded(
            hours=Decimal(100), completion_certificate=True, completed_on=day, certificate_number="T", trainer=trainer
        )
        draft.propose(course, day, "train")
        batch.append(draft.append())
    assert stores.events.append(batch) == ()


def names(number: int) -> list[str]:
    """Give as many application numbers."""
    return [f"A{n:04}" for n in range(1, number + 1)]


def sitting(
    *sizes: int,
    part: str = "theory",
    on: date = SAT_ON,
    separate: int = 0,
    staff: tuple[Staff, ...] = (),
    key: str = "S",
) -> Sitting:
    """Give a sitting with rooms of some sizes, and some separate rooms."""
    rooms = [Room(f"R{n}", size) for n, size in enumerate(sizes, 1)]
    rooms += [Room(f"own-{n}", 1, True) for n in range(1, separate + 1)]
    return Sitting(key, part, on, rooms=tuple(rooms), staff=staff)


def put(stores: Stores, *sittings: Sitting) -> tuple[Sitting, ...]:
    """Register sittings."""
    assert stores.sittings.put(sittings) == len(sittings)
    return sittings


def seated(stores: Stores, key: str = "S") -> dict[str, tuple[str, int]]:
    """Give who has which seat, by the seats of the register."""
    return {seat.application: (seat.room, seat.number) for seat in stores.sittings.seats(key) if seat.application}
