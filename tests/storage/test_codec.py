"""Every fact that can be stored comes back as it was, from today's form and from older ones."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from storage import codec, tables
from storage.codec import UPCASTERS, EventRow, from_row, read_fact, to_row
from workflow import events
from workflow import facts as f
from workflow.document import FIRST_DAY, LAST_DAY
from workflow.errors import Corrupt
from workflow.evidence import DEGREES, SCHOOLS, Education, Statement, Title, Work

GOLDEN = Path(__file__).parents[1] / "golden" / "events.jsonl"

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=30)
DAY = st.dates(FIRST_DAY, LAST_DAY)
MARKS = st.decimals(0, 100_000, places=2).map(lambda marks: marks if marks % 1 else Decimal(int(marks)))
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    date: DAY,
    Decimal: MARKS,
    bool: st.booleans(),
    int: st.integers(1, 9),
    type(None): st.none(),
}


def some(kind: Any) -> st.SearchStrategy[Any]:
    """Give values of an annotation as the models use them."""
    if kind in PLAIN:
        return PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return model(kind)
    if get_origin(kind) is tuple:
        return st.lists(some(get_args(kind)[0]), max_size=3).map(tuple)
    if str(get_origin(kind)) == "typing.Literal":
        return st.sampled_from(get_args(kind))
    if hasattr(kind, "__metadata__"):  # Annotated: what it is beneath the conditions
        return some(kind.__origin__)
    return st.one_of(*map(some, get_args(kind)))


def model(kind: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Give models of a kind, with every field as its annotation allows."""
    fields = {(f.alias or name): some(f.annotation) for name, f in kind.model_fields.items()}
    values = st.fixed_dictionaries(fields)
    if kind is Work:
        values = values.map(_worked)
    if kind is Education:
        values = st.tuples(values, st.sampled_from(list(DEGREES)), st.sampled_from([None, *SCHOOLS])).map(
            lambda v: v[0] | {"degree": v[1], "school": v[2]}
        )
    if kind in (Title, Statement):  # a name is more than blanks
        values = values.filter(lambda v: v.get("title", v.get("statement")).strip())
    return values.map(kind.model_validate)


def _worked(v: dict[str, Any]) -> dict[str, Any]:
    """Give a stretch of work that can be: it ends after it begins, and shows its hours in one way."""
    to = max(v["from"], v["to"]) if v["to"] else None
    return v | {"to": to, "hours": v["hours"] if to else None, "hours_per_week": None if to else Decimal(40)}


def linked(fact: f.Fact) -> events.Event:
    """Put a fact into an envelope."""
    at = datetime(2026, 3, 1, 1, 2, 3, 4, tzinfo=UTC)
    return events.chain([events.Event("E-中-1", 1, fact, "", "submitted", date(2026, 3, 1), at, "阿明", "c-1")])[0]


def row_of(values: dict[str, Any]) -> EventRow:
    """Order the values of a row as `from_row` takes them: as the table does, without the bucket."""
    return tuple(values[c.name] for c in tables.event.c if c.name != "bucket")


@pytest.mark.parametrize("kind", f.FACTS.values(), ids=f.FACTS)
def test_every_fact_comes_back(kind: type[f.Fact]) -> None:
    """Whatever values a fact bears, it comes back equal, its text is canonical, and its hash holds."""

    @given(model(kind))
    def comes_back(fact: f.Fact) -> None:
        event = linked(fact)
        back = from_row(to_row(event)[1:])
        assert back == event
        assert events.canonical_data(back.fact) == event.data
        assert events.event_hash(back) == event.hash

    comes_back()


def golden() -> list[dict[str, Any]]:
    """Read the rows that were stored once and for all."""
    return [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]


def test_golden_rows_are_complete() -> None:
    """For each fact there is a row of each version up to today's. Add a line for a new one; never change one."""
    wanted = {(name, version) for name, fact in f.FACTS.items() for version in range(1, fact.version + 1)}
    assert {(row["type"], row["version"]) for row in golden()} == wanted


@pytest.mark.parametrize("row", golden(), ids=lambda row: f"{row['type']}-{row['version']}")
def test_golden_rows_always_read(row: dict[str, Any]) -> None:
    """A row stored by any released version reads, and its hash holds over the text as it was stored."""
    instant = instant_of(row["recorded_at"])
    values = row | {"effective_on": date.fromisoformat(row["effective_on"]), "recorded_at": instant}
    event = from_row(row_of(values))
    assert event.data == row["data"]
    assert events.event_hash(event) == event.hash == row["hash"]
    if event.version == event.fact.version:
        assert events.canonical_data(event.fact) == row["data"]


def instant_of(text: str) -> datetime:
    """Read an instant as it is hashed."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")


def test_older_forms_are_lifted_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each upcaster makes the next version's form; the text that was stored and its hash stay."""
    stored = linked(f.Withdrawn(reason="moved"))
    monkeypatch.setattr(f.Withdrawn, "version", 3)
    monkeypatch.setitem(UPCASTERS, ("Withdrawn", 1), lambda data: {"why": data["reason"]})
    monkeypatch.setitem(UPCASTERS, ("Withdrawn", 2), lambda data: {"reason": data["why"] + "!"})
    back = from_row(to_row(stored)[1:])
    assert back.fact == f.Withdrawn(reason="moved!")
    assert (back.version, back.data) == (1, '{"reason":"moved"}')
    assert events.event_hash(back) == stored.hash


@pytest.mark.parametrize(
    ("type_", "version", "data", "told"),
    [
        ("Foreseen", 1, "{}", "no fact is called 'Foreseen'"),
        ("Withdrawn", 2, "{}", "version 2 of Withdrawn is unknown here; this software reads up to 1"),
        ("Withdrawn", 0, "{}", "version 0 of Withdrawn is unknown here"),
        ("Withdrawn", 1, "{", "its Withdrawn cannot be read: data: Invalid JSON"),
        ("Withdrawn", 1, "[]", "its Withdrawn cannot be read"),
        ("Withdrawn", 1, '{"reason":"","x":1}', "its Withdrawn cannot be read: x: Extra inputs"),
        ("ScoreAmended", 1, "{}", "its ScoreAmended cannot be read: part: Field required"),
        ("Withdrawn", 0, "{", "the data is not JSON"),
    ],
)
def test_what_cannot_be_read_names_its_row(type_: str, version: int, data: str, told: str) -> None:
    """An unknown type or version, or broken data, is Corrupt and says of which event."""
    with pytest.raises(Corrupt, match=f"^event 7 of application E-1: .*{told}"):
        read_fact(type_, version, data, codec.where_of(7, "E-1"))
