"""
Policy: the parts of the scheme language about marking, rechecks, panels, staff and misconduct.

Owns the models only; the rules judge by them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

from pydantic import Field, model_validator

from workflow.calendar import Period
from workflow.document import Day, Marks, Strict, Text
from workflow.language.conditions import Clause, Requirement


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
        members: Whether the members' marks are `required`, or `optional`: then the panel's mark may stand alone, as in
            files that hold no more; quorum and rule are judged wherever members' marks are given.
        rule: How the panel's mark is made of the members' marks: their mean, or the middle one.
        clause: Where this comes from.
    """

    least: int = Field(default=3, ge=1, le=99)
    odd: bool = True
    members: Literal["required", "optional"] = "required"
    rule: Literal["mean", "median"] = "mean"
    clause: Clause


class CarriesFrom(Strict):
    """
    From which other rules parts may be carried over to a level; from the same scheme and level they always may.

    Attributes:
        scheme: Id of the scheme.
        level: Its level.
        parts: Each of its parts that counts here, with the part of this level as which it counts.
        until: Last day on which one may be carried over; absent: no end.
        sat_from: Only those sat on this day or later.
        sat_until: Only those sat on this day or sooner.
        least: Marks that one must have there, on its own scale; absent: its pass mark.
        valid_until: The day through which it counts here; absent: its old last valid day.
        all: Requirements that must hold for the new application.
        clause: Where this comes from.
    """

    scheme: Text
    level: int = Field(ge=1, le=9)
    parts: dict[Text, Text] = Field(min_length=1)
    until: Day | None = None
    sat_from: Day | None = None
    sat_until: Day | None = None
    least: Marks | None = None
    valid_until: Day | None = None
    all: tuple[Requirement, ...] = Field(default=(), strict=False)
    clause: Clause

    @model_validator(mode="after")
    def _can_happen(self) -> CarriesFrom:
        if self.sat_from and self.sat_until and self.sat_until < self.sat_from:
            raise ValueError(f"sat_until lies before sat_from, {self.sat_from}")
        return self


Duty = Literal[
    "score_and_announce",
    "train_and_examine",
    "decide_and_award",
    "correction",
    "reinstatement",
    "revocation",
]


class Duties(Strict):
    """
    Separated duties that the board lets go; where a document says nothing of duties, all are kept apart.

    Attributes:
        let_go: The duties that are not kept apart: see docs/trust.md.
        clause: Where this comes from.
    """

    let_go: tuple[Duty, ...] = Field(min_length=1, strict=False)
    clause: Clause


class Retention(Strict):
    """
    How long the data of a person is kept for an application; the corresponding day is the last, and itself counts.

    Attributes:
        certified: From the award, or from the certificate's last valid day where it has one; absent: for ever.
        ended: From the day on which an application ended otherwise.
        clause: Where this comes from.
    """

    certified: Period | None = None
    ended: Period
    clause: Clause


# Electronic papers five years at least, lists of those who passed for long, which archives take as thirty
# (domain.md, section 2.5). The night never erases by it: only a scheme that says so itself is acted upon.
DEFAULT_RETENTION: Final = Retention(
    certified=Period(years=30), ended=Period(years=5), clause=Clause(source="none", at="retention")
)


class Staffing(Strict):
    """
    How a sitting of a part is to be staffed; what falls short is a finding and stops nothing.

    Attributes:
        candidates_per_invigilator: Most candidates for each invigilator.
        invigilators_per_room: Fewest invigilators for each room in use.
        candidates_per_assessor: Most candidates for each assessor.
        least_assessors: Fewest assessors.
        odd_assessors: Whether their number must be odd.
        clause: Where this comes from.
    """

    candidates_per_invigilator: int | None = Field(default=None, ge=1, le=1000)
    invigilators_per_room: int | None = Field(default=None, ge=1, le=99)
    candidates_per_assessor: int | None = Field(default=None, ge=1, le=1000)
    least_assessors: int | None = Field(default=None, ge=1, le=99)
    odd_assessors: bool = False
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
