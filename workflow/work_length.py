"""
Lengths of work: from which day on the work shown is long enough, if it goes on.

Pure. Source: domain.md, readings A5-A9, A33 and A34.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import Final, NamedTuple

from dateutil.relativedelta import relativedelta

from workflow.calendar import ONE_DAY, Period, count, shifted, years_after
from workflow.document import FIRST_DAY, LAST_DAY
from workflow.evidence import Work
from workflow.findings import RELATIONS, Finding, in_days
from workflow.language.conditions import WorkRequirement
from workflow.language.terms import one_of_named

_LONGEST: Final = (LAST_DAY - FIRST_DAY).days
_ANCHORS: Final = {"certificate": "certificate", "education": "diploma", "title": "title", "training": "course"}


class _Run(NamedTuple):
    """Unbroken work from `start` until before `end`; `end` None: it goes on. Hours are worked at a daily `rate`."""

    start: date
    end: date | None
    rate: Fraction = Fraction()

    def days_by(self, on: date) -> int:
        return max(0, (min(self.end or on, on) - self.start).days)

    def cut(self, first: date, on: date) -> _Run | None:
        start, end = max(self.start, first), min(self.end or on, on)
        return _Run(start, end, self.rate) if start < end else None


def work_finding(asked: WorkRequirement, shown: Sequence[Work], on: date, anchors: Mapping[str, Finding]) -> Finding:
    """
    Answer a condition that asks for a length of work.

    Args:
        asked: What is asked for.
        shown: The work.
        on: The day asked about.
        anchors: The answers for the pieces of the same condition from which work may count.
    """
    length, occupation, text = _words(asked)
    anchor = anchors.get(asked.after or "")
    if anchor and anchor.anchor is None:
        kind = _ANCHORS[asked.after or "certificate"]
        why = f"the day of the {kind} is not known" if anchor.met else f"there is no {kind} to count it from"
        return Finding(text, False, None, (), f"work: {why}")
    after = f" after the {anchor.anchor_name} of {anchor.anchor}" if anchor else ""
    fitting = [w for w in shown if w.occupation in asked.occupation]
    runs = _runs(asked, fitting, anchor.anchor if anchor else None, on)
    if not runs:
        if shown and not fitting:
            none = f"none of the work shown is in {occupation}"
        elif asked.hours is not None and fitting:
            none = f"the work in {occupation}{after} shows no hours (hours, or hours_per_week)"
        else:
            none = f"no work in {occupation}{after} shown"
        return Finding(text, False, None, (), f"{none} ({length} asked for)")
    used = tuple(
        f"work counted from {r.start} {f'to {r.end - ONE_DAY}' if r.end else 'on'}" for r in runs if r.start <= on
    )
    first, short = _first_and_short(asked, runs, on)
    if first is not None and first <= on:
        return Finding(text, True, first, used)
    ended = "" if first else ", and the work shown has ended"
    if first is None and any(run.end is None for run in runs):
        ended = ", and at this rate it will never be enough"
    words = count(ceil(short), "hour") if asked.hours is not None else in_days(ceil(short), on)
    return Finding(text, False, first, used, f"{words} short of {length + after if after else text}{ended}")


@lru_cache(maxsize=1_000)  # schemes hold few requirements, and each is asked of every application
def _words(asked: WorkRequirement) -> tuple[str, str, str]:
    """Give in words what is asked for: the length, the occupation, and all of it."""
    length, occupation = length_words(asked), f"{one_of_named(RELATIONS, asked.occupation)} occupation"
    text = f"{length} of {asked.counted} work in {occupation}" if asked.counted else f"{length} of work in {occupation}"
    text += f" after the {_ANCHORS[asked.after]}" if asked.after else ""
    text += f" within the last {asked.within}" if asked.within else ""
    return length, occupation, text


def length_words(asked: WorkRequirement) -> str:
    """Write the length asked for: `4 years`, `36 months`, `4000 hours`."""
    return str(asked.length) if asked.length else f"{asked.hours} hours"


def _runs(asked: WorkRequirement, fitting: Sequence[Work], after: date | None, on: date) -> list[_Run]:
    """Cut the fitting work to what follows the anchor; but for hours, merge it into runs that do not even touch."""
    spans: list[_Run] = []
    for w in fitting:
        start, end = max(w.from_, after or FIRST_DAY), None if w.to is None or w.to > on else w.to + ONE_DAY
        if (end is None or start < end) and (asked.hours is None or _rate(w)):
            spans.append(_Run(start, end, _rate(w) if asked.hours is not None else Fraction()))
    spans.sort(key=lambda run: (run.start, run.end or LAST_DAY, run.rate))
    if asked.hours is not None:
        return spans
    tolerance = asked.gap_days if asked.counted == "continuous" else 0
    runs: list[_Run] = []
    for run in spans:
        last = runs[-1] if runs else None
        if last and (last.end is None or (run.start - last.end).days <= tolerance):
            runs[-1] = _Run(last.start, None if last.end is None or run.end is None else max(last.end, run.end))
        else:
            runs.append(run)
    return runs


def _rate(w: Work) -> Fraction:
    """Give the hours of work a day."""
    if w.hours is not None and w.to is not None:
        return Fraction(w.hours) / ((w.to - w.from_).days + 1)
    return Fraction(w.hours_per_week or 0) / 7


def _first_and_short(asked: WorkRequirement, runs: Sequence[_Run], on: date) -> tuple[date | None, int | Fraction]:
    """
    Find the first day on which the work is long enough, and how much it is short of that on a day.

    Returns:
        The day (None: not by work that is going on), and the days or hours short on `on`.
    """
    length = asked.length
    if length and not asked.within:
        return (_cumulative if asked.counted == "cumulative" else _continuous)(runs, length, on)

    def short_on(day: date) -> int | Fraction:
        first = day - _back(asked.within) if asked.within else FIRST_DAY
        cut = [c for run in runs if (c := run.cut(first, day))]
        if length is None:
            return max(Fraction(), Fraction(asked.hours or 0) - sum((c.rate * c.days_by(day) for c in cut), Fraction()))
        if not cut:
            return (length.after(day) - day).days
        return (_cumulative if asked.counted == "cumulative" else _continuous)(cut, length, day)[1]

    short = short_on(on)
    if not short:
        return _march(short_on, min(run.start for run in runs), on, runs), 0
    if all(run.end is not None for run in runs):
        return None, short
    last = asked.within.after(max(on, *(run.start for run in runs))) + ONE_DAY if asked.within else LAST_DAY
    return _march(short_on, on, last, runs), short


def _back(period: Period) -> relativedelta:
    return relativedelta(years=period.years or 0, months=period.months or 0, days=period.days or 0)


def _march(short_on: Callable[[date], int | Fraction], day: date, last: date, runs: Sequence[_Run]) -> date | None:
    """
    Find the first day up to a last one on which nothing is short.

    No day adds more than a day, or the hours of all work at once, so whoever is far short looks far ahead. Four days
    are left for leap years, which change the length of the years asked for.
    """
    most = sum((run.rate for run in runs), Fraction()) or 1
    while day <= last:
        short = short_on(day)
        if not short:
            return day
        ahead = timedelta(days=max(1, min(ceil(short / most) - 4, (LAST_DAY - day).days)))
        if day > LAST_DAY - ahead:
            return None
        day += ahead
    return None


def _cumulative(runs: Sequence[_Run], length: Period, on: date) -> tuple[date | None, int]:
    """
    Add the runs up, in days and in whole years, and take what is complete sooner.

    Returns:
        The day on which the length is complete (None: not by work that is going on), and the days short on `on`.
    """
    first, short = _in_days(runs, length, on)
    if length.days is None and len(runs) > 1:
        sooner, lacking = _by_years(runs, length)
        if sooner and (first is None or sooner < first):
            left = sum(run.days_by(sooner) - run.days_by(on) for run in runs)
            return sooner, max(left, 1 if sooner > on else 0)
        if first is None:
            short = min(short, lacking)
    return first, short


def _in_days(runs: Sequence[_Run], length: Period, on: date) -> tuple[date | None, int]:
    """Add the runs up in days, as if each followed the one before without a gap from the first day worked."""
    needed = (length.after(runs[0].start) - runs[0].start).days
    done = 0
    first = None
    for run in runs:
        days = (run.end - run.start).days if run.end else None
        if days is None or done + days >= needed:
            first = run.start + (needed - done) * ONE_DAY
            break
        done += days
    return first, needed - min(needed, sum(run.days_by(on) for run in runs))


def _by_years(runs: Sequence[_Run], length: Period) -> tuple[date | None, int]:
    """
    Add up the whole years of each run, wherever leap days lie: two years and two years are four. The rest is in days.

    Returns:
        The day on which the length is complete (None: not by these runs), and the days that the last one is short.
    """
    months, days, short = (length.years or 0) * 12 + (length.months or 0), 0, 0
    for run in runs:
        goal = max(run.start, shifted(run.start, 0, months, -days))
        if run.end is None or goal <= run.end:
            return goal, 0
        years = relativedelta(run.end, run.start).years
        months -= 12 * years
        days += (run.end - years_after(run.start, years)).days
        short = (goal - run.end).days
    return None, short


def _continuous(runs: Sequence[_Run], length: Period, on: date) -> tuple[date | None, int]:
    """Find the first run that has, or will have, the length; where there is none, how short the longest one is."""
    first, short, least = None, 0, _LONGEST
    for run in runs:
        goal = length.after(run.start)
        lacking = (goal - run.start).days - run.days_by(on)
        least = min(least, lacking)
        if (run.end is None or run.end >= goal) and (first is None or goal < first):
            first, short = goal, lacking
    return first, least if first is None else short
