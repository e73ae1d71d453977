"""
Projections: what an application's row says beside its history, and what is written with new events.

Pure shapes; `draft.project` makes a projection, the stores keep it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from workflow.events import Event


class Projection(NamedTuple):
    """
    What an application's row says beside its history; it can be dropped and rebuilt to the same values.

    Attributes:
        application: Key of the application.
        candidate: Opaque key of the candidate.
        scheme: Scheme id.
        digest: Digest of the pinned document.
        level: The level.
        submitted_on: Day of submission.
        state: State after the last recorded event.
        sequence: Number of the last event.
        head: Hash of the last event.
        next_due_on: Day on which the clock's next step takes effect; None while it has nothing to do.
        recorded_at: Instant at which the last event was recorded; None where it is not known, and the history is asked.
        next_due_type: Name of the fact which that step will record; empty where it is not known, and the history is
            asked.
        next_due_data: That fact as canonical JSON.
    """

    application: str
    candidate: str
    scheme: str
    digest: str
    level: int
    submitted_on: date
    state: str
    sequence: int
    head: str
    next_due_on: date | None
    recorded_at: datetime | None = None
    next_due_type: str = ""
    next_due_data: str = ""


class Append(NamedTuple):
    """
    New events of one application, to be written together with its projection.

    Attributes:
        application: Key of the application.
        expected: Sequence of its last event as the writer saw it; 0 for a new application.
        events: The new events, chained, sequences `expected` + 1 and up, at least one.
        projection: The projection after them.
    """

    application: str
    expected: int
    events: tuple[Event, ...]
    projection: Projection
