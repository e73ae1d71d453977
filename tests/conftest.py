"""Fixtures and settings that every test may use: databases of both kinds, and Hypothesis' profiles."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings
from sqlalchemy import Connection

from storage import citus, database, making
from storage.engine import sqlite_file
from storage.keyring import Ring, beside
from storage.migrations import run
from tests import postgres, same_database

_as_the_software_upgrades: Final = run.upgrade_to_head

settings.register_profile("ci", deadline=None, derandomize=True, max_examples=100, print_blob=True)
settings.register_profile("deep", deadline=None, max_examples=5_000, print_blob=True)  # for a hunt by hand
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for PostgreSQL, so that `-m "not postgresql"` leaves exactly those out."""
    for item in items:
        if "postgres_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.postgresql)


@pytest.fixture(scope="session", autouse=True)
def _one_ring_for_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Name a key ring for the databases on the test server, as a board's settings do; a test may name its own."""
    embedded, file = making.ring_place, tmp_path_factory.mktemp("ring") / "board.ring"
    with pytest.MonkeyPatch.context() as patched:
        # What is made where a user keeps settings and data is made here, by this process and by those that tests start.
        for folder in ("CONFIG", "DATA", "STATE"):
            patched.setenv(f"XDG_{folder}_HOME", str(tmp_path_factory.getbasetemp() / folder.lower()))
        for module in (making, database):
            patched.setattr(module, "ring_place", lambda url: embedded(url) if sqlite_file(url) else file)
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Give the SQLAlchemy URL of a PostgreSQL server, one for the session; make databases on it, don't use its own."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgres.server())
        except postgres.NoServer as error:
            line = f"NO POSTGRESQL, SO HALF OF THE CHECKS ARE MISSING: {error}; or set {postgres.URL_VARIABLE}"
            if os.environ.get("EXAMBOARD_TEST_NO_SKIP") == "1" or os.environ.get("CI", "").lower() == "true":
                pytest.fail(line, pytrace=False)
            pytest.skip(line)
        if same_database.has_citus(url):
            stack.enter_context(_distributing())
        yield url


@contextmanager
def _distributing() -> Iterator[None]:
    """Distribute every database that is made by this process, as `examboard db distribute` does."""

    def upgrade_and_place(connection: Connection, ring: Ring | None = None) -> None:
        _as_the_software_upgrades(connection, ring)
        if citus.has_citus(connection):
            citus.place(connection)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(run, "upgrade_to_head", upgrade_and_place)
        yield


@pytest.fixture
def undistributed(postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave what the test makes as `examboard db init` leaves it, on Citus too."""
    monkeypatch.setattr(run, "upgrade_to_head", _as_the_software_upgrades)


@pytest.fixture
def postgres_database(postgres_server: str) -> Iterator[Callable[..., str]]:
    """
    Give a maker of fresh databases, `make(template=None) -> url`, all dropped at the end of the test.

    A template that outlives the test is made once a session with `tests.postgres.database(postgres_server)`.
    """
    with ExitStack() as stack:

        def make(template: str | None = None) -> str:
            return stack.enter_context(postgres.database(postgres_server, template))

        yield make


@pytest.fixture
def postgres_url(postgres_database: Callable[..., str]) -> str:
    """Give the SQLAlchemy URL of an empty PostgreSQL database of the test's own."""
    return postgres_database()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Give the SQLAlchemy URL of an SQLite file of the test's own, not yet there (`:memory:` is one per thread)."""
    return f"sqlite:///{tmp_path / 'examboard.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the SQLAlchemy URL of an empty database of the test's own, once for each kind of database."""
    fixture = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    return str(request.getfixturevalue(fixture))


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "board.db"
    making.init(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: str) -> Iterator[str | None]:
    """Give the URL of a database to copy; none where no copies can be made."""
    if not postgres.copies(postgres_server):
        yield None
        return
    with postgres.database(postgres_server) as url:
        making.init(url)
        yield url


@pytest.fixture
def make_current(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """
    Give a maker of databases as `examboard db init` leaves them: `make("sqlite") -> url`, a new one each time.

    Each is a copy of one that was migrated once a session, with its key ring; where the making itself is in question,
    use `init`.
    """
    numbers = count()

    def make(kind: str) -> str:
        if kind == "sqlite":
            template, file = request.getfixturevalue("_sqlite_template"), tmp_path / f"current-{next(numbers)}.db"
            shutil.copy(beside(template), beside(file))
            return f"sqlite:///{shutil.copy(template, file)}"
        template = request.getfixturevalue("_postgres_template")
        url = str(request.getfixturevalue("postgres_database")(template))
        if template is None:
            making.init(url)
        return url

    return make


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def current_url(request: pytest.FixtureRequest, make_current: Callable[[str], str]) -> str:
    """Give the SQLAlchemy URL of a database of the test's own, empty and current, once for each kind of database."""
    return make_current(request.param)
