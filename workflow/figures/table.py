"""
Figures: the counts of groups of applications as one table, small counts of sensitive groups withheld.

Pure; made from tallies (`workflow/figures/statistics.py`). A figure has one name in every output.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

from workflow.figures.disclosure import COVER, LEAST, SMALL, Cell, Sum, is_small, withheld
from workflow.figures.statistics import SPANS, Grouping, Key, Tally

KINDS: Final = (
    ("admitted", ("sat", "absent", "booked")),
    ("sat", ("passed", "failed", "void", "pending")),
    ("sat", ("first_sat", "resit_sat")),
    ("passed", ("first_passed", "resit_passed")),
)
PART_KINDS: Final = (
    *("admitted", "sat", "passed", "failed", "void", "pending", "absent", "booked"),
    *("first_sat", "first_passed", "resit_sat", "resit_passed", "carried"),
)
_ENDS: Final = ("refused", "withdrawn", "annulled", "expired", "awaiting_award")

PART_NOTES: Final = (
    "sat: came and was marked (passed, failed, void, or pending: not announced yet); booked: still to come",
    "first, resit: the first time that the part was sat in the application, and every later time",
    "part_pass_rate: passed / (passed + failed)",
)
NOTES: Final = (
    "eligible: meets a condition, as decided, or as the evidence says while undecided; one may meet several",
    "trained: passed the training gate; assessed: sat at least one part, whatever became of it",
    *PART_NOTES[:2],
    "pass_rate: certified / assessed; certified: holds a certificate that was not revoked",
    "days: the median over the applications that reached both; awaiting_award: the last time that it was reached",
)
SESSION_NOTE: Final = "by session: an application counts in each session to which it was admitted, so sums exceed it"
SMALL_NOTE: Final = (
    f"{SMALL}: a count from 1 to {LEAST - 1}, withheld so that nobody is recognised (--reveal-small shows it); "
    f"{COVER}: withheld, since it would give such a count away"
)


@dataclass(frozen=True, slots=True)
class Line:
    """
    One group of a table.

    Attributes:
        group: Its scheme, level, session and cohort, as far as the table groups by them; empty in the line of all.
        values: Its figures by name; None where there is nothing to say, or it is withheld.
        hidden: The mark that stands for each figure withheld.
        is_all: Whether it is the line of all groups together.
    """

    group: dict[str, Any]
    values: dict[str, int | float | None]
    hidden: dict[str, str] = field(default_factory=dict)
    is_all: bool = False

    def as_json(self) -> dict[str, Any]:
        """Give the line as plain JSON values; what is withheld is null and named under `suppressed`."""
        return {"all": self.is_all, **self.group, **self.values, "suppressed": list(self.hidden)}

    def shown(self, name: str) -> int | float | str | None:
        """Give a figure as people see it."""
        return self.hidden.get(name, self.values.get(name))


def lines_of(tallies: Mapping[Key, Tally], by: Sequence[Grouping]) -> list[Line]:
    """Lay tallies out as a table: one line for each group, the same figures in each."""
    names = _Names.of(tallies, by)
    return [Line(dict(zip(by, key, strict=True)), dict(_figures(t, names, True))) for key, t in tallies.items()]


def line_of_all(tallies: Mapping[Key, Tally], by: Sequence[Grouping], total: Tally) -> Line:
    """Give the line of all groups together; a condition's number means another condition in each level."""
    names = _Names.of(tallies, by)
    return Line(dict.fromkeys(by), dict(_figures(total, names, not names.is_short)), is_all=True)


def part_lines(tallies: Mapping[Key, Tally]) -> list[Line]:
    """
    Lay the parts of a session out as a table, one line for each scheme, level and part.

    Args:
        tallies: The tally of the session for each scheme and level.
    """
    lines = []
    for (scheme, level), tally in tallies.items():
        for part in sorted({part for part, _kind in tally.parts}, key=_part_order):
            values: dict[str, int | float | None] = {kind: tally.parts[part, kind] for kind in PART_KINDS}
            judged = tally.parts[part, "passed"] + tally.parts[part, "failed"]
            values["part_pass_rate"] = round(tally.parts[part, "passed"] / judged, 4) if judged else None
            lines.append(Line({"scheme": scheme, "level": level, "part": part}, values))
    return lines


@dataclass(frozen=True, slots=True)
class _Names:
    """What occurs in a table: conditions (with their names in it), parts, stages and reasons of expiry."""

    conditions: dict[tuple[str, int, str], str]
    parts: tuple[str, ...]
    stages: tuple[str, ...]
    reasons: tuple[str, ...]
    is_short: bool

    @classmethod
    def of(cls, tallies: Mapping[Key, Tally], by: Sequence[Grouping]) -> _Names:
        is_short = {"scheme", "level"} <= set(by)
        met = sorted({key for t in tallies.values() for key in t.met}, key=lambda key: (key[2], key[0], -key[1]))
        states = dict.fromkeys(name for t in tallies.values() for name in t.counts if name.startswith("state "))
        stages = [name.removeprefix("state ") for name in states]
        return cls(
            {key: key[2] if is_short else f"{key[0]}/{key[1]}/{key[2]}" for key in met},
            tuple(dict.fromkeys(part for t in tallies.values() for part, _kind in t.parts)),
            tuple(sorted((s for s in stages if s not in (*_ENDS, "certified")), key=_stage_order)),
            tuple(sorted({reason for t in tallies.values() for reason in t.expired_by})),
            is_short,
        )


