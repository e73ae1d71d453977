"""`examboard certificate`: the decision to certify, and who holds which certificate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import click

from cli import options, wiring
from cli.candidate import masked
from cli.options import Noun
from cli.outcomes import each, tell_all
from cli.output import json_line, listing, pairs, progress
from workflow.certificates import award as award_certificate
from workflow.decisions import Outcome
from workflow.errors import NotFound, Refused
from workflow.service import Done, Service


@click.group(cls=Noun)
def certificate() -> None:
    """Certify candidates; look certificates up."""


@certificate.command(
    example="""\
examboard certificate award --all --on 2026-11-20 --authority "board minute 2026-11"
examboard certificate award A00001"""
)
@click.argument("applications", metavar="[APPLICATION...]", nargs=-1)
@click.option("--all", "everyone", is_flag=True, help="Every application that awaits the award.")
@click.option("--authority", type=options.PROSE, metavar="TEXT", help="Who decided, by which minute.")
@options.on
@options.dry_run
@options.as_json
@click.pass_context
def award(
    ctx: click.Context,
    applications: tuple[str, ...],
    everyone: bool,
    authority: str | None,
    on: date | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Certify candidates: each application gets the next number of its series, without a gap.

    One that is refused never touches the others; the code is 3 if any was.
    """
    if bool(applications) == everyone:
        raise click.UsageError("name applications, or say --all")
    service = wiring.service(ctx, write=not dry_run)
    day = wiring.day_of_effect(service, on) if on else None
    waiting = [p.application for p in service.stores.events.projections() if p.state == "awaiting_award"]
    keys = waiting if everyone else list(dict.fromkeys(applications))
    if dry_run:
        _list_waiting(service, keys, set(waiting), as_json)
        if not set(keys) <= set(waiting):
            ctx.exit(Refused.exit_code)
        return
    tell_all(ctx, _awards(service, keys, day, authority or ""), as_json)


def _awards(service: Service, keys: list[str], on: date | None, authority: str) -> Iterator[Outcome]:
    def act(application: str) -> Done:
        return award_certificate(service, application, on, authority)

    with progress("awarding") as tell:
        for done, outcome in enumerate(each(keys, act), 1):
            tell(done, len(keys))
            yield outcome


def _list_waiting(service: Service, keys: list[str], waiting: set[str], as_json: bool) -> None:
    for key in keys:
        state = "awaiting_award" if key in waiting else service.standing(key).application.state
        if as_json:
            json_line({"application": key, "state": state, "would_be_certified": key in waiting})
        else:
            click.echo(f"{key}: {'would be certified' if key in waiting else f'would be refused; it is {state}'}")
    if not as_json:
        click.echo(f"{sum(key in waiting for key in keys)} of {len(keys)} (dry run: nothing was written)")


@certificate.command(example="examboard certificate show S0000000000002630000012")
@click.argument("number")
@options.as_json
@click.pass_context
def show(ctx: click.Context, number: str, as_json: bool) -> None:
    """Show a certificate: what it certifies, since when, and who holds it (masked)."""
    service = wiring.service(ctx, write=False)
    key = service.stores.events.certificate_holder(number.strip())
    if key is None:
        raise NotFound(f"no certificate {number}")
    rules = service.rules_of(service.history(key))
    row = _row(service, key)
    person = service.stores.candidates.get(row.pop("candidate"))
    holder = masked(person, False) if person else {}
    titles = {
        "title": rules.scheme.certificate.title,
        "occupation": f"{rules.scheme.occupation.code} {rules.scheme.occupation.title}",
        "level_title": rules.level.title,
    }
    if as_json:
        json_line({**row, **titles, "holder": holder})
    else:
        paper = f"{holder['name']} ({holder['document_type']} {holder['document_number']})" if holder else ""
        click.echo("\n".join(pairs({**row, **titles, "holder": paper or "not in the register"})))


def _row(service: Service, application: str) -> dict[str, Any]:
    history = service.history(application)
    a = service.draft(history).application
    assert a.certificate is not None  # it is kept as the holder of one
    return {
        "certificate": a.certificate.number,
        "application": a.key,
        "scheme": a.scheme,
        "level": a.level,
        "awarded_on": a.entered_on.isoformat(),
        "authority": a.certificate.authority or None,
        "candidate": a.candidate,
    }


@certificate.command("list", example="examboard certificate list --json")
@options.as_json
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List every certificate, in the order of the applications' numbers."""
    service = wiring.service(ctx, write=False)
    certified = [p.application for p in service.stores.events.projections() if p.state == "certified"]
    rows = (_row(service, key) for key in certified)
    columns = {"certificate": "Certificate", "application": "Application", "scheme": "Scheme", "level": "Level"}
    listing(rows, columns | {"awarded_on": "Awarded"}, as_json)
