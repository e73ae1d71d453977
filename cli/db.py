"""`examboard db`: the database as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli import db_grants, held_keys, options, wiring
from cli.options import Noun
from cli.output import aligned, json_line
from workflow.calendar import count
from workflow.draft import project
from workflow.errors import ExamboardError
from workflow.events import Event
from workflow.ports import Projection
from workflow.replay import fold
from workflow.service import Service

if TYPE_CHECKING:  # SQLAlchemy is loaded by the verb that needs it
    from storage.cluster import Cluster, Placed
    from storage.keyring import Ring


@click.group(cls=Noun)
def db() -> None:
    """Make, upgrade, check and rebuild the database."""


db.add_command(db_grants.grants)


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
    ring = held_keys.ring(ctx)
    if not _tell_ring(ring):
        place = f"make it with: examboard keys init --ring ({ring.file})" if ring.file else "set key_ring to its file"
        click.echo(f"personal values need a key ring, and there is none yet; {place}", err=True)


def _tell_ring(ring: Ring) -> bool:
    """Say under which key ring personal values are sealed, if its file is there."""
    if ring.exists:
        click.echo(f"personal values are sealed under the key ring {ring.file}; keep a copy of it in another place")
    return ring.exists


@db.command(example="examboard db status --json")
@options.as_json
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Say where the database is and of which version, and whether it is distributed over a Citus cluster."""
    from storage import cluster as clusters
    from storage import database

    url = wiring.settings(ctx).database
    found = database.status(url)
    cluster = clusters.look(found, url)
    is_distributed = cluster is not None and cluster.is_distributed
    if as_json:
        fields = ("url", "condition", "revision", "head")
        json_line({**{field: getattr(found, field) for field in fields}, "distributed": is_distributed})
        return
    click.echo(f"{found.url}: {found.condition}; version {found.revision or 'none'}, this software's is {found.head}")
    if cluster is not None:
        click.echo(f"Citus, {count(cluster.workers, 'worker node')}: {_how(cluster, found.condition)}")


def _how(cluster: Cluster, condition: str) -> str:
    """Say how far a database is distributed, and what would go on with that."""
    spread = [table for table in cluster.tables if table.place == "distributed"]
    done = len(spread) - sum(table.is_new for table in spread)
    if done == len(spread):
        return "distributed"
    said = f"{done} of {count(len(spread), 'table')} distributed" if done else "not distributed"
    return f"{said} (examboard db {'upgrade' if done and condition == 'older' else 'distribute'})"


@db.command(example="examboard --database postgresql://board@coordinator/board db distribute --dry-run")
@options.dry_run
@options.as_json
@click.pass_context
def distribute(ctx: click.Context, dry_run: bool, as_json: bool) -> None:
    """
    Spread the database over the nodes of its Citus cluster.

    What concerns one application is distributed by its bucket; what is unique board-wide stays on the coordinator.
    Tables that are distributed already are passed over. Stop the writers and make a backup first.
    """
    from storage import cluster as clusters

    cluster = clusters.distribute(wiring.settings(ctx).database, dry_run)
    if not cluster.workers:
        click.echo("there is no worker node yet; add them on the coordinator: SELECT citus_add_node(...)", err=True)
    if as_json:
        for t in cluster.tables:
            json_line({"table": t.table, "place": t.place, "new": t.is_new, "why": t.why, "dry_run": dry_run})
        return
    click.echo("\n".join(aligned([(t.table, _where(t)) for t in cluster.tables])))
    new = sum(t.is_new for t in cluster.tables)
    note = " (dry run: nothing was changed)" if dry_run else ""
    click.echo(f"{cluster.url}: {count(new, 'table')} distributed over {count(cluster.workers, 'worker node')}{note}")


def _where(table: Placed) -> str:
    if table.place == "coordinator":
        return f"stays on the coordinator: {table.why}"
    return "distributed by bucket" if table.is_new else "distributed already"


@db.command(example="examboard db upgrade")
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """
    Bring the database of an older Examboard up to date. Make a backup first.

    What is derived from the histories is then written anew, as by `db rebuild`: this version may keep more of it.
    """
    from storage import database

    before = database.status(wiring.settings(ctx).database)
    after = database.upgrade(wiring.settings(ctx).database, held_keys.ring_place(ctx), wiring.now())
    service = wiring.service(ctx)
    if before.revision == after.revision:
        click.echo(f"{after.url}: is up to date; version {after.revision}")
        return
    click.echo(f"{after.url}: upgraded from {before.revision}; version {after.revision}")
    _tell_ring(held_keys.ring(ctx))
    try:
        _rebuild(ctx, service)
    except ExamboardError:
        click.echo(
            "The upgrade stands, but its rows are not written anew; mend it, then run: examboard db rebuild", err=True
        )
        raise


@db.command(example="examboard db check --json")
@options.as_json
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """
    Check every history and what is derived from it; change nothing.

    The same as `audit verify --redecide`: ends with code 6 if there is any finding.
    """
    from cli import audit_verify
    from cli.integrity import Asked

    wiring.service(ctx, write=False)  # says so where there is none, before anything is loaded for the work
    audit_verify.run(ctx, Asked(wiring.settings(ctx).database, redecides=True), as_json)


@db.command(example="examboard db rebuild")
@click.pass_context
def rebuild(ctx: click.Context) -> None:
    """Write all that is derived from the histories anew; the histories themselves are not touched."""
    _rebuild(ctx, wiring.service(ctx, act="keep_database"))


def _rebuild(ctx: click.Context, service: Service) -> None:
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
