"""Which certificates a verb is about: the options that choose them, and the choice made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Any, TypeVar

import click

from cli import options
from workflow.board.issued import Issued, all_issued
from workflow.service import Service

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Choice:
    """
    Which certificates; what is None chooses nothing out.

    Attributes:
        scheme: Scheme id.
        level: The level.
        standing: Where they stand.
        awarded_from: First day of award.
        awarded_until: Last day of award, which itself counts.
    """

    scheme: str | None = None
    level: int | None = None
    standing: str | None = None
    awarded_from: date | None = None
    awarded_until: date | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing was asked for."""
        return self == Choice()

    def takes(self, one: Issued) -> bool:
        """Tell whether a certificate is chosen."""
        return (
            self.scheme in (None, one.application.scheme)
            and self.level in (None, one.application.level)
            and self.standing in (None, one.standing)
            and (self.awarded_from is None or self.awarded_from <= one.awarded_on)
            and (self.awarded_until is None or one.awarded_on <= self.awarded_until)
        )


def chosen(f: F) -> F:
    """Add the options that choose certificates; the command gets them as one `choice`."""

    @wraps(f)
    def command(*args: Any, scheme: Any, level: Any, standing: Any, awarded_from: Any, awarded_until: Any, **rest: Any):  # type: ignore[no-untyped-def]
        return f(*args, choice=Choice(scheme, level, standing, awarded_from, awarded_until), **rest)

    for option in (
        click.option("--awarded-until", type=options.DAY, metavar="DAY", help="Awarded on this day or before."),
        click.option("--awarded-from", type=options.DAY, metavar="DAY", help="Awarded on this day or later."),
        click.option(
            "--standing", type=click.Choice(["valid", "suspended", "revoked", "expired"]), help="Standing so."
        ),
        click.option("--level", type=int, metavar="N", help="Of this level."),
        click.option("--scheme", metavar="SCHEME", help="Of this scheme."),
    ):
        command = option(command)
    return command  # type: ignore[return-value]


def chosen_by(
    service: Service, choice: Choice, as_of: date | None = None, known_at: datetime | None = None
) -> Iterator[Issued]:
    """Stream the certificates that are chosen, in the order of the applications' numbers."""
    certified = (p for p in service.stores.events.projections() if p.state == "certified")
    keys = [p.application for p in certified if choice.scheme in (None, p.scheme) and choice.level in (None, p.level)]
    yield from (one for one in all_issued(service, as_of, known_at, keys) if choice.takes(one))
