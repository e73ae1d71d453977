"""`examboard endorsement`: what instructors confirm before a candidate may sit a part."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click

from cli import options, wiring
from cli.options import Noun
from cli.outcomes import tell
from cli.output import listing
from cli.part_named import PART, PART_OR_NONE, part_named
from workflow.audit.superseding import superseded
from workflow.facts import EndorsementRecorded, EndorsementWithdrawn
from workflow.service import Service


@click.group(cls=Noun)
def endorsement() -> None:
    """Record, withdraw and list endorsements by instructors."""


@endorsement.command(
    example="""\
examboard endorsement record A00013 --part knowledge --hours 3 --instructor I-0042
examboard endorsement record A00013 --part knowledge --hours 2 --hours-only --given-on 2026-03-01"""
)
@click.argument("application")
@PART
@click.option("--hours", type=options.MARKS, metavar="HOURS", help="Class hours that were taught for it.")
@click.option("--hours-only", is_flag=True, help="It shows hours; the candidate is not endorsed yet.")
@click.option("--instructor", type=options.LABEL, metavar="KEY", help="The instructor's key; never a name.")
@click.option("--reference", type=options.LABEL, metavar="NUMBER", help="Number of the paper.")
@click.option("--given-on", type=options.DAY, metavar="DAY", help="When it was given; default: that of --on.")
@options.on
@options.as_json
@click.pass_context
def record(
    ctx: click.Context,
    application: str,
    part: str,
    hours: Decimal | None,
    hours_only: bool,
    instructor: str | None,
    reference: str | None,
    given_on: date | None,
    on: date | None,
    as_json: bool,
) -> None:
    """
    Record that an instructor has prepared a candidate for a part, with or without hours.

    It opens the sittings for which the scheme asks for an endorsement or for remediation.
    """
    service = wiring.service(ctx)
    day = wiring.day_of_effect(service, on)
    fact = EndorsementRecorded(
        part=part_named(service, application, part),
        given_on=given_on or day,
        hours=hours,
        endorsed=not hours_only,
        instructor=instructor or "",
        reference=reference or "",
    )
    tell(service.record(application, fact, day), as_json)


@endorsement.command(
    example="""\
examboard endorsement withdraw A00013 --event 7 --reason "of another candidate" --authority "minute 2026-9" """
)
@click.argument("application")
@click.option("--event", "number", required=True, type=click.IntRange(1), metavar="N", help="The event; see list.")
@options.reason
@options.on
@options.as_json
@click.pass_context
def withdraw(
    ctx: click.Context, application: str, number: int, reason: str, authority: str, on: date | None, as_json: bool
) -> None:
    """Take an endorsement back; sittings that were admitted to on it stay, for the board to decide."""
    fact = EndorsementWithdrawn(supersedes=number, reason=reason, authority=authority)
    tell(wiring.service(ctx).record(application, fact, on), as_json)


@endorsement.command("list", example="examboard endorsement list A00013 --part knowledge --json")
@click.argument("application")
@PART_OR_NONE
@options.known_at
@options.as_json
@click.pass_context
def list_(ctx: click.Context, application: str, part: str | None, known_at: datetime | None, as_json: bool) -> None:
    """List the endorsements of an application, with the numbers of their events, and what became of them."""
    service = wiring.service(ctx, write=False)
    key = part_named(service, application, part) if part else ""
    names = ("event", "part", "given_on", "hours", "endorsed", "instructor", "reference", "withdrawn", "actor")
    listing(_rows(service, application, key, known_at), {x: x.replace("_", " ").capitalize() for x in names}, as_json)


def _rows(service: Service, application: str, part: str, known_at: datetime | None) -> Iterator[dict[str, Any]]:
    seen = [e for e in service.history(application) if known_at is None or e.recorded_at <= known_at]
    later = superseded(seen)
    for event in seen:
        fact = event.fact
        if isinstance(fact, EndorsementRecorded) and part in ("", fact.part):
            yield {
                "event": event.sequence,
                "part": fact.part,
                "given_on": fact.given_on.isoformat(),
                "hours": None if fact.hours is None else str(fact.hours),
                "endorsed": fact.endorsed,
                "instructor": fact.instructor or None,
                "reference": fact.reference or None,
                "withdrawn": event.sequence in later,
                "actor": event.actor,
            }
