"""`examboard staff`: the members of the board's staff, their roles and tokens."""

from __future__ import annotations

from typing import Any

import click

from cli import options, wiring
from cli.options import Noun
from cli.output import json_line, listing, pairs
from workflow.errors import NotFound
from workflow.roles.rights import ACTS, RIGHTS, ROLES, Role
from workflow.roles.staff import Member, StaffDesk

_ROLES = click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="May be repeated."
)  # fmt: skip
_REASON = click.option("--reason", type=options.PROSE, metavar="TEXT", help="Why; the access log keeps it.")


@click.group(cls=Noun)
def staff() -> None:
    """Add and disable members of staff; give roles and tokens."""


@staff.command(example="examboard staff add li-wei --role registrar --role announcer")
@click.argument("name")
@_ROLES
@_REASON
@options.as_json
@click.pass_context
def add(ctx: click.Context, name: str, roles: tuple[Role, ...], reason: str | None, as_json: bool) -> None:
    """
    Add a member, and show the token: the only time that it is seen.

    A board without staff needs no token: whoever can open its database is its local operator. From the first member on,
    who must be an administrator, every command asks for a token (EXAMBOARD_TOKEN, or --token-file).
    """
    _give(name, _desk(ctx).add(name, roles, reason or ""), as_json)


@staff.command(example='examboard staff token li-wei --reason "lost the old one"')
@click.argument("name")
@_REASON
@options.as_json
@click.pass_context
def token(ctx: click.Context, name: str, reason: str | None, as_json: bool) -> None:
    """Give a member a new token; the old one is worth nothing any more. Who was disabled may sign in again."""
    _give(name, _desk(ctx).renew(name, reason or ""), as_json)


@staff.command(example="examboard staff roles li-wei --role registrar")
@click.argument("name")
@_ROLES
@_REASON
@click.pass_context
def roles(ctx: click.Context, name: str, roles: tuple[Role, ...], reason: str | None) -> None:
    """Give a member other roles, in place of all those before."""
    _desk(ctx).change_roles(name, roles, reason or "")
    click.echo(f"{name}: {', '.join(roles)}")


@staff.command(example='examboard staff disable li-wei --reason "left the board"')
@click.argument("name")
@click.option("--reason", required=True, type=options.PROSE, metavar="TEXT", help="Why; the access log keeps it.")
@click.pass_context
def disable(ctx: click.Context, name: str, reason: str) -> None:
    """Let a member sign in no more. The name stays taken, and what the member recorded stays."""
    _desk(ctx).disable(name, reason)
    click.echo(f"{name}: may not sign in any more")


@staff.command("list", example="examboard staff list --json")
@options.as_json
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List the members, with their roles."""
    columns = {"member": "Member", "state": "State", "roles": "Roles", "added_at": "Added at", "token_at": "Token of"}
    listing((_fields(one) for one in _read(ctx)), columns, as_json)


@staff.command(example="examboard staff show li-wei")
@click.argument("name")
@options.as_json
@click.pass_context
def show(ctx: click.Context, name: str, as_json: bool) -> None:
    """Show a member, and what the roles give the right to."""
    one = next((x for x in _read(ctx) if x.name == name), None)
    if one is None:
        raise NotFound(f"no member {name}; see: examboard staff list")
    rights = sorted(frozenset().union(*(RIGHTS[role] for role in one.roles)))
    if as_json:
        json_line({**_fields(one), "rights": rights})
        return
    facts = [right for right in rights if right not in ACTS]
    acts = "; ".join(ACTS[right] for right in rights if right in ACTS)
    click.echo("\n".join(pairs({**_fields(one), "may": acts, "may record": ", ".join(facts)})))


def _desk(ctx: click.Context) -> StaffDesk:
    service = wiring.service(ctx, act="keep_staff")
    return StaffDesk(service.stores.staff, service.acts_as, wiring.now, wiring.chance)


def _read(ctx: click.Context) -> tuple[Member, ...]:
    stores = wiring.reading(ctx)
    wiring.who(ctx, stores).need(ctx.command_path, "read", "keep_staff")
    return stores.staff.all()


def _give(name: str, token: str, as_json: bool) -> None:
    if as_json:
        json_line({"member": name, "token": token})
        return
    click.echo(token)
    click.echo(f"this is the token of {name}, shown this once; the member keeps it in a file of mode 0600", err=True)


def _fields(one: Member) -> dict[str, Any]:
    state = f"disabled since {one.disabled_at:%Y-%m-%d %H:%M}Z" if one.disabled_at else "may sign in"
    times = {"added_at": one.added_at.isoformat(), "token_at": one.token_at.isoformat()}
    return {"member": one.name, "state": state, "roles": ", ".join(one.roles), **times}
