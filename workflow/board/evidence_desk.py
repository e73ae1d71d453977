"""
The evidence desk: every piece of evidence of an application, who checked and judged it, and how it counts now.

Pure; read from the history, whose events say who and when. The pieces themselves hold no personal value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from workflow.application import Application
from workflow.events import Event, instant_text
from workflow.facts import EvidenceChecked, EvidenceJudged, Resubmitted
from workflow.replay import known
from workflow.service import Service
from workflow.weighing import items, weighed


@dataclass(frozen=True, slots=True)
class Item:
    """
    A piece of evidence.

    Attributes:
        name: Its name: `education/0`, `work/1`, in the order shown.
        shown: What it says, as plain values.
        status: unverified, verified or rejected.
        checked: The event of its latest check; None if it was never checked.
        judged: The event of the latest judgement on it; None if there is none.
        counts_as: What it says as the board reads it; None where it does not count.
    """

    name: str
    shown: dict[str, Any]
    status: str
    checked: Event | None
    judged: Event | None
    counts_as: dict[str, Any] | None

    def as_row(self, application: str) -> dict[str, Any]:
        """Give one row of a listing, as plain JSON values."""
        return {
            "application": application,
            "item": self.name,
            "shown": self.shown,
            "status": self.status,
            "counts_as": self.counts_as,
            "checked": _said(self.checked),
            "judged": _said(self.judged),
        }


def _said(event: Event | None) -> dict[str, Any] | None:
    if event is None:
        return None
    said = event.fact.model_dump(mode="json", exclude_none=True, exclude={"item"})
    kept = {key: value for key, value in said.items() if value != ""}
    return {
        "by": event.actor,
        "on": event.effective_on.isoformat(),
        "recorded_at": instant_text(event.recorded_at),
        **kept,
    }


def evidence_of(
    service: Service, application: str, as_of: date | None = None, known_at: datetime | None = None
) -> tuple[Item, ...]:
    """
    List the evidence of an application as it stands on a day.

    Raises:
        NotFound: there is no such application, or not on that day, or not by that knowledge.
    """
    history = service.history(application)
    standing = service.stood(history, as_of, known_at)
    return items_of(standing.application, known(history, standing.as_of, known_at))


def items_of(application: Application, events: Sequence[Event]) -> tuple[Item, ...]:
    """List the pieces that an application shows; `events` are those that made it."""
    checked: dict[str, Event] = {}
    judged: dict[str, Event] = {}
    for event in events:
        match event.fact:
            case Resubmitted():
                checked, judged = {}, {}
            case EvidenceChecked(item=item):
                checked[item] = event
            case EvidenceJudged(item=item):
                judged[item] = event
    return tuple(
        Item(name, _plain(piece), _status(checked.get(name)), checked.get(name), judged.get(name), counting)
        for name, piece, counting in _counted(application)
    )


def _counted(application: Application) -> list[tuple[str, Any, dict[str, Any] | None]]:
    """Pair every piece with what it counts as; what was rejected counts as nothing."""
    rejected = {check.item for check in application.checks if check.status == "rejected"}
    shown = items(application.evidence)
    counting = iter(items(weighed(application)).values())
    return [(name, piece, None if name in rejected else _plain(next(counting))) for name, piece in shown.items()]


def _plain(piece: Any) -> dict[str, Any]:
    said: dict[str, Any] = piece.model_dump(mode="json", by_alias=True, exclude_none=True)
    return said


def _status(event: Event | None) -> str:
    return event.fact.status if event and isinstance(event.fact, EvidenceChecked) else "unverified"
