"""`examboard application`: one candidate's passage through one level."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from cli import intake_files, options, wiring
from cli.application_decisions import authorize, carry_over, reinstate, resume, suspend
from cli.application_intake import resubmit, return_, submit, template
from cli.options import Noun
from cli.outcomes import tell
from cli.output import aligned, is_terminal, json_line, listing
from cli.words import fact_words, standing_lines
from workflow import facts as f
from workflow.events import Event, instant_text
from workflow.identity import mask_name
from workflow.scheme import FIXED_STATES
from workflow.service import Service


@click.group(cls=Noun)
def application() -> None:
    """File, show, list, return, suspend, withdraw and annul applications."""


for verb in (template, submit, return_, resubmit, authorize, suspend, resume, reinstate, carry_over):
    application.add_command(verb)


@application.command(
    example="""\
examboard application show A00001
examboard application show A00001 --as-of 2025-01-01 --known-at 2024-12-31"""
)
@click.argument("application")
@options.as_of
@options.known_at
@options.as_json
@click.pass_context
def show(ctx: click.Context, application: str, as_of: date | None, known_at: datetime | None, as_json: bool) -> None:
    """
    Say where an application stands on a day, and why.

    What is held and until when, what is awaited and from whom, what the clock will do next. With --known-at, by what
    had been recorded at that moment.
    """
    service = wiring.service(ctx, write=False)
    standing = service.standing(application, as_of, known_at)
    if as_json:
        json_line(standing.as_json())
        return
    history = service.history(application)
    person = service.stores.candidates.get(standing.application.candidate)
    name = mask_name(person.name) if person else "not in the register"
    click.echo("\n".join(standing_lines(standing, service.rules_of(history), history, name)))


@application.command("list", example="examboard application list --state expired --as-of 2026-11-20 --json")
@click.option("--state", "states", multiple=True, metavar="STATE", help="Only this state; may be given again.")
@click.option("--cohort", default="", metavar="TAG", help="Only those filed under this tag.")
@options.as_of
@options.known_at
@options.as_json
@click.pass_context
def list_(
    ctx: click.Context,
    states: tuple[str, ...],
    cohort: str,
    as_of: date | None,
    known_at: datetime | None,
    as_json: bool,
) -> None:
    """List every application with its standing on a day, in the order of their numbers."""
    service = wiring.service(ctx, write=False)
    _check_states(service, states)
    found = service.standings(as_of, known_at)
    wanted = (
        s for s in found if (not states or s.application.state in states) and cohort in ("", s.application.cohort)
    )
    rows = (s.as_row() for s in wanted)
    columns = {
        "application": "Application",
        "scheme": "Scheme",
        "level": "Level",
        "state": "State",
        "conditions_met": "Conditions",
        "parts_held": "Held",
        "expired_on": "Expired",
        "next_on": "Next",
        "certificate": "Certificate",
    }
    listing(rows, columns, as_json)


def _check_states(service: Service, states: tuple[str, ...]) -> None:
    """Refuse a state that no scheme has: a misspelt word must not look like an empty list."""
    known = {s for p in service.stores.schemes.current() for level in p.scheme.levels.values() for s in level.stages}
    known |= set(FIXED_STATES)
    if not set(states) <= known:
        known |= {p.state for p in service.stores.events.projections()}  # schemes of earlier versions
    for state in states:
        if state not in known:
            there = ", ".join(sorted(known))
            raise click.BadParameter(f"there is no state {state!r}; there are: {there}", param_hint="--state")


@application.command(example="examboard application history A00001 --json")
@click.argument("application")
@options.as_json
@click.pass_context
def history(ctx: click.Context, application: str, as_json: bool) -> None:
    """Show every event of an application: what became true, when, when that was known, and who recorded it."""
    events = wiring.service(ctx, write=False).history(application)
    if as_json or not is_terminal():
        listing(map(_event_row, events), {}, True)
        return
    heads = aligned([_event_head(event) for event in events])
    click.echo("\n".join(_with_data(heads, events)))


def _event_head(event: Event) -> tuple[str, ...]:
    moved = f"{event.source or '-'} -> {event.dest}" if event.source != event.dest else event.dest
    recorded = f"{event.recorded_at:%Y-%m-%d %H:%M:%S}Z"
    return (str(event.sequence), str(event.effective_on), event.type, moved, f"recorded {recorded} by {event.actor}")


def _with_data(heads: list[str], events: tuple[Event, ...]) -> Iterator[str]:
    for head, event in zip(heads, events, strict=True):
        yield head
        if words := fact_words(event.fact):
            yield f"    {words}"


def _event_row(event: Event) -> dict[str, Any]:
    return {
        "application": event.application,
        "sequence": event.sequence,
        "type": event.type,
        "effective_on": event.effective_on.isoformat(),
        "recorded_at": instant_text(event.recorded_at),
        "actor": event.actor,
        "source": event.source,
        "dest": event.dest,
        "command": event.command,
        "data": event.fact.model_dump(mode="json", by_alias=True, exclude_none=True),
        "previous": event.previous,
        "hash": event.hash,
    }


@application.command(example='examboard application withdraw A00001 --reason "moved away"')
@click.argument("application")
@click.option("--reason", type=options.PROSE, metavar="TEXT", help="Why, if the candidate said it.")
@options.on
@options.as_json
@click.pass_context
def withdraw(ctx: click.Context, application: str, reason: str | None, on: date | None, as_json: bool) -> None:
    """Record that the candidate took the application back. It ends there."""
    tell(wiring.service(ctx).record(application, f.Withdrawn(reason=reason or ""), on), as_json)


@application.command(
    example='examboard application annul A00001 --reason "impersonation" --authority "board minute 2024-17"'
)
@click.argument("application")
@options.reason
@options.on
@options.as_json
@click.pass_context
def annul(ctx: click.Context, application: str, reason: str, authority: str, on: date | None, as_json: bool) -> None:
    """End an application for misconduct, by a decision of the board."""
    fact = f.Annulled(reason=reason, authority=authority)
    tell(wiring.service(ctx).record(application, fact, on), as_json)


@application.command("import", example="examboard application import applications.csv education.csv work.csv")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=options.SHEET)
@intake_files.cohort
@intake_files.import_options
@click.pass_context
def import_(ctx: click.Context, /, files: tuple[Path, ...], **how: Any) -> None:
    """
    File applications from bulk files: CSV or XLSX, each named after its kind.

    The kinds are applications, education, certificates, work and training: what is shown belongs to its application,
    so give all files of a batch together. Each new application is decided by the rules at once; one that meets no
    condition while rows of what it shows were rejected is left to the board. The same files again change nothing.
    """
    kinds = ("applications", "education", "certificates", "work", "training")
    intake_files.take_in(ctx, intake_files.by_kind(files, kinds), **how)
