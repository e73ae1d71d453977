"""
The steps of a worked case and their facts, made of what an event says and filled in where it says nothing.

Pure. The forms are the facts' own, so that a fact or a field that is added can be used in cases at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from pydantic import ValidationError

from workflow.cases.worked import Path
from workflow.facts import Fact

BY_ITSELF: Final = "worked case"
# Short words of an event for fields of facts.
WORDS: Final = {"marks": "score"}
FIELDS: Final = {field: word for word, field in WORDS.items()}
_FILLED: Final = {"reason", "authority", "what", "cause"}
MORNING: Final = time(8)  # when what is submitted is recorded
IF_ELIGIBLE: Final = "if eligible"


@dataclass(frozen=True)
class Step:
    """
    One step for the engine.

    Attributes:
        name: Step of the machine, or `night`.
        on: Its effective day.
        recorded_at: When the board recorded it, by its own clock; naive.
        path: Where the event stands in the file.
        fact: The fact; None for what the service makes itself (`accept`, `award`, `night`, ...).
        said: What the event says of such a step: a condition, a reason.
        refused: Words that the refusal must hold; None where the step must be taken.
        supersedes_last: Whether the fact takes back the latest event that it can take back.
        source: The application from which a part is carried over.
    """

    name: str
    on: date
    recorded_at: datetime
    path: Path
    fact: Fact | None = None
    said: str = ""
    refused: tuple[str, ...] | None = None
    supersedes_last: bool = False
    source: str = ""


def filled(form: type[Fact], on: date, sitting: tuple[str, date] | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """
    Fill in what a fact must have and the event leaves out.

    Args:
        form: The fact.
        on: The day of the event.
        sitting: Key and day of the sitting that is meant where none is named; None: there is none.
        values: What the event says, by field.
    """
    found = dict(values)
    for name, known in form.model_fields.items():
        if name in found:
            continue
        if name == "sitting" and sitting and (known.is_required() or "part" in values):
            found[name] = sitting[0]
        elif not known.is_required():
            continue
        elif name in _FILLED:
            found[name] = BY_ITSELF
        elif name == "sat_on" and sitting:
            found[name] = sitting[1]
        elif name == "supersedes":
            found[name] = 0
        elif name.endswith("_on"):
            found[name] = on
    return found


def fact_of(form: type[Fact], values: dict[str, Any]) -> Fact | list[tuple[str, str]]:
    """Make a fact, or name every field that is wrong by the word of the event, and what is wrong with it."""
    if isinstance(marks := values.get("panel"), list) and not any(isinstance(mark, dict) for mark in marks):
        values = values | {"panel": [{"assessor": f"P{n}", "score": mark} for n, mark in enumerate(marks, 1)]}
    try:
        return form.model_validate(values)
    except ValidationError as error:
        found = []
        for item in error.errors(include_url=False):
            key = str(item["loc"][0]) if item["loc"] else form.step
            text = "must be given" if item["type"] == "missing" else item["msg"].removeprefix("Value error, ")
            found.append((FIELDS.get(key, key), text))
        return found
