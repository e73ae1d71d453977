"""
The composition root: settings, the database, the clock and the maker of keys, put together into a service.

The only place that reads the clock or asks for chance. A command asks for a service that may write, or for one that
cannot: that one opens the database so that the database itself refuses every write.
"""

from __future__ import annotations

import getpass
import os
import tomllib
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from platformdirs import PlatformDirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from cli.options import RootOptions
from cli.shelf import shelve
from workflow.cells import label
from workflow.errors import Misconfigured, NotFound, Objection, Refused
from workflow.ports import SchemeShelf, Stores
from workflow.service import Service

if TYPE_CHECKING:  # SQLAlchemy costs a third of a second that a check of a document or of evidence need not pay
    from storage.database import Database

_PLACES: Final = PlatformDirs("examboard", appauthor=False)


def _login() -> str:
    try:
        return f"local:{getpass.getuser()}"
    except (KeyError, OSError, ImportError):  # a container's user may have no name
        return f"local:uid-{os.getuid()}" if hasattr(os, "getuid") else "local"


class Settings(BaseSettings):
    """
    What can be set: by option, then by environment (`EXAMBOARD_DATABASE` ...), then in a TOML file, then by default.

    Attributes:
        database: URL or file of the database.
        actor: Who acts; stands in every event.
        time_zone: The board's time zone.
        rest_days: Rest days of the board beside the statutory ones, for deadlines in working days.
        work_days: Rest days on which the board works all the same.
        board: Name of the board, as its papers show it.
        verify_url: What stands before a certificate's code in the QR code of its paper.
        full_numbers: Whether papers show identity numbers in full; else the first six and last four characters.
    """

    model_config = SettingsConfigDict(env_prefix="EXAMBOARD_", env_ignore_empty=True, extra="forbid")

    database: str = Field(default_factory=lambda: str(_PLACES.user_data_path / "examboard.db"))
    actor: str = Field(default_factory=_login)
    time_zone: str = "Asia/Shanghai"
    rest_days: tuple[date, ...] = ()
    work_days: tuple[date, ...] = ()
    board: str = ""
    verify_url: str = "examboard:verify/"
    full_numbers: bool = False

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"no such time zone: {name}; write it as Asia/Shanghai") from None
        return name

    @field_validator("actor")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if not (found := label(name)):
            raise ValueError("is blank; give the name of who acts")
        return found


def settings(ctx: click.Context) -> Settings:
    """
    Read the settings of this call.

    Raises:
        Misconfigured: a settings file cannot be read, has an unknown key, or a value does not fit.
    """
    options = ctx.ensure_object(RootOptions)
    folders = (_PLACES.site_config_path, _PLACES.user_config_path, Path())
    files = [options.config] if options.config else [f for p in folders if (f := p / "examboard.toml").is_file()]
    for file in files:
        try:
            tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Misconfigured(f"settings file {file} is not TOML: {error}") from None
        except OSError as error:
            raise Misconfigured(f"settings file {file} cannot be read: {error.strerror}") from None
    given = {key: value for key in ("database", "actor") if (value := getattr(options, key))}
    return _read(files, given)


def _read(files: Sequence[Path], given: dict[str, Any]) -> Settings:
    class Filed(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, list(files))

    try:
        return Filed(**given)
    except ValidationError as error:
        faults = "; ".join(_fault(item) for item in error.errors(include_url=False, include_input=False))
        places = f" (settings files: {', '.join(map(str, files))})" if files else ""
        raise Misconfigured(f"{faults}{places}") from None


def _fault(item: Any) -> str:
    name = ".".join(map(str, item["loc"]))
    if item["type"] == "extra_forbidden":
        return f"there is no setting {name!r}; there are: {', '.join(Settings.model_fields)}"
    return f"setting {name}: {item['msg'].removeprefix('Value error, ')}"


def service(ctx: click.Context, write: bool = True, or_empty: bool = False) -> Service:
    """
    Put the service together; its database is closed with the command.

    Args:
        ctx: The command's context.
        write: Whether it may write. Then a database that is not there yet is made, and the schemes that come with
            Examboard are put on its shelf.
        or_empty: Where a database that only is read is not there, work on an empty one in memory.

    Raises:
        NotFound: there is no database to read.
        Misconfigured, Unavailable: see errors.
    """
    chosen = settings(ctx)
    return Service(_stores(ctx, chosen, write, or_empty), now, _new_key, chosen.actor, chosen.time_zone)


def now() -> datetime:
    """Give the present instant."""
    return datetime.now(UTC)


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
    from storage.database import init, status

    url = settings(ctx).database
    if status(url).condition == "missing":
        init(url)
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
    from storage.database import status

    return None if status(url).condition == "missing" else _open(ctx, url, read_only=True)


def shelf(ctx: click.Context) -> SchemeShelf | None:
    """Give the board's shelf of schemes, to read; None where there is no database yet."""
    database = readable(ctx)
    return database.schemes if database else None


def _open(ctx: click.Context, url: str, read_only: bool = False) -> Database:
    from storage.database import open_database

    database = open_database(url, read_only)
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
