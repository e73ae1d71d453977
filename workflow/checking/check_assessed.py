"""
Checking what a document says is assessed: stages, groups, components and attempts that cannot be what was meant.

Pure; `workflow/checking/check.py` asks here, level by level.
"""

from __future__ import annotations

from collections.abc import Iterator

from workflow.document import nearest
from workflow.language.assessed import Level, Part
from workflow.language.stages import Stage
from workflow.scheme import FIXED_STATES, Scheme

Path = tuple[str | int, ...]


def assessed_faults(scheme: Scheme, number: int, level: Level) -> Iterator[tuple[Path, str]]:
    """Name what is wrong with the stages, parts and exemptions of a level, each with its path."""
    at: Path = ("levels", number)
    seen: list[str] = []
    for i, (state, stage) in enumerate(level.stages.items()):
        path = (*at, "stages", state)
        if state in FIXED_STATES:
            yield path, "is the name of a state that every level has"
        earlier = list(level.stages)[:i]
        for needed in stage.requires:
            if needed not in earlier:
                yield path, f"requires {needed!r}, which is no earlier stage{nearest(needed, earlier)}"
        for key in stage.parts:
            if key not in scheme.parts:
                yield path, f"no part is called {key!r}{nearest(key, scheme.parts)}"
            elif any(key in other.parts for name, other in level.stages.items() if name != state):
                yield path, f"the part {key!r} stands in two stages"
            else:
                yield from _order_faults(scheme, path, key, seen)
                yield from _attempt_faults(scheme, number, level, key)
            seen.append(key)
        yield from _mark_faults(scheme, path, stage)
    for key, exemption in level.exemptions.items():
        for part in exemption.parts:
            if part not in seen:
                text = f"this level has no part {part!r}{nearest(part, seen)}"
                yield (*at, "exemptions", key, "parts"), text


def _order_faults(scheme: Scheme, path: Path, key: str, seen: list[str]) -> Iterator[tuple[Path, str]]:
    for needed in scheme.parts[key].requires:
        if needed in scheme.parts and needed not in seen:
            yield path, f"{key} requires {needed}, which no earlier stage of this level assesses"


def _attempt_faults(scheme: Scheme, number: int, level: Level, key: str) -> Iterator[tuple[Path, str]]:
    resits = scheme.parts[key].resits
    if resits is None:
        return
    path: Path = ("parts", key, "resits")
    if (resits.per == "course" or resits.at_cap == "restart_course") and level.training.hours is None:
        yield path, f"counts courses, but level {number}, which assesses it, asks for none"
    if resits.per == "exam_year" and getattr(scheme, "exam_years", None) is None:
        yield path, "counts exam years, but the document does not say when they begin: add exam_years"


def _mark_faults(scheme: Scheme, path: Path, stage: Stage) -> Iterator[tuple[Path, str]]:
    parts: dict[str, Part] = {key: scheme.parts[key] for key in stage.parts if key in scheme.parts}
    if stage.has_marks and len(parts) == len(stage.parts):
        most = [{key: parts[key].maximum for key in way} for way in stage.ways]
        if not any(stage.reaches(marks) for marks in most):
            yield path, f"cannot be reached: the parts have {max(sum(x.values()) for x in most)} marks in all"
    if stage.kept_from is not None:
        for key, part in parts.items():
            if stage.kept_from < part.pass_mark:
                yield path, f"kept_from lies below the pass mark of {key}, {part.pass_mark}"
