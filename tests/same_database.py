"""
Test databases inside one database that is given: a schema of its own for each, on the search path of its URL alone.

For a server on which a fresh database would not do (on Citus it has neither the extension nor the workers) or may not
be created. What lies in the database otherwise is never touched, since no test's path leads to it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psycopg
from sqlalchemy import URL, Connection, make_url, text

from storage.citus import HAS_CITUS

MODE_VARIABLE = "EXAMBOARD_TEST_POSTGRES_MODE"
MODE = "same-database"
SHARDS = 4  # a table of a test has few rows, and each shard is a table to be made on a worker

_held: dict[Path, tuple[IO[str], int]] = {}


def is_wanted(server_url: str) -> bool:
    """Tell whether tests must stay in the URL's database: they are told so, it is on Citus, or none may be created."""
    mode = os.environ.get(MODE_VARIABLE, "")
    if mode not in ("", MODE):
        raise ValueError(f"{MODE_VARIABLE} is {mode!r}; it may only be {MODE!r}, or not be set")
    may_create = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
    return bool(mode) or has_citus(server_url) or not _asked(server_url, may_create)


def has_citus(server_url: str) -> bool:
    """Tell whether the database that a URL names is on Citus."""
    return _asked(server_url, HAS_CITUS)


def cuts_waits_off(connection: Connection) -> bool:
    """Tell whether a session's limit on waiting holds: to the nodes of Citus no session's settings go."""
    if connection.dialect.name != "postgresql" or not connection.scalar(text(HAS_CITUS)):
        return True
    asked = "SELECT count(*) FROM run_command_on_workers('SHOW lock_timeout') WHERE result IN ('0', '')"
    return not connection.scalar(text(asked))


def hold_on(connection: Connection) -> None:
    """
    Let a transaction hold its rows however long it is idle.

    On Citus who meets them waits as long as the nodes say, which may be longer than an idle session is left alone.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


@contextmanager
def schema(server_url: str) -> Iterator[str]:
    """
    Make a schema, give the URL under which it is an empty database, and drop it afterwards with whoever is connected.

    Only one process of this machine has schemas at a time: the others wait for their turn.
    """
    name = f"examboard_test_{secrets.token_hex(6)}"
    given = make_url(server_url)
    own = f"{given.query.get('options', '')} -c search_path={name} -c citus.shard_count={SHARDS}".strip()
    with _turn(given):
        _run(server_url, f'CREATE SCHEMA "{name}"')
        try:
            yield _text(given.update_query_dict({"options": own, "application_name": name}))
        finally:
            leaving = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'"
            _run(server_url, leaving, f'DROP SCHEMA "{name}" CASCADE')


@contextmanager
def _turn(given: URL) -> Iterator[None]:
    """Wait until no other process of this machine works in the database; a process may take several turns at once."""
    place = f"{given.host}:{given.port}/{given.database}"
    file = (
        Path(tempfile.gettempdir()) / f"examboard-{os.getuid()}-{hashlib.sha256(place.encode()).hexdigest()[:12]}.lock"
    )
    handle, turns = _held.get(file) or (file.open("w"), 0)
    if not turns:
        fcntl.flock(handle, fcntl.LOCK_EX)
    _held[file] = handle, turns + 1
    try:
        yield
    finally:
        handle, turns = _held[file]
        if turns > 1:
            _held[file] = handle, turns - 1
        else:
            del _held[file]
            handle.close()  # which lets the next one in


def _asked(url: str, question: str) -> bool:
    with psycopg.connect(_text(make_url(url).set(drivername="postgresql"))) as connection:
        row = connection.execute(question.encode()).fetchone()
    return bool(row and row[0])


def _run(url: str, *statements: str) -> None:
    with psycopg.connect(_text(make_url(url).set(drivername="postgresql")), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
