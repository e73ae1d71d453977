"""
Limits: the spans of a scheme made ready to be asked for their last day, once for each level.

Pure. What a span means is decided here alone: length, last-day rule, missing days, rest days.
Source: design.md, section 4; Civil Code articles 201 to 203; domain.md, sections 2.1 and 5.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final

from workflow.calendar import ONE_DAY, month_end
from workflow.language.durations import NEW_YEAR, ExamYears, Length, Span, exam_year_end, exam_year_of
from workflow.language.workdays import WorkingDays

if TYPE_CHECKING:
    from workflow.language.durations import Effect
    from workflow.scheme import Rules

# Names of the countdown that ends every application of an edition, and of that of a window from the first attempt.
EDITION: Final = "edition"
WINDOW: Final = "window"
_WAITS: Final = {"draft": "drafted", "information": "returned"}

Ends = Callable[[date], date]


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """
    Until when a pass counts, by one rule of its level.

    Attributes:
        counted_from: The day that starts it, as in `Validity` and `SetWindow`.
        ends: Gives the last valid day from that day.
        effect: What follows when it runs out.
        clause: The clause of that.
    """

    counted_from: str
    ends: Ends
    effect: Effect
    clause: str


@dataclass(frozen=True, slots=True, eq=False)
class Countdown:
    """
    A clock of an application beside its passes.

    Attributes:
        name: Its name in the scheme.
        states: The states in which it runs.
        counted_from: The day that starts it: as in `Deadline`; or `entered`, `returned`, `drafted`; or empty where its
            last day is fixed.
        ends: Gives the last day from that day.
        not_after: Name of the one that cuts it; empty if none does.
        effect: `expire` or `close`.
        sittings: Most sittings that one authorization serves; None: any number.
        clause: Where it comes from.
        title: Its name for people.
    """

    name: str
    states: frozenset[str]
    counted_from: str
    ends: Ends
    not_after: str
    effect: str
    sittings: int | None
    clause: str
    title: str

    @property
    def is_of_a_wait(self) -> bool:
        """Whether it limits one wait: a stay in a state, a draft, information that was asked for."""
        return self.name in self.states or self.name in _WAITS


def ends_of(span: Span, years: ExamYears | None, working: WorkingDays) -> Ends:
    """
    Give the function from the day that starts a span to its last day, which itself counts.

    Args:
        span: The span.
        years: The exam years of the scheme; None: calendar years, all held.
        working: The working days of the board.
    """
    if span.until:
        last = span.until
        return lambda _start: last
    corresponding = _corresponding(span, years, working)
    begins = years.begins if years else NEW_YEAR
    if span.ends_on:
        rule: Ends | None = span.ends_on.on_or_after
    else:
        rule = {
            "corresponding": None,
            "one_less": lambda day: day - ONE_DAY,
            "end_of_month": month_end,
            "end_of_year": lambda day: day.replace(month=12, day=31),
            "end_of_exam_year": lambda day: exam_year_end(exam_year_of(day, begins), begins),
        }[span.last_day]
    steps = [corresponding, *([rule] if rule else []), *([working.roll] if span.rolls else [])]
    return corresponding if len(steps) == 1 else partial(_one_after_the_other, steps)


def _one_after_the_other(steps: list[Ends], day: date) -> date:
    for step in steps:
        day = step(day)
    return day


def _corresponding(span: Span, years: ExamYears | None, working: WorkingDays) -> Ends:
    lasts = span.lasts
    assert lasts is not None  # `Span` asks for a length where there is no fixed day
    if lasts.exam_years:
        return partial(_exam_years, number=lasts.exam_years, years=years)
    if span.missing_day == "month_end" or lasts.days or lasts.working_days:
        return partial(lasts.after, working=working)
    return partial(_into_the_next_month, length=lasts, working=working)


def _into_the_next_month(start: date, length: Length, working: WorkingDays) -> date:
    day = length.after(start, working)
    return day if day.day == start.day else day + ONE_DAY


def _exam_years(start: date, number: int, years: ExamYears | None) -> date:
    begins, not_held = (years.begins, years.not_held) if years else (NEW_YEAR, ())
    year = exam_year_of(start, begins)
    while number := number - (year not in not_held):
        year += 1
    return exam_year_end(year, begins)


def limits_of(rules: Rules) -> dict[str, tuple[Limit, ...]]:
    """Give for each part of a level what limits a pass of it: its own validity, and the window of the whole set."""
    scheme, window, lapse = rules.scheme, rules.level.window, rules.scheme.lapse
    found: dict[str, tuple[Limit, ...]] = {}
    for key, part in rules.parts.items():
        limits = []
        for span, clause in ((part.validity, part.clause), (window, window and window.clause)):
            if span is not None:
                ends = ends_of(span, scheme.exam_years, scheme.working_days)
                by = clause if span.on_lapse or span is window else lapse.clause
                limits.append(Limit(span.counted_from, ends, span.on_lapse or lapse.effect, str(by)))
        if limits:
            found[key] = tuple(limits)
    return found


def countdowns_of(rules: Rules) -> dict[str, Countdown]:
    """Give the other clocks of a level by name: its deadlines, the end of the edition, a window that ends all."""
    scheme, level = rules.scheme, rules.level
    waiting = frozenset(("submitted", "trained", *rules.stages))
    found = {}
    for name, x in level.deadlines.items():
        is_state = name in waiting or name == "awaiting_award"
        start = x.counted_from or _WAITS.get(name) or ("entered" if is_state else "")
        ends = ends_of(x, scheme.exam_years, scheme.working_days)
        states = frozenset((name,)) if is_state else waiting
        outer, clause = x.not_after or "", str(x.clause)
        found[name] = Countdown(name, states, start, ends, outer, x.effect, x.sittings, clause, x.title or name)
    if (last := scheme.edition.closes_on) is not None:
        clause = str(scheme.edition.clause)
        found[EDITION] = Countdown(EDITION, waiting, "", lambda _start: last, "", "expire", None, clause, EDITION)
    window = level.window
    if window and window.counted_from == "first_attempt" and (window.on_lapse or scheme.lapse.effect) == "expire":
        ends = ends_of(window, scheme.exam_years, scheme.working_days)
        clause = str(window.clause)
        found[WINDOW] = Countdown(WINDOW, waiting, "first_attempt", ends, "", "expire", None, clause, WINDOW)
    return found
