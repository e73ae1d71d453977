"""
Working days: the statutory rest days of a country, the board's own overrides, and windows counted in them.

Pure but for the calendar of `holidays`, which is data. Source: design.md, section 4; Civil Code article 203.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from workflow.calendar import ONE_DAY, Period

if TYPE_CHECKING:
    from holidays import HolidayBase

    from workflow.language.policy import Window


@lru_cache(maxsize=16)
def _calendar(place: str) -> HolidayBase:
    import holidays  # late: it takes a tenth of a second, and few commands count working days

    country, _, region = place.partition("-")
    return holidays.country_holidays(country, subdiv=region or None)


def is_known(place: str) -> bool:
    """Tell whether the rest days of a country, or of its region, are known."""
    try:
        _calendar(place)
    except NotImplementedError:
        return False
    return True


@dataclass(frozen=True)
class WorkingDays:
    """
    The working days of a board.

    Attributes:
        country: Country whose statutory rest days and make-up days hold, as a two-letter code, perhaps with a region.
        rest: Further rest days of the board.
        work: Rest days on which the board works all the same.
    """

    country: str = "CN"
    rest: Collection[date] = ()
    work: Collection[date] = ()

    def is_working(self, day: date) -> bool:
        """Tell whether a day is a working day; the board's own days come first."""
        if day in self.work or day in self.rest:
            return day in self.work
        return bool(_calendar(self.country).is_working_day(day))

    def roll(self, day: date) -> date:
        """Give the day itself if it is a working day, else the next one that is."""
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def last_day(self, start: date, window: Window) -> date:
        """
        Give the last day of a window; it counts.

        Args:
            start: The day that opens it; not itself counted.
            window: Its length. Counted in days or months, a last day on a rest day moves to the next working day.
        """
        if window.working_days is None:
            return self.roll(Period(days=window.days, months=window.months).after(start))
        return self.after(start, window.working_days)

    def after(self, start: date, working_days: int) -> date:
        """Give the day on which so many working days have gone by since a day, which is not itself counted."""
        day = start
        for _ in range(working_days):
            day = self.roll(day + ONE_DAY)
        return day
