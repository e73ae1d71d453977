"""What an import did: rows and applications counted, and the rows that were not taken, each with its reason."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from workflow.bulk.rows import RowProblem


@dataclass(frozen=True, slots=True)
class Reject:
    """
    A row that was not taken.

    Attributes:
        file: Name of the file.
        line: Line in it.
        application: Number of the application; empty where it could not be read.
        field: Title of the column at fault; several are joined by a comma.
        value: What was found; personal values are hidden.
        reason: What is wrong and what is allowed.
    """

    file: str
    line: int
    application: str
    field: str
    value: str
    reason: str

    @classmethod
    def of(cls, problem: RowProblem) -> Reject:
        """Tell everything that is wrong with a row at once."""
        found = problem.problems
        reason = found[0].text if len(found) == 1 else "; ".join(f"{p.field}: {p.text}" for p in found)
        return cls(
            found[0].where,
            problem.line,
            problem.application,
            ", ".join(dict.fromkeys(p.field for p in found if p.field)),
            " | ".join(p.value for p in found if p.value),
            reason,
        )


@dataclass(frozen=True)
class Report:
    """
    What an import did.

    Attributes:
        counts: Rows read, taken, unchanged and rejected; applications new, continued and unchanged; events written.
        rejects: The rows that were not taken, by file and line.
        is_dry_run: Whether nothing was written.
        undecided: The applications that wait for the board, since evidence of theirs is among the rejects.
        notes: What whoever files a new application should know of it, each beginning with its number.
        stuck: The applications that were left as they are, since a record does not hold.
    """

    counts: dict[str, int]
    rejects: tuple[Reject, ...]
    is_dry_run: bool = False
    undecided: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Give the report as plain JSON values."""
        rejects = [asdict(r) for r in self.rejects]
        return {
            "dry_run": self.is_dry_run,
            "counts": self.counts,
            "rejects": rejects,
            "undecided": list(self.undecided),
            "notes": list(self.notes),
            "stuck": list(self.stuck),
        }
