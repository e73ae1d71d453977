"""`examboard sitting`: dated sessions of parts, and who is admitted to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import click

from cli import options, wiring
from cli.options import Noun
from cli.outcomes import tell_all
from cli.output import aligned, json_line, listing, pairs
from workflow.application import Attempt
from workflow.decisions import Outcome
from workflow.errors import ExamboardError, NotFound
from workflow.ports import Sitting
from workflow.service import Service


@click.group(cls=Noun)
def sitting() -> None:
    """Set sittings and admit candidates to them."""


@sitting.command(example="examboard sitting create 2024-26/1 --part theory --part skills --on 2024-05-18")
@click.argument("key", type=options.LABEL)
@click.option("--part", "parts", multiple=True, required=True, help="Part that is held; may be given again.")
@click.option("--on", "on", required=True, type=options.DAY, metavar="DAY", help="The day of the sitting.")
@click.option("--centre", default="", metavar="TEXT", help="Where.")
@options.as_json
@click.pass_context
def create(ctx: click.Context, key: str, parts: tuple[str, ...], on: date, centre: str, as_json: bool) -> None:
    """Set a sitting: one session of one or more parts on a day. KEY is the board's own name of it."""
    service = wiring.service(ctx)
    wanted = [Sitting(key, exam_named(service, part), on, centre.strip()) for part in parts]
    added = service.stores.sittings.put(wanted)
    if as_json:
        for one in wanted:
            json_line(_row(one))
    else:
        click.echo(f"sitting {key} on {on}: {added} added, {len(set(wanted)) - added} were there before")


def exam_named(service: Service, name: str) -> str:
    """
    Find an exam by its key or a name of it in any scheme of the board; a review has no sittings.

    Raises:
        NotFound: there is none.
    """
    shelf = service.stores.schemes.current()
    for pinned in shelf:
        key = pinned.scheme.parts_by_name.get(name.casefold())
        if key and pinned.scheme.parts[key].kind == "exam":
            return key
    exams = sorted({key for p in shelf for key, part in p.scheme.parts.items() if part.kind == "exam"})
    raise NotFound(f"no scheme has an exam called {name!r}; there are: {', '.join(exams)}")


def _row(one: Sitting) -> dict[str, Any]:
    return {"sitting": one.key, "part": one.part, "sat_on": one.sat_on.isoformat(), "centre": one.centre or None}


@sitting.command("list", example="examboard sitting list --json")
@options.as_json
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List every sitting, in the order of their days."""
    service = wiring.service(ctx, write=False)
    columns = {"sitting": "Sitting", "part": "Part", "sat_on": "Day", "centre": "Centre"}
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
    click.echo("\n".join(pairs({"sitting": key, "parts": days, "so far": so_far})))
    lines = [(r["application"], r["part"], r["outcome"], r["score"], r["announced_on"]) for r in rows]
    if lines:
        click.echo("\n".join(aligned(lines, indent=2)))


def found(service: Service, key: str, part: str | None = None) -> tuple[Sitting, ...]:
    """
    Find the sittings of a session, of one part or of all.

    Raises:
        NotFound: there is none.
    """
    sittings = service.stores.sittings.find(key, exam_named(service, part) if part else None)
    if not sittings:
        parts = ", ".join(s.part for s in service.stores.sittings.find(key))
        there = f"; it has: {parts}" if parts else "; see: examboard sitting list"
        raise NotFound(f"no sitting {key}{f' of {part}' if part else ''}{there}")
    return sittings


def _attempts(service: Service, key: str, parts: set[str]) -> Iterator[tuple[str, Attempt]]:
    for history in service.stores.events.histories(service.stores.events.at_sitting(key)):
        for attempt in service.draft(history).application.attempts:
            if attempt.sitting == key and attempt.part in parts:
                yield history[0].application, attempt


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


@sitting.command(example="examboard sitting admit 2024-26/1 A00001 A00006 --part theory")
@click.argument("key")
@click.argument("applications", metavar="APPLICATION...", nargs=-1, required=True)
@click.option("--part", help="This part only; default: every part of the sitting.")
@options.on
@options.as_json
@click.pass_context
def admit(
    ctx: click.Context, key: str, applications: tuple[str, ...], part: str | None, on: date | None, as_json: bool
) -> None:
    """
    Admit candidates to a sitting, each application by an event of its own.

    One that is refused never touches the others; the code is 3 if any was.
    """
    service = wiring.service(ctx)
    sittings = found(service, key, part)
    tell_all(ctx, _admitted(service, sittings, dict.fromkeys(applications), on), as_json)


def _admitted(
    service: Service, sittings: tuple[Sitting, ...], applications: dict[str, None], on: date | None
) -> Iterator[Outcome]:
    for application in applications:
        for one in sittings:
            try:
                yield Outcome(application, service.admit(application, one, on))
            except ExamboardError as error:
                yield Outcome(application, None, error)
