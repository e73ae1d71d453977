"""`examboard sitting`: dated sessions of parts, and who is admitted to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import click

from cli import options, wiring
from cli.options import Noun
from cli.output import aligned, json_line, listing, pairs
from cli.seat_lists import findings_verb, plan_verb, tickets_verb
from cli.seats import admit_verb, attendance_verb, cancel_verb, release_verb
from cli.sitting_named import exam_named
from cli.sitting_named import found as found
from cli.sitting_options import particulars, with_particulars
from workflow.application import Attempt
from workflow.errors import ExamboardError
from workflow.reading import each_history
from workflow.seating import Sitting
from workflow.service import Service


@click.group(cls=Noun)
def sitting() -> None:
    """Set sittings and admit candidates to them."""


@sitting.command(
    example="""\
examboard sitting create 2024-26/1 --part theory --part skills --on 2024-05-18
examboard sitting create 2024-26/1 --part theory --on 2024-05-18 --starts 09:00 --minutes 90 --closes-on 2024-05-10 \\
    --room 101:30 --room 102:30 --separate-room 103 --invigilator K1 --invigilator K2"""
)
@click.argument("key", type=options.LABEL)
@click.option("--part", "parts", multiple=True, required=True, help="Part that is held; may be given again.")
@click.option("--on", "on", required=True, type=options.DAY, metavar="DAY", help="The day of the sitting.")
@click.option("--centre", default="", metavar="TEXT", help="Where.")
@particulars
@options.as_json
@click.pass_context
def create(
    ctx: click.Context, /, key: str, parts: tuple[str, ...], on: date, centre: str, as_json: bool, **given: Any
) -> None:
    """
    Set a sitting: one session of one or more parts on a day. KEY is the board's own name of it.

    With rooms, seats are given out and it is never overbooked; without rooms there is no limit.
    """
    service = wiring.service(ctx)
    wanted = [with_particulars(Sitting(key, exam_named(service, part), on, centre.strip()), given) for part in parts]
    added = service.stores.sittings.put(wanted)
    if as_json:
        for one in wanted:
            json_line(_row(one))
    else:
        click.echo(f"sitting {key} on {on}: {added} added, {len(set(wanted)) - added} were there before")


@sitting.command(
    example="""\
examboard sitting change 2024-26/1 --part skills --room 201:20 --assessor K3 --recused K3=A00001
examboard sitting change 2024-26/1 --closes-on 2024-05-12 --without-staff K2"""
)
@click.argument("key")
@click.option("--part", metavar="PART", help="This part only; default: every part of the sitting.")
@click.option("--centre", metavar="TEXT", help="Where.")
@particulars
@click.option("--without-room", "without_rooms", multiple=True, metavar="NAME", help="Take a room away.")
@click.option("--without-staff", multiple=True, metavar="NAME", help="Take a member of the staff away.")
@options.as_json
@click.pass_context
def change(ctx: click.Context, /, key: str, part: str | None, centre: str | None, as_json: bool, **given: Any) -> None:
    """
    Change a sitting: hours, close of admission, rooms, staff. What is not named stays as it is.

    A seat that was given out cannot be taken away, since a ticket names it.
    """
    service = wiring.service(ctx)
    for one in found(service, key, part):
        changed = with_particulars(one if centre is None else replace(one, centre=centre.strip()), given)
        service.stores.sittings.change(changed)
        if as_json:
            json_line(_row(changed))
        else:
            click.echo(f"sitting {key}, {one.part} on {one.sat_on}: {_particulars_text(changed) or 'no particulars'}")


def _row(one: Sitting) -> dict[str, Any]:
    row: dict[str, Any] = {"sitting": one.key, "part": one.part, "sat_on": one.sat_on.isoformat()}
    row["centre"] = one.centre or None
    rooms = [{"room": r.name, "seats": r.capacity, "separate": r.is_separate} for r in one.rooms]
    staff = [{"name": x.name, "role": x.role, "recused": list(x.recused)} for x in one.staff]
    more = {
        "starts": f"{one.starts:%H:%M}" if one.starts else None,
        "minutes": one.minutes,
        "closes_on": one.closes_on.isoformat() if one.closes_on else None,
        "seats": one.capacity,
        "rooms": rooms,
        "staff": staff,
    }
    return row | {name: value for name, value in more.items() if value}


def _particulars_text(one: Sitting) -> str:
    rooms = ", ".join(f"{r.name} ({r.capacity}{', separate' if r.is_separate else ''})" for r in one.rooms)
    staff = ", ".join(f"{x.name} ({x.role})" for x in one.staff)
    words = {
        "from": f"{one.starts:%H:%M}" if one.starts else "",
        "for": f"{one.minutes} minutes" if one.minutes else "",
        "admission closes on": str(one.closes_on or ""),
        "rooms": rooms,
        "staff": staff,
    }
    return "; ".join(f"{name} {value}" for name, value in words.items() if value)


@sitting.command("list", example="examboard sitting list --json")
@options.as_json
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List every sitting, in the order of their days."""
    service = wiring.service(ctx, write=False)
    columns = {"sitting": "Sitting", "part": "Part", "sat_on": "Day", "centre": "Centre", "seats": "Seats"}
    listing(map(_row, service.stores.sittings.all()), columns, as_json)


