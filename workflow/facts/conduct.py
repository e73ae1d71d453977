"""Facts of conduct and of the end: withdrawal, misconduct, annulment and its lifting."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from workflow.document import Day, Text
from workflow.facts.base import Changes, Fact, Reason

if TYPE_CHECKING:
    from workflow.application import Application


class Withdrawn(Fact):
    """The candidate took the application back."""

    step = "withdraw"
    reason: Text = ""

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The reason is kept."""
        return {"ended": self.reason, "ended_sequence": sequence}


class IncidentReported(Fact):
    """Something was observed at a sitting that may be misconduct; nothing is decided by it."""

    step = "report_incident"
    sitting: Text
    part: Text = ""
    what: Reason


class MisconductFound(Fact):
    """
    The board found misconduct, after hearing the candidate, and applied a degree of the scheme.

    Attributes:
        degree: Key of the degree in the scheme's `misconduct`.
        sitting: The session in which it happened; empty where it was not at a sitting, as with false papers.
        part: The part in which it happened.
        barred_until: Last day on which the candidate may not be admitted; absent: no bar.
        heard_on: Day on which the candidate was heard.
    """

    step = "find_misconduct"
    degree: Text
    sitting: Text = ""
    part: Text = ""
    barred_until: Day | None = None
    heard_on: Day | None = None
    reason: Reason
    authority: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """What it voids is computed from the degree (`parts`), so that lifting it restores what would have been."""
        return {"findings": (*application.findings, (sequence, on, self))}


class AnnulmentLifted(Fact):
    """
    A finding of misconduct was taken back.

    Attributes:
        supersedes: Sequence of the event that found it.
    """

    step = "lift_annulment"
    is_correction = True
    supersedes: int
    reason: Reason
    authority: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The finding counts no more; everything stands as if it had never been."""
        return {"findings": tuple(x for x in application.findings if x[0] != self.supersedes)}


class Annulled(Fact):
    """The board ended the application for misconduct."""

    step = "annul"
    reason: Reason
    authority: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The reason is kept."""
        return {"ended": self.reason, "ended_sequence": sequence}
