"""
Settings: by option, then by environment (`EXAMBOARD_DATABASE` ...), then in a TOML file, then by default.

Owns their names, their checks and what is said of a wrong one.
"""

from __future__ import annotations

import getpass
import os
import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from platformdirs import PlatformDirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from cli.root import RootOptions
from workflow.cells import label
from workflow.errors import Misconfigured

PLACES: Final = PlatformDirs("examboard", appauthor=False)


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
        outbox_folder: Folder in which notices are put as files, where there is no mail server.
        smtp_url: The mail server: `smtp://user:password@host:587?starttls=true`; empty: notices become files.
        mail_from: The address from which notices come.
        seal_key: File of the board's keys for sealing; never beside the database.
        key_ring: File of the key ring of personal values; empty: beside an SQLite file, and for a server in the
            folder of the seal key.
        seal_origin: Name that a new key file gives to the log, such as `exams.example.org/log`; empty: made up.
        remind_days: Days before a last valid day or a deadline on which candidates are reminded; empty: never.
        token: The token with which a member signs in, where the board keeps staff; best in the environment.
        token_file: A file of the caller's own that holds it instead.
    """

    model_config = SettingsConfigDict(env_prefix="EXAMBOARD_", env_ignore_empty=True, extra="forbid")

    database: str = Field(default_factory=lambda: str(PLACES.user_data_path / "examboard.db"))
    actor: str = Field(default_factory=_login)
    time_zone: str = "Asia/Shanghai"
    rest_days: tuple[date, ...] = ()
    work_days: tuple[date, ...] = ()
    board: str = ""
    verify_url: str = "examboard:verify/"
    full_numbers: bool = False
    outbox_folder: str = Field(default_factory=lambda: str(PLACES.user_data_path / "outbox"))
    smtp_url: SecretStr = SecretStr("")
    mail_from: str = ""
    seal_key: str = Field(default_factory=lambda: str(PLACES.user_config_path / "keys" / "seal.json"))
    key_ring: str = ""
    seal_origin: str = ""
    remind_days: tuple[Annotated[int, Field(ge=0, le=3650)], ...] = (30, 7)
    token: SecretStr = SecretStr("")
    token_file: str = ""

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

    @field_validator("remind_days")
    @classmethod
    def _in_order(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(days)))

    @field_validator("smtp_url")
    @classmethod
    def _is_a_server(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value():
            from scheduler.sinks import smtp_sink

            smtp_sink(url.get_secret_value(), "")
        return url

    @field_validator("seal_origin")
    @classmethod
    def _is_an_origin(cls, name: str) -> str:
        from workflow.sealing.notes import is_key_name

        if name and not is_key_name(name):
            raise ValueError("must be printable ASCII without blanks or +, such as exams.example.org/log")
        return name

    @field_validator("mail_from")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        from workflow.identity import email

        return email(address) if address.strip() else ""


def settings(ctx: click.Context) -> Settings:
    """
    Read the settings of this call.

    Raises:
        Misconfigured: a settings file cannot be read, has an unknown key, or a value does not fit.
    """
    options = ctx.ensure_object(RootOptions)
    # An option behind the verb may come between two calls.
    said = (options.config, options.database, options.actor, options.token_file)
    read: dict[tuple[str, ...], Settings] = ctx.meta.setdefault("cli.wiring.settings", {})
    if said not in read:
        read[said] = _settings(options)
    return read[said]


def _settings(options: RootOptions) -> Settings:
    folders = (PLACES.site_config_path, PLACES.user_config_path, Path())
    files = [Path(options.config)] if options.config else [f for p in folders if (f := p / "examboard.toml").is_file()]
    for file in files:
        try:
            tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Misconfigured(f"settings file {file} is not TOML: {error}") from None
        except OSError as error:
            raise Misconfigured(f"settings file {file} cannot be read: {error.strerror}") from None
    given = {key: value for key in ("database", "actor", "token_file") if (value := getattr(options, key))}
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
