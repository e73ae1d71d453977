"""`examboard certificate suspend`, `restore`, `revoke`, `replace`: what becomes of a certificate after its award."""

from __future__ import annotations

from datetime import date

import click

from cli import options, wiring
from cli.options import Verb
from cli.outcomes import tell
from workflow.board.certificates import holder_of
from workflow.facts import CertificateReplaced, CertificateRestored, CertificateRevoked, CertificateSuspended, Fact

_number = click.argument("number", metavar="NUMBER|APPLICATION")


@click.command(
    cls=Verb,
    example="""\
examboard certificate suspend S000000000000263000001 --reason "inquiry into a work letter" --authority "minute 14\"""",
)
@_number
@options.reason
@options.on
@options.as_json
@click.pass_context
def suspend(ctx: click.Context, number: str, reason: str, authority: str, on: date | None, as_json: bool) -> None:
    """Suspend a valid certificate: it does not count until it is restored."""
    _record(ctx, number, CertificateSuspended(reason=reason, authority=authority), on, as_json)


@click.command(
    cls=Verb,
    example="""\
examboard certificate restore S000000000000263000001 --reason "the letter is genuine" --authority "minute 15\"""",
)
@_number
@options.reason
@options.on
@options.as_json
@click.pass_context
def restore(ctx: click.Context, number: str, reason: str, authority: str, on: date | None, as_json: bool) -> None:
    """Take back a suspension or a revocation: the certificate counts again, from that day."""
    _record(ctx, number, CertificateRestored(reason=reason, authority=authority), on, as_json)


@click.command(
    cls=Verb,
    example="""\
examboard certificate revoke S000000000000263000001 --reason "false papers" --authority "minute 16\"""",
)
@_number
@options.reason
@options.on
@options.as_json
@click.pass_context
def revoke(ctx: click.Context, number: str, reason: str, authority: str, on: date | None, as_json: bool) -> None:
    """Declare a certificate void from a day on. It was valid before that, and its number is never given again."""
    _record(ctx, number, CertificateRevoked(reason=reason, authority=authority), on, as_json)


@click.command(
    cls=Verb,
    example="""\
examboard certificate replace S000000000000263000001 --reason lost --authority "minute 17" --stationery P0004711
examboard certificate replace A00001 --reason "name was misspelt" --authority "minute 17" --remark 姓名更正后换发""",
)
@_number
@options.reason
@click.option("--remark", type=options.PROSE, metavar="TEXT", help="What the new paper says; default: 补发, the day.")
@click.option("--stationery", default="", metavar="SERIAL", help="Serial number of the new sheet.")
@options.on
@options.as_json
@click.pass_context
def replace(
    ctx: click.Context,
    number: str,
    reason: str,
    authority: str,
    remark: str | None,
    stationery: str,
    on: date | None,
    as_json: bool,
) -> None:
    """Give a valid certificate a new paper: the number stays, the paper bears a remark. Print it with `pdf`."""
    day = wiring.day_of_effect(wiring.service(ctx), on)
    fact = CertificateReplaced(
        reason=reason,
        authority=authority,
        remark=remark or f"{day.year}年{day.month}月{day.day}日补发",
        stationery=options.LABEL.read(stationery, ctx) if stationery else "",
    )
    _record(ctx, number, fact, on, as_json)


VERBS = (suspend, restore, revoke, replace)


def _record(ctx: click.Context, number: str, fact: Fact, on: date | None, as_json: bool) -> None:
    service = wiring.service(ctx)
    tell(service.record(holder_of(service, number.strip()), fact, on), as_json)
