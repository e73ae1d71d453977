"""
Receipts: what a run of a job did, in a form that can be counted, printed, compared and proved.

Pure. A run's changes are kept line by line in its parts; the receipt is computed from them, and its digest does not
depend on how the work was cut up or by how many nodes it was done.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from workflow.nights.ledger import COMPLETE, WITH_EXCEPTIONS, Parked, Part, Run, RunKey


@dataclass(frozen=True, slots=True)
class Change:
    """
    One thing that a run did.

    Attributes:
        application: The application; the person's key where a person was erased.
        what: What was done: the name of an event, `Notice` or `CandidateErased`.
        on: The day on which it took effect, however late it was recorded.
        why: The reason, in words.
        sequence: Number of the event; 0 where it is none.
    """

    application: str
    what: str
    on: date
    why: str
    sequence: int = 0

    def as_json(self) -> dict[str, Any]:
        """Give plain JSON values."""
        found = {"application": self.application, "what": self.what, "on": self.on.isoformat(), "why": self.why}
        return {**found, "sequence": self.sequence} if self.sequence else found

    @property
    def line(self) -> str:
        """The change as a line of JSON."""
        return json.dumps(self.as_json(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def read(cls, line: str) -> Change:
        """Read a line."""
        found = json.loads(line)
        return cls(**{**found, "on": date.fromisoformat(found["on"])})


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    What a run did.

    Attributes:
        run: The job and the business day.
        counts: Changes by what was done, in the order of names.
        parked: What could not be judged, and why.
        digest: sha256 over the lines of all changes in the order of buckets and applications.
        is_dry_run: Whether nothing was written.
    """

    run: RunKey
    counts: dict[str, int] = field(default_factory=dict)
    parked: tuple[Parked, ...] = ()
    digest: str = ""
    is_dry_run: bool = False

    @property
    def outcome(self) -> str:
        """How the run ended."""
        return WITH_EXCEPTIONS if self.parked else COMPLETE

    def as_json(self) -> dict[str, Any]:
        """Give plain JSON values."""
        return {
            "job": self.run.job,
            "day": self.run.day.isoformat(),
            "dry_run": self.is_dry_run,
            "outcome": self.outcome,
            "counts": self.counts,
            "parked": [{"application": one.application, "reason": one.reason} for one in self.parked],
            "digest": self.digest,
        }


def changes_of(parts: Iterable[Part]) -> Iterator[list[str]]:
    """Stream the lines of a run, sorted, one bucket at a time."""
    lines: list[str] = []
    bucket = -1
    for part in parts:
        if part.bucket != bucket and lines:
            yield sorted(lines)
            lines = []
        bucket = part.bucket
        lines += part.changes
    if lines:
        yield sorted(lines)


def receipt_of(
    key: RunKey, buckets: Iterable[Sequence[str]], parked: tuple[Parked, ...] = (), is_dry_run: bool = False
) -> Receipt:
    """Compute a receipt from the lines of a run in their order (`changes_of`)."""
    digest, counts = hashlib.sha256(), Counter[str]()
    for lines in buckets:
        digest.update("".join(f"{line}\n" for line in lines).encode())
        # The name stands between quotes that no text before it can contain: a quote inside a JSON string is escaped.
        counts.update(line.split('"what":"', 1)[1].split('"', 1)[0] for line in lines)
    return Receipt(key, dict(sorted(counts.items())), parked, digest.hexdigest(), is_dry_run)


def run_json(run: Run) -> dict[str, Any]:
    """Give a run as plain JSON values."""
    return {
        "run": str(run.key),
        "job": run.key.job,
        "day": run.key.day.isoformat(),
        "opened_at": run.opened_at.isoformat(),
        "opened_by": run.opened_by,
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "finished_by": run.finished_by or None,
        "outcome": run.outcome or "owed",
        "digest": run.digest or None,
    }
