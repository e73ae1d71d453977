"""
Checking the durations of a scheme document: what one field cannot know of another.

Pure; called by `check`, which gives each fault its line.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from workflow.language.assessed import Level
from workflow.language.durations import WAITS, Deadline
from workflow.language.limits import EDITION, WINDOW
from workflow.language.workdays import is_known
from workflow.scheme import Scheme

Path = tuple[str | int, ...]


def time_faults(scheme: Scheme) -> Iterator[tuple[Path, str]]:
    """Name every duration that cannot mean what is written, with its path and what is wrong."""
    edition = scheme.edition
    if edition.closes_on and edition.closes_on < (edition.offered_until or edition.offered_from):
        last = f"offered_until, {edition.offered_until}" if edition.offered_until else f"{edition.offered_from}"
        yield ("edition", "closes_on"), f"lies before {last}: such an application would end before it is filed"
    # Asked of what a board has written alone: the calendars take a tenth of a second to load.
    if scheme.rest_days != Scheme.model_fields["rest_days"].default and not is_known(scheme.rest_days):
        yield ("rest_days",), f"the rest days of {scheme.rest_days} are not known; write a country such as DE or DE-BY"
    if both := set(scheme.board_rest_days) & set(scheme.board_working_days):
        yield ("board_working_days",), f"{min(both)} is among board_rest_days as well"
    for key, part in scheme.parts.items():
        if part.validity and part.validity.last_day == "end_of_exam_year" and scheme.exam_years is None:
            yield ("parts", key, "validity", "last_day"), "say when an exam year begins: add exam_years to the document"
    for number, level in scheme.levels.items():
        for name, deadline in level.deadlines.items():
            for field, why in _deadline_faults(name, deadline, level):
                yield ("levels", number, "deadlines", name, *field), why
        window, effect = level.window, level.window and (level.window.on_lapse or scheme.lapse.effect)
        if window and window.counted_from == "first_attempt" and effect == "reopen":
            yield (
                ("levels", number, "window"),
                "after the first attempt there is no oldest pass to reopen; write on_lapse: expire or restart",
            )


def _deadline_faults(name: str, deadline: Deadline, level: Level) -> Iterator[tuple[Path, str]]:
    waits = ("submitted", "trained", *level.stages, "awaiting_award", *WAITS)
    if name in (EDITION, WINDOW):
        yield (), f"{name!r} is the name of a clock that every level may have; choose another"
    if name in WAITS and deadline.counted_from:
        text = f"a deadline of {name} is counted from when that began; leave counted_from out"
        yield ("counted_from",), text
    if name not in waits and deadline.counted_from is None and deadline.until is None:
        near = get_close_matches(name, waits, n=1)
        text = "is not a state of this level in which an application can wait"
        text += f"; did you mean {near[0]!r}?" if near else f"; those are: {', '.join(waits)}."
        yield (), f"{text} A deadline with a name of its own needs counted_from or until"
    if deadline.effect == "close" and name in waits:
        yield ("effect",), "what an application waits for expires; only a time of its own can close"
    outer = deadline.not_after
    if outer is not None and (outer == name or outer not in level.deadlines):
        known = ", ".join(x for x in level.deadlines if x != name) or "none"
        yield ("not_after",), f"no other deadline of this level is called {outer!r}; there are: {known}"
    elif outer is not None and level.deadlines[outer].not_after is not None:
        yield ("not_after",), f"{outer} is itself cut by {level.deadlines[outer].not_after}: name that one"
