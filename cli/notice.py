"""`examboard notice`: the outbox; what candidates are told of what will run out, and whether it reached them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import click

from cli import access, options, wiring
from cli.access import reveal as _reveal
from cli.options import Noun
from cli.output import json_line, listing, pairs, progress
from scheduler.delivery import DROPPED, Delivered, Outcome, deliver, judged, ready
from scheduler.sinks import FileSink
from workflow.errors import ExamboardError, NotFound, Unavailable
from workflow.identity import mask_email
from workflow.nights.last_steps import due_fact, why
from workflow.nights.ledger import Notice
from workflow.service import Service

if TYPE_CHECKING:
    from sqlalchemy import Engine

_ALL: Final = 1_000_000  # notices: a limit for the machine, not for the board


@click.group(cls=Noun)
def notice() -> None:
    """List, show, deliver and retry notices. E-mail addresses are shown masked unless --reveal is given."""


_application = click.option("--application", default="", metavar="NUMBER", help="Of this application only.")


@notice.command(
    "list",
    example="""\
examboard notice list --waiting
examboard notice list --undelivered --json""",
)
@_application
@click.option("--waiting", is_flag=True, help="Only those that wait to be sent, or to be tried again.")
@click.option("--undelivered", is_flag=True, help="Only those that were given up or dropped.")
@options.as_json
@click.pass_context
def list_(ctx: click.Context, application: str, waiting: bool, undelivered: bool, as_json: bool) -> None:
    """List notices: what for, until when they help, and what became of them."""
    if waiting and undelivered:
        raise click.UsageError("give either --waiting or --undelivered")
    service = wiring.service(ctx, write=False)
    if undelivered:
        from storage import notices

        found = notices.undelivered(_engine(service), application)
    else:
        found = iter(service.stores.outbox.notices(application, waiting, _ALL))
    columns = {
        **{"application": "Application", "reason": "Reason", "kind": "Kind", "state": "State"},
        **{"useful_until": "Useful until", "tries": "Tries", "next_try_at": "Next try", "error": "Error"},
    }
    listing(map(_row, found), columns, as_json)


def _engine(service: Service) -> Engine:
    database: Any = service.stores  # what wiring gives to a command, if it gives anything
    return cast("Engine", database.engine)


def _row(one: Notice) -> dict[str, Any]:
    return {
        "application": one.application,
        "reason": one.reason,
        "kind": one.kind,
        "candidate": one.candidate,
        "state": _state(one),
        "queued_on": one.queued_on.isoformat(),
        "useful_until": one.useful_until.isoformat(),
        "tries": one.tries,
        "next_try_at": one.next_try_at.isoformat() if one.next_try_at else None,
        "sent_at": one.sent_at.isoformat() if one.sent_at else None,
        "error": one.error,
    }


def _state(one: Notice) -> str:
    if one.sent_at:
        return "sent"
    if one.next_try_at:
        return "waiting"
    return "dropped" if one.error.startswith(DROPPED) else "given up"


@notice.command(example="examboard notice show A00007")
@click.argument("application")
@click.argument("reason", required=False)
@_reveal
@options.as_json
@click.pass_context
def show(ctx: click.Context, application: str, reason: str | None, reveal: bool, as_json: bool) -> None:
    """
    Show the notices of an application, or the one for a REASON: to whom they go and, while they wait, what they say.

    What a notice says is made when it is sent, from what then is recorded.
    """
    service = wiring.service(ctx, write=False)
    found = [n for n in service.stores.outbox.notices(application, most=_ALL) if reason in (None, n.reason)]
    if not found:
        raise NotFound(f"no notice of application {application}{f' for {reason}' if reason else ''}")
    board = wiring.settings(ctx).board
    if reveal:
        access.log(ctx, service, "reveal", f"notices of {application}", 1, is_revealed=True)
    for place, one in enumerate(found):
        said = judged(service, one, board)
        row = {**_row(one), "about": _about(one), "to": _address(said, reveal)}
        if as_json:
            words = said.words if one.next_try_at else None
            json_line({**row, "subject": words.subject if words else None, "text": words.text if words else None})
            continue
        click.echo("\n".join([*([""] if place else []), *pairs(row)]))
        if one.next_try_at and said.words:
            click.echo(f"\n{said.words.subject}\n\n{said.words.text}", nl=False)
        elif one.next_try_at:
            click.echo(f"\nwill not be sent: {said.error}")


def _about(one: Notice) -> str:
    """Say what the notice was queued for."""
    try:
        return why(due_fact(one.reason.partition(":")[0], one.about))
    except ExamboardError as error:
        return str(error)


def _address(said: Outcome, reveal: bool) -> str | None:
    if said.person is None or not said.person.email:
        return None
    return said.person.email if reveal else mask_email(said.person.email)


@notice.command(
    "deliver",
    example="""\
