"""`examboard proposal`: what one member put forward and another is to confirm."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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
from workflow.roles.proposals import ERASE, command_of, withdraw, withdrawals
from workflow.service import Service


@click.group(cls=Noun)
def proposal() -> None:
    """List, confirm and withdraw what needs a second person."""


@proposal.command("list", example="examboard proposal list --all --json")
@click.option("--all", "everything", is_flag=True, help="Those that were confirmed or withdrawn too.")
@options.as_json
@click.pass_context
def list_(ctx: click.Context, everything: bool, as_json: bool) -> None:
    """List what was put forward and waits for a second person."""
    service = wiring.service(ctx, write=False)
    columns = {"proposal": "Proposal", "about": "About", "step": "Step", "on": "Takes effect on", "by": "By"}
    withdrawn = withdrawals(service.stores.access.entries("withdrawal"))
    rows = (_fields(service, entry, withdrawn) for entry in service.stores.access.entries("proposal"))
    columns |= {"at": "Put forward", "state": "State"}
    listing((row for row in rows if everything or row["state"] == "waiting"), columns, as_json)


@proposal.command(example="examboard proposal show 17")
@click.argument("number", type=click.IntRange(1))
@options.as_json
@click.pass_context
def show(ctx: click.Context, number: int, as_json: bool) -> None:
    """Show what was put forward, with all that it would record."""
    service = wiring.service(ctx, write=False)
    entry = _found(service, number)
    withdrawn = withdrawals(service.stores.access.entries("withdrawal", entry.subject))
    row = {**_fields(service, entry, withdrawn), **json.loads(json.loads(entry.detail).get("data", "{}"))}
    if end := withdrawn.get(command_of(entry)):
        row |= {"withdrawn_by": end.actor, "withdrawn_because": end.reason}
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
    _refuse_confirmed(service, entry)
    if end := withdrawals(service.stores.access.entries("withdrawal", entry.subject)).get(command_of(entry)):
        raise Conflict(f"proposal {number} was withdrawn by {end.actor}: {end.reason}")
    if entry.actor == service.actor:
        text = f"it was put forward by {entry.actor}: another member confirms it"
        raise Refused(f"proposal {number}", [Objection("two_people", text)])
    step = json.loads(entry.detail)
    fact = FACTS[step["type"]].model_validate_json(step["data"])
    tell(service.record(entry.subject, fact, date.fromisoformat(step["on"])), as_json)


@proposal.command("withdraw", example='examboard proposal withdraw 17 --reason "the sum was right"')
@click.argument("number", type=click.IntRange(1))
@click.option("--reason", required=True, metavar="TEXT", help="Why; the access log keeps it. No personal values.")
@options.as_json
@click.pass_context
def withdraw_(ctx: click.Context, number: int, reason: str, as_json: bool) -> None:
    """
    Withdraw a proposal that nobody has confirmed: nobody can confirm it any more.

    Who may confirm it may also withdraw it, and so may who put it forward. The same step can be put forward again.
    """
    service = wiring.service(ctx)
    entry = _found(service, number)
    _refuse_confirmed(service, entry)
    made = withdraw(service.stores.access, service.acts_as, entry, reason, service.now())
    if as_json:
        json_line({"proposal": number, "about": entry.subject, "by": made.actor, "reason": made.reason})
    else:
        click.echo(f"proposal {number}: withdrawn by {made.actor}")


def _refuse_confirmed(service: Service, entry: Access) -> None:
    if any(_confirmers(service, entry)):
        raise Conflict(f"proposal {entry.number} was confirmed already; see: examboard proposal show {entry.number}")


def _found(service: Service, number: int) -> Access:
    entry = next((x for x in service.stores.access.entries("proposal") if x.number == number), None)
    if entry is None:
        raise NotFound(f"no proposal {number}; see: examboard proposal list")
    return entry


def _fields(service: Service, entry: Access, withdrawn: Mapping[str, Access]) -> dict[str, Any]:
    step, confirmed = json.loads(entry.detail), any(_confirmers(service, entry))
    return {
        "proposal": entry.number,
        "about": entry.subject,
        "step": step["type"],
        "on": step.get("on", ""),
        "by": entry.actor,
        "at": entry.at.isoformat(),
        "confirmed": confirmed,
        "state": "confirmed" if confirmed else "withdrawn" if command_of(entry) in withdrawn else "waiting",
    }


def _confirmers(service: Service, entry: Access) -> Iterator[str]:
    """Give who confirmed a proposal."""
    if entry.detail == ERASE:
        yield from (x.note.actor for x in service.stores.candidates.acts(entry.subject) if x.deed == "erased")
        return
    command = command_of(entry)
    yield from (x.actor for x in service.stores.events.history(entry.subject) if x.command == command)
