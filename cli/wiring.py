"""
The composition root: the database, the clock and the maker of keys, put together into a service.

The only place that reads the clock or asks for chance. A command asks for a service that may write, or for one that
cannot: that one opens the database so that the database itself refuses every write.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
import uuid
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.held_keys import ring_place
from cli.loading import load
from cli.settings import Settings as Settings
from cli.settings import settings as settings
from cli.shelf import shelve
from cli.sign_in import who as who
from workflow.document import LAST_DAY
from workflow.errors import Misconfigured, NotFound, Objection, Refused
from workflow.ports import SchemeShelf, Stores
from workflow.roles.access import AccessLog
from workflow.roles.rights import CLOCK_ACTOR, Actor
from workflow.service import Service

if TYPE_CHECKING:  # SQLAlchemy costs a third of a second that a check of a document or of evidence need not pay
    from scheduler.night import Night
    from scheduler.sinks import FileSink, SmtpSink
    from storage.database import Database


def service(ctx: click.Context, write: bool = True, or_empty: bool = False, act: str = "") -> Service:
    """
    Put the service together; its database is closed with the command.

    Args:
        ctx: The command's context.
        write: Whether it may write. Then a database that is not there yet is made, and the schemes that come with
            Examboard are put on its shelf.
        or_empty: Where a database that only is read is not there, work on an empty one in memory.
        act: The right that the command takes (`rights.ACTS`); empty: to read, or what each fact takes that it records.

    Raises:
        NotFound: there is no database to read.
        Refused: the board keeps staff, and the caller showed no token or has not the right.
        Misconfigured, Unavailable: see errors.
    """
    chosen = settings(ctx)
    stores = _stores(ctx, chosen, write, or_empty)
    actor = who(ctx, stores)
    if act or not write:
        actor.need(ctx.command_path, act or "read")
    return Service(stores, now, _new_key, actor, chosen.time_zone)


def reading(ctx: click.Context) -> Stores:
    """
    Open the database of this call to read from it, before it is known who asks.

    Raises:
        NotFound: there is no database.
    """
    return _stores(ctx, settings(ctx), write=False, or_empty=False)


def caller(ctx: click.Context, act: str) -> Actor:
    """
    Tell who acts where a command may come before there is a database, and that there is a right to it.

    Raises:
        Refused, Misconfigured: see `who`; or there is no right to it.
    """
    found = readable(ctx)
    actor = who(ctx, found) if found else Actor(settings(ctx).actor)
    actor.need(ctx.command_path, act)
    return actor


def access_log(ctx: click.Context) -> AccessLog:
    """
    Open the access log to add to it: the one thing that a command which only reads may write.

    Raises:
        Misconfigured, Unavailable: it cannot be written; then nothing may be shown.
    """
    return _open(ctx, settings(ctx).database).access


def chance(count: int) -> bytes:
    """Give random bytes that nobody can guess."""
    return secrets.token_bytes(count)


def sink(ctx: click.Context) -> FileSink | SmtpSink:
    """
    Give what notices are handed to: the mail server, or the folder where there is none; closed with the command.

    Raises:
        Misconfigured: there is a mail server, but no address from which notices come.
    """
    from scheduler.sinks import FileSink, smtp_sink

    chosen = settings(ctx)
    if not (url := chosen.smtp_url.get_secret_value()):
        return FileSink(Path(chosen.outbox_folder).expanduser(), chosen.mail_from)
    if not chosen.mail_from:
        raise Misconfigured("setting mail_from is empty; a mail server (smtp_url) needs the address notices come from")
    server = smtp_sink(url, chosen.mail_from)
    ctx.call_on_close(server.close)
    return server


def night(ctx: click.Context, write: bool = True, node: str = "") -> Night:
    """
    Put together what jobs work with; its database is closed with the command.

    Args:
        ctx: The command's context.
        write: Whether it may write; see `service`.
        node: Name of the node that works by itself; empty: the actor works by hand.

    Raises:
        NotFound: there is no database to read.
        Misconfigured, Unavailable: see errors.
    """
    from scheduler.night import Night

    chosen = settings(ctx)
    stores = _stores(ctx, chosen, write, or_empty=False)
    if node:  # nobody is at hand to show a token
        by = f"{chosen.actor}@{node}"
    else:
        actor = who(ctx, stores)
        actor.need(ctx.command_path, "run_jobs", *(() if write else ("read",)))
        by = actor.name
    # What time alone does is the clock's, whoever lets it run.
    return Night(Service(stores, now, _new_key, CLOCK_ACTOR, chosen.time_zone), by, chosen.remind_days, time.sleep)


def log_name() -> str:
    """Make up a name for a log that tells nothing about the machine."""
    return f"examboard/{_new_key()}"


def node() -> str:
    """Name this process among the nodes that share the nights."""
    return f"{socket.gethostname()}:{os.getpid()}"


def now() -> datetime:
    """
    Give the present instant.

    Raises:
        Misconfigured: the machine's clock is beyond all days that are taken; nothing is judged or written by it.
    """
    instant = datetime.now(UTC)
    if instant.year > LAST_DAY.year:
        raise Misconfigured(
            f"this machine's clock says {instant.date()}, and days end with {LAST_DAY}; set the clock right"
        )
    return instant


def _new_key() -> str:
    return uuid.uuid4().hex[:16]


def _stores(ctx: click.Context, chosen: Settings, write: bool, or_empty: bool) -> Stores:
    if write:
        return writable(ctx)
    if found := readable(ctx):
        return found
    if or_empty:
        from storage.memory import MemoryStores

        empty = MemoryStores()
        shelve(empty.schemes, now())
        return empty
    raise NotFound(f"no database at {shown_place(chosen.database)}; make one with: examboard db init")


def writable(ctx: click.Context) -> Database:
    """
    Open the database of this call, made first if it is not there, with the packaged schemes on its shelf.

    Raises:
        Misconfigured: it is of another version, or holds the tables of something else.
        Unavailable: it cannot be reached.
    """
    url = settings(ctx).database
    database = _opened(ctx, url, read_only=False)
    if database is None:
        from storage.database import init

        init(url, ring_place(ctx), now())
        database = _open(ctx, url)
    shelve(database.schemes, now())
    return database


def readable(ctx: click.Context) -> Database | None:
    """
    Open the database of this call so that nothing can be written; None where there is none.

    Raises:
        Misconfigured: it is of another version.
        Unavailable: it cannot be reached.
    """
    url = settings(ctx).database
    file = url.removeprefix("sqlite:///")
    is_file = "://" not in file and Path(file).suffix in (".db", ".sqlite", ".sqlite3")
    if is_file and not Path(file).expanduser().exists():  # spares the import of SQLAlchemy
        return None
    return _opened(ctx, url, read_only=True)


def shelf(ctx: click.Context) -> SchemeShelf | None:
    """Give the board's shelf of schemes, to read; None where there is no database yet."""
    database = readable(ctx)
    return database.schemes if database else None


def _opened(ctx: click.Context, url: str, read_only: bool) -> Database | None:
    """Open a database; None where there is none. It is asked what it is only if it does not open."""
    try:
        return _open(ctx, url, read_only)
    except Misconfigured:
        from storage.database import status

        if status(url).condition != "missing":
            raise
        return None


def _open(ctx: click.Context, url: str, read_only: bool = False) -> Database:
    load("storage.database")
    from storage.database import open_database

    database = open_database(url, read_only, ring_place(ctx))
    ctx.call_on_close(database.close)
    return database


def shown_place(url: str) -> str:
    """Write a database URL without its password; a file as it is."""
    if "://" not in url:
        return url
    from storage.engine import normal_url

    return normal_url(url).render_as_string(hide_password=True)


def day_of_effect(service: Service, on: date | None) -> date:
    """
    Give the day on which something takes effect: the one given, else the board's today.

    Raises:
        Refused: it has not come yet.
    """
    today = service.today()
    if on is not None and on > today:
        raise Refused(f"day {on}", [Objection("not_in_future", f"lies in the future; the board's day is {today}")])
    return on or today
