"""`examboard certificate verify` and `verifications`: the question that anybody may ask, and the log of it."""

from __future__ import annotations

import click

from cli import options, wiring
from cli.options import Verb
from cli.output import json_line, listing, pairs
from workflow.board.verification import Answer, asked_after, verify_code
from workflow.board.verification import verify as verify_number
from workflow.errors import NotFound, Refused

_WORDS = {
    "valid": "valid: it counts",
    "replaced": "valid: it counts; the paper was replaced, and only the newest one is good",
    "suspended": "suspended: it does not count at present",
    "revoked": "revoked: it is void",
    "expired": "expired: its time has run out",
}


@click.command(
    cls=Verb,
    example="""\
examboard certificate verify S000000000000263000001 --name 王晓明
examboard certificate verify --code 3f9c21d07ab4e865""",
)
@click.argument("number", required=False)
@click.option("--name", help="The name on the paper.")
@click.option("--code", help="The code in the paper's QR, or the whole address in it; then no name is needed.")
@options.as_json
@click.pass_context
def verify(ctx: click.Context, number: str | None, name: str | None, code: str | None, as_json: bool) -> None:
    """
    Answer what a certificate is worth today. Each question is logged.

    A wrong name gets the same answer as a number that does not exist. The code is 0 if the certificate counts, 3 if it
    is suspended, revoked or expired, 4 if there is none.
    """
    if (code is None) == (number is None) or (code is None) != (name is not None):
        raise click.UsageError("give NUMBER and --name, or --code alone")
    if wiring.readable(ctx) is None:
        raise NotFound(f"no database at {wiring.shown_place(wiring.settings(ctx).database)}")
    service = wiring.service(ctx)
    asked_by = f"{service.actor} (command line)"
    if code is not None:
        answer = verify_code(service, code, asked_by)
    else:
        answer = verify_number(service, number or "", name or "", asked_by)
    _tell(ctx, answer, as_json)


def _tell(ctx: click.Context, answer: Answer, as_json: bool) -> None:
    if as_json:
        json_line(answer.as_json())
    elif answer.outcome == "not_found":
        raise NotFound("no such certificate: look at the number and the name, or at the code")
    else:
        row = answer.as_json()
        row["answer"] = _WORDS[answer.outcome]
        del row["counts"]
        click.echo("\n".join(pairs(row)))
    if not answer.counts:
        ctx.exit(NotFound.exit_code if answer.outcome == "not_found" else Refused.exit_code)


@click.command(cls=Verb, example="examboard certificate verifications S000000000000263000001 --json")
@click.argument("number")
@options.as_json
@click.pass_context
def verifications(ctx: click.Context, number: str, as_json: bool) -> None:
    """List every question that was asked after a number, oldest first; for the board, not for the public."""
    service = wiring.service(ctx, write=False)
    log = asked_after(service, number.strip())
    if not log and service.stores.events.certificate_holder(number.strip()) is None:
        raise NotFound(f"no certificate {number}, and nobody has asked after it")
    rows = (
        {"at": v.at.isoformat(), "certificate": v.number, "outcome": v.outcome, "asked_by": v.asked_by} for v in log
    )
    columns = {"at": "At", "certificate": "Certificate", "outcome": "Outcome", "asked_by": "Asked by"}
    listing(rows, columns, as_json)
