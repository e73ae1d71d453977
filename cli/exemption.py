"""`examboard exemption`: parts that count as held without an exam."""

from __future__ import annotations

from datetime import date, datetime

import click

from cli import options, wiring
from cli.options import Noun
from cli.outcomes import tell
from cli.output import listing
from cli.part_named import part_named
from workflow.board.exemptions import exemptions_of, grant_exemption
from workflow.facts import ExemptionWithdrawn

KEY = click.option("--exemption", required=True, metavar="KEY", help="Its number in the scheme.")


@click.group(cls=Noun)
def exemption() -> None:
    """Grant, withdraw and list exemptions from parts."""


@exemption.command(example='examboard exemption grant A00013 --exemption 6a --authority "minute 2026-4"')
@click.argument("application")
@KEY
@click.option("--part", "parts", multiple=True, metavar="PART", help="A part that the candidate chose, where one may.")
@click.option("--reason", type=options.PROSE, metavar="TEXT", help="Why, where there is more to say.")
@click.option("--authority", type=options.PROSE, metavar="TEXT", help="Who decided, by which minute.")
@options.on
@options.as_json
@click.pass_context
def grant(
    ctx: click.Context,
    application: str,
    exemption: str,
    parts: tuple[str, ...],
    reason: str | None,
    authority: str | None,
    on: date | None,
    as_json: bool,
) -> None:
    """
    Grant an exemption of the scheme, whose requirements the evidence meets.

    Its parts are held for good in this application, without marks. Where it is of some parts by the candidate's choice,
    give --part for each one chosen.
    """
    service = wiring.service(ctx)
    chosen = tuple(part_named(service, application, part) for part in parts)
    tell(grant_exemption(service, application, exemption, on, reason or "", authority or "", chosen), as_json)


@exemption.command(
    example="""\
examboard exemption withdraw A00013 --exemption 6a --reason "the certificate is false" --authority "minute 2026-9" """
)
@click.argument("application")
@KEY
@options.reason
@options.on
@options.as_json
@click.pass_context
def withdraw(
    ctx: click.Context, application: str, exemption: str, reason: str, authority: str, on: date | None, as_json: bool
) -> None:
    """Take an exemption back: its parts are to be passed. A certificate that rests on it is flagged, never changed."""
    fact = ExemptionWithdrawn(exemption=exemption, reason=reason, authority=authority)
    tell(wiring.service(ctx).record(application, fact, on), as_json)


@exemption.command("list", example="examboard exemption list A00013 --json")
@click.argument("application")
@options.as_of
@options.known_at
@options.as_json
@click.pass_context
def list_(ctx: click.Context, application: str, as_of: date | None, known_at: datetime | None, as_json: bool) -> None:
    """List the exemptions of an application's level: whether its evidence meets them, and which are granted."""
    found = exemptions_of(wiring.service(ctx, write=False), application, as_of, known_at)
    rows = (x.as_json() if as_json else {**x.as_json(), "parts": ", ".join(x.parts)} for x in found)
    columns = ("exemption", "parts", "met", "granted", "clause", "explanation")
    listing(rows, {key: key.capitalize() for key in columns}, as_json)
