"""`examboard audit`: access and duties: who saw what, and whether duties were kept apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from cli import options, wiring
from cli.options import Verb
from cli.output import json_line, listing
from cli.tables import sheet_path, write_sheet
from workflow.audit.duties import DutyException, audited, done_without_right, erased_alone
from workflow.audit.roles import RolesHeld
from workflow.errors import Corrupt
from workflow.roles.access import WHATS, Access, broken
from workflow.roles.proposals import withdrawals

_XLSX = click.option("--xlsx", "xlsx_file", callback=sheet_path, metavar="FILE", help="Write it to an XLSX file too.")
_ENTRY: Final = ("number", "at", "actor", "what", "subject", "reason", "persons", "hash")
_EXCEPTION: Final = (
    "kind", "duty", "subject", "sequence", "type", "on", "actor", "text", "reason", "clause",
)  # fmt: skip


@click.command(cls=Verb, example="examboard audit access --what reveal --json")
@click.option("--what", type=click.Choice(WHATS), help="List this kind only; all are verified.")
@click.option("--expect", metavar="HASH", help="A hash that was noted earlier: the log must still hold it.")
@_XLSX
@options.as_json
@click.pass_context
def access(ctx: click.Context, what: str | None, expect: str | None, xlsx_file: Path | None, as_json: bool) -> None:
    """
    List who saw full values, exported, opened dossiers, printed papers, kept staff; and verify the log's chain.

    Ends with code 6 if the chain does not hold. Entries cut off at the end leave no gap: note the last hash now and
    then, and give it with --expect.
    """
    stores = wiring.reading(ctx)
    wiring.who(ctx, stores).need(ctx.command_path, "read", "keep_staff")

    def rows() -> Iterator[dict[str, Any]]:
        for entry in stores.access.entries(what or ""):
            yield {name: getattr(entry, name) for name in _ENTRY} | {"at": entry.at.isoformat()}

    columns = {"number": "Entry", "at": "At", "actor": "Who", "what": "What", "subject": "About", "persons": "Persons"}
    listing(rows(), columns | {"reason": "Why"}, as_json)
    if xlsx_file:
        write_sheet(xlsx_file, _ENTRY, ([row[name] for name in _ENTRY] for row in rows()))
    if _verify(stores.access.entries(), expect or ""):
        ctx.exit(Corrupt.exit_code)


def _verify(entries: Iterable[Access], expect: str) -> bool:
    """Verify the chain and say how it stands; tells whether it does not hold."""
    number, head, is_there = 0, "", not expect

    def passing() -> Iterator[Access]:
        nonlocal number, head, is_there
        for entry in entries:
            number, head, is_there = number + 1, entry.hash, is_there or entry.hash == expect
            yield entry

    faults = [f"entry {place}: {text}" for place, text in broken(passing())]
    if not is_there:
        faults.append(f"no entry has the hash {expect[:64]}: entries were cut off or replaced")
    for fault in faults:
        click.echo(fault, err=True)
    end = f"; the last hash is {head}" if head else ""
    click.echo(f"entries: {number}, {'the chain does not hold' if faults else 'unbroken'}{end}", err=True)
    return bool(faults)


@click.command(cls=Verb, example="examboard audit duties --xlsx exceptions.xlsx")
@_XLSX
@options.as_json
@click.pass_context
def duties(ctx: click.Context, xlsx_file: Path | None, as_json: bool) -> None:
    """
    Prove over the whole history that duties were kept apart, and acts done by right; change nothing.

    Every act is held against the roles that its actor had at that instant, by the access log. Listed is every exception
    with its reason: a breach, which ends the command with code 6; what a local operator did alone, where the board kept
    no staff; and what a scheme document lets go, with its clause.
    """
    service = wiring.service(ctx, write=False)
    stores = service.stores
    proposals = {entry.number: entry for entry in stores.access.entries("proposal")}
    withdrawn = withdrawals(stores.access.entries("withdrawal"))
    members = {member.name for member in stores.staff.all()}
    held = RolesHeld(stores.access.entries("staff"))
    found = [
        *audited(lambda: stores.events.histories(), service.rules_of, proposals, members, held, withdrawn),
        *erased_alone(stores.candidates.acts(), proposals.values(), withdrawn),
        *done_without_right(stores.candidates.acts(), lambda: stores.access.entries()),
    ]
    for one in found:
        _tell(one, as_json)
    if xlsx_file:
        write_sheet(xlsx_file, _EXCEPTION, _cells(found))
    breaches = sum(one.kind == "breach" for one in found)
    if not as_json:
        click.echo(f"breaches: {breaches}, other exceptions: {len(found) - breaches}")
    if breaches:
        ctx.exit(Corrupt.exit_code)


def _tell(one: DutyException, as_json: bool) -> None:
    if as_json:
        json_line(one.as_json())
        return
    what = "entry" if one.type in WHATS else "event"
    click.echo(f"{one.kind}: {one.subject} {what} {one.sequence} {one.type} on {one.on} by {one.actor}")
    click.echo(f"  {one.text} [{one.clause}]; {one.reason}")


def _cells(found: Sequence[DutyException]) -> list[list[Any]]:
    return [[getattr(one, name) for name in _EXCEPTION] for one in found]


VERBS: Final[tuple[click.Command, ...]] = (access, duties)
