"""`examboard proposal`: what one member put forward and another is to confirm."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import click

from cli import options, wiring
from cli.options import Noun
from cli.outcomes import tell
from cli.output import json_line, listing, pairs
from workflow.errors import Conflict, NotFound, Objection, Refused
from workflow.facts import FACTS
from workflow.roles.access import Access
from workflow.roles.duties import ERASE, command_of
from workflow.service import Service


@click.group(cls=Noun)
def proposal() -> None:
    """List and confirm what needs a second person."""


@proposal.command("list", example="examboard proposal list --all --json")
@click.option("--all", "everything", is_flag=True, help="Those that were confirmed too.")
@options.as_json
@click.pass_context
def list_(ctx: click.Context, everything: bool, as_json: bool) -> None:
    """List what was put forward and waits for a second person."""
    service = wiring.service(ctx, write=False)
    columns = {"proposal": "Proposal", "about": "About", "step": "Step", "on": "Takes effect on", "by": "By"}
    rows = (_fields(service, entry) for entry in service.stores.access.entries("proposal"))
    listing((row for row in rows if everything or not row["confirmed"]), columns | {"at": "Put forward"}, as_json)


@proposal.command(example="examboard proposal show 17")
@click.argument("number", type=click.IntRange(1))
@options.as_json
@click.pass_context
def show(ctx: click.Context, number: int, as_json: bool) -> None:
    """Show what was put forward, with all that it would record."""
    service = wiring.service(ctx, write=False)
    entry = _found(service, number)
    row = {**_fields(service, entry), **json.loads(json.loads(entry.detail).get("data", "{}"))}
    if as_json:
        json_line(row)
    else:
        click.echo("\n".join(pairs(row)))


@proposal.command(example="examboard proposal confirm 17")
@click.argument("number", type=click.IntRange(1))
@options.as_json
@click.pass_context
def confirm(ctx: click.Context, number: int, as_json: bool) -> None:
    """
    Confirm a step that another member put forward: it is judged by the rules of now and recorded.

    A correction after announcement, a reinstatement, a revocation and an erasure take two members: the first types the
    command, by which the step is put forward; the second confirms it, and only then it is recorded.

    Whoever confirms needs the right to record it as well; the event names the proposal.
    """
    service = wiring.service(ctx)
    entry = _found(service, number)
    if entry.detail == ERASE:
        text = "an erasure is confirmed by the same command: examboard candidate erase"
        raise Refused(f"proposal {number}", [Objection("erasure", text)])
    if any(_confirmers(service, entry)):
        raise Conflict(f"proposal {number} was confirmed already; see: examboard proposal show {number}")
    if entry.actor == service.actor:
        text = f"it was put forward by {entry.actor}: another member confirms it"
        raise Refused(f"proposal {number}", [Objection("two_people", text)])
    step = json.loads(entry.detail)
    fact = FACTS[step["type"]].model_validate_json(step["data"])
    tell(service.record(entry.subject, fact, date.fromisoformat(step["on"])), as_json)


def _found(service: Service, number: int) -> Access:
    entry = next((x for x in service.stores.access.entries("proposal") if x.number == number), None)
    if entry is None:
        raise NotFound(f"no proposal {number}; see: examboard proposal list")
    return entry


def _fields(service: Service, entry: Access) -> dict[str, Any]:
    step = json.loads(entry.detail)
    return {
        "proposal": entry.number,
        "about": entry.subject,
        "step": step["type"],
        "on": step.get("on", ""),
        "by": entry.actor,
        "at": entry.at.isoformat(),
        "confirmed": any(_confirmers(service, entry)),
    }


def _confirmers(service: Service, entry: Access) -> Iterator[str]:
    """Give who confirmed a proposal."""
    if entry.detail == ERASE:
        yield from (x.note.actor for x in service.stores.candidates.acts(entry.subject) if x.deed == "erased")
        return
    command = command_of(entry)
    yield from (x.actor for x in service.stores.events.history(entry.subject) if x.command == command)
