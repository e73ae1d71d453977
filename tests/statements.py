"""What Citus would refuse in a statement, told from its text, and what is sent (engines.md, section 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from storage.citus import DISTRIBUTED, ON_COORDINATOR

_SET = re.compile(r"\bSET (.*?)(?: WHERE | RETURNING |$)", re.DOTALL)
_TARGET = re.compile(r"ON CONFLICT \((.*?)\)")


def tables_of(statement: str) -> set[str]:
    """Name the tables of the project that a statement reads or writes."""
    lists = re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE)\s+(\w+(?:, \w+)*)", statement)
    named = {name for found in lists for name in found.split(", ")}
    return named & {*DISTRIBUTED, *ON_COORDINATOR}


def objections(statement: str) -> list[str]:
    """Say what Citus would refuse in a statement of a store."""
    words = " ".join(statement.split())
    if not re.match(r"(SELECT|INSERT|UPDATE|DELETE)\b", words):
        return []
    spread = sorted(tables_of(words) & set(DISTRIBUTED))
    return [text for text, is_so in _rules(words, spread) if is_so]


def _rules(words: str, spread: list[str]) -> Iterator[tuple[str, bool]]:
    pinned = {table for table in spread if re.search(rf"\b{table}\.bucket = %", words)}
    if "FOR UPDATE" in words:
        yield "locks rows without an equality on bucket", pinned != set(spread)
    if match := _SET.search(words):
        changed = re.findall(r"(?:^|, )(\w+) ?=", match[1])
        yield "sets the column by which its table is distributed", bool(spread) and "bucket" in changed
    if match := _TARGET.search(words):
        yield "looks for a conflict on a key without bucket", bool(spread) and "bucket" not in match[1].split(", ")
    if len(spread) > 1 and words.startswith(("SELECT", "UPDATE", "DELETE")):
        beside = re.search(r"(\w+)\.bucket = (\w+)\.bucket", words)
        is_joined = beside is not None and {beside[1], beside[2]} == set(spread)
        yield "joins tables otherwise than on bucket", not is_joined and pinned != set(spread)
    yield "names tables of both kinds", bool(spread) and bool(tables_of(words) & set(ON_COORDINATOR))


def plan_by_indexes(tx: Connection) -> None:
    """Let a transaction on PostgreSQL go by indexes wherever it can, as it would if the tables were large."""
    tx.execute(text("SET LOCAL citus.propagate_set_commands TO 'local'"))  # the nodes of a cluster plan for themselves
    tx.execute(text("SET LOCAL enable_seqscan TO off"))


@contextmanager
def noted(engine: Engine) -> Iterator[list[str]]:
    """Collect every statement that is sent to a database."""
    sent: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, _p: Any, _context: Any, _many: bool) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
