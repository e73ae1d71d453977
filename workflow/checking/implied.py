"""
Which requirement of a condition is stronger than which other: whoever meets the one meets the other.

Pure, and careful: where it cannot tell, it says no. A field that lists what counts is stronger the less it lists; a
length or a number is stronger the greater it is; what is not said is weakest. Kinds and fields that are added to the
language are compared in the same way, by their equality at the least.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from workflow.calendar import Period
from workflow.language.conditions import Condition, Requirement

# Fields in which more asks for more, and fields in which more asks for less.
_LEAST: Final = {"years", "months", "hours", "held_for", "least", "number"}
_MOST: Final = {"gap_days", "within", "most"}
# The shortest and the longest that a month and a year can be, in days, to compare lengths of different units.
_DAYS: Final = {"days": (1, 1), "months": (28, 31), "years": (365, 366)}


def condition_implies(strong: Condition, weak: Condition) -> bool:
    """Tell whether whoever meets the one condition always meets the other."""
    if weak.only_for not in (None, strong.only_for):
        return False
    return all(any(requirement_implies(s, w) for s in strong.all) for w in weak.all)


def requirement_implies(strong: Requirement, weak: Requirement) -> bool:
    """Tell whether whoever meets the one requirement always meets the other."""
    if strong.kind != weak.kind:
        return False
    fields = type(weak.asked).model_fields
    return all(_is_at_least(name, getattr(strong.asked, name), getattr(weak.asked, name)) for name in fields)


def _is_at_least(name: str, strong: Any, weak: Any) -> bool:
    if strong == weak:
        return True
    if name == "counted":  # an unbroken stretch is part of the sum of all
        return (strong, weak) == ("continuous", "cumulative")
    if name in _MOST:
        if strong is None or (weak is None and name == "gap_days"):
            return False
        return weak is None or _is_longer(weak, strong)
    if weak is None or weak == ():
        return True
    if strong is None or strong == ():
        return False
    if name in _LEAST:
        return _is_longer(strong, weak)
    if isinstance(strong, tuple) and isinstance(weak, tuple):
        return set(strong) <= set(weak)
    return False


def _is_longer(longer: Any, shorter: Any) -> bool:
    """Tell whether one number or length is at least another, on every calendar."""
    if isinstance(longer, int | Decimal) and isinstance(shorter, int | Decimal):
        return longer >= shorter
    if isinstance(longer, Period) and isinstance(shorter, Period):
        return (
            months_of(longer) >= months_of(shorter)
            if _in_months(longer, shorter)
            else least_days(longer) >= most_days(shorter)
        )
    return False


def _in_months(*lengths: Any) -> bool:
    return all(length.days is None for length in lengths)


def months_of(length: Any) -> int:
    """Give a length of years or months in months."""
    return (length.years or 0) * 12 + (length.months or 0)


def least_days(length: Any) -> int:
    """Give the fewest days that a length can have; units that are not calendar days count as nothing."""
    return sum((getattr(length, unit, None) or 0) * days[0] for unit, days in _DAYS.items())


def most_days(length: Any) -> int:
    """Give the most days that a length can have."""
    return sum((getattr(length, unit, None) or 0) * days[1] for unit, days in _DAYS.items())
