"""
The events of a worked case, turned into steps for the engine in the order in which the board recorded them.

Pure. An event names a step of the machine with the first field of its fact as the value, or one of a few short forms
for what is common (`sat`, `absent`, `trained`). What an event leaves out and a fact must have is filled in. The forms
of the facts are taken from the facts themselves, so that a new fact or field can be used in cases at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, Final

from workflow import facts as f
from workflow.board.marks import made_of
from workflow.cases.facts import FIELDS, IF_ELIGIBLE, MORNING, WORDS, Step, fact_of, filled
from workflow.cases.worked import Cases, Filed, Path, parse_moment
from workflow.document import nearest, parse_day, parse_marks
from workflow.errors import Problem, Refused
from workflow.evidence import Evidence
from workflow.facts import FACTS, Fact
from workflow.rules import RULES
from workflow.rules.ending import is_due
from workflow.scheme import Rules

NOON: Final = time(12)
EVENING: Final = time(23)

_FACT_OF: Final = {fact.step: fact for fact in FACTS.values() if fact is not f.Submitted}
_OF_THE_CLOCK: Final = {fact.step for fact, rules in RULES.items() if is_due in rules}
_DECISIONS: Final = {"accept", "refuse", "request_information", "resubmit"}
_FORMS: Final = ("sat", "absent", "trained", "night")
_COMMON: Final = ("on", "recorded_at", "refused")


@dataclass
class _Reading:
    """What has been read of one case: the sittings so far and what is shown, for events that name none."""

    cases: Cases
    rules: Rules
    problems: list[Problem]
    sittings: dict[str, tuple[str, date]] = field(default_factory=dict)
    shown: Evidence = field(default_factory=Evidence)

    def wrong(self, path: Path, text: str) -> None:
        self.problems.append(self.cases.problem(path, text))


def steps_of(cases: Cases, filed: Filed, rules: Rules) -> tuple[list[Step], list[Problem]]:
    """
    Give the steps of an application in the order of recording, and every problem found in its events.

    Args:
        cases: The file.
        filed: The application.
        rules: The rules under which it is filed.
    """
    reading = _Reading(cases, rules, [], shown=filed.whole.evidence or Evidence())
    steps: list[Step] = []
    for path, event in filed.events:
        steps += _steps(reading, path, event)
    on = filed.whole.submitted_on
    whole = filed.whole
    if on and whole.decided is not False and not whole.draft and not any(step.name in _DECISIONS for step in steps):
        steps.insert(0, Step("accept", on, datetime.combine(on, MORNING), filed.path, said=IF_ELIGIBLE))
    return sorted(steps, key=lambda step: step.recorded_at), reading.problems


def _steps(reading: _Reading, path: Path, event: Mapping[str, Any]) -> Iterator[Step]:
    known = [*_FORMS, *(step for step in _FACT_OF if step not in _OF_THE_CLOCK)]
    try:
        on = parse_day(event.get("on"))
        recorded = parse_moment(event["recorded_at"]) if "recorded_at" in event else None
    except ValueError as error:
        bad = "recorded_at" if "recorded_at" in event and _is_day(event.get("on")) else "on"
        reading.wrong((*path, bad), str(error))
        return
    names = [key for key in event if key in known]
    if len(names) != 1:
        _not_one_step(reading, path, event, names, known)
        return
    (name,) = names
    refused = _refusal(reading, path, event)
    values = {WORDS.get(key, key): value for key, value in event.items() if key not in (*_COMMON, name)}
    maker = {"sat": _sat, "absent": _absent, "trained": _trained}.get(name, _other)
    found = list(maker(reading, path, name, on, event[name], values))
    for step in found[:1] if refused is not None else found:
        last = EVENING if step.name == "night" else NOON
        by_itself = datetime.combine(step.on, last)
        at = recorded if isinstance(recorded, datetime) else datetime.combine(recorded, last) if recorded else by_itself
        if step.name == "announce_score" and len(found) > 1:  # recorded late with the rest, and not before it was out
            at = max(at, by_itself)
        yield replace(step, recorded_at=at, refused=refused)


def _is_day(value: object) -> bool:
    try:
        parse_day(value)
    except ValueError:
        return False
    return True


def _not_one_step(reading: _Reading, path: Path, event: Mapping[str, Any], names: list[str], known: list[str]) -> None:
    others = [key for key in event if key not in (*_COMMON, *WORDS)]
    clock = [key for key in others if key in _OF_THE_CLOCK]
    if names:
        text = f"holds {len(names)} steps ({', '.join(names)}); write an event for each"
    elif clock:
        text = f"the clock takes {clock[0]!r} by itself; say `night: true` to have it written down"
    elif others:
        text = f"no step is called {others[0]!r}{nearest(others[0], known)}"
        path = (*path, others[0])
    else:
        text = f"has no step; steps: {', '.join(known)}"
    reading.wrong(path, text)


def _refusal(reading: _Reading, path: Path, event: Mapping[str, Any]) -> tuple[str, ...] | None:
    if "refused" not in event:
        return None
    said = event["refused"]
    if said is True:
        return ()
    if isinstance(said, str) and said:
        return (str(said),)
    quotes = ", in quotes" if isinstance(said, int | float) else ""
    reading.wrong((*path, "refused"), f"must be true, or words that stand in the refusal{quotes}")
    return ()


def _sat(reading: _Reading, path: Path, _name: str, on: date, part: Any, values: dict[str, Any]) -> Iterator[Step]:
    """Admitted, marked and announced, as far as the event says."""
    own = {"announced_on", "admitted_on"}
    forms = (f.Admitted, f.ScoreRecorded, f.ScoreAnnounced)
    if not _part_is_known(reading, path, "sat", part) or not _fields_are_known(reading, path, values, own, *forms):
        return
    sitting = values.pop("sitting", on.isoformat())
    reading.sittings[part] = (sitting, on)
    common = {"part": part, "sitting": sitting, "sat_on": on}
    admitted_on, announced_on = (_day(reading, path, key, values) for key in ("admitted_on", "announced_on"))
    if reading.rules.parts[part].kind == "exam":
        yield from _built(reading, path, f.Admitted, admitted_on or on, common | _those(values, f.Admitted))
    marked = {key for key in values if key in f.ScoreRecorded.model_fields and key not in f.Admitted.model_fields}
    if marked:
        record = common | _those(values, f.ScoreRecorded)
        entry = reading.rules.parts[part].entry
        for reader in range(1, entry.readers + 1) if entry and entry.readers > 1 else ():
            yield from _built(reading, path, f.ScoreEntered, on, _those(record, f.ScoreEntered) | {"reader": reader})
        yield from _built(reading, path, f.ScoreRecorded, on, record)
    if announced_on and not marked:
        reading.wrong((*path, "announced_on"), "nothing can be announced without `marks`")
    elif announced_on:
        told = {"part": part, "sitting": sitting} | _those(values, f.ScoreAnnounced)
        yield from _built(reading, path, f.ScoreAnnounced, announced_on, told)


def _absent(reading: _Reading, path: Path, _name: str, on: date, part: Any, values: dict[str, Any]) -> Iterator[Step]:
    """Admitted, and did not come."""
    forms = (f.Admitted, f.AbsenceRecorded)
    if not _part_is_known(reading, path, "absent", part) or not _fields_are_known(
        reading, path, values, {"admitted_on"}, *forms
    ):
        return
    sitting = values.pop("sitting", on.isoformat())
    reading.sittings[part] = (sitting, on)
    common = {"part": part, "sitting": sitting, "sat_on": on}
    admitted_on = _day(reading, path, "admitted_on", values)
    yield from _built(reading, path, f.Admitted, admitted_on or on, common | _those(values, f.Admitted))
    yield from _built(reading, path, f.AbsenceRecorded, on, common | _those(values, f.AbsenceRecorded))


def _trained(reading: _Reading, path: Path, _name: str, on: date, hours: Any, values: dict[str, Any]) -> Iterator[Step]:
    """The course completed that day, with its certificate."""
    asked = reading.rules.level.training.hours
    if hours is True and asked is None:
        reading.wrong((*path, "trained"), "this level asks for no hours of a course; say how many were done")
    elif _fields_are_known(reading, path, values, set(), f.TrainingRecorded):
        done = {"hours": asked if hours is True else hours, "completion_certificate": True, "completed_on": on}
        yield from _built(reading, path, f.TrainingRecorded, on, done | values)


def _other(reading: _Reading, path: Path, name: str, on: date, value: Any, values: dict[str, Any]) -> Iterator[Step]:
    """Any step of the machine: the value is the first field of its fact, the rest stand beside it."""
    said = "" if value is True else str(value)
    if name in ("accept", "refuse", "award", "night"):
        if _fields_are_known(reading, path, values, set()):
            yield Step(name, on, datetime.combine(on, NOON), path, said=said)
        return
    if name == "carry_over" and "from" in values:
        if _fields_are_known(reading, path, values, {"from"}):
            source = str(values["from"])
            yield Step(name, on, datetime.combine(on, NOON), path, said=said, source=source)
        return
    form = _FACT_OF[name]
    first = next(iter(form.model_fields), "")
    if not _fields_are_known(reading, path, values, set(), form, but=first):
        return
    if value is not True:
        values = {first: value} | values
    if name == "grant_exemption" and (exempts := reading.rules.level.exemptions.get(str(value))):
        values = {"parts": exempts.parts} | values
    elif name == "resubmit":
        values = {"evidence": reading.shown} | values
    if first == "part" and not _part_is_known(reading, path, name, values.get("part", value)):
        return
    known = reading.sittings.get(str(values.get("part", "")))
    if name == "admit":
        sat_on = _day(reading, path, "sat_on", values) or on
        values = {"sitting": sat_on.isoformat(), "sat_on": sat_on} | values
        reading.sittings[str(values["part"])] = (str(values["sitting"]), sat_on)
    yield from _built(reading, path, form, on, filled(form, on, known or _last(reading), values))


def _last(reading: _Reading) -> tuple[str, date] | None:
    return max(reading.sittings.values(), key=lambda sitting: sitting[1], default=None)


def _built(reading: _Reading, path: Path, form: type[Fact], on: date, values: dict[str, Any]) -> Iterator[Step]:
    if isinstance(marks := values.get("score"), dict):
        try:
            given = tuple((str(name), parse_marks(mark)) for name, mark in marks.items())
            score, components = made_of(reading.rules, str(values.get("part", "")), given)
        except (ValueError, Refused) as error:
            reading.wrong((*path, "marks"), str(error))
            return
        values = values | {"score": score, "components": components}
    fact = fact_of(form, values)
    if isinstance(fact, Fact):
        last = values.get("supersedes") == 0
        yield Step(form.step, on, datetime.combine(on, NOON), path, fact, supersedes_last=last)
    else:
        for field_, text in fact:
            reading.wrong((*path, field_), text)


def _those(values: Mapping[str, Any], form: type[Fact]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key in form.model_fields}


def _day(reading: _Reading, path: Path, key: str, values: dict[str, Any]) -> date | None:
    value = values.pop(key, None)
    if value is None:
        return None
    try:
        return parse_day(value)
    except ValueError as error:
        reading.wrong((*path, key), str(error))
        return None


def _part_is_known(reading: _Reading, path: Path, name: str, part: object) -> bool:
    parts = reading.rules.parts
    if part in parts:
        return True
    found = "say which part" if part is True else f"this level has no part {part!r}"
    reading.wrong((*path, name), f"{found}{nearest(part, parts)}")
    return False


def _fields_are_known(
    reading: _Reading, path: Path, values: Mapping[str, Any], own: set[str], *forms: type[Fact], but: str = ""
) -> bool:
    fields = dict.fromkeys(name for form in forms for name in form.model_fields if name != but)
    taken = {"part", "sat_on"} if own else set()
    allowed = [*own, *(name for name in fields if name not in taken)]
    wrong = [key for key in values if key not in allowed]
    words = [FIELDS.get(name, name) for name in allowed]
    for key in wrong:
        shown = FIELDS.get(key, key)
        reading.wrong((*path, shown), f"no such field of this event{nearest(shown, [*words, *_COMMON])}")
    return not wrong
