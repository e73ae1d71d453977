"""
A caseload of any size, written through the product's own store.

A few dozen applications are made by the rules, step by step, as a board would make them; each is then told again under
other keys, with its own hashes. So a million applications with five million events take minutes, and every history
among them replays, chains and projects like any other.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from dateutil.relativedelta import relativedelta

from workflow import facts as f
from workflow.board.decisions import propose_decision
from workflow.draft import Draft, project
from workflow.events import Event, chain
from workflow.evidence import Evidence, Work
from workflow.ports import Append, Candidate, Projection, Stores
from workflow.replay import fold
from workflow.scheme import Pinned

CHUNK: Final = 2_000
TONIGHT: Final = date(2026, 11, 22)
SITTING: Final = "2026-11/1"
_EVIDENCE: Final = Evidence(work=(Work.model_validate({"occupation": "same", "from": date(2000, 1, 3)}),))


@dataclass(frozen=True, slots=True)
class Shape:
    """
    A kind of application.

    Attributes:
        name: What it is.
        share: How many of a hundred are of this kind.
        variants: How many different histories of it there are, days apart.
        tell: Writes the history of a variant.
    """

    name: str
    share: int
    variants: int
    tell: Callable[[Draft, int], None]


def _say(draft: Draft, fact: f.Fact, on: date) -> None:
    draft.propose(fact, on, f"{type(fact).__name__}:{draft.sequence}")


def _passed(draft: Draft, parts: tuple[str, ...], sat_on: date, announced_on: date) -> None:
    """Sit parts in one session and pass them."""
    sitting = f"{sat_on:%Y-%m}/1"
    for part in parts:
        _say(draft, f.Admitted(part=part, sitting=sitting, sat_on=sat_on), sat_on - timedelta(20))
    for part in parts:
        _say(draft, f.ScoreRecorded(part=part, sitting=sitting, sat_on=sat_on, score=Decimal(75)), sat_on)
    for part in parts:
        _say(draft, f.ScoreAnnounced(part=part, sitting=sitting), announced_on)


def _accepted(draft: Draft, on: date) -> None:
    propose_decision(draft, on, "decide")
    course = f.TrainingRecorded(hours=Decimal(120), completion_certificate=True, completed_on=on)
    _say(draft, course, on + timedelta(20))


def _theory_announced(draft: Draft, announced_on: date) -> None:
    _accepted(draft, announced_on - timedelta(100))
    _passed(draft, ("theory",), announced_on - timedelta(30), announced_on)


def _due_tonight(draft: Draft, variant: int) -> None:
    _theory_announced(draft, TONIGHT - relativedelta(years=2) - timedelta(1))


def _due_later(draft: Draft, variant: int) -> None:
    _theory_announced(draft, TONIGHT - timedelta(30 * variant + 10))


def _certified(draft: Draft, variant: int) -> None:
    on = TONIGHT - timedelta(300 + variant)
    _accepted(draft, on - timedelta(100))
    _passed(draft, ("theory", "skills"), on - timedelta(60), on - timedelta(40))
    _say(draft, f.ScoreRecorded(part="review", sitting="r", sat_on=on, score=Decimal(80), form="case_analysis"), on)
    _say(draft, f.ScoreAnnounced(part="review", sitting="r"), on)


def _admitted(draft: Draft, variant: int) -> None:
    """Admitted to the sitting whose marks the score file of the benchmark brings."""
    sat_on = TONIGHT - timedelta(2)
    _accepted(draft, sat_on - timedelta(60))
    _say(draft, f.Admitted(part="theory", sitting=SITTING, sat_on=sat_on), sat_on - timedelta(20))


def _submitted(draft: Draft, variant: int) -> None:
    """Nothing follows."""


SHAPES: Final = (
    Shape("due tonight", 10, 1, _due_tonight),
    Shape("due later", 45, 20, _due_later),
    Shape("awaiting the award", 10, 5, _certified),
    Shape("admitted, no marks yet", 10, 1, _admitted),
    Shape("submitted", 25, 5, _submitted),
)


def generate(
    stores: Stores, scheme: Pinned, size: int, tell: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, int]:
    """
    Write a caseload.

    Args:
        stores: An empty database.
        scheme: The scheme, of whose level 2 the applications are.
        size: How many applications; at least 100.
        tell: Told of progress.

    Returns:
        The number of applications of each shape.
    """
    at = datetime.combine(TONIGHT - timedelta(1), time(3), UTC)
    stores.schemes.put(scheme, at)
    templates = {shape.name: [_template(shape, n, scheme, at) for n in range(shape.variants)] for shape in SHAPES}
    counts: dict[str, int] = dict.fromkeys(templates, 0)
    batch: list[Append] = []
    for number in range(size):
        shape = _shape_of(number)
        variants = templates[shape.name]
        batch.append(retold(variants[counts[shape.name] % len(variants)], key_of(number), f"person-{number:08}"))
        counts[shape.name] += 1
        if len(batch) == CHUNK or number == size - 1:
            stores.events.append(batch)
            batch = []
            tell(number + 1, size)
    return counts


def key_of(number: int) -> str:
    """Give the key of an application: spread over the buckets by its hash, like any other."""
    return f"B{number:08}"


def of_shape(name: str, size: int) -> Iterator[str]:
    """Give the keys of all applications of a shape."""
    return (key_of(number) for number in range(size) if _shape_of(number).name == name)


def _shape_of(number: int) -> Shape:
    place = number % 100
    for shape in SHAPES:
        if place < shape.share:
            return shape
        place -= shape.share
    raise AssertionError("the shares do not add up to a hundred")


def _template(shape: Shape, variant: int, scheme: Pinned, at: datetime) -> Append:
    rules = scheme.rules(2)
    fact = f.Submitted(
        candidate="template", scheme=scheme.scheme.scheme, digest=scheme.digest, level=2, evidence=_EVIDENCE
    )
    submitted_on = TONIGHT - timedelta(1500 if shape.tell is not _submitted else 30 + variant)
    draft = Draft.opening("T", fact, submitted_on, rules, at, "bench", "submit")
    shape.tell(draft, variant)
    return draft.append()


def retold(template: Append, key: str, candidate: str) -> Append:
    """Tell a history again under another key, with its own hashes."""
    events = chain(
        [
            Event(
                key,
                e.sequence,
                _of(e.fact, candidate),
                e.source,
                e.dest,
                e.effective_on,
                e.recorded_at,
                e.actor,
                e.command,
            )
            for e in template.events
        ]
    )
    projection = template.projection._replace(application=key, candidate=candidate, head=events[-1].hash)
    return Append(key, 0, events, projection)


def _of(fact: f.Fact, candidate: str) -> f.Fact:
    return fact.model_copy(update={"candidate": candidate}) if isinstance(fact, f.Submitted) else fact


def person(number: int) -> str:
    """Give the key of a person who files applications step by step."""
    return f"life-{number:06}"


def register(stores: Stores, number: int) -> None:
    """Register the persons who file applications step by step."""
    people = [Candidate(person(n), f"Person {n}", "passport", f"E{n:08}") for n in range(number)]
    stores.candidates.add(people)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a life: its event, the projection after it, and the row of `admission` that it adds, if any."""

    event: Event
    projection: Projection
    admission: tuple[str, str, date] | None


def life(scheme: Pinned) -> tuple[Step, ...]:
    """Give a whole life, step by step: filed, accepted, trained, theory, skills and the review passed."""
    at = datetime.combine(TONIGHT - timedelta(1), time(3), UTC)
    rules, steps, sat = scheme.rules(2), [], set[tuple[str, str]]()
    for number, event in enumerate((told := _template(Shape("life", 0, 1, _certified), 0, scheme, at)).events, 1):
        application = fold(told.events[:number], rules)
        assert application is not None
        fact, admission = event.fact, None
        if isinstance(fact, f.Admitted | f.ScoreRecorded) and (fact.part, fact.sitting) not in sat:
            sat.add((fact.part, fact.sitting))
            admission = (fact.part, fact.sitting, fact.sat_on)
        steps.append(Step(event, project(application, rules, event), admission))
    return tuple(steps)


def write_scores(file: Path, size: int) -> int:
    """Write a file of marks for whoever is admitted and has none."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("application", "part", "session", "sat_on", "announced_on", "score"))
        rows = [
            (key, "theory", SITTING, TONIGHT - timedelta(2), "", 40 + n % 60)
            for n, key in enumerate(of_shape("admitted, no marks yet", size))
        ]
        writer.writerows(rows)
    return len(rows)
