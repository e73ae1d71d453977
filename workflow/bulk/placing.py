"""
Placing: which edition of which scheme, and which level, the rows of an import ask for.

As `application submit` has it, transition clauses included: the edition does not depend on the way in.
"""

from __future__ import annotations

from datetime import date

from workflow.bulk.rows import ApplicationRow
from workflow.errors import ExamboardError
from workflow.offers import Applicant
from workflow.scheme import Pinned
from workflow.service import Service

Place = tuple[Pinned, int]
Fault = tuple[str, str, str]  # key of the column, what is wrong, the value found


class Placing:
    """
    The schemes that the board offers to the rows of one import.

    Attributes:
        asks_who_files: Whether the edition may depend on the candidate, who is known only when a row is filed.
    """

    def __init__(self, service: Service, cohort: str) -> None:
        """
        Look at the shelf.

        Args:
            service: The service.
            cohort: The programme under which the rows are filed; empty: none.
        """
        self._service = service
        self._shelf = service.stores.schemes.current()
        self._anybody = Applicant(cohort)
        self._answers: dict[tuple[str, str, str, date], Place | Fault] = {}
        self.asks_who_files = any(x.asks_who_files for p in self._shelf for x in p.scheme.edition.still_open_for)

    def for_anybody(self, row: ApplicationRow) -> Place | Fault:
        """Find what a row asks for where it does not depend on who files; those who ask alike are answered once."""
        question = (row.occupation, row.edition or "", row.level, row.submitted_on)
        if question not in self._answers:
            self._answers[question] = self.find(row, self._anybody)
        return self._answers[question]

    def find(self, row: ApplicationRow, files: Applicant) -> Place | Fault:
        """Find what a row asks for, or say what is wrong with it."""
        today = self._service.today()
        if row.submitted_on > today:
            return "submitted_on", f"lies in the future; the board's day is {today}", str(row.submitted_on)
        try:
            pinned = self._service.scheme_for(row.submitted_on, row.occupation, row.edition or "", files)
        except ExamboardError as error:
            # Whoever names an edition asks nothing of the one in force; then only an unknown occupation is at fault.
            if row.edition and any(x.scheme.occupation.code == row.occupation for x in self._shelf):
                return "edition", str(error), row.edition
            return "occupation", str(error), row.occupation
        level = pinned.scheme.level_named(row.level)
        if level is None:
            known = ", ".join(f"{n} ({x.title})" for n, x in sorted(pinned.scheme.levels.items()))
            return "level", f"edition {pinned.scheme.edition.names[0]} has no such level; it has: {known}", row.level
        return pinned, level
