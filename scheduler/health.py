"""
Health: what a node says of itself after every look at what is owed, for probes and for Prometheus.

Two small files, each replaced whole, so that a reader never sees half of one. Neither holds a personal value.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final

from scheduler.jobs import JobState

STOPPED: Final = "stopped"


@dataclass(frozen=True, slots=True)
class Health:
    """
    What a node says of itself.

    Attributes:
        node: Its name.
        pid: Its process.
        beat_at: When it last looked at what is owed, or went on with it.
        day: The board's business day then.
        failing: Why it fails; empty where it does not.
        working_on: The run that it is at; empty where it is at none.
        jobs: Where every job stands; the last that is known where the database cannot be asked.
        waiting: Notices that wait to be delivered.
    """

    node: str
    pid: int
    beat_at: datetime
    day: date
    failing: str = ""
    working_on: str = ""
    jobs: tuple[JobState, ...] = ()
    waiting: int = 0

    @property
    def owed(self) -> int:
        """How many runs are owed."""
        return sum(len(state.owed) for state in self.jobs)

    @property
    def parked(self) -> int:
        """How many applications the last runs have parked."""
        return sum(len(state.parked) for state in self.jobs)

    def as_json(self) -> dict[str, Any]:
        """Give plain JSON values."""
        return {
            "node": self.node,
            "pid": self.pid,
            "beat_at": self.beat_at.isoformat(),
            "ok": not self.failing,
            "reason": self.failing or None,
            "working_on": self.working_on or None,
            "business_day": self.day.isoformat(),
            "jobs": {state.job: _job_json(state) for state in self.jobs},
            "owed": self.owed,
            "parked": self.parked,
            "outbox_waiting": self.waiting,
        }


def _job_json(state: JobState) -> dict[str, Any]:
    last = state.last
    return {
        "last_day": last.key.day.isoformat() if last else None,
        "outcome": last.outcome if last else None,
        "finished_at": last.finished_at.isoformat() if last and last.finished_at else None,
        "owed": len(state.owed),
        "parked": len(state.parked),
    }


def metrics_text(health: Health) -> str:
    """Write the metrics in the text format of Prometheus, as its collector of text files reads it."""
    runs = {state.job: state.last for state in health.jobs}
    finished = {job: _seconds(run.finished_at) if run and run.finished_at else 0 for job, run in runs.items()}
    days = {job: _seconds(datetime.combine(run.key.day, time(), UTC)) if run else 0 for job, run in runs.items()}
    gauges: Sequence[tuple[str, str, dict[str, int] | int]] = (
        (
            "job_last_success_timestamp_seconds",
            "When the newest finished business day was finished; 0: never.",
            finished,
        ),
        ("job_last_business_day_timestamp_seconds", "The newest finished business day, as its 00:00 UTC.", days),
        ("runs_owed", "Runs that are owed.", health.owed),
        ("applications_parked", "Applications that the last run of a job could not judge.", health.parked),
        ("outbox_waiting", "Notices that wait to be delivered.", health.waiting),
        ("node_ok", "Whether the last beat of this node went well.", int(not health.failing)),
        ("node_last_beat_timestamp_seconds", "When this node last looked at what is owed.", _seconds(health.beat_at)),
    )
    return "".join(f"{line}\n" for gauge in gauges for line in _gauge(*gauge))


def _gauge(name: str, text: str, value: dict[str, int] | int) -> Iterator[str]:
    name = f"examboard_{name}"
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} gauge"
    if isinstance(value, int):
        yield f"{name} {value}"
    else:
        yield from (f'{name}{{job="{job}"}} {number}' for job, number in value.items())


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


@dataclass(frozen=True, slots=True)
class Files:
    """
    The files to which a node writes how it is.

    Attributes:
        health: The health file, JSON; None: none.
        metrics: The metrics file; None: none.
    """

    health: Path | None = None
    metrics: Path | None = None

    def write(self, health: Health) -> None:
        """
        Write both.

        Raises:
            OSError: one cannot be written.
        """
        if self.health:
            _replace(self.health, f"{json.dumps(health.as_json(), ensure_ascii=False, indent=1)}\n")
        if self.metrics:
            _replace(self.metrics, metrics_text(health))


def _replace(path: Path, text: str) -> None:
    """Replace a file whole; the new one lies beside it first, under a name that no collector reads."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def fault_in(text: str, now: datetime, most_seconds: float) -> str:
    """
    Say what is wrong with a node by its health file; empty where nothing is.

    Args:
        text: What the file holds.
        now: The present instant.
        most_seconds: How long ago it may have looked, or how far ahead where a clock was set back.
    """
    try:
        found = json.loads(text)
        node, reason = found["node"], found["reason"]
        beat_at = datetime.fromisoformat(found["beat_at"])
        age = (now - beat_at).total_seconds()
    except (ValueError, TypeError, KeyError, RecursionError):
        return "the health file is not one of Examboard's"
    if reason:
        return f"node {node}: {reason}"
    if abs(age) > most_seconds:
        return f"node {node} looked at what is owed {age:.0f} seconds ago, at {found['beat_at']}"
    return ""