examboard notice deliver --dry-run
examboard notice deliver""",
)
@options.dry_run
@_reveal
@options.as_json
@click.pass_context
def deliver_(ctx: click.Context, dry_run: bool, reveal: bool, as_json: bool) -> None:
    """
    Send what is ready: to the mail server of the settings (smtp_url), or as files into the outbox folder.

    What fails is tried again at growing intervals for about a week. A notice that no longer holds, since the validity
    was extended or a certificate awarded, is dropped. A dry run says what would be sent to whom.
    """
    service = wiring.service(ctx, write=not dry_run, act="run_jobs")
    board = wiring.settings(ctx).board
    if dry_run:
        columns = {"application": "Application", "to": "To", "subject": "Subject", "not_sent": "Not sent, since"}
        planned = list(ready(service, board, _ALL))
        if reveal:
            access.log(ctx, service, "reveal", "notices to be delivered", len(planned), is_revealed=True)
        listing((_planned(one, said, reveal) for one, said in planned), columns, as_json)
        return
    sink = wiring.sink(ctx)
    with progress("delivering") as tell:
        done = deliver(service, sink, tell=lambda number: tell(number, None), board=board)
    if as_json:
        json_line({f: getattr(done, f) for f in ("sent", "failed", "given_up", "dropped", "stopped")})
    else:
        _tell(done, f" to {sink.folder}" if isinstance(sink, FileSink) else "")
    if done.stopped:
        click.echo(f"unavailable: {done.stopped}; the rest is left for the next delivery", err=True)
        ctx.exit(Unavailable.exit_code)


def _planned(one: Notice, said: Outcome, reveal: bool) -> dict[str, Any]:
    return {
        "application": one.application,
        "reason": one.reason,
        "to": _address(said, reveal) if said.words else None,
        "subject": said.words.subject if said.words else None,
        "not_sent": said.error or None,
    }


def _tell(done: Delivered, where: str) -> None:
    click.echo(
        f"{done.sent} sent{where if done.sent else ''}, {done.failed} to be tried again, "
        f"{done.given_up} given up, {done.dropped} dropped"
    )
    if done.given_up:
        click.echo("see: examboard notice list --undelivered", err=True)


@notice.command(
    example="""\
examboard notice retry --application A00007
examboard notice retry --all --waiting --dry-run"""
)
@_application
@click.option("--all", "is_all", is_flag=True, help="Of all applications.")
@click.option("--waiting", is_flag=True, help="Those too that failed and wait for their next try.")
@options.dry_run
@options.as_json
@click.pass_context
def retry(ctx: click.Context, application: str, is_all: bool, waiting: bool, dry_run: bool, as_json: bool) -> None:
    """
    Queue again what was given up or dropped, as if for the first time, once its cause is mended.

    What was sent is not sent again, and what is past its last day stays where it is. Sending is for `notice deliver`.
    """
    if bool(application) == is_all:
        raise click.UsageError("give either --application or --all")
    from storage import notices

    service = wiring.service(ctx, write=not dry_run, act="run_jobs")
    asked = (application, waiting, dry_run)
    number = notices.queue_again(_engine(service), service.now(), service.today(), *asked)
    if as_json:
        json_line({"queued": number, "dry_run": dry_run})
    else:
        would = "would be queued (dry run: nothing was written)" if dry_run else "queued again"
        click.echo(f"{number} {'notice' if number == 1 else 'notices'} {would}")
