"""`examboard candidate`: restricting, freeing and erasing a person's data; what was done so; all that is held."""

from __future__ import annotations

from pathlib import Path

import click

from cli import access, options, wiring
from cli.options import Verb
from cli.output import json_line, listing
from workflow.persons.forgetting import Act
from workflow.persons.held import act_row, held, readable
from workflow.persons.retention import erase as erase_person
from workflow.persons.retention import kept, refuse_early
from workflow.persons.retention import restrict as restrict_person
from workflow.persons.retention import unrestrict as free_person


@click.command(
    cls=Verb,
    example="""\
examboard candidate restrict 5d0c2f9a41b7e683 --reason "asked for on 2026-11-20" --authority "minute 20\"""",
)
@click.argument("key")
@options.reason
@options.as_json
@click.pass_context
def restrict(ctx: click.Context, key: str, reason: str, authority: str, as_json: bool) -> None:
    """
    Restrict a person's data: it is kept, but stands in no list, export or notice. Certificates are still verified.

    Refused while an application of the person runs.
    """
    service = wiring.service(ctx)
    _tell(key, restrict_person(service, key, reason, authority), "restricted", as_json)


@click.command(
    cls=Verb,
    example="""\
examboard candidate unrestrict 5d0c2f9a41b7e683 --reason "applies again" --authority "minute 21\"""",
)
@click.argument("key")
@options.reason
@options.as_json
@click.pass_context
def unrestrict(ctx: click.Context, key: str, reason: str, authority: str, as_json: bool) -> None:
    """Free a person's data again."""
    service = wiring.service(ctx)
    _tell(key, free_person(service, key, reason, authority), "not restricted", as_json)


@click.command(
    cls=Verb,
    example="""\
examboard candidate erase 5d0c2f9a41b7e683 --dry-run --reason "time of keeping over" --authority "minute 22"
examboard candidate erase 5d0c2f9a41b7e683 --reason "time of keeping over" --authority "minute 22\"""",
)
@click.argument("key")
@options.reason
@options.dry_run
@options.as_json
@click.pass_context
def erase(ctx: click.Context, key: str, reason: str, authority: str, dry_run: bool, as_json: bool) -> None:
    """
    Erase a person, for ever: names and numbers are destroyed; histories, counts, proofs and certificates stay.

    Refused until the time of keeping is over, by the `retention` of each scheme that the person applied under.
    """
    service = wiring.service(ctx, write=not dry_run)
    if dry_run:
        service.candidate(key)
        found = kept(service, key, service.today())
        refuse_early(found, service.today())
        if as_json:
            json_line({**found.as_json(), "dry_run": True})
        else:
            click.echo(f"{key} would be erased (dry run: nothing was written)")
        return
    _tell(key, erase_person(service, key, reason, authority), "erased", as_json)


def _tell(key: str, act: Act | None, what: str, as_json: bool) -> None:
    if as_json:
        json_line({"candidate": key, "done": act is not None, **({"act": act_row(act)} if act else {})})
    else:
        click.echo(f"{key} is {what}; act {act.number}" if act else f"{key} was {what} already; nothing was changed")


@click.command(cls=Verb, example="examboard candidate acts --json")
@click.argument("key", required=False)
@options.as_json
@click.pass_context
def acts(ctx: click.Context, key: str | None, as_json: bool) -> None:
    """List who was restricted, freed or erased, when, by whom and why: of one person, or all acts."""
    service = wiring.service(ctx, write=False)
    rows = ({"candidate": act.candidate, **act_row(act)} for act in service.stores.candidates.acts(key or ""))
    titles = {"number": "Act", "candidate": "Candidate", "deed": "Deed", "on": "On", "by": "By", "reason": "Reason"}
    listing(rows, titles | {"authority": "Authority"}, as_json)


@click.command(
    "export",
    cls=Verb,
    example="""\
examboard candidate export 5d0c2f9a41b7e683 --out held.txt --reason "asked for on 2026-11-20"
examboard candidate export 5d0c2f9a41b7e683 --json --reason "asked for on 2026-11-20" > held.json""",
)
@click.argument("key")
@access.because
@click.option("--out", type=options.NEW_FILE, metavar="FILE", help="File to write, readable for you alone.")
@options.as_json
@click.pass_context
def export(ctx: click.Context, key: str, out: Path | None, as_json: bool) -> None:
    """
    Write all that is held about a person, in full, for that person: as text, or with --json for programs.

    Everything is shown in full, so that --reason is needed.
    """
    service = wiring.service(ctx, write=False)
    found = held(service, key)
    access.log(ctx, service, "export", key, 1, is_revealed=True)
    from json import dumps

    from storage.papers import write_paper

    title = f"All that is held about candidate {key} on {service.today()}"
    text = dumps(found, ensure_ascii=False, indent=1) if as_json else "\n".join(readable(found, title))
    if out is None:
        click.echo(text)
        return
    write_paper(out, f"{text}\n".encode())
    click.echo(f"written to {out}")


VERBS = (restrict, unrestrict, erase, acts, export)