@sitting.command(example="examboard sitting show 2024-26/1 --part theory")
@click.argument("key")
@click.option("--part", help="This part only.")
@options.as_json
@click.pass_context
def show(ctx: click.Context, key: str, part: str | None, as_json: bool) -> None:
    """
    Show a sitting: who is admitted, and the results so far.

    Marks that have not been announced are not shown.
    """
    service = wiring.service(ctx, write=False)
    sittings = found(service, key, part)
    attempts = list(_attempts(service, key, {s.part for s in sittings}))
    rows = [_attempt_row(application, attempt) for application, attempt in attempts]
    if as_json:
        outcomes = Counter(row["outcome"] for row in rows)
        parts = [_row(s) for s in sittings]
        json_line({"sitting": key, "parts": parts, "outcomes": outcomes, "admitted": rows})
        return
    days = "; ".join(f"{s.part} on {s.sat_on}" + (f", {s.centre}" if s.centre else "") for s in sittings)
    totals = Counter(f"{row['part']} {row['outcome']}" for row in rows)
    so_far = "; ".join(f"{number} {what}" for what, number in totals.items())
    more = [f"{s.part}: {text}" for s in sittings if (text := _particulars_text(s))]
    click.echo("\n".join(pairs({"sitting": key, "parts": days, "so far": so_far, "particulars": " | ".join(more)})))
    lines = [(r["application"], r["part"], r["outcome"], r["score"], r["announced_on"]) for r in rows]
    if lines:
        click.echo("\n".join(aligned(lines, indent=2)))


def _attempts(service: Service, key: str, parts: set[str]) -> Iterator[tuple[str, Attempt]]:
    for application, history, stuck in each_history(service.stores.events, service.stores.events.at_sitting(key)):
        try:
            if stuck:
                raise stuck
            attempts = service.draft(history).application.attempts
        except ExamboardError as error:
            click.echo(f"{application}: cannot be shown: {error}", err=True)
            continue
        for attempt in attempts:
            if attempt.sitting == key and attempt.part in parts:
                yield application, attempt


def _attempt_row(application: str, attempt: Attempt) -> dict[str, Any]:
    is_out = attempt.outcome == "announced"
    return {
        "application": application,
        "part": attempt.part,
        "sat_on": attempt.sat_on.isoformat(),
        "outcome": attempt.outcome,
        "score": str(attempt.score) if is_out else None,
        "announced_on": attempt.announced_on.isoformat() if attempt.announced_on else None,
    }


for _verb in (admit_verb, tickets_verb, plan_verb, attendance_verb, findings_verb, cancel_verb, release_verb):
    sitting.add_command(_verb)
