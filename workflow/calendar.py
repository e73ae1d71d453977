"""
Calendar arithmetic: periods in days, months and years, and the board's day of an instant.

Pure; never asks what day it is. Years and months are calendar arithmetic from the start date, never added up in
steps (design.md, section 4; PRC Civil Code articles 201-204 in domain.md 2.1).
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from pydantic import Field, model_validator

from workflow.document import Strict

ONE_DAY = timedelta(days=1)
LastDayRule = Literal["corresponding", "one_less", "end_of_month", "end_of_year", "end_of_exam_year"]
MissingDay = Literal["month_end", "next_month"]


class Period(Strict):
    """
    A length of calendar time.

    Exactly one unit is given; 24 months and 2 years are the same length, 730 days are not.

    Attributes:
        years: Calendar years, 1 to 100.
        months: Calendar months, 1 to 1200.
        days: Days, 1 to 36500.
    """

    years: int | None = Field(default=None, ge=1, le=100)
    months: int | None = Field(default=None, ge=1, le=1200)
    days: int | None = Field(default=None, ge=1, le=36500)

    @model_validator(mode="after")
    def _one_unit(self) -> Period:
        if sum(unit is not None for unit in (self.years, self.months, self.days)) != 1:
            raise ValueError("give the length in exactly one of years, months, days")
        return self

    def after(self, start: date) -> date:
        """Give the corresponding day after a start; the month's last day where there is none."""
        return shifted(start, self.years or 0, self.months or 0, self.days or 0)

    def __str__(self) -> str:
        amount, unit = next((n, u) for u in ("years", "months", "days") if (n := getattr(self, u)) is not None)
        return f"{amount} {unit if amount != 1 else unit[:-1]}"


@lru_cache(maxsize=65_536)  # a caseload asks for few days many times, and relativedelta is slow
def shifted(start: date, years: int, months: int, days: int) -> date:
    """Give the corresponding day after so many years, months and days; the month's last day where there is none."""
    return start + relativedelta(years=years, months=months, days=days)


def years_after(start: date, years: int) -> date:
    """Give the anniversary of a day; 28 February where there is no 29th."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return start.replace(year=start.year + years, day=28)


def month_end(day: date) -> date:
    """Give the last day of the month of a day."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def board_day(instant: datetime, zone: str) -> date:
    """
    Give the calendar day of an instant in a board's time zone; the day changes at local midnight.

    Raises:
        ValueError: the instant has no zone of its own.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone names no day")
    return instant.astimezone(ZoneInfo(zone)).date()


def count(number: int, noun: str) -> str:
    """Write a number with its noun: `1 day`, `25 days`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
