"""`examboard sitting`, the verbs about candidates: admit, cancel, release, attendance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import click

from cli import options, wiring
from cli.options import Verb
from cli.outcomes import tell_all
from cli.output import listing
from cli.sitting_named import found
from workflow.board.admissions import cancel, record_absences, release_all
from workflow.board.decisions import Outcome
from workflow.board.sittings import admit_all
from workflow.board.tickets import tickets
from workflow.seating import Sitting
from workflow.service import Service


def _part(f: Any) -> Any:
    return click.option("--part", metavar="PART", help="This part only; default: every part of the sitting.")(f)


@click.command(
    "admit",
    cls=Verb,
    example="""\
examboard sitting admit 2024-26/1 --all-eligible --on 2024-05-01
examboard sitting admit 2024-26/1 A00001 A00006 --part theory --accommodation separate_room""",
)
@click.argument("key")
@click.argument("applications", metavar="[APPLICATION]...", nargs=-1)
@click.option("--all-eligible", is_flag=True, help="Everyone who still has to sit the part and is not admitted to it.")
@_part
@click.option(
    "--accommodation",
    "accommodations",
    multiple=True,
    type=options.LABEL,
    metavar="TEXT",
    help="Granted to all named here: extra_time, reader, separate_room ...; may be given again.",
)
@options.on
@options.dry_run
@options.as_json
@click.pass_context
def admit_verb(
    ctx: click.Context,
    key: str,
    applications: tuple[str, ...],
    all_eligible: bool,
    part: str | None,
    accommodations: tuple[str, ...],
    on: date | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Admit candidates to a sitting, each application by an event of its own.

    Where the sitting has rooms, seats and ticket numbers are given out in the order of application numbers, never more
    than there are. One that is refused never touches the others; the code is 3 if any was.
    """
    if bool(applications) == all_eligible:
        raise click.UsageError("name applications, or give --all-eligible")
    if all_eligible and accommodations:
        raise click.UsageError("--accommodation is granted to candidates that are named")
    service = wiring.service(ctx, write=not dry_run)
    wanted = None if all_eligible else list(applications)
    outcomes = _admitted(service, found(service, key, part), wanted, on, accommodations, dry_run)
    tell_all(ctx, outcomes, as_json, dry_run)


def _admitted(
    service: Service,
    sittings: tuple[Sitting, ...],
    wanted: list[str] | None,
    on: date | None,
    accommodations: tuple[str, ...],
    dry_run: bool,
) -> Iterator[Outcome]:
    for one in sittings:
        yield from admit_all(service, one, wanted, on=on, accommodations=accommodations, dry_run=dry_run)


@click.command(
    "cancel",
    cls=Verb,
    example='examboard sitting cancel 2024-26/1 A00001 --part theory --reason "candidate is in hospital"',
)
@click.argument("key")
@click.argument("applications", metavar="APPLICATION...", nargs=-1, required=True)
@_part
@click.option("--reason", required=True, type=options.PROSE, metavar="TEXT", help="Why; the candidate is told this.")
@options.on
@options.as_json
@click.pass_context
def cancel_verb(
    ctx: click.Context,
    key: str,
    applications: tuple[str, ...],
    part: str | None,
    reason: str,
    on: date | None,
    as_json: bool,
) -> None:
    """Take admissions back whose result is not recorded, and free the seats."""
    service = wiring.service(ctx)
    parts = {one.part for one in found(service, key, part)}
    tell_all(ctx, cancel(service, key, parts, applications, reason, on), as_json)


@click.command(
    "release",
    cls=Verb,
    example="""\
examboard sitting release 2024-26/1 --dry-run
examboard sitting release --all""",
)
@click.argument("key", required=False)
@click.option("--all", "every", is_flag=True, help="Every sitting of the board.")
@_part
@options.on
@options.dry_run
@options.as_json
@click.pass_context
def release_verb(
    ctx: click.Context, key: str | None, every: bool, part: str | None, on: date | None, dry_run: bool, as_json: bool
) -> None:
    """
    Cancel the admissions that no longer hold, and free their seats.

    These are admissions beyond the last valid day of a part that is held, inside a bar, or of an application that has
    ended; each gets the reason that its candidate is told.
    """
    if (key is None) != every or (every and part):
        raise click.UsageError("name a sitting (and a part of it), or give --all")
    service = wiring.service(ctx, write=not dry_run)
    sittings = service.stores.sittings.all() if key is None else found(service, key, part)
    tell_all(ctx, release_all(service, sittings, on, dry_run), as_json, dry_run)


@click.command(
    "attendance",
    cls=Verb,
    example="""\
examboard sitting attendance 2024-26/1 --part theory
examboard sitting attendance 2024-26/1 --part theory --absent A00001 A00006""",
)
@click.argument("key")
@click.argument("applications", metavar="[APPLICATION]...", nargs=-1)
@click.option("--absent", is_flag=True, help="Record that the applications named did not come.")
@_part
@options.dry_run
@options.as_json
@click.pass_context
def attendance_verb(
    ctx: click.Context,
    key: str,
    applications: tuple[str, ...],
    absent: bool,
    part: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Show who is expected and who was absent, or record absences.

    An absence is no failure: what a candidate holds stays held.
    """
    if absent != bool(applications):
        raise click.UsageError("to record absences give --absent and the applications; neither of them to see the list")
    service = wiring.service(ctx, write=absent and not dry_run)
    sittings = found(service, key, part)
    if absent:
        parts = {one.part for one in sittings}
        tell_all(ctx, record_absences(service, key, parts, applications, dry_run), as_json, dry_run)
        return
    admitted, stuck = tickets(service, sittings, service.today())
    columns = {"application": "Application", "part": "Part", "room": "Room", "seat": "Seat", "attendance": "Attendance"}
    listing((_attendance(t.as_row(), t.release) for t in admitted), columns, as_json)
    if stuck:
        tell_all(ctx, stuck, as_json)


def _attendance(row: dict[str, Any], release: str) -> dict[str, Any]:
    came = {"admitted": "expected", "absent": "absent"}.get(row["outcome"], "present")
    wanted = {key: row[key] for key in ("application", "part", "sat_on", "room", "seat", "ticket")}
    return {**wanted, "attendance": "not to be let in" if release else came}
