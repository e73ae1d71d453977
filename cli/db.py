"""`examboard db`: the database as a whole."""

from __future__ import annotations

import click

from cli import options, wiring
from cli.integrity import findings
from cli.options import Noun
from cli.output import json_line, progress
from workflow.calendar import count
from workflow.draft import project
from workflow.errors import Corrupt
from workflow.events import Event
from workflow.ports import Projection
from workflow.replay import fold
from workflow.service import Service


@click.group(cls=Noun)
def db() -> None:
    """Make, upgrade, check and rebuild the database."""


@db.command(example="examboard --database board.db db init")
@click.pass_context
def init(ctx: click.Context) -> None:
    """
    Make the database and put the schemes on its shelf.

    One that is there already is left as it is. A first `round import` does all this by itself.
    """
    service = wiring.service(ctx)
    names = ", ".join(f"{p.scheme.scheme} version {p.scheme.version}" for p in service.stores.schemes.current())
    click.echo(f"{_place(ctx)} is ready; schemes: {names}")


@db.command(example="examboard db status --json")
@options.as_json
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Say where the database is and of which version."""
    from storage import database

    found = database.status(wiring.settings(ctx).database)
    if as_json:
        fields = ("url", "condition", "revision", "head")
        json_line({field: getattr(found, field) for field in fields})
        return
    click.echo(f"{found.url}: {found.condition}; version {found.revision or 'none'}, this software's is {found.head}")


@db.command(example="examboard db upgrade")
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """Bring the database of an older Examboard up to date. Make a backup first."""
    from storage import database

    before = database.status(wiring.settings(ctx).database)
    after = database.upgrade(wiring.settings(ctx).database)
    wiring.writable(ctx)
    done = "is up to date" if before.revision == after.revision else f"upgraded from {before.revision}"
    click.echo(f"{after.url}: {done}; version {after.revision}")


@db.command(example="examboard db check --json")
@options.as_json
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """
    Check every history and what is derived from it; change nothing.

    Every event must follow from the one before by hash, every history must replay by its pinned rules, and every
    stored row must equal what its history says. Ends with code 6 if there is any finding.
    """
    service = wiring.service(ctx, write=False)
    found = seen = 0
    with progress("checking") as tell:
        for application, text in findings(service):
            seen += text is None
            tell(seen, None)
            if text is None:
                continue
            found += 1
            if as_json:
                json_line({"application": application, "finding": text})
            else:
                click.echo(f"{application}: {text}")
    if not as_json:
        click.echo(f"{count(seen, 'application')} checked, {count(found, 'finding')}")
    if found:
        ctx.exit(Corrupt.exit_code)


@db.command(example="examboard db rebuild")
@click.pass_context
def rebuild(ctx: click.Context) -> None:
    """Write all that is derived from the histories anew; the histories themselves are not touched."""
    service = wiring.service(ctx)
    number = wiring.writable(ctx).rebuild(lambda history: projected(service, history))
    click.echo(f"{count(number, 'application')} rebuilt")


def projected(service: Service, history: tuple[Event, ...]) -> Projection:
    """Give what the row of an application must be, from its history alone."""
    rules = service.rules_of(history)
    application = fold(history, rules)
    assert application is not None  # a history has at least one event
    return project(application, rules, history[-1])


def _place(ctx: click.Context) -> str:
    return wiring.shown_place(wiring.settings(ctx).database)
