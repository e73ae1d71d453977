"""
Opening: the draft of an application that the files of an import speak of, filed anew or gone on with.

What its own row asks for must fit what is recorded: the person of the document, the scheme, the level and the day.
"""

from __future__ import annotations

from dataclasses import dataclass

from workflow.board.applying import applicant
from workflow.bulk.filing import Filing
from workflow.bulk.placing import Place, Placing
from workflow.bulk.rows import ApplicationRow
from workflow.draft import Draft
from workflow.errors import Refused
from workflow.events import Event
from workflow.facts import Submitted
from workflow.ports import Candidate
from workflow.service import Beside, Service


@dataclass(frozen=True)
class Opening:
    """
    Opens drafts.

    Attributes:
        service: The service.
        placing: What says under which scheme and level a row is filed.
        cohort: Tag of the programme under which new applications are filed; empty: none.
    """

    service: Service
    placing: Placing
    cohort: str

    def draft(
        self,
        filing: Filing,
        history: tuple[Event, ...] | None,
        candidate: Candidate | None,
        beside: Beside,
    ) -> Draft | None:
        """Draft a new application, or go on with one; None where its own row is rejected, or there is no such one."""
        row = filing.row
        if row is None or candidate is None:
            return self._continued(filing, history, beside) if history else None
        place = self._place_of(filing, row, candidate, beside)
        if place is None:  # what is recorded of another candidate is not to be judged beside what this one has
            is_theirs = history is not None and _candidate_of(history) == candidate.key
            return self._continued(filing, history, beside) if history and is_theirs else None
        if candidate.name != row.name:
            text = "the identity document is registered under another name"
            filing.reject("applications", row, "document_number", text)
            return None
        if candidate.is_restricted:
            text = "the person's data is restricted; if that is to end: examboard candidate unrestrict"
            filing.reject("applications", row, "document_number", text)
            return None
        if history is None:
            return self._submitted(filing, row, candidate, place, beside)
        fact, (pinned, level) = history[0].fact, place
        asked = (candidate.key, pinned.scheme.scheme, level, row.submitted_on)
        if not isinstance(fact, Submitted) or asked != (
            fact.candidate,
            fact.scheme,
            fact.level,
            history[0].effective_on,
        ):
            text = "this number is taken by an application of another candidate, scheme, level or day"
            filing.reject("applications", row, "application", text, row.application)
            return None
        filing.unchanged += 1
        return self._continued(filing, history, beside)

    def _place_of(self, filing: Filing, row: ApplicationRow, candidate: Candidate, beside: Beside) -> Place | None:
        """Give the scheme and the level that a row asks for; None where it is rejected for them."""
        if not self.placing.asks_who_files:
            return (filing.pinned, filing.level) if filing.pinned else None
        files = applicant(
            self.service, candidate.key, row.submitted_on, self.cohort, filing.evidence, row.application, beside
        )
        answer = self.placing.find(row, files)
        if len(answer) == 2:
            return answer
        filing.reject("applications", row, *answer)
        return None

    def _continued(self, filing: Filing, history: tuple[Event, ...], beside: Beside) -> Draft:
        draft = self.service.draft(history, beside=beside)
        filing.compare_evidence(draft)
        return draft

    def _submitted(
        self, filing: Filing, row: ApplicationRow, candidate: Candidate, place: Place, beside: Beside
    ) -> Draft | None:
        pinned, level = place
        try:
            opened = self.service.opening(
                row.application,
                candidate.key,
                pinned,
                pinned.rules(level),
                filing.evidence,
                row.submitted_on,
                "round:submission",
                self.cohort,
                beside=beside,
            )
        except Refused as refused:
            text = "; ".join(map(str, refused.objections))
            filing.reject("applications", row, "submitted_on", text, str(row.submitted_on))
            return None
        filing.taken += 1 + filing.evidence_rows
        return opened


def _candidate_of(history: tuple[Event, ...]) -> str:
    fact = history[0].fact
    return fact.candidate if isinstance(fact, Submitted) else ""
