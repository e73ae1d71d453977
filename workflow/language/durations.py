"""
Durations: the parts of the scheme language about how long something is valid or may take.

Owns the models only; `workflow/validity.py` finds the days, `workflow/clock.py` what follows from them.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, model_validator

from workflow.calendar import ONE_DAY, LastDayRule, MissingDay, count, shifted
from workflow.document import Day, Strict, Text
from workflow.language.annual import AnnualDay
from workflow.language.conditions import Clause
from workflow.language.workdays import WorkingDays

Effect = Literal["expire", "reopen", "restart"]
AttemptDay = Literal["sat", "announced", "released", "assessed", "registration_closed"]
ApplicationDay = Literal["submitted", "approved", "course_completed"]

# What an application can wait in beside the states of its level.
WAITS: Final = ("draft", "information")

NEW_YEAR: Final = AnnualDay(month=1, day=1)


class Length(Strict):
    """
    A length of time that something lasts.

    Exactly one unit is given.

    Attributes:
        years: Calendar years, 1 to 100.
        months: Calendar months, 1 to 1200.
        days: Days, 1 to 36500.
        working_days: Working days of the board, 1 to 1000.
        exam_years: Exam years, 1 to 20; that of the first day is the first, and those not held do not count.
    """

    years: int | None = Field(default=None, ge=1, le=100)
    months: int | None = Field(default=None, ge=1, le=1200)
    days: int | None = Field(default=None, ge=1, le=36500)
    working_days: int | None = Field(default=None, ge=1, le=1000)
    exam_years: int | None = Field(default=None, ge=1, le=20)

    @model_validator(mode="after")
    def _one_unit(self) -> Length:
        units = tuple(type(self).model_fields)
        if sum(getattr(self, unit) is not None for unit in units) != 1:
            raise ValueError(f"give the length in exactly one of {', '.join(units)}")
        return self

    def __str__(self) -> str:
        amount, unit = next((n, u) for u in type(self).model_fields if (n := getattr(self, u)) is not None)
        return count(amount, unit[:-1].replace("_", " "))

    def after(self, start: date, working: WorkingDays) -> date:
        """
        Give the corresponding day after a start.

        Raises:
            ValueError: it is counted in exam years, which have no corresponding day; `limits` finds their end.
        """
        if self.exam_years is not None:
            raise ValueError("exam years have no corresponding day")
        if self.working_days is not None:
            return working.after(start, self.working_days)
        return shifted(start, self.years or 0, self.months or 0, self.days or 0)


class Span(Strict):
    """
    A stretch of time, from the day that starts it to its last day, which itself counts.

    Attributes:
        until: A fixed last day, the same for all, instead of a length.
        last_day: How the last day is found from the corresponding one.
        ends_on: Instead of `last_day`: the first such day of the year on or after the corresponding one.
        missing_day: What becomes of a corresponding day that a month does not have, such as 29 February: the
            `month_end`, or the first of the `next_month`.
        rolls: Whether a last day on a rest day moves to the next working day.
    """

    length_name: ClassVar[str] = "length"
    may_be_endless: ClassVar[bool] = False

    until: Day | None = None
    last_day: LastDayRule = "corresponding"
    ends_on: AnnualDay | None = None
    missing_day: MissingDay = "month_end"
    rolls: bool = False

    @property
    def lasts(self) -> Length | None:
        """How long it lasts; None where `until` says when it ends."""
        found: Length | None = getattr(self, self.length_name)
        return found

    @model_validator(mode="after")
    def _has_one_end(self) -> Span:
        name = self.length_name
        if self.may_be_endless and self.lasts is None and self.until is None:
            if how := {"last_day", "ends_on", "missing_day", "rolls"} & self.model_fields_set:
                raise ValueError(f"{', '.join(sorted(how))}: say how an end is found; give {name}")
            return self
        if (self.lasts is None) == (self.until is None):
            raise ValueError(f"give either {name} or until: how long it lasts, or a fixed last day")
        how = {"last_day", "ends_on", "missing_day"} & self.model_fields_set
        if {"last_day", "ends_on"} <= how:
            raise ValueError("give either last_day or ends_on")
        if self.until and {*how, "rolls"} & self.model_fields_set:
            what = ", ".join(sorted({*how, "rolls"} & self.model_fields_set))
            raise ValueError(f"until is the last day itself; leave out {what}")
        if self.lasts and self.lasts.exam_years and (how - {"last_day"} or self.last_day not in _YEAR_ENDS):
            raise ValueError("exam years end with the last of them; leave out last_day, ends_on and missing_day")
        return self

    def __str__(self) -> str:
        if self.until:
            return f"until {self.until}"
        start: str | None = getattr(self, "counted_from", None)
        how = f" from the day {start.replace('_', ' ')}" if start else ""
        how += "" if self.last_day == "corresponding" else f", {self.last_day.replace('_', ' ')}"
        how += f", to the next {self.ends_on.month:02}-{self.ends_on.day:02}" if self.ends_on else ""
        return f"{self.lasts}{how}{', moved to a working day' if self.rolls else ''}"


_YEAR_ENDS: Final = ("corresponding", "end_of_exam_year")


class Validity(Span):
    """
    How long a pass stays valid.

    Attributes:
        length: How long.
        counted_from: The day that starts it: a day of the attempt (`sat`, `announced`, `released`, `assessed`,
            `registration_closed`) or of the application (`submitted`, `approved`, `course_completed`).
        on_lapse: What follows when it runs out; absent: as the scheme's `lapse` says.
    """

    length: Length | None = None
    counted_from: AttemptDay | ApplicationDay = "announced"
    on_lapse: Effect | None = None


class SetWindow(Span):
    """
    The time within which all parts of a level must be passed.

    Attributes:
        length: How long.
        counted_from: The day of the oldest pass that is still held which opens it, or the `first_attempt`, passed or
            not, since it was last closed.
        on_lapse: What follows when it closes: the application expires, the oldest pass alone runs out and the next
            oldest opens the window (`reopen`), or all parts start again; absent: as the scheme's `lapse` says.
        clause: Where this comes from.
    """

    length: Length | None = None
    counted_from: AttemptDay | Literal["first_attempt"] = "announced"
    on_lapse: Effect | None = None
    clause: Clause

    @model_validator(mode="after")
    def _can_open_again(self) -> SetWindow:
        if self.until:
            raise ValueError("a window has a length; a fixed last day for all is a deadline with until")
        if self.counted_from == "first_attempt" and self.on_lapse == "reopen":
            raise ValueError("after the first attempt there is no oldest pass to reopen; write expire or restart")
        return self


class Deadline(Span):
    """
    How long an application may wait for something, or go on at all; the last day itself counts.

    Attributes:
        within: How long.
        counted_from: The day that starts it; absent: the day on which the wait began that the deadline is named after.
        not_after: Another deadline of the level that cuts this one.
        effect: What follows: the application expires (`expire`), or nobody is admitted to a sitting beyond the last
            day, until the time starts anew (`close`); counted from an attempt, it begins with a sitting that is free.
        sittings: Most sittings that one authorization serves; absent: any number.
        title: Its name for people; absent: its own.
        clause: Where this comes from.
    """

    length_name: ClassVar[str] = "within"

    within: Length | None = None
    counted_from: ApplicationDay | Literal["authorized", "first_attempt", "last_attempt"] | None = None
    not_after: Text | None = None
    effect: Literal["expire", "close"] = "expire"
    sittings: int | None = Field(default=None, ge=1, le=100)
    title: Text = ""
    clause: Clause

    @model_validator(mode="after")
    def _starts_once(self) -> Deadline:
        if self.until and self.counted_from:
            raise ValueError("until is the same day for all; leave counted_from out")
        if self.sittings and self.counted_from != "authorized":
            raise ValueError("sittings are counted for each authorization: write counted_from: authorized")
        if self.effect == "close" and self.counted_from is None and self.until is None:
            raise ValueError("what closes is counted from a day: write counted_from")
        return self


class ExamYears(Strict):
    """
    The exam years of a qualification.

    Attributes:
        begins: The day of the calendar year on which an exam year begins.
        not_held: Exam years without an exam, each by the calendar year in which it begins; they count for nothing.
        clause: Where this comes from.
    """

    begins: AnnualDay = NEW_YEAR
    not_held: tuple[Annotated[int, Field(ge=1900, le=2999)], ...] = Field(default=(), strict=False)
    clause: Clause


def exam_year_of(day: date, begins: AnnualDay = NEW_YEAR) -> int:
    """Give the exam year of a day, by the calendar year in which it begins."""
    return day.year if day >= begins.in_year(day.year) else day.year - 1


def exam_year_end(year: int, begins: AnnualDay = NEW_YEAR) -> date:
    """Give the last day of an exam year, named by the calendar year in which it begins."""
    return begins.in_year(year + 1) - ONE_DAY
