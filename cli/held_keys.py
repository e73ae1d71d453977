"""
The keys that lie outside the database: the key file for sealing, and the ring of personal values.

Owns where they lie and how they are read; a key never stands in the database or in a message.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.settings import settings
from workflow.errors import NotFound
from workflow.service import Service

if TYPE_CHECKING:
    from storage.keyring import Ring
    from storage.keys import KeyFile
    from workflow.sealing.notes import PublicKey
    from workflow.sealing.seals import Sealing


def key_place(ctx: click.Context) -> Path:
    """Give the place of the key file."""
    return Path(settings(ctx).seal_key).expanduser()


def ring_place(ctx: click.Context) -> Path | None:
    """Give the place of the key ring of personal values; None: the database knows its own."""
    place = settings(ctx).key_ring
    return Path(place).expanduser() if place else None


def ring(ctx: click.Context) -> Ring:
    """Give the key ring of personal values; its file need not be there."""
    from storage.engine import normal_url
    from storage.keyring import Ring
    from storage.making import ring_place as embedded

    return Ring(ring_place(ctx) or embedded(normal_url(settings(ctx).database)))


def key_file(ctx: click.Context) -> KeyFile:
    """
    Read the board's keys for sealing.

    Raises:
        NotFound: there is no key file.
        Misconfigured: others may read it.
        Corrupt: it is none.
    """
    from storage.keys import read

    return read(key_place(ctx))


def public_keys(ctx: click.Context) -> tuple[PublicKey, ...]:
    """Give the public keys of the key file, newest first; none where there is no such file."""
    try:
        return key_file(ctx).keys
    except NotFound:
        return ()


def sealer(ctx: click.Context, service: Service, by: str) -> Callable[[], Sealing] | None:
    """
    Give what seals whatever is new; None where the board has no key file.

    Args:
        ctx: The command's context.
        service: The service, whose clock is used.
        by: Who seals.
    """
    from storage.keys import verify
    from workflow.sealing.seals import seal

    if not key_place(ctx).exists():
        return None
    # Read anew each night: the key may have been replaced since.
    return lambda: seal(service.stores.seals, key_file(ctx), verify, service.now(), by)
