"""
Policy: the parts of the scheme language about resits, marking, rechecks, panels and misconduct.

Owns the models only; the rules judge by them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from workflow.calendar import Period
from workflow.conditions import Clause
from workflow.document import Marks, Strict, Text


class Window(Strict):
    """
    How long something may be asked for or must be decided; a last day on a rest day moves to the next working day.

    Exactly one unit is given.

    Attributes:
        days: Calendar days.
        working_days: Working days of the scheme's calendar.
        months: Calendar months.
    """

    days: int | None = Field(default=None, ge=1, le=3650)
    working_days: int | None = Field(default=None, ge=1, le=1000)
    months: int | None = Field(default=None, ge=1, le=120)

    @model_validator(mode="after")
    def _one_unit(self) -> Window:
        if sum(unit is not None for unit in (self.days, self.working_days, self.months)) != 1:
            raise ValueError("give the length in exactly one of days, working_days, months")
        return self


class Resits(Strict):
    """
    How often and how soon a part may be taken again; absent: without a limit.

    Attributes:
        most: Attempts in all, the first included.
        waiting: Time from the day of the last attempt to the next sitting.
        counts_absence: Whether an absence counts as an attempt.
        clause: Where this comes from.
    """

    most: int | None = Field(default=None, ge=1, le=100)
    waiting: Period | None = None
    counts_absence: bool = False
    clause: Clause


class Entry(Strict):
    """
    How marks are established from readers who mark apart.

    Attributes:
        readers: How many readers enter marks before they are compared; 1 is no comparison.
        tolerance: Largest difference at which the mean of two readers counts; beyond it a third reader decides.
        clause: Where this comes from.
    """

    readers: Literal[1, 2] = 1
    tolerance: Marks = Decimal(0)
    clause: Clause


class Recheck(Strict):
    """
    The right to have a result looked at again.

    Attributes:
        request_within: From the announcement; the last day itself counts.
        decide_within: From the request.
        clause: Where this comes from.
    """

    request_within: Window
    decide_within: Window
    clause: Clause


class Panel(Strict):
    """
    The panel of a review.

    Attributes:
        least: Fewest members whose marks make a quorum.
        odd: Whether their number must be odd.
        rule: How the panel's mark is made of the members' marks: their mean, or the middle one.
        clause: Where this comes from.
    """

    least: int = Field(default=3, ge=1, le=99)
    odd: bool = True
    rule: Literal["mean", "median"] = "mean"
    clause: Clause


class Degree(Strict):
    """
    A degree of misconduct and what it brings.

    Attributes:
        title: Its name for people.
        voids: Whose results are void: `nothing`, the `part` of the session, the whole `session`, or `all` so far.
        bar: How long the candidate may not be admitted, counted from the finding; absent: no bar.
        ends: Whether the application ends as annulled.
        voids_certificate: Whether a certificate that was awarded is to be revoked.
        clause: Where this comes from.
    """

    title: Text
    voids: Literal["nothing", "part", "session", "all"]
    bar: Period | None = None
    ends: bool = False
    voids_certificate: bool = False
    clause: Clause
