"""
The fast audit of one history: the chain, the numbers, the lawful steps, and the row that is derived from it.

Pure, and the innermost loop of every audit: the compiled table says what is lawful, and nothing is parsed but the
first event (engines.md, section 7).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

from workflow.audit.findings import (
    APPLICATION,
    AT,
    DATA,
    DEST,
    HASH,
    ON,
    PREVIOUS,
    REBUILD,
    RESTORE,
    SEQUENCE,
    SOURCE,
    STEP,
    TYPE,
    VERSION,
    EventRow,
    Finding,
    Lawful,
)
from workflow.events import GENESIS, canonical_event, quoted
from workflow.facts import FACTS

_scan: Final[Any] = json.JSONDecoder().scan_once  # type: ignore[attr-defined] # what is stored is canonical: no blanks to be skipped

FIELDS: Final = (
    "application", "candidate", "scheme", "digest", "level", "submitted_on", "state", "sequence", "head", "recorded_at",
    "next_due_on", "next_due_type", "next_due_data",
)  # fmt: skip


def opening(history: Sequence[EventRow]) -> dict[str, Any] | Finding:
    """Read the submission with which a history opens: who, under which document, at which level."""
    first = history[0]
    try:
        data, end = _scan(first[DATA], 0)
        is_whole = end == len(first[DATA]) and isinstance(data["digest"], str) and isinstance(data["level"], int)
        if first[TYPE] == "Submitted" and is_whole:
            return {name: data[name] for name in ("candidate", "scheme", "digest", "level")}
        is_other = first[TYPE] != "Submitted"
        reason = "its history does not open with a submission" if is_other else "the submission cannot be read"
    except (StopIteration, ValueError, TypeError, KeyError):
        reason = "the submission cannot be read"
    if first[SEQUENCE] != 1:
        reason = f"event 1 is missing; {reason}"
    return Finding("event", reason, RESTORE, str(first[APPLICATION]), _number(first))


def break_of(history: Sequence[EventRow], lawful: Lawful) -> Finding | None:
    """
    Find the first event that does not hold: number, hash, source, lawful step, order of recording.

    What follows a break is not judged: every hash after it stands on what is in doubt.
    """
    head, state, at, number = GENESIS, "", "", 0
    row: EventRow = ()
    try:
        whose = quoted(history[0][APPLICATION])
        for row in history:
            number += 1
            # Unpacked, since a name is looked up in half the time of a place: this is where an audit spends its time.
            _, sequence, kind, version, step, source, dest, on, now, actor, command, data, previous, own = row
            pieces = lawful.get((kind, version, step, source, dest))
            if sequence != number or previous != head or source != state or pieces is None or now < at:
                return _named(row, number, head, state, lawful)
            led, tail = pieces
            # As `canonical_event` writes it, which names the fault where this does not hold.
            text = (
                f'{{"actor":{quoted(actor)},"application":{whose},"command":{quoted(command)},"data":{data},'
                f'{led}"effective_on":"{on}","previous":"{head}","recorded_at":"{now}","sequence":{number},{tail}'
            )
            if sha256(text.encode()).hexdigest() != own:
                return _named(row, number, head, state, lawful)
            head, state, at = own, dest, now
    except (TypeError, ValueError) as error:
        return _broken(row, f"holds what cannot be: {error}")
    return None


def _named(row: EventRow, number: int, head: str, state: str, lawful: Lawful) -> Finding:
    if row[SEQUENCE] != number:
        missing = isinstance(row[SEQUENCE], int) and row[SEQUENCE] > number
        return _broken(row, f"event {number} is missing" if missing else f"bears the wrong number; it comes {number}th")
    if row[PREVIOUS] != head or sha256(canonical_event(*row[:HASH]).encode()).hexdigest() != row[HASH]:
        return _broken(row, "its hash does not follow from its content and the event before")
    if row[SOURCE] != state:
        return _broken(row, f"says that it left {row[SOURCE] or 'nothing'}; the event before led to {state or 'none'}")
    if row[TYPE:ON] not in lawful:
        return _broken(row, _unlawful(row))
    return _broken(row, f"was recorded at {row[AT]}, before the event that it follows: it was put in later")


def _unlawful(row: EventRow) -> str:
    fact = FACTS.get(row[TYPE])
    if fact is None:
        return f"no fact is called {row[TYPE]!r}; a newer version wrote it, or it was changed from outside"
    if not 1 <= row[VERSION] <= fact.version:
        return f"version {row[VERSION]} of {row[TYPE]} is unknown here; this software reads up to {fact.version}"
    if row[STEP] != fact.step:
        return f"a {row[TYPE]} is judged by the step {fact.step!r}, but {row[STEP]!r} is stored"
    return f"the machine of its rules has no step {row[STEP]} from {row[SOURCE] or 'nothing'} to {row[DEST]}"


def _broken(row: EventRow, text: str) -> Finding:
    return Finding("event", text, RESTORE, str(row[APPLICATION]), _number(row))


def _number(row: EventRow) -> int:
    return row[SEQUENCE] if isinstance(row[SEQUENCE], int) else 0


def derived(first: dict[str, Any], history: Sequence[EventRow]) -> tuple[Any, ...]:
    """Give what the row of an application must say as far as no rules are needed: `FIELDS` without what is due."""
    last = history[-1]
    return (
        last[APPLICATION], first["candidate"], first["scheme"], first["digest"], first["level"], history[0][ON],
        last[DEST], last[SEQUENCE], last[HASH], last[AT],
    )  # fmt: skip


def row_findings(stored: tuple[Any, ...] | None, right: tuple[Any, ...]) -> list[Finding]:
    """Compare the row of an application with what its history says, field by field as far as that goes."""
    application = str(right[0])
    if stored is None:
        text = "has a history but no row"
        return [Finding("row", text, REBUILD, application, table="application", key=application)]
    found = [(name, a, b) for name, a, b in zip(FIELDS, stored, right, strict=False) if a != b]
    if any(name == "sequence" and isinstance(a, int) and a > b for name, a, b in found):
        text = f"its row knows of event {stored[7]}, its history ends with event {right[7]}: what came last is deleted"
        return [Finding("row", text, RESTORE, application, table="application", key=application)]
    return [
        Finding("row", f"its row says {name} {a}, its history {b}", REBUILD, application, 0, "application", name)
        for name, a, b in found
    ]
