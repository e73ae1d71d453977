"""
Awarding: how certificates are called and numbered, when they end, and how they are renewed.

Owns the models only; `workflow/renewal.py` says where a certificate stands.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, field_validator, model_validator

from workflow.calendar import ONE_DAY, Period
from workflow.document import Marks, Strict, Text
from workflow.language.annual import AnnualDay
from workflow.language.conditions import Clause, Requirement
from workflow.language.stages import Name


class Cycle(AnnualDay):
    """
    The days of the year on which all certificates end.

    Attributes:
        number: Which of these days, counted from the award (the day itself included) or from the last end.
        at_least: What a first certificate has in any case: days that come sooner are passed over.
        every: Years from one such day to the next.
        counted_from: A year in which the day is one; needed where `every` is more than 1.
    """

    number: int = Field(default=1, ge=1, le=50)
    at_least: Period | None = None
    every: int = Field(default=1, ge=1, le=20)
    counted_from: int | None = Field(default=None, ge=1900, le=2999)

    @model_validator(mode="after")
    def _names_a_year(self) -> Cycle:
        if self.every > 1 and self.counted_from is None:
            raise ValueError(f"every {self.every} years needs counted_from: a year in which the day is one")
        return self

    def first_end(self, awarded_on: date) -> date:
        """Give the last valid day of a certificate awarded on a day."""
        return self._end_from(self.at_least.after(awarded_on) if self.at_least else awarded_on)

    def next_end(self, last_valid_on: date) -> date:
        """Give the last valid day of the time that follows an end."""
        return self._end_from(last_valid_on + ONE_DAY)

    def _end_from(self, day: date) -> date:
        year = self.on_or_after(day).year
        if self.counted_from is not None:
            year += (self.counted_from - year) % self.every
        return self.in_year(year + (self.number - 1) * self.every)


class Renewal(Strict):
    """
    How a certificate is renewed: it keeps its number and is valid for the same time once more.

    Attributes:
        credits: Credits that must be recorded for the time since the award or the last renewal.
        least: Least number of them by category.
        most: Greatest number that counts of a category.
        carries_over: How many credits above those asked for count for the next time.
        credits_until: Whether those count that are earned through the `last_day`, or until it is `renewed`.
        all: Requirements that must hold on the day of renewal, by what is shown then.
        opens: How long before the last valid day it may first be renewed; absent: at any time.
        late: How long after it the certificate still counts and can still be renewed.
        suspended: How long after that it does not count and can still be renewed.
        counted_from: Whether the new time follows the `last_day` of the old one, or the day on which it is `renewed`
            where that is later.
        most_renewals: How often it may be renewed.
        clause: Where this comes from.
    """

    credits: Marks | None = None
    least: dict[Text, Marks] = Field(default_factory=dict)
    most: dict[Text, Marks] = Field(default_factory=dict)
    carries_over: Marks | None = None
    credits_until: Literal["last_day", "renewed"] = "last_day"
    all: tuple[Requirement, ...] = Field(default=(), strict=False)
    opens: Period | None = None
    late: Period | None = None
    suspended: Period | None = None
    counted_from: Literal["last_day", "renewed"] = "last_day"
    most_renewals: int | None = Field(default=None, ge=1, le=100)
    clause: Clause

    @property
    def counts_credits(self) -> bool:
        """Whether credits are asked for."""
        return self.credits is not None or bool(self.least)

    @model_validator(mode="after")
    def _can_be_earned(self) -> Renewal:
        for category, least in self.least.items():
            if (most := self.most.get(category)) is not None and most < least:
                raise ValueError(f"at most {most} credits count of {category}, but at least {least} are asked for")
        if (self.most or self.carries_over is not None) and self.credits is None:
            raise ValueError("most and carries_over say how credits count; say how many are asked for: credits")
        if self.credits is not None and sum(self.least.values()) > self.credits:
            raise ValueError(f"the least by category come to more than the {self.credits} credits asked for")
        return self


class CertificateNumber(Strict):
    """
    How certificates are called and numbered, and how long they are valid.

    Attributes:
        title: Title of the paper.
        number: Pattern of the number. `{year}`, `{yy}`, `{level}` and the names under `fields` are filled in;
            `{serial:N}` is the running number in N digits, counted from 1 without a gap for each series, and a series
            is the rest of the number.
        fields: The board's own pieces of the number, such as its province or site code.
        valid_for: How long a certificate is valid from its award; absent, with no `cycle` either: it does not end.
        last_day: How the last valid day of `valid_for` is found.
        cycle: The days on which all certificates end.
        renewal: How a certificate is renewed; absent: it cannot be.
    """

    title: Text
    number: Text
    fields: dict[Name, Text] = Field(default_factory=dict)
    valid_for: Period | None = None
    last_day: Literal["corresponding", "one_less", "end_of_month", "end_of_year"] = "corresponding"
    cycle: Cycle | None = None
    renewal: Renewal | None = None
    clause: Clause

    @field_validator("number")
    @classmethod
    def _has_a_serial(cls, number: str) -> str:
        split_number(number)
        return number

    @model_validator(mode="after")
    def _ends_one_way(self) -> CertificateNumber:
        if self.valid_for and self.cycle:
            raise ValueError("give valid_for or cycle, not both")
        if self.last_day != "corresponding" and not self.valid_for:
            raise ValueError("last_day says how the end of valid_for is found; give valid_for")
        if self.renewal and not self.ends:
            raise ValueError("a certificate that does not end needs no renewal; give valid_for or cycle")
        return self

    @property
    def ends(self) -> bool:
        """Whether certificates end."""
        return self.valid_for is not None or self.cycle is not None


def split_number(pattern: str) -> tuple[str, int, str]:
    """
    Split a certificate number's pattern around its serial.

    Returns:
        What stands before the serial, its number of digits, what stands after.

    Raises:
        ValueError: there is not exactly one `{serial:N}` with N from 1 to 12.
    """
    before, mark, rest = pattern.partition("{serial:")
    digits, closing, after = rest.partition("}")
    if not mark or not closing or not digits.isdigit() or not 1 <= int(digits) <= 12 or "{serial" in after:
        raise ValueError("needs exactly one {serial:N}, N being its number of digits, 1 to 12")
    return before, int(digits), after
