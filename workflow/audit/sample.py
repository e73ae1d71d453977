"""
Samples for audits: which histories to look at first, drawn by chance that leans to where mistakes are likely and dear.

Pure. Each history has a weight, and of two histories the one with twice the weight is drawn about twice as often. What
is drawn hangs on the seed, the keys and the histories alone: not on the database, its order, or how many processes
draw.
"""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import log
from operator import itemgetter
from typing import Any, Final

from workflow.audit.findings import DATA, DEST, ON, TYPE, Bench, EventRow, RawRows
from workflow.audit.history import opening
from workflow.calendar import count
from workflow.scheme import Rules

# What each kind of history weighs on top of 1. A certificate goes out into the world; what was taken back, corrected,
# prolonged or waived was decided by people against the ordinary course; marks near the pass mark tempt.
WEIGHTS: Final = {"certified": 4, "taken back": 8, "corrected": 8, "extended or waived": 6, "late entry": 4, "near": 6}
NEAR: Final = 2  # marks above or at the pass mark
_BY_TYPE: Final = {
    "Reinstated": "taken back", "EligibilityReopened": "taken back", "AnnulmentLifted": "taken back",
    "CertificateRestored": "taken back", "ScoreAmended": "corrected", "RecheckDecided": "corrected",
    "ScoreRetracted": "corrected", "EvidenceJudged": "corrected", "ValidityExtended": "extended or waived",
    "DeadlineExtended": "extended or waived",
    "TrainingWaived": "extended or waived", "PartCarriedOver": "extended or waived",
}  # fmt: skip
_MARKS: Final = frozenset(("ScoreRecorded", "ScoreAmended", "RecheckDecided"))


@dataclass(frozen=True, slots=True, order=True)
class Drawn:
    """
    A history that was drawn.

    Attributes:
        place: Where it comes in the draw; the smallest are taken.
        application: The application.
        weight: Its weight.
        because: What gave it more weight than others.
    """

    place: float
    application: str
    weight: int
    because: tuple[str, ...]


def weigh(history: Sequence[EventRow], rules: Rules | None) -> tuple[int, tuple[str, ...]]:
    """Weigh a history; gives the weight and the reasons."""
    found = {_BY_TYPE[row[TYPE]] for row in history if row[TYPE] in _BY_TYPE}
    latest = ""
    for row in history:
        if str(row[ON]) < latest:  # it took effect before what had been recorded already
            found.add("late entry")
        latest = max(latest, str(row[ON]))
    if history[-1][DEST] == "certified":
        found.add("certified")
        if rules is not None and any(_is_near(row, rules) for row in history if row[TYPE] in _MARKS):
            found.add("near")
    words = {"near": f"within {count(NEAR, 'mark')} of a pass mark"}
    return 1 + sum(WEIGHTS[name] for name in found), tuple(words.get(n, n) for n in WEIGHTS if n in found)


def _is_near(row: EventRow, rules: Rules) -> bool:
    try:
        data = json.loads(row[DATA])
        over = float(data["score"]) - float(rules.parts[data["part"]].pass_mark)
    except (ValueError, KeyError, TypeError):
        return False
    return 0 <= over <= NEAR


def place_of(application: str, weight: int, seed: int) -> float:
    """Give the place of a history in a draw: chance from its key and the seed, shortened by its weight."""
    chance = int.from_bytes(hashlib.sha256(f"{seed}\n{application}".encode()).digest()[:7], "big")
    return -log((chance + 1) / (1 << 56)) / weight


def draw(raw: RawRows, bench: Bench, bucket: int, most: int, seed: int) -> list[Drawn]:
    """Draw from a bucket."""
    return heapq.nsmallest(most, _weighed(raw, bench, bucket, seed))


def _weighed(raw: RawRows, bench: Bench, bucket: int, seed: int) -> Iterable[Drawn]:
    for application, events in groupby(raw.events(bucket), itemgetter(0)):
        history: list[tuple[Any, ...]] = list(events)
        first = opening(history)
        rules = bench.rules(first["digest"], first["level"], application) if isinstance(first, dict) else None
        weight, because = weigh(history, rules)
        yield Drawn(place_of(application, weight, seed), application, weight, because)


def merged(drawn: Iterable[Sequence[Drawn]], most: int) -> list[Drawn]:
    """Draw from what was drawn from each bucket; in the order of keys."""
    best = heapq.nsmallest(most, (one for some in drawn for one in some))
    return sorted(best, key=lambda one: one.application)
