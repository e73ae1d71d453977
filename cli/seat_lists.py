"""`examboard sitting`, the verbs that list: admission tickets, the seat plan, findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import click

from cli import options, wiring
from cli.options import Verb
from cli.outcomes import tell_all
from cli.output import cell_text, listing
from cli.sitting_named import found
from cli.tables import sheet_path, write_sheet
from workflow.board.staffing import SittingFinding, findings
from workflow.board.tickets import Ticket, tickets
from workflow.seating import Sitting
from workflow.service import Service

_TITLES: Final = {
    "ticket": "准考证号",
    "application": "申报号",
    "name": "姓名",
    "part": "科目",
    "sat_on": "考试日期",
    "starts": "开始时间",
    "minutes": "时长(分钟)",
    "centre": "考点",
    "room": "考场",
    "seat": "座位号",
    "accommodations": "合理便利",
}
_PLAN: Final = ("part", "sat_on", "room", "seat", "application", "ticket", "accommodations")


def _part(f: Any) -> Any:
    return click.option("--part", metavar="PART", help="This part only; default: every part of the sitting.")(f)


def _files(f: Any) -> Any:
    for name in ("xlsx", "csv"):
        text = f"Write the list to this {name.upper()} file, readable for you alone."
        f = click.option(f"--{name}", f"{name}_file", callback=sheet_path, metavar="FILE", help=text)(f)
    return f


@click.command(
    "tickets",
    cls=Verb,
    example="""\
examboard sitting tickets 2024-26/1 --part theory
examboard sitting tickets 2024-26/1 --names --xlsx tickets.xlsx""",
)
@click.argument("key")
@_part
@click.option("--names", is_flag=True, help="Add the candidates' names from the registry.")
@_files
@options.as_json
@click.pass_context
def tickets_verb(
    ctx: click.Context,
    key: str,
    part: str | None,
    names: bool,
    csv_file: Path | None,
    xlsx_file: Path | None,
    as_json: bool,
) -> None:
    """
    List the admission tickets of a sitting whose candidates are still to sit, seat by seat.

    An admission that no longer holds has no ticket; it is told on stderr, and released by `sitting release`.
    """
    service = wiring.service(ctx, write=False)
    sittings = found(service, key, part)
    admitted, stuck = tickets(service, sittings, service.today())
    waiting = [t for t in admitted if t.outcome == "admitted"]
    rows = _ticket_rows(service, sittings, [t for t in waiting if not t.release], names)
    titles = {k: v for k, v in _TITLES.items() if names or k != "name"}
    _give(rows, titles, csv_file, xlsx_file, as_json)
    for ticket in waiting:
        if ticket.release:
            click.echo(f"no ticket for {ticket.application}, {ticket.admitted.part}: {ticket.release}", err=True)
    if stuck:
        tell_all(ctx, stuck, as_json)


def _ticket_rows(
    service: Service, sittings: Sequence[Sitting], admitted: Sequence[Ticket], names: bool
) -> list[dict[str, Any]]:
    persons = service.stores.candidates.many([t.candidate for t in admitted]) if names else {}
    by_day = {(s.part, s.sat_on): s for s in sittings}
    rows = []
    for ticket in admitted:
        one = by_day[ticket.admitted.part, ticket.admitted.sat_on]
        starts = f"{one.starts:%H:%M}" if one.starts else None
        person = persons.get(ticket.candidate)
        about = {"starts": starts, "minutes": one.minutes or None, "centre": one.centre or None}
        rows.append({**ticket.as_row(), **about, **({"name": person.name if person else None} if names else {})})
    return rows


@click.command(
    "plan",
    cls=Verb,
    example="""\
examboard sitting plan 2024-26/1 --part theory
examboard sitting plan 2024-26/1 --free --csv plan.csv""",
)
@click.argument("key")
@_part
@click.option("--free", is_flag=True, help="The free seats too.")
@_files
@options.as_json
@click.pass_context
def plan_verb(
    ctx: click.Context,
    key: str,
    part: str | None,
    free: bool,
    csv_file: Path | None,
    xlsx_file: Path | None,
    as_json: bool,
) -> None:
    """Show the seats of a sitting, room by room: who has which, and what was granted to them."""
    service = wiring.service(ctx, write=False)
    sittings = found(service, key, part)
    admitted, stuck = tickets(service, sittings, service.today())
    seated = {(t.application, t.admitted.part, t.admitted.sat_on): t.as_row() for t in admitted}
    days = {(s.part, s.sat_on) for s in sittings}
    rows = []
    for seat in service.stores.sittings.seats(key):
        place = {"part": seat.part, "sat_on": seat.sat_on.isoformat(), "room": seat.room, "seat": seat.number}
        held = seated.get((seat.application or "", seat.part, seat.sat_on), {})
        if (seat.part, seat.sat_on) in days and (seat.application or free):
            rows.append({**dict.fromkeys(_PLAN), **held, **place, "application": seat.application})
    _give(({k: row[k] for k in _PLAN} for row in rows), {k: _TITLES[k] for k in _PLAN}, csv_file, xlsx_file, as_json)
    if stuck:
        tell_all(ctx, stuck, as_json)


def _give(
    rows: Iterable[dict[str, Any]],
    titles: dict[str, str],
    csv_file: Path | None,
    xlsx_file: Path | None,
    as_json: bool,
) -> None:
    """Write the list to the files that are named; print it where none is, or where JSON is asked for."""
    rows = list(rows)
    cells = [[cell_text(v) if isinstance(v := row.get(key), list) else v for key in titles] for row in rows]
    for path in filter(None, (csv_file, xlsx_file)):
        write_sheet(path, list(titles.values()), cells)
        click.echo(f"{len(rows)} rows written to {path}", err=as_json)
    if as_json or not (csv_file or xlsx_file):
        listing(rows, {key: key for key in titles}, as_json)


@click.command("findings", cls=Verb, example="examboard sitting findings 2024-26/1 --json")
@click.argument("key")
@_part
@options.as_json
@click.pass_context
def findings_verb(ctx: click.Context, key: str, part: str | None, as_json: bool) -> None:
    """
    Say what the board should look at: too few staff, an assessor of someone whom they trained, seats to be released.

    A finding stops nothing; the numbers come from the scheme's `staffing`.
    """
    service = wiring.service(ctx, write=False)
    found_here = findings(service, found(service, key, part), service.today())
    if not found_here and not as_json:
        click.echo(f"no findings for sitting {key}")
        return
    columns = {"part": "Part", "application": "Application", "rule": "Finding", "text": "What was found"}
    listing(map(_finding_row, found_here), columns, as_json)


def _finding_row(one: SittingFinding) -> dict[str, Any]:
    no = one.finding
    about = {"part": one.part or None, "application": one.application or None}
    return {**about, "rule": no.rule, "text": no.text, "clause": no.clause or None}
