"""The stores that the contract is held against: in memory, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from storage.database import Database, init, open_database
from storage.memory import MemoryStores
from tests import postgres
from workflow.ports import Stores

SQL = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """Give the URL of a migrated PostgreSQL database that each test copies."""
    with postgres.database(postgres_server) as url:
        init(url)
        yield url


@pytest.fixture
def open_kind(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Database]]:
    """Give a maker of opened databases, `open_kind("sqlite")`; each is empty, and closed after the test."""
    opened: list[Database] = []

    def make(kind: str) -> Database:
        if kind == "sqlite":
            url = str(request.getfixturevalue("sqlite_url"))
            init(url)
        else:
            url = request.getfixturevalue("postgres_database")(request.getfixturevalue("postgres_template"))
        opened.append(open_database(url))
        return opened[-1]

    # The databases are dropped by their own fixture, which must come to its end after the connections are closed.
    yield make
    for database in opened:
        database.close()


@pytest.fixture(params=SQL)
def database(request: pytest.FixtureRequest, open_kind: Callable[[str], Database]) -> Database:
    """Give an empty database, once for each kind."""
    return open_kind(request.param)


@pytest.fixture(params=["memory", *SQL])
def stores(request: pytest.FixtureRequest, open_kind: Callable[[str], Database]) -> Stores:
    """Give empty stores, once for each implementation."""
    return MemoryStores() if request.param == "memory" else open_kind(request.param)