def _stage_order(stage: str) -> tuple[int, str]:
    known = ("submitted", "trained", "theory_exam", "skills_exam", "comprehensive_review")
    return (known.index(stage) if stage in known else len(known) - 1, stage)


def _part_order(part: str) -> tuple[int, str]:
    known = ("theory", "skills")
    return (known.index(part) if part in known else len(known), part)


def _figures(t: Tally, names: _Names, has_conditions: bool) -> Iterator[tuple[str, int | float | None]]:
    for name in ("applied", "eligible", "not_eligible"):
        yield name, t.counts[name]
    for label in dict.fromkeys(names.conditions.values()):
        met = sum(t.met[key] for key, name in names.conditions.items() if name == label)
        yield f"eligible_by_{label}", met if has_conditions else None
    for name in ("accepted", "waivers", "trained", "assessed"):
        yield name, t.counts[name]
    for part in sorted(names.parts, key=_part_order):
        for kind in PART_KINDS:
            yield f"{part}_{kind}", t.parts[part, kind]
    for name in ("rechecks", "rechecks_changed"):
        yield name, t.counts[name]
    for stage in names.stages:
        yield f"in_{stage}", t.counts[f"state {stage}"]
    for name in _ENDS:
        yield name, t.counts[f"state {name}"]
        if name == "expired":
            for reason in names.reasons:
                yield _reason(reason), t.expired_by[reason]
    for name in ("awarded", "certified", "revoked"):
        yield name, t.counts[name]
    yield "pass_rate", t.pass_rate
    for start, end in SPANS:
        yield f"days_{start}_to_{end}", t.median_days(start, end)


def _reason(reason: str) -> str:
    return f"expired_by_{reason.replace(' ', '_')}"


def protected(lines: Sequence[Line], tallies: Sequence[Tally]) -> list[Line]:
    """
    Withhold the small counts of cohorts, and what would give them away.

    A reader can have the same report by fewer groups, and subtract: so what the lines of a table add up to by any of
    its groups counts as known. A count that is not small is withheld only as a cover.

    Args:
        lines: All lines of the table: a cohort is protected by the others.
        tallies: The tally of each line.
    """
    counts: dict[Cell, int] = {
        (place, name): value
        for place, line in enumerate(lines)
        for name, value in line.values.items()
        if isinstance(value, int)
    }
    sums = [
        Sum((place, total), tuple((place, name) for name in names))
        for place, line in enumerate(lines)
        for total, names in _sums(line.values)
    ]
    known: dict[Cell, int] = {}
    for places in _subtotals([line.group for line in lines]):
        is_of_one_cohort = len({lines[place].group["cohort"] for place in places}) == 1
        for name in lines[0].values:
            addends = tuple((place, name) for place in places if (place, name) in counts)
            total = sum(counts[cell] for cell in addends)
            if addends and not (is_of_one_cohort and is_small(total)):  # a small count of a cohort is known to nobody
                known[places, name] = total
                sums.append(Sum((places, name), addends))
    sensitive = [(at, name) for at, line in enumerate(lines) for name in line.values if line.group["cohort"]]
    linked: dict[Cell, list[Cell]] = {
        (at, name): [(at, x) for x in near] for at, line in enumerate(lines) for name, near in _near(line.values)
    }
    hidden = withheld(counts | known, sums, [cell for cell in sensitive if cell in counts], known, linked)
    return [
        _covered(line, tally, place, hidden) for place, (line, tally) in enumerate(zip(lines, tallies, strict=True))
    ]


def _subtotals(groups: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, ...]]:
    """List the places of the lines that a report by fewer groups adds up; sessions overlap, so they are not added."""
    by = tuple(groups[0]) if groups else ()
    for size in range(len(by)):
        for fewer in combinations(by, size):
            if "session" in by and "session" not in fewer:
                continue
            together: dict[tuple[Any, ...], list[int]] = {}
            for place, group in enumerate(groups):
                together.setdefault(tuple(group[name] for name in fewer), []).append(place)
            yield from (tuple(places) for places in together.values() if len(places) > 1)


def _sums(values: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """List the sums that a reader can do within a line."""
    ends = [name for name in values if name.startswith("in_") or name in _ENDS]
    yield "applied", [*ends, "awarded"]
    yield "applied", ["eligible", "not_eligible"]
    yield "awarded", ["certified", "revoked"]
    yield "expired", [name for name in values if name.startswith("expired_by_")]
    for part in (name.removesuffix("_admitted") for name in values if name.endswith("_admitted")):
        for total, kinds in KINDS:
            yield f"{part}_{total}", [f"{part}_{kind}" for kind in kinds]


def _near(values: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """List what tells, or nearly tells, how many are not eligible: who is eligible goes on to be trained."""
    chain = ["eligible", "accepted", "trained", *(name for name in values if name.startswith("eligible_by_"))]
    yield from ((name, chain) for name in ("eligible", "not_eligible", "refused"))


def _covered(line: Line, tally: Tally, place: int, withheld_cells: Mapping[Cell, str]) -> Line:
    """Take out what is withheld, and the rates and medians that rest on it."""
    hidden = {name: mark for name in line.values if (mark := withheld_cells.get((place, name)))}
    if line.values["pass_rate"] is not None and hidden.keys() & {"certified", "assessed"}:
        hidden["pass_rate"] = COVER
    if line.group["cohort"]:
        for start, end in SPANS:
            if is_small(len(tally.spans.get((start, end), ()))):
                hidden[f"days_{start}_to_{end}"] = COVER
    values = {name: None if name in hidden else value for name, value in line.values.items()}
    return Line(line.group, values, {name: hidden[name] for name in values if name in hidden})
