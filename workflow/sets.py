"""
Sets: which passes complete a stage, and which make up a complete set of a level.

Pure; knows nothing of days but those that a pass bears. Source: domain.md, section 5.1 and 5.2; the scheme's `stages`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import product

from workflow.document import LAST_DAY
from workflow.language.limits import Limit
from workflow.language.stages import Stage
from workflow.scheme import Rules


@dataclass(frozen=True, slots=True)
class Pass:
    """
    A passed attempt.

    Attributes:
        part: The part.
        sitting: The sitting at which it was passed.
        sat_on: Day of the sitting.
        judged_on: The day that decides completion: sat or announced, by the scheme.
        last_valid_on: Last day on which it counts; `LAST_DAY` where the part does not lapse.
        limit: What sets that day, and what follows when it runs out; None where the part does not lapse.
        score: The marks; None where the candidate is exempt.
        exemption: The exemption that stands in the place of a pass; empty for a pass.
    """

    part: str
    sitting: str
    sat_on: date
    judged_on: date
    last_valid_on: date
    limit: Limit | None = field(default=None, compare=False, repr=False)
    score: Decimal | None = None
    exemption: str = ""


ByPart = Mapping[str, Sequence[Pass]]


def by_part(found: Iterable[Pass]) -> dict[str, list[Pass]]:
    """Sort passes by their part, keeping their order."""
    sorted_: dict[str, list[Pass]] = {}
    for p in found:
        sorted_.setdefault(p.part, []).append(p)
    return sorted_


def counting(found: Sequence[Pass], exempt: Sequence[Pass], rules: Rules) -> tuple[Pass, ...]:
    """
    Give the passes that count: not of a group of one sitting that was failed, and for good where their stage is.

    Args:
        found: Every passed attempt.
        exempt: What stands in the place of passes for parts that are exempt.
        rules: The rules.
    """
    for stage in rules.stages.values():
        if not stage.same_sitting and not stage.for_good:
            continue
        ways = list(completing(stage, by_part((*found, *exempt))))
        if stage.same_sitting:
            counted = {(p.part, p.sitting) for way in ways for p in way}
            found = [
                p for p in found if p.part not in stage.parts or _is_kept(p, stage) or (p.part, p.sitting) in counted
            ]
        if stage.for_good:
            done = next((way for way in ways if are_together(way, rules)), ())
            parts = {p.part for p in done}
            found = [p for p in found if p.part not in parts or p in done]
            found = [replace(p, last_valid_on=LAST_DAY, limit=None) if p in done else p for p in found]
    return tuple(found)


def _is_kept(p: Pass, stage: Stage) -> bool:
    return stage.kept_from is not None and p.score is not None and p.score >= stage.kept_from


def completing(stage: Stage, passes: ByPart) -> Iterator[tuple[Pass, ...]]:
    """List every choice of passes that completes a stage, whether or not they are valid together."""
    for way in stage.ways:
        if all(part in passes for part in way):
            for choice in product(*(passes[part] for part in way)):
                if _reaches(choice, stage):
                    yield choice


def _reaches(choice: Sequence[Pass], stage: Stage) -> bool:
    """Tell whether passes reach what their group asks for beside each one's own pass mark."""
    marked = [p for p in choice if p.score is not None]  # who is exempt has no marks
    if stage.same_sitting and marked:
        last = max(marked, key=lambda p: p.sat_on)
        if any(
            p.sitting != last.sitting and not (_is_kept(p, stage) and last.sat_on <= p.last_valid_on) for p in marked
        ):
            return False
    return not stage.has_marks or stage.reaches({p.part: p.score for p in marked if p.score is not None})


def are_together(choice: Sequence[Pass], rules: Rules) -> bool:
    """Tell whether passes were all valid together, each taken while those of them that it requires were held."""
    taken = {p.part: p for p in choice if not p.exemption}
    if taken and max(p.judged_on for p in taken.values()) > min(p.last_valid_on for p in taken.values()):
        return False
    return all(
        needed.sat_on <= p.sat_on <= needed.last_valid_on
        for p in taken.values()
        for key in rules.required_by[p.part]
        if (needed := taken.get(key)) is not None
    )


def complete_sets(found: Sequence[Pass], exempt: Sequence[Pass], rules: Rules) -> Iterator[tuple[Pass, ...]]:
    """List every choice of passes, by stages, that completes the level; exempt parts stand among them."""
    passes = by_part((*found, *exempt))
    choices = [list(completing(stage, passes)) for stage in rules.stages.values()]
    if all(choices):
        for ways in product(*choices):
            chosen = tuple(p for way in ways for p in way)
            parts = {p.part for p in chosen}
            if all(parts.issuperset(rules.parts[p.part].requires) for p in chosen if not p.exemption) and are_together(
                chosen, rules
            ):
                yield chosen


def is_complete(stage: Stage, held: Collection[str], found: Sequence[Pass], exempt: Sequence[Pass]) -> bool:
    """
    Tell whether a stage is complete by what is held.

    Args:
        stage: The stage.
        held: The parts held.
        found: Every pass that counts.
        exempt: What stands in the place of passes for parts that are exempt.
    """
    if not stage.has_marks:
        return any(all(part in held for part in way) for way in stage.ways)
    passes = by_part(p for p in (*found, *exempt) if p.part in held)
    return next(completing(stage, passes), None) is not None


def needed(latest: Mapping[str, Pass], lasting: Collection[str], rules: Rules) -> dict[str, Pass]:
    """
    Leave out of the passes that will run out those without which their stage is complete all the same.

    Args:
        latest: The pass of each part that runs out.
        lasting: The parts that do not run out, and those that are exempt.
        rules: The rules.
    """
    kept = dict(latest)
    for part in sorted(latest, key=lambda part: latest[part].last_valid_on):
        stage = rules.stages[rules.stage_by_part[part]]
        others = {*kept, *lasting} - {part}
        if stage.of and any(others.issuperset(way) for way in stage.ways):
            del kept[part]
    return kept


def still_missing(held: Collection[str], rules: Rules) -> Iterator[tuple[str, tuple[str, ...]]]:
    """
    Say what is still to be passed, stage by stage.

    Returns:
        For each stage that lacks a part, the words for it (`far and aud`, `1 of bar, isc`) and the parts among which it
        lies.
    """
    for stage in rules.stages.values():
        if stage.all_of is not None:
            parts = tuple(part for part in stage.all_of if part not in held)
            if parts:
                yield " and ".join(parts), parts
            continue
        of = stage.of or ()
        done = sum(all(part in held for part in alternative) for alternative in of)
        if done < (stage.choose or 0):
            left = [a for a in of if not all(part in held for part in a)]
            words = ", ".join(" with ".join(part for part in a if part not in held) for a in left)
            parts = tuple(dict.fromkeys(part for a in left for part in a if part not in held))
            yield f"{(stage.choose or 0) - done} of {words}", parts
