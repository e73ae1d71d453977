"""Lint of time: validities never used, deadlines that nobody can keep, waits that outlast what they wait for. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from math import ceil
from typing import Any, Final

from workflow.checking.finding import Finding, Path
from workflow.checking.implied import least_days, most_days
from workflow.language.assessed import Level
from workflow.scheme import Scheme

# Class hours that anybody can do in a day, at the very most.
_HOURS_A_DAY: Final = 12


def time_findings(scheme: Scheme) -> Iterator[Finding]:
    """Find the validities, deadlines and waiting times that cannot have the effect that they seem to have."""
    yield from _never_used(scheme)
    yield from _over_before(scheme)
    yield from _waits(scheme)
    for number, level in scheme.levels.items():
        yield from _deadlines(scheme, number, level)


def _length(span: Any) -> Any:
    return span.lasts if span is not None else None


def _never_used(scheme: Scheme) -> Iterator[Finding]:
    """A validity matters only while another part is still to come."""
    for key, part in scheme.parts.items():
        levels = [
            level for level in scheme.levels.values() if any(key in stage.parts for stage in level.stages.values())
        ]
        if part.validity is None or not levels or not all(_completes(scheme, level, key) for level in levels):
            continue
        yield Finding(
            "unused_validity",
            ("parts", key, "validity"),
            f"whoever passes {key} has everything, and a complete set does not run out: its validity is never used",
            "leave `validity` out; how long the certificate is valid stands under `certificate`",
            str(part.clause),
        )


def _completes(scheme: Scheme, level: Level, key: str) -> bool:
    """Tell whether nothing can be left to pass once a part is passed."""
    stages = list(level.stages.values())
    if len(stages) == 1 and all(way == (key,) for way in stages[0].ways):
        return True
    if stages[-1].ways != ((key,),) or level.window:
        return False
    before = {part for stage in stages[:-1] for part in stage.parts}
    needed = {x for name in stages[-1].requires for x in level.stages[name].parts} | set(scheme.parts[key].requires)
    return before <= needed


def _over_before(scheme: Scheme) -> Iterator[Finding]:
    """A fixed last day before anybody can have applied."""
    first = scheme.edition.offered_from
    spans: list[tuple[Path, Any, str]] = [
        (("parts", key, "validity", "until"), part.validity, str(part.clause))
        for key, part in scheme.parts.items()
        if part.validity
    ]
    for number, level in scheme.levels.items():
        spans += [
            (("levels", number, "deadlines", name, "until"), x, str(x.clause)) for name, x in level.deadlines.items()
        ]
    for path, span, clause in spans:
        if span.until and span.until < first:
            text = f"ends on {span.until}, before the first application is taken on {first}"
            yield Finding(
                "ends_before_it_begins", path, text, "set a later day, or count a length instead", clause, True
            )


def _waits(scheme: Scheme) -> Iterator[Finding]:
    """A resit that must wait until the other passes have run out can never complete a set."""
    if scheme.lapse.effect == "reopen":
        return
    for key, part in scheme.parts.items():
        if not part.resits or not (waiting := part.resits.waiting):
            continue
        for other, passed in scheme.parts.items():
            lasts = _length(passed.validity)
            together = any(
                {key, other} <= {x for stage in level.stages.values() for x in stage.parts}
                for level in scheme.levels.values()
            )
            if other != key and lasts and together and most_days(lasts) and least_days(waiting) > most_days(lasts):
                text = f"waits {waiting} for a resit, but a pass of {other} is kept for {lasts} only"
                do = "shorten the waiting time, or keep the other pass longer"
                yield Finding("waits_too_long", ("parts", key, "resits", "waiting"), text, do, str(part.resits.clause))


def _deadlines(scheme: Scheme, number: int, level: Level) -> Iterator[Finding]:
    for name, deadline in level.deadlines.items():
        path: Path = ("levels", number, "deadlines", name)
        days = most_days(deadline.within) if deadline.within else 0
        if not days:
            continue
        hours = level.training.hours or Decimal(0)
        course = ceil(hours / _HOURS_A_DAY)
        if name == "submitted" and days < course:
            text = (
                f"expires after {deadline.within} at most, but the course of {hours} hours before the first sitting "
                f"takes {course} days at the very least"
            )
            yield Finding(
                "deadline_before_sitting",
                path,
                text,
                "give more time, or look at the hours",
                str(deadline.clause),
                True,
            )
        stage = level.stages.get(name)
        for key in stage.parts if stage else ():
            resits = scheme.parts[key].resits
            if resits and resits.waiting and days < least_days(resits.waiting) and resits.most != 1:
                text = (
                    f"expires after {deadline.within}, but a second sitting of {key} is possible only "
                    f"{resits.waiting} after the first: who fails once has no resit"
                )
                do = "give more time, shorten the waiting time, or write most: 1 if no resit is meant"
                yield Finding("deadline_before_resit", path, text, do, str(deadline.clause))
        outer = level.deadlines.get(deadline.not_after or "")
        if (
            outer
            and outer.within
            and most_days(outer.within) <= least_days(deadline.within)
            and outer.counted_from == deadline.counted_from
        ):
            text = f"lasts {deadline.within}, but {deadline.not_after} cuts it after {outer.within}"
            yield Finding(
                "deadline_never_ends", path, text, "shorten it, or take one of the two out", str(deadline.clause)
            )
