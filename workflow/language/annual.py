"""A day of the year, such as 31 December, on which something ends or is measured."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

from pydantic import Field, model_validator

from workflow.document import Strict


class AnnualDay(Strict):
    """
    A day that comes every year; 29 February stands for the last day of February.

    Attributes:
        month: The month, 1 to 12.
        day: The day in it.
    """

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)

    @model_validator(mode="after")
    def _is_in_the_calendar(self) -> AnnualDay:
        last = monthrange(2000, self.month)[1]
        if self.day > last:
            raise ValueError(f"month {self.month} has {last} days at most; write day: {last} for its last one")
        return self

    def in_year(self, year: int) -> date:
        """Give the day in a year."""
        return date(year, self.month, min(self.day, monthrange(year, self.month)[1]))

    def on_or_after(self, day: date) -> date:
        """Give the first such day that is not before a day."""
        found = self.in_year(day.year)
        return found if found >= day else self.in_year(day.year + 1)
