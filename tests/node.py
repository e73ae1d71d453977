"""Builders: a node of the nightly work with a clock that is set by hand, its log and what it reported."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from scheduler.health import Health
from scheduler.night import Night
from scheduler.runner import Beat, Runner, Stop
from tests.nights import MISSED
from workflow.nights.ledger import RunKey
from workflow.ports import Stores
from workflow.service import Service

NOON = datetime(2026, 6, 21, 4, tzinfo=UTC)


class Told:
    """A log that is kept."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append((event, fields))

    error = info

    @property
    def events(self) -> list[str]:
        return [event for event, _fields in self.lines]

    def of(self, event: str) -> list[dict[str, Any]]:
        """Give what was told of an event."""
        return [fields for told, fields in self.lines if told == event]


class Node:
    """A node with a clock that is set by hand, its stop, its log and what it reported."""

    def __init__(self, stores: Stores, name: str = "n1", at: datetime = NOON, **more: Any) -> None:
        self.stores, self.at, self.stop, self.log = stores, at, Stop(), Told()
        self.reports: list[Health] = []
        keys = count(1)
        service = Service(stores, self.clock, lambda: f"{name}-{next(keys)}", "clerk")
        self.night = Night(service, f"clerk@{name}", is_stopping=more.pop("is_stopping", self.stop.is_set))
        self.runner = Runner(self.night, self.log, self.reports.append, name, 7, **more)

    def clock(self) -> datetime:
        """Give the instant."""
        return self.at

    def beat(self, at: datetime | None = None) -> Beat:
        """Beat once, at an instant."""
        self.at = at or self.at
        return self.runner.beat()

    @property
    def health(self) -> Health:
        """The last report."""
        return self.reports[-1]


def missed(*jobs: str) -> list[RunKey]:
    """Give the runs of the missed nights."""
    return [RunKey(job, day) for day in MISSED for job in jobs or ("expire", "release", "remind", "retention")]
