"""
Two scheme documents compared: what changes for candidates, in words, and what else is different.

Pure. The models are walked, so that whatever the language learns is told as well: fields with words of their own below
are told in these, all others by their names. What conditions ask for is told in the words that candidates read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel

from workflow.checking.implied import most_days
from workflow.eligibility import assess
from workflow.evidence import Evidence
from workflow.language.attempting import Endorsement
from workflow.language.conditions import Clause
from workflow.language.durations import Deadline, Span
from workflow.language.stages import Exemption
from workflow.scheme import Scheme

Path = tuple[str | int, ...]

APPLYING: Final = "who may apply"
OFFERED: Final = "when applications are taken"
COURSE: Final = "the course"
ASSESSED: Final = "what is assessed"
PASSING: Final = "what passes"
LASTING: Final = "how long it counts"
AGAIN: Final = "taking it again"
DEADLINES: Final = "deadlines"
MARKS: Final = "marks and rechecks"
CONDUCT: Final = "misconduct"
PAPER: Final = "the certificate"
BOARD: Final = "the board's own work"
WORDS: Final = "names, sources and readings"
AREAS: Final = (
    APPLYING, OFFERED, COURSE, ASSESSED, PASSING, LASTING, AGAIN, DEADLINES, MARKS, CONDUCT, PAPER, BOARD, WORDS,
)  # fmt: skip
BESIDE: Final = (BOARD, WORDS)  # what changes nothing for candidates

# The area of a path, by the first of these words that stands in it, from its end.
_AREA_OF: Final[Mapping[str, str]] = {
    "clause": WORDS, "names": WORDS, "sources": WORDS, "cases": WORDS, "extends": WORDS, "occupation": WORDS,
    "scheme": WORDS, "version": WORDS, "staffing": BOARD, "entry": BOARD, "panel": BOARD, "duties": BOARD,
    "resits": AGAIN, "endorsement": AGAIN, "recheck": MARKS, "validity": LASTING, "window": LASTING, "lapse": LASTING,
    "completion": LASTING, "exam_years": LASTING, "pass_mark": PASSING, "maximum": PASSING, "components": PASSING,
    "may_fail": PASSING, "deadlines": DEADLINES, "closes_on": DEADLINES, "training": COURSE, "stages": ASSESSED,
    "exemptions": ASSESSED, "requires": ASSESSED, "forms": ASSESSED, "carries_from": ASSESSED, "conditions": APPLYING,
    "award_conditions": PAPER,
    "education": APPLYING, "measured_on": APPLYING, "edition": OFFERED, "misconduct": CONDUCT, "certificate": PAPER,
    "parts": ASSESSED, "levels": ASSESSED, "rest_days": DEADLINES, "board_rest_days": DEADLINES,
    "board_working_days": DEADLINES, "time_zone": DEADLINES, "title": WORDS,
}  # fmt: skip

# Words for a field, and whether more of it is easier or harder for a candidate.
_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "pass_mark": ("the pass mark", "harder"),
    "maximum": ("the most marks that can be had", ""),
    "hours": ("class hours of the course", "harder"),
    "validity": ("how long a pass is kept", "easier"),
    "window": ("the time for all parts", "easier"),
    "length": ("how long it lasts", "easier"),
    "counted_from": ("the day from which it counts", ""),
    "last_day": ("how the last day is found", ""),
    "effect": ("when a pass runs out before all is passed", ""),
    "judged_on": ("the day that decides whether a part came in time: the day", ""),
    "most": ("attempts at most", "easier"),
    "in_all": ("attempts at most in all", "easier"),
    "counts_other_applications": ("whether attempts in other applications count as well", ""),
    "waiting": ("the wait before the next sitting", "harder"),
    "counts_absence": ("whether an absence counts as an attempt", ""),
    "request_within": ("the time to ask for a recheck", "easier"),
    "decide_within": ("the time in which a recheck is decided", "harder"),
    "within": ("the time allowed", "easier"),
    "waived": ("whether the course is waived", ""),
    "offered_from": ("the first day of applications", ""),
    "offered_until": ("the last day of applications", ""),
    "in_force_from": ("the day from which it is in force", ""),
    "valid_for": ("how long a certificate is valid", "easier"),
    "requires": ("what must be held before it", ""),
    "forms": ("the forms that it may take", ""),
    "bar": ("how long nobody is admitted or may apply anew", "harder"),
    "voids": ("what it takes away", ""),
    "number": ("the pattern of the number", ""),
}
_VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "effect": {
        "expire": "the application ends",
        "reopen": "that part is taken again",
        "restart": "all parts are taken again",
        "close": "nobody is admitted any more",
    },
}

_UNITS: Final = {"years", "months", "days", "working_days", "exam_years"}


@dataclass(frozen=True)
class Change:
    """
    One difference between two documents.

    Attributes:
        area: What it is about; one of AREAS.
        path: Where it stands, in the later document or, if it is gone, in the earlier one.
        text: What changes, in a sentence.
        before: What the earlier document says, as text; empty where nothing.
        after: What the later one says.
        clause: The clause of the later document; of the earlier one, if it is gone.
    """

    area: str
    path: Path
    text: str
    before: str
    after: str
    clause: str

    @property
    def is_for_candidates(self) -> bool:
        """Whether it changes anything for candidates."""
        return self.area not in BESIDE

    def as_json(self) -> dict[str, Any]:
        """Give the change as plain JSON values."""
        return {
            "area": self.area,
            "field": ".".join(map(str, self.path)),
            "text": self.text,
            "before": self.before or None,
            "after": self.after or None,
            "clause": self.clause or None,
        }


def compare(earlier: Scheme, later: Scheme) -> list[Change]:
    """Give every difference between two documents, area by area, each area in the order of the documents."""
    found = [*_conditions(earlier, later), *_walk(earlier, later, (), "", _Both(earlier, later))]
    return sorted(found, key=lambda change: AREAS.index(change.area))


@dataclass(frozen=True)
class _Both:
    """The two documents, for the names of what a path leads to."""

    earlier: Scheme
    later: Scheme


def _walk(old: Any, new: Any, path: Path, clause: str, both: _Both) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, BaseModel) and type(old) is type(new) and (not _is_value(old) or str(old) == str(new)):
        clause = str(getattr(new, "clause", "") or clause)
        for name in type(new).model_fields:
            if path[:1] == ("levels",) and len(path) == 2 and name == "conditions":
                continue
            yield from _walk(getattr(old, name), getattr(new, name), (*path, name), clause, both)
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _walk(old.get(key), new.get(key), (*path, key), clause, both)
    else:
        clause = str(getattr(new if new is not None else old, "clause", "") or clause)
        yield _change(path, old, new, clause, both)


def _is_value(node: BaseModel) -> bool:
    """Tell whether a node says in words all that it is, and is told as a whole: a length, a span, a stage, a clause."""
    return type(node).__str__ is not BaseModel.__str__ and not isinstance(node, Exemption | Endorsement)


def _change(path: Path, old: Any, new: Any, clause: str, both: _Both) -> Change:
    words = [str(key) for key in path]
    area = next((_AREA_OF[word] for word in reversed(words) if word in _AREA_OF), ASSESSED)
    if words[0] in ("parts", "levels") and (len(words) == 2 or (words[0] == "parts" and area == APPLYING)):
        area = ASSESSED
    before, after = _said(words[-1], old), _said(words[-1], new)
    who, what = _who(path, both), _FIELDS.get(words[-1], (words[-1].replace("_", " "), ""))[0]
    if isinstance(new if new is not None else old, Clause):
        text = "the clause reads otherwise"
    elif words[0] == "levels" and len(words) == 2:
        level = old if new is None else new
        text = f"{'no longer assessed' if new is None else 'a new level'} ({level.title})"
    elif old is None or old == () or old == {}:
        text = f"newly {after}" if what == who else f"{what}: newly {after}"
    elif new is None or new == () or new == {}:
        text = f"no longer there (before: {before})" if what == who else f"{what}: none any more (before: {before})"
    else:
        text = f"{what}: {after} instead of {before}{_for_whom(words[-1], old, new)}"
    return Change(area, path, f"{who}: {text}" if who else text, before, after, clause)


def _who(path: Path, both: _Both) -> str:
    """Name what a path is about: a level, a part, a degree, and the block in it."""
    words = [str(key) for key in path]
    if len(words) < 2 or words[0] not in ("levels", "parts", "misconduct", "sources"):
        return words[0].replace("_", " ") if len(words) > 1 else ""
    name = f"level {words[1]}" if words[0] == "levels" else words[1]
    block = [word.replace("_", " ") for word in words[2:-1] if word not in ("validity", "resits", "training")]
    return ", ".join([name, *block])


def _said(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return _VALUES.get(name, {}).get(value, value)
    if isinstance(value, BaseModel) and not _is_value(value):
        shown = {key: item for key in type(value).model_fields if (item := getattr(value, key)) not in (None, (), {})}
        if set(shown) <= _UNITS:
            return ", ".join(f"{item} {key.replace('_', ' ')}" for key, item in shown.items())
        default = {key for key, field in type(value).model_fields.items() if shown.get(key) == field.default}
        return ", ".join(
            f"{_FIELDS.get(key, (key.replace('_', ' '), ''))[0]} {_said(key, item)}"
            for key, item in shown.items()
            if key not in default and not isinstance(item, Clause)
        )
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_said(str(key), item)}" for key, item in value.items())
    if isinstance(value, tuple):
        return ", ".join(_said(name, item) for item in value)
    return str(value)


def _for_whom(name: str, old: Any, new: Any) -> str:
    """Say whether a change of a number or a length is easier or harder for candidates, where that is plain."""
    more = "easier" if isinstance(new, Deadline) else _FIELDS.get(name, ("", ""))[1]
    sizes = [_size(old), _size(new)]
    if not more or None in sizes or sizes[0] == sizes[1] or not _is_only_longer(old, new):
        return ""
    is_more = (sizes[1] or 0) > (sizes[0] or 0)
    return f" ({more if is_more else {'easier': 'harder', 'harder': 'easier'}[more]})"


def _size(value: Any) -> Decimal | None:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    lasts = value.lasts if isinstance(value, Span) else value
    days = most_days(lasts) if isinstance(lasts, BaseModel) else 0
    return Decimal(days) if days else None


def _is_only_longer(old: Any, new: Any) -> bool:
    """Tell whether two spans differ in their length alone."""
    if not isinstance(old, Span) or not isinstance(new, Span):
        return True
    beside = {old.length_name, "clause"}
    return old.model_dump(exclude=beside) == new.model_dump(exclude=beside)


def _conditions(earlier: Scheme, later: Scheme) -> Iterator[Change]:
    """Tell the ways to be eligible that are new, gone or other, in the words that candidates read."""
    for number in dict.fromkeys((*earlier.levels, *later.levels)):
        if number not in later.levels:
            continue  # that the whole level is gone says enough
        old, new = _asked(earlier, number) if number in earlier.levels else {}, _asked(later, number)
        for key in dict.fromkeys((*old, *new)):
            path: Path = ("levels", number, "conditions", key)
            who = f"level {number}, condition {key}"
            before, after = old.get(key, ("", "")), new.get(key, ("", ""))
            if before[0] == after[0]:
                if before != after or earlier.levels[number].conditions[key] != later.levels[number].conditions[key]:
                    text = "the clause, or its reading, is another; what is asked for is the same"
                    yield Change(WORDS, path, f"{who}: {text}", before[1], after[1], after[1])
                continue
            if not before[0]:
                text = f"a new way to be eligible: {after[0]}"
            elif not after[0]:
                text = f"no longer a way to be eligible (before: {before[0]})"
            else:
                text = f"asks for {after[0]}, instead of {before[0]}"
            yield Change(APPLYING, path, f"{who}: {text}", before[0], after[0], after[1] or before[1])


def _asked(scheme: Scheme, number: int) -> dict[str, tuple[str, str]]:
    """Give what each condition of a level asks for, in words, and its clause."""
    level = scheme.levels[number]
    answer = assess(number, level, Evidence(), scheme.edition.in_force_from, scheme.terms)
    found = {}
    for told in answer.conditions:
        only = level.conditions[told.id].only_for
        whom = f" (only for {_said('only_for', only)})" if only else ""
        found[told.id] = (" and ".join(f.requirement for f in told.findings) + whom, told.clause)
    return found
