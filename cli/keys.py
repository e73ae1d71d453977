"""`examboard keys`: the board's keys for sealing, and the key ring of personal values; no secret is ever shown."""

from __future__ import annotations

import re
from pathlib import Path

import click

from cli import held_keys, key_ring, options, wiring
from cli.options import Noun
from cli.output import json_line, pairs
from workflow.errors import Misconfigured


@click.group(cls=Noun)
def keys() -> None:
    """Make, show and replace the keys for sealing and those of personal values (--ring)."""


keys.add_command(key_ring.retire)
_ring = click.option("--ring", is_flag=True, help="The key ring of personal values, not the keys for sealing.")


@keys.command(
    example="""\
examboard keys init --name exams.example.org/log
examboard keys init --ring"""
)
@click.option("--name", metavar="NAME", help="Name of the log, for ever; default: the setting seal_origin.")
@_ring
@click.pass_context
def init(ctx: click.Context, name: str | None, ring: bool) -> None:
    """
    Make the key file with its first key.

    The name of the log stands in every checkpoint and cannot be changed later; an address of the board without a scheme
    is a good one. Keep a copy of the file in a safe: without it the seals cannot be continued.

    With --ring: make the key ring under which personal values are sealed. Without it nobody can ever read them.
    """
    from storage.keys import make

    wiring.caller(ctx, "keep_keys")
    if ring:
        key_ring.make(ctx)
        return
    chosen = wiring.settings(ctx)
    file = held_keys.key_place(ctx)
    _refuse_beside(file, chosen.database)
    made = make(file, name or chosen.seal_origin or _origin(chosen.board), wiring.now())
    click.echo(f"{file}: made for the log {made.name}; publish this key, and keep a copy of the file in a safe:")
    click.echo(made.keys[0].vkey)


@keys.command(
    example="""\
examboard keys show --pem > key.pem
examboard keys show --ring"""
)
@_ring
@click.option("--pem", is_flag=True, help="Only the newest key, as openssl takes it.")
@click.option("--vkey", is_flag=True, help="Only the lines that verifiers take, newest key first.")
@options.as_json
@click.pass_context
def show(ctx: click.Context, ring: bool, pem: bool, vkey: bool, as_json: bool) -> None:
    """Show the public keys, those of today and those that were replaced; with --ring the names of the ring's keys."""
    if ring:
        key_ring.show(ctx, as_json)
        return
    file = held_keys.key_file(ctx)
    if pem:
        click.echo(file.keys[0].pem, nl=False)
        return
    if vkey:
        click.echo("\n".join(key.vkey for key in file.keys))
        return
    signing = {one.key for one in file.signers()}
    for key, made_at in zip(file.keys, file.made_at, strict=True):
        fields = {"log": key.name, "key_id": key.id.hex(), "public": key.public.hex(), "made_at": made_at}
        fields |= {"state": "signs" if key in signing else "replaced", "vkey": key.vkey}
        if as_json:
            json_line({**fields, "pem": key.pem})
        else:
            click.echo("\n".join(pairs(fields)) + f"\n{key.pem}")
    if not as_json:
        for statement in file.statements:
            click.echo(statement)


@keys.command(
    example="""\
examboard keys rotate
examboard keys rotate --ring"""
)
@_ring
@click.pass_context
def rotate(ctx: click.Context, ring: bool) -> None:
    """
    Make a new key, and print the statement of the change, signed by the old key and the new one.

    The next seal is signed by both; after it the old key is forgotten, and its public half stays so that old seals can
    be checked. Publish the statement.

    With --ring: put a new key before those of the ring and wrap every person's data key by it; personal values are not
    touched. It may be stopped and started again, and run twice at once.
    """
    wiring.caller(ctx, "keep_keys")
    if ring:
        key_ring.rotate(ctx)
        return
    click.echo(held_keys.key_file(ctx).rotate(wiring.now()), nl=False)
    click.echo(
        f"publish this statement, keep a copy of {held_keys.key_place(ctx)} in a safe, and seal: examboard audit seal",
        err=True,
    )


def _origin(board: str) -> str:
    """Make up a name for the log: from the board's where that is ASCII, else by chance; never from the machine's."""
    if board.isascii() and (slug := re.sub(r"[^a-z0-9]+", "-", board.lower()).strip("-")):
        return f"examboard/{slug}"
    return wiring.log_name()


def _refuse_beside(file: Path, database: str) -> None:
    place = database.removeprefix("sqlite:///")
    if "://" not in place and Path(place).expanduser().resolve().parent == file.resolve().parent:
        raise Misconfigured(
            f"the key file must not lie beside the database ({file.parent}): who copies or changes one would have the "
            "other; set seal_key to another folder, best on another disk"
        )
