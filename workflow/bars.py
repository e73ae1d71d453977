"""
Bars: how long a person is kept from being admitted, or from applying again.

Pure. A bar holds for the person: inside the application that brings it the machine's own rules ask, for all others
`workflow/elsewhere.py` does, with what the service has found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from workflow.application import Application
from workflow.attempts import counted, without_a_way
from workflow.calendar import ONE_DAY
from workflow.errors import Objection
from workflow.scheme import Rules


@dataclass(frozen=True, slots=True)
class Bar:
    """
    A bar in force.

    Attributes:
        since: The first day on which it holds: of the finding, or of the last result.
        until: Its last day, which still counts.
        why: What brought it, and in which application.
        clause: The clause of that.
    """

    since: date
    until: date
    why: str
    clause: str

    def objection(self, day: date, what: str) -> Objection | None:
        """Object to something that is to happen on a day inside the bar."""
        if not self.since <= day <= self.until:
            return None
        text = f"barred through {self.until} for {self.why}; {what} is on {day}"
        return Objection("is_not_barred", text, self.clause)


def bars_of(application: Application, rules: Rules) -> tuple[Bar, ...]:
    """List the bars that the findings in force of one application bring: they hold in every occupation."""
    if not application.findings:  # of nearly everybody, at every admission
        return ()
    return tuple(
        Bar(
            on,
            finding.barred_until,
            f"misconduct found in {application.key}",
            str(rules.scheme.misconduct[finding.degree].clause),
        )
        for _sequence, on, finding in application.findings
        if finding.barred_until
    )


def bars_of_attempts(application: Application, rules: Rules, day: date) -> Iterator[Bar]:
    """
    List the bars that attempts which are used up bring: they hold for the same occupation and level.

    Args:
        application: The application.
        rules: Its rules.
        day: The day asked about, on which a part that is held brings none.
    """
    barring = [key for key, part in rules.parts.items() if part.resits and part.resits.bar]
    for part, attempts, since in without_a_way(application, rules, barring, day) if barring else ():
        resits = rules.parts[part].resits
        assert resits is not None
        assert resits.bar is not None  # only such parts were asked about
        last = counted(application, rules, part)[-1].sat_on
        first = resits.bar.after(last, rules.scheme.working_days)
        why = f"{attempts} attempts of {part} used up in {application.key}, the last on {last}"
        yield Bar(since, first - ONE_DAY, why, str(resits.clause))
