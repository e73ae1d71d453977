"""The stores that the contract is held against: in memory, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from storage.database import Database, open_database
from storage.memory import MemoryStores
from tests.statements import noted, objections
from workflow.ports import Stores

SQL = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))


@pytest.fixture
def open_kind(make_current: Callable[[str], str]) -> Iterator[Callable[[str], Database]]:
    """Give a maker of opened databases, `open_kind("sqlite")`; each is empty, and closed after the test."""
    opened: list[Database] = []
    notes = ExitStack()
    sent: list[list[str]] = []

    def make(kind: str) -> Database:
        opened.append(open_database(make_current(kind)))
        if kind != "sqlite":
            sent.append(notes.enter_context(noted(opened[-1].engine)))
        return opened[-1]

    # The databases are dropped by their own fixture, which must come to its end after the connections are closed.
    yield make
    notes.close()
    for database in opened:
        database.close()
    refused = {words: found for some in sent for words in some if (found := objections(words))}
    assert not refused, f"Citus would refuse: {refused}"


@pytest.fixture(params=SQL)
def database(request: pytest.FixtureRequest, open_kind: Callable[[str], Database]) -> Database:
    """Give an empty database, once for each kind."""
    return open_kind(request.param)


@pytest.fixture(params=["memory", *SQL])
def stores(request: pytest.FixtureRequest, open_kind: Callable[[str], Database]) -> Stores:
    """Give empty stores, once for each implementation."""
    return MemoryStores() if request.param == "memory" else open_kind(request.param)


@pytest.fixture(params=["memory", *SQL])
def twins(request: pytest.FixtureRequest, open_kind: Callable[[str], Database]) -> tuple[Stores, Stores]:
    """Give empty stores twice, to be written to in two ways and compared; once for each implementation."""
    if request.param == "memory":
        return MemoryStores(), MemoryStores()
    return open_kind(request.param), open_kind(request.param)
