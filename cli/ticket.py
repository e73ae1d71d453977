"""`examboard ticket`: admission tickets on paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import access, options, wiring
from cli.certificate_papers import level_words
from cli.left_out import printable
from cli.options import Noun
from cli.output import json_line
from workflow import identity
from workflow.board.tickets import Ticket, tickets
from workflow.errors import NotFound
from workflow.ports import Candidate
from workflow.scheme import Rules
from workflow.seating import Sitting
from workflow.service import Service

if TYPE_CHECKING:
    from storage import papers

NOTES = ("凭本准考证和有效身份证件原件入场。", "请按规定时间到达考场，对号入座。")


@click.group(cls=Noun)
def ticket() -> None:
    """Print admission tickets."""


@ticket.command(
    example="""\
examboard ticket pdf 2024-26/1 --out tickets.pdf
examboard ticket pdf 2024-26/1 --application A00001 --out ticket.pdf"""
)
@click.argument("key", metavar="SITTING")
@click.option("--application", "only", metavar="NUMBER", help="This application only.")
@click.option("--out", required=True, type=options.NEW_FILE, metavar="FILE", help="The PDF: a page for each candidate.")
@options.as_json
@click.pass_context
def pdf(ctx: click.Context, key: str, only: str | None, out: Path, as_json: bool) -> None:
    """
    Print the admission tickets of a sitting: a page for each candidate who is admitted and has not sat yet.

    The pages are in the order of the seats, then of the applications' numbers. An admission that no longer holds, or
    of a suspended application, is not printed but named, with the reason.
    """
    from storage.papers import tickets_pdf, write_paper

    service = wiring.service(ctx, write=False)
    pages = list(_pages(service, key, wiring.settings(ctx), only))
    if not pages:
        found = f"application {only} has no ticket" if only else "nobody has a ticket"
        raise NotFound(f"{found} for sitting {key}: an admission that holds, of who has still to sit")
    access.log(ctx, service, "print", f"tickets of {key}", len(pages))
    write_paper(out, tickets_pdf(pages))
    if as_json:
        json_line({"sitting": key, "tickets": len(pages), "file": str(out)})
    else:
        click.echo(f"{len(pages)} tickets printed to {out}")


def _pages(service: Service, key: str, settings: wiring.Settings, only: str | None) -> Iterator[papers.Ticket]:
    sittings = service.stores.sittings.find(key)
    if not sittings:
        raise NotFound(f"no sitting {key}; see: examboard sitting list")
    admissions, stuck = tickets(service, sittings, service.today())
    for outcome in stuck:
        click.echo(f"{outcome.application}: not printed; {outcome.error}", err=True)
    of: dict[str, list[Ticket]] = {}
    for one in admissions:
        if one.outcome != "admitted" or only not in (None, one.application):
            continue
        if why := one.release or one.suspended:
            click.echo(f"{one.application}: {one.admitted.part} not printed; {why}", err=True)
        else:
            of.setdefault(one.application, []).append(one)
    shown = printable(service, list(of.values()), lambda held: held[0].candidate, lambda held: held[0].application)
    persons = service.stores.candidates.many([held[0].candidate for held in shown])
    for held in shown:
        yield _page(service, held, sittings, persons[held[0].candidate], settings)


def _page(
    service: Service, held: Sequence[Ticket], sittings: Sequence[Sitting], person: Candidate, settings: wiring.Settings
) -> papers.Ticket:
    from storage import papers

    rules = _rules(service, held[0].application)
    dated = {(sitting.part, sitting.sat_on): sitting for sitting in sittings}
    places = [dated[one.admitted.part, one.admitted.sat_on] for one in held]
    return papers.Ticket(
        rules.scheme.title,
        held[0].application,
        person.name,
        person.document_type,
        person.document_number if settings.full_numbers else identity.mask(person.document_number),
        level_words(rules),
        held[0].admitted.sitting,
        "、".join(dict.fromkeys(filter(None, (place.centre for place in places)))),
        tuple(_line(one, place, rules) for one, place in zip(held, places, strict=True)),
        settings.board,
        NOTES,
    )


def _rules(service: Service, application: str) -> Rules:
    found = service.stores.events.projection(application)
    assert found is not None  # it holds an admission
    return service.rules(found.digest, found.level)


def _line(one: Ticket, sitting: Sitting, rules: Rules) -> papers.TicketLine:
    from storage import papers

    fact = one.admitted
    seat = f"{fact.seat:02}" if fact.seat else ""
    return papers.TicketLine(rules.parts[fact.part].title, fact.sat_on, _time(sitting), fact.room, seat, fact.ticket)


def _time(sitting: Sitting) -> str:
    if sitting.starts is None:
        return ""
    if not sitting.minutes:
        return f"{sitting.starts:%H:%M}"
    ends = datetime.combine(sitting.sat_on, sitting.starts) + timedelta(minutes=sitting.minutes)
    return f"{sitting.starts:%H:%M}–{ends:%H:%M}"
