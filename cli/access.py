"""
Seeing what is personal: the options `--reveal` and `--reason`, the right to it, and the entry of the access log.

The entry is written before anything is shown. It is the one thing that a command writes which else only reads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from cli import options, wiring
from workflow.roles.access import Access, What, disclose
from workflow.service import Service

F = TypeVar("F", bound=Callable[..., Any])

_REASON: Final = "cli.access.reason"


def _keep(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    ctx.meta[_REASON] = value or ""


def because(f: F, needed: str = "") -> F:
    """Add `--reason`, which the access log keeps, with when it is needed."""
    text = f"Why; the access log keeps it.{needed}"
    return click.option(
        "--reason", "why_seen", type=options.PROSE, metavar="TEXT", expose_value=False, callback=_keep, help=text
    )(f)  # fmt: skip


def reveal(f: F) -> F:
    """Add `--reveal` and `--reason`."""
    return click.option("--reveal", is_flag=True, help="Names and numbers in full; needs --reason, and is logged.")(
        because(f, " Needed with --reveal.")
    )


def log(
    ctx: click.Context, service: Service, what: What, subject: str, persons: int = 0, is_revealed: bool = False
) -> None:
    """
    Log what is about to be shown or written.

    Args:
        ctx: The command's context; holds the reason.
        service: The service, whose actor it is.
        what: What kind of act it is; the right to it is asked for.
        subject: Keys, or the name of a list; never a personal value.
        persons: Of how many persons there are values in it.
        is_revealed: Whether names and numbers stand there in full, which takes a right and a reason of its own.

    Raises:
        Refused: the actor has not the right.
        Misconfigured, Unavailable: the log cannot be written; then nothing is shown.
    """
    reason = ctx.meta.get(_REASON, "")
    if is_revealed and not reason:
        raise click.UsageError(
            "--reason is missing: who sees names and numbers in full says why, and the log keeps it", ctx
        )
    entry = Access(service.now(), service.actor, what, subject, reason, persons)
    disclose(wiring.access_log(ctx), service.acts_as, entry, is_revealed)
