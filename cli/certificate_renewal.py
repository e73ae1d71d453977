"""`examboard certificate credit`, `reject-credit`, `renew`: what keeps a certificate valid after its last day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import click

from cli import options, wiring
from cli.files import read_evidence
from cli.options import Verb
from cli.outcomes import tell
from workflow.board.certificates import holder_of
from workflow.board.renewing import renew as renew_certificate
from workflow.facts import CertificateRenewed, CreditRecorded, CreditRejected

_number = click.argument("number", metavar="NUMBER|APPLICATION")


@click.command(
    cls=Verb,
    example="""\
examboard certificate credit PP-0000001 --credits 8 --category power_skills --earned-on 2026-05-10
examboard certificate credit A00001 --credits 1.5 --earned-on 2026-05-10 --reference "course 4711\"""",
)
@_number
@click.option("--credits", "amount", required=True, type=options.MARKS, metavar="NUMBER", help="How many.")
@click.option("--earned-on", required=True, type=options.DAY, metavar="DAY", help="Day on which they were earned.")
@click.option("--category", type=options.LABEL, metavar="NAME", help="Category, of those that the scheme names.")
@click.option("--provider", type=options.LABEL, metavar="KEY", help="Key or number of the provider, never a name.")
@click.option("--reference", type=options.PROSE, metavar="TEXT", help="Number of the proof.")
@options.on
@options.as_json
@click.pass_context
def credit(
    ctx: click.Context,
    number: str,
    amount: Decimal,
    earned_on: date,
    category: str | None,
    provider: str | None,
    reference: str | None,
    on: date | None,
    as_json: bool,
) -> None:
    """
    Record credits toward the next renewal of a certificate.

    They count for the time in which they were earned. For a late entry give with --on the day on which the board
    received them. Where the same are on record already, a note says so: both count.
    """
    if not amount:
        raise click.UsageError("0 credits are none; nothing is recorded")
    fact = CreditRecorded(
        credits=amount,
        earned_on=earned_on,
        category=category or "",
        provider=provider or "",
        reference=reference or "",
    )
    service = wiring.service(ctx)
    key = holder_of(service, number.strip())
    before = service.standing(key).application.credits
    done = service.record(key, fact, on)
    same = [str(known.sequence) for known in before if known.fact == fact and known.rejected_on is None]
    again = (
        f"the same credits are on record as event {' and '.join(same)} and count twice now; if they were earned once: "
        f"examboard certificate reject-credit {key} --event {done.events[-1].sequence}"
    )
    tell(done, as_json, notes=[again] if same and done.events else ())


@click.command(
    "reject-credit",
    cls=Verb,
    example='examboard certificate reject-credit A00001 --event 14 --reason "no course" --authority "audit 2026-3"',
)
@_number
@click.option("--event", required=True, type=click.IntRange(1), help="Number of the event that recorded the credits.")
@options.reason
@options.on
@options.as_json
@click.pass_context
def reject_credit(
    ctx: click.Context, number: str, event: int, reason: str, authority: str, on: date | None, as_json: bool
) -> None:
    """Take back credits that were found not to count. A renewal that rests on them is flagged, and stands."""
    fact = CreditRejected(supersedes=event, reason=reason, authority=authority)
    service = wiring.service(ctx)
    tell(service.record(holder_of(service, number.strip()), fact, on), as_json)


@click.command(
    cls=Verb,
    example="""\
examboard certificate renew PP-0000001 --on 2026-11-20
examboard certificate renew A00001 --evidence renewal.yaml
examboard certificate renew A00001 --waive --reason "long illness" --authority "minute 2026-12\"""",
)
@_number
@click.option("--evidence", type=options.FILE, metavar="FILE", help="What is shown for it, where more is asked for.")
@click.option("--waive", is_flag=True, help="Renew it without what is asked for; needs --reason and --authority.")
@click.option("--reason", type=options.PROSE, metavar="TEXT", help="Why it is waived, or a remark.")
@click.option("--authority", type=options.PROSE, metavar="TEXT", help="Who decided, by which minute.")
@options.on
@options.as_json
@click.pass_context
def renew(
    ctx: click.Context,
    number: str,
    evidence: Path | None,
    waive: bool,
    reason: str | None,
    authority: str | None,
    on: date | None,
    as_json: bool,
) -> None:
    """
    Renew a certificate. It keeps its number; through which day it is valid then follows from the scheme.

    What counts toward it is on record already (`certificate credit`). A renewal that was made in time and is entered
    late takes back what the clock has written down since: give its day with --on.
    """
    if waive and not (reason and authority):
        raise click.UsageError("--waive needs --reason and --authority")
    service = wiring.service(ctx)
    key = holder_of(service, number.strip())
    terms = service.rules_of(service.history(key)).scheme.terms
    shown = read_evidence(evidence, terms) if evidence else None
    done = renew_certificate(service, key, on, shown, waive, reason or "", authority or "")
    tell(done, as_json)
    if not as_json:
        for event in done.events:
            if isinstance(event.fact, CertificateRenewed):
                click.echo(f"valid through {event.fact.last_valid_on}")


VERBS = (credit, reject_credit, renew)
