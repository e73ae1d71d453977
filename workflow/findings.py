"""
Findings: the form of every answer to a requirement, and the answers that follow from single pieces of evidence.

Pure. Every answer says *from which day on the requirement is met, if all goes on as shown*; met means that this day has
come, so the verdict, the first day and the explanation cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple

from dateutil.relativedelta import relativedelta

from workflow.calendar import ONE_DAY, Period, count
from workflow.document import LAST_DAY

RELATIONS: Final = {"same": "this", "related": "a related", "other": "another"}


class Finding(NamedTuple):
    """
    The answer for one requirement.

    Attributes:
        requirement: What is asked for, in words.
        met: Whether it is met on the day asked about.
        met_from: First day on which it is met if all goes on as shown; None where time alone will not do it.
        used: The evidence that counts, in words.
        missing: What is lacking, in words that can be handed to the candidate; empty where met.
        anchor: Day of the piece used, from which work may count; None where no day is known.
        anchor_name: That piece, in words.
    """

    requirement: str
    met: bool
    met_from: date | None
    used: tuple[str, ...] = ()
    missing: str = ""
    anchor: date | None = None
    anchor_name: str = ""


class Piece(NamedTuple):
    """
    A piece of evidence that fits.

    Attributes:
        day: Its day; None: not known, taken as past.
        name: What it is.
        words: The same with its details.
        until: Last day on which it counts; None: it does not end.
    """

    day: date | None
    name: str
    words: str
    until: date | None = None


def from_first(pieces: Sequence[Piece], on: date, asked: str, missing: str, held_for: Period | None = None) -> Finding:
    """
    Answer a requirement that one piece of evidence meets: the earliest counts, since most work follows it.

    Args:
        pieces: The pieces that fit.
        on: The day asked about.
        asked: The requirement, in words.
        missing: What to say where nothing fits.
        held_for: How long it must have been held; a piece without a day then does not count.
    """
    fitting: list[tuple[date | None, Piece]] = []
    for piece in pieces:
        start = held_for.after(piece.day) if held_for and piece.day else piece.day
        if piece.until is not None and piece.until < max(on, start or on):
            missing = f"{piece.words}: counted through {piece.until}, not on {max(on, start or on)}"
        elif held_for and piece.day is None:
            missing = f"{piece.words}: its day is not known, and {held_for} since then are asked for"
        else:
            fitting.append((start, piece))
    if not fitting:
        return Finding(asked, False, None, (), missing)
    # Work can be counted only from a piece that has a day, even where another one without a day fits as well.
    start, first = min(fitting, key=lambda x: (x[0] or LAST_DAY, x[1].day or LAST_DAY, x[1].name, x[1].words))
    undated = [piece.words for day, piece in fitting if day is None]
    if start is not None and start <= on:
        return Finding(asked, True, start, (first.words,), "", first.day, first.name)
    if undated:
        return Finding(asked, True, on, (min(undated),), "", first.day, first.name)
    late = ""
    if start and held_for:
        late = f"{in_days((start - on).days, on)} short of {held_for} since: {first.words}"
    elif start:
        late = f"{first.words}: {count((start - on).days, 'day')} after {on}, the day that decides"
    return Finding(asked, False, start, (first.words,), late, first.day, first.name)


def first_day(days: Iterable[date], is_met: Callable[[date], bool], on: date) -> date | None:
    """
    Find the first day on which something is met that changes for the better only on given days.

    Returns:
        A day not after `on` if and only if it is met on `on`; else the first of the later days on which it is met.
    """
    past = sorted({day for day in days if day <= on})
    if is_met(on):
        return next((day for day in past if is_met(day)), on)
    return next((day for day in sorted({day for day in days if day > on}) if is_met(day)), None)


def in_days(days: int, on: date) -> str:
    """Write a number of days, and about how many years and months a long one is."""
    long = relativedelta(on + days * ONE_DAY, on)
    units = [count(n, unit) for n, unit in ((long.years, "year"), (long.months, "month")) if n]
    return count(days, "day") + (f" (about {' and '.join(units)})" if days > 60 else "")
