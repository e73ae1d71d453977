"""The key ring of personal values, behind `examboard keys ... --ring`; no key is ever shown."""

from __future__ import annotations

import click

from cli import held_keys, options, wiring
from cli.options import Verb
from cli.output import json_line, pairs, progress
from workflow.calendar import count
from workflow.errors import Conflict


def make(ctx: click.Context) -> None:
    """
    Make the ring with its first key.

    Raises:
        Conflict: there is one already, or personal values are sealed under another.
    """
    ring = held_keys.ring(ctx)
    if (database := wiring.readable(ctx)) is not None:
        from storage.rewrap import wrapped_by

        if wrapped_by(database.engine) and not ring.exists:
            raise Conflict(
                f"the database has keys that another ring has wrapped; put its copy back at {ring.file} instead: a new "
                "ring could open none of them"
            )
    ring.make(wiring.now())
    click.echo(f"{ring.file}: made; keep a copy of it in a safe, apart from the database and its backups")


def show(ctx: click.Context, as_json: bool) -> None:
    """Show the names of the keys, and how much each of them has wrapped in the database of this call."""
    from storage.rewrap import wrapped_by

    ring = held_keys.ring(ctx)
    database = wiring.readable(ctx)
    counts = wrapped_by(database.engine) if database else {}
    rows = [
        {"ring": str(ring.file), "key_id": key.id, "made_at": key.made_at, "has_wrapped": counts.pop(key.id, 0)}
        for key in ring.keys
    ]
    rows += [{"ring": "not in this ring", "key_id": id_, "made_at": "", "has_wrapped": n} for id_, n in counts.items()]
    for row in rows:
        if as_json:
            json_line(row)
        else:
            click.echo("\n".join(pairs(row)))


def rotate(ctx: click.Context) -> None:
    """Put a new key before the others and wrap every data key by it; a rotation that was stopped is gone on with."""
    from storage.rewrap import rewrap, wrapped_by

    ring, database = held_keys.ring(ctx), wiring.writable(ctx)
    with ring.changing():
        newest = ring.keys[0].id
        left = sum(number for id_, number in wrapped_by(database.engine).items() if id_ != newest)
        key = ring.keys[0] if left else ring.add(wiring.now())
    what = "the rotation to the key of before is gone on with" if left else "made"
    click.echo(f"{ring.file}: key {key.id} {what}; keep a copy of the file in a safe, and give it to every node")
    with progress("wrapping") as tell:
        done = rewrap(database.engine, ring, tell)
    click.echo(f"{count(done, 'key')} wrapped anew; the keys of before stay in the ring until: examboard keys retire")


@click.command(cls=Verb, example="examboard keys retire --dry-run")
@options.dry_run
@click.pass_context
def retire(ctx: click.Context, dry_run: bool) -> None:
    """
    Destroy the keys of the ring that were replaced. No backup of before the rotation can be opened by it any more.

    That is what it is for: whoever was erased since is then erased from those backups too, once every copy of the old
    ring is destroyed as well. A key by which anything is still wrapped, or that was replaced within a day, stays.
    """
    from storage.rewrap import wrapped_by

    wiring.caller(ctx, "keep_keys")
    ring, database = held_keys.ring(ctx), wiring.writable(ctx)
    with ring.changing():
        newest = ring.keys[0]
        if left := sum(number for id_, number in wrapped_by(database.engine).items() if id_ != newest.id):
            raise Conflict(
                f"{count(left, 'key')} of the database are still wrapped by older keys of the ring; first: examboard "
                "keys rotate --ring"
            )
        older = ring.retire(wiring.now(), dry_run)
    names = ", ".join(key.id for key in older) or "none"
    click.echo(f"{ring.file}: {names} {'would be destroyed (dry run)' if dry_run else 'destroyed'}")
