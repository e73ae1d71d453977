"""Signing in: who acts, by the token where the board keeps staff; else the local operator."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cli.settings import settings
from workflow.errors import Misconfigured
from workflow.ports import Stores
from workflow.roles.rights import Actor
from workflow.roles.staff import check_local, sign_in


def who(ctx: click.Context, stores: Stores) -> Actor:
    """
    Tell who acts: whose token it is where the board keeps staff, else the local operator.

    Raises:
        Refused: there is no token, or it is not that of a member who may sign in.
        Misconfigured: the file of the token cannot be read, or others may read it.
    """
    chosen = settings(ctx)
    token = chosen.token.get_secret_value() or (_token_in(Path(chosen.token_file)) if chosen.token_file else "")
    if token and stores.staff.is_kept():
        return sign_in(stores.staff, token)
    check_local(stores.staff, chosen.actor)
    return Actor(chosen.actor)


def _token_in(file: Path) -> str:
    place = file.expanduser()
    try:
        if os.name == "posix" and place.stat().st_mode & 0o077:
            raise Misconfigured(f"the token file {place} may be read by others; run: chmod 600 {place}")
        return place.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise Misconfigured(f"the token file {place} cannot be read: {why}") from None
