"""
Bars: how long misconduct keeps a person from being admitted, or from applying again.

Pure. A bar holds for the person, whichever application it was found in; inside that application the machine's rule
asks here, and for all others the draft does, with what the service has found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from workflow.application import Application
from workflow.errors import Objection
from workflow.scheme import Rules


@dataclass(frozen=True, slots=True)
class Bar:
    """
    A bar in force.

    Attributes:
        application: The application in which the misconduct was found.
        found_on: Day of the finding, from which it holds.
        until: Its last day, which still counts.
        clause: The degree's clause.
    """

    application: str
    found_on: date
    until: date
    clause: str

    def objection(self, day: date, what: str) -> Objection | None:
        """Object to something that is to happen on a day inside the bar."""
        if not self.found_on <= day <= self.until:
            return None
        text = f"barred through {self.until} for misconduct found in {self.application}; {what} is on {day}"
        return Objection("is_not_barred", text, self.clause)


def bars_of(application: Application, rules: Rules) -> tuple[Bar, ...]:
    """List the bars that the findings in force of one application bring."""
    return tuple(
        Bar(application.key, on, finding.barred_until, str(rules.scheme.misconduct[finding.degree].clause))
        for _sequence, on, finding in application.findings
        if finding.barred_until
    )
