"""The verbs of `examboard application` by which the board holds, frees or credits applications."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from cli import options, selecting, wiring
from cli.options import Verb
from cli.outcomes import tell
from workflow import facts as f
from workflow.board.carrying import carry_over as carry
from workflow.board.extensions import reinstate as take_back
from workflow.board.selection import decide_for


@click.command(
    cls=Verb,
    example="""\
examboard application suspend A00001 --reason "papers under inquiry" --authority "minute 2024-9"
examboard application suspend --cohort union-2024 --reason "flood" --authority "notice 7" --dry-run""",
)
@selecting.choice
@options.reason
@options.on
@options.dry_run
@options.as_json
@click.pass_context
def suspend(ctx: click.Context, /, reason: str, authority: str, **how: Any) -> None:
    """
    Suspend applications: nobody is admitted, and nothing runs out until they are resumed.

    Each gets its own event; whoever it does not apply to is named with the reason.
    """
    _decide(ctx, f.ApplicationSuspended(reason=reason, authority=authority), **how)


@click.command(
    cls=Verb,
    example='examboard application resume A00001 --reason "inquiry closed" --authority "minute 2024-11"',
)
@selecting.choice
@options.reason
@options.on
@options.dry_run
@options.as_json
@click.pass_context
def resume(ctx: click.Context, /, reason: str, authority: str, **how: Any) -> None:
    """
    End the suspension of applications.

    What ran out meanwhile runs out now, unless its validity is extended on the same day or before.
    """
    _decide(ctx, f.ApplicationResumed(reason=reason, authority=authority), **how)


def _decide(ctx: click.Context, fact: f.Fact, on: date | None, dry_run: bool, as_json: bool, **whom: Any) -> None:
    selection = selecting.selection_of(whom)
    service = wiring.service(ctx, write=not dry_run)
    day = wiring.day_of_effect(service, on) if on else None
    selecting.report(ctx, selection, decide_for(service, selection, fact, day, dry_run), as_json, dry_run)


@click.command(
    cls=Verb,
    example='examboard application reinstate A00001 --reason "withdrawn by mistake" --authority "minute 2024-12"',
)
@click.argument("application")
@options.reason
@options.on
@options.as_json
@click.pass_context
def reinstate(
    ctx: click.Context, application: str, reason: str, authority: str, on: date | None, as_json: bool
) -> None:
    """
    Take back what ended an application: a withdrawal, an annulment or an expiry, by a decision of the board.

    It goes on where its facts put it. Where time has run out since, extend the part instead: that reinstates by itself.
    """
    service = wiring.service(ctx)
    day = wiring.day_of_effect(service, on) if on else None
    tell(take_back(service, application, reason, authority, day), as_json)


@click.command(
    cls=Verb,
    example="""\
examboard application authorize A00001 --reference ATT-2026-118
examboard application authorize --cohort union-2024 --until 2026-09-30 --dry-run""",
)
@selecting.choice
@click.option("--until", type=options.DAY, metavar="DAY", help="Last day given in it; default: as the scheme counts.")
@click.option("--reference", default="", metavar="TEXT", help="Number of the authorization.")
@click.option("--part", "one_part", default="", metavar="PART", help="For one part only, by its key; default: for all.")
@options.on
@options.dry_run
@options.as_json
@click.pass_context
def authorize(ctx: click.Context, /, until: date | None, reference: str, one_part: str, **how: Any) -> None:
    """
    Authorize accepted candidates to take sittings, where the scheme has a time that is counted from it.

    The time begins anew with each authorization, of that part alone where it is for one. Whoever it does not apply to
    is named with the reason.
    """
    _decide(ctx, f.AuthorizationGiven(until=until, reference=reference, part=one_part), **how)


@click.command(
    "carry-over",
    cls=Verb,
    example="""\
examboard application carry-over A00090 --from A00013 --part theory \\
    --reason "still valid" --authority "rule 12" """,
)
@click.argument("application")
@click.option("--from", "source", required=True, metavar="APPLICATION", help="The earlier application that holds it.")
@click.option("--part", required=True, metavar="PART", help="The part there, by its key or a name.")
@options.reason
@options.on
@options.as_json
@click.pass_context
def carry_over(
    ctx: click.Context,
    application: str,
    source: str,
    part: str,
    reason: str,
    authority: str,
    on: date | None,
    as_json: bool,
) -> None:
    """
    Carry a part that is still valid over from an earlier application of the same candidate.

    Marks, days and the old last valid day come from its history; it does not become valid any longer.
    """
    service = wiring.service(ctx)
    day = wiring.day_of_effect(service, on) if on else None
    tell(carry(service, application, source, part, reason, authority, day), as_json)
