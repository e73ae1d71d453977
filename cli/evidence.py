"""`examboard evidence`: the papers of an application, looked at one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from cli import options, wiring
from cli.files import read_evidence
from cli.options import Noun
from cli.outcomes import tell
from cli.output import is_terminal, json_line
from workflow.board.evidence_desk import Item, evidence_of
from workflow.eligibility import doubts
from workflow.facts import EvidenceAdded, EvidenceChecked, EvidenceJudged, Fact


@click.group(cls=Noun)
def evidence() -> None:
    """Add, list, check and judge the evidence of an application."""


@evidence.command(example="examboard evidence add A00001 --evidence medical.yaml --on 2026-05-02")
@click.argument("application")
@click.option("--evidence", required=True, type=options.FILE, metavar="FILE", help="What is new (YAML or JSON).")
@options.on
@options.as_json
@click.pass_context
def add(ctx: click.Context, application: str, evidence: Path, on: date | None, as_json: bool) -> None:
    """
    Add what the candidate shows after the acceptance: for a part, an exemption or the award that asks for it.

    It stands beside what was shown before. To replace that while it is undecided, return the application instead.
    """
    _record(ctx, application, EvidenceAdded(evidence=read_evidence(evidence)), on, as_json)


@evidence.command(
    "list",
    example="""\
examboard evidence list A00001
examboard evidence list A00001 --as-of 2024-04-01 --json""",
)
@click.argument("application")
@options.as_of
@options.known_at
@options.as_json
@click.pass_context
def list_(ctx: click.Context, application: str, as_of: date | None, known_at: datetime | None, as_json: bool) -> None:
    """
    List every piece of evidence by its name (education/0, work/1), with who checked and judged it, and when.

    The names are those that `evidence check` and `evidence judge` take.
    """
    found = evidence_of(wiring.service(ctx, write=False), application, as_of, known_at)
    if as_json or not is_terminal():
        for item in found:
            json_line(item.as_row(application))
        return
    click.echo("\n".join(line for item in found for line in item_lines(item)) or "none")


def item_lines(item: Item) -> Iterator[str]:
    """Write a piece of evidence for people."""
    yield f"{item.name}: {plain(item.shown)}"
    if item.checked and isinstance(fact := item.checked.fact, EvidenceChecked):
        said = [("issuer", fact.issuer), ("reference", fact.reference), ("reason", fact.reason)]
        more = "".join(f"; {name} {value}" for name, value in said if value)
        yield f"  {item.status} by {item.checked.actor} on {item.checked.effective_on}{more}"
    else:
        yield f"  {item.status}"
    if item.judged and isinstance(judged := item.judged.fact, EvidenceJudged):
        taken = {"relation": judged.relation, "evaluated_for": judged.evaluated_for}
        words = plain({name: value for name, value in taken.items() if value})
        why = f"{judged.reason}; authority {judged.authority}"
        yield f"  judged {words} by {item.judged.actor} on {item.judged.effective_on}: {why}"
    if item.counts_as is None:
        yield "  does not count"
    elif item.counts_as != item.shown:
        yield f"  counts as {plain(item.counts_as)}"


def plain(said: dict[str, Any]) -> str:
    """Write names and values in one line."""
    return ", ".join(
        f"{name} {', '.join(map(str, value)) if isinstance(value, list) else value}" for name, value in said.items()
    )


@evidence.command(
    example="""\
examboard evidence check A00001 work/0 --status verified --issuer "city archive" --reference "letter 118"
examboard evidence check A00001 education/0 --status rejected --reason "the school has no record of it" """
)
@click.argument("application")
@click.argument("item")
@click.option(
    "--status",
    required=True,
    type=click.Choice(["verified", "rejected", "unverified"]),
    help="Verified with its issuer; rejected: it no longer counts; unverified: a check is taken back.",
)
@click.option("--issuer", type=options.PROSE, help="Who confirmed it: an office, never a person's name.")
@click.option("--reference", type=options.PROSE, help="Under which number or letter.")
@click.option("--reason", type=options.PROSE, help="Why; needed to reject it.")
@options.on
@options.as_json
@click.pass_context
def check(
    ctx: click.Context,
    application: str,
    item: str,
    status: Any,
    issuer: str | None,
    reference: str | None,
    reason: str | None,
    on: date | None,
    as_json: bool,
) -> None:
    """
    Record that a piece of evidence was verified with its issuer, or rejected.

    The check changes no decision by itself; where it takes the ground from an acceptance, that is said, and the
    application is flagged until eligibility is reopened.
    """
    fact = EvidenceChecked(
        item=item, status=status, issuer=issuer or "", reference=reference or "", reason=reason or ""
    )
    _record(ctx, application, fact, on, as_json)


@evidence.command(
    example="""\
examboard evidence judge A00001 education/0 --relation related --reason "curriculum compared" \\
    --authority "panel minute 2024-3"
examboard evidence judge A00001 education/1 --evaluated-for senior --reason "on the provincial list" \\
    --authority "panel minute 2024-3" """
)
@click.argument("application")
@click.argument("item")
@click.option(
    "--relation",
    type=click.Choice(["same", "related", "other"]),
    help="What its major or occupation is to be taken as, seen from the occupation applied for.",
)
@click.option(
    "--evaluated-for",
    type=click.Choice(["intermediate", "senior"]),
    help="The skills for which its school is to be taken as evaluated.",
)
@options.reason
@options.on
@options.as_json
@click.pass_context
def judge(
    ctx: click.Context,
    application: str,
    item: str,
    relation: Any,
    evaluated_for: Any,
    reason: str,
    authority: str,
    on: date | None,
    as_json: bool,
) -> None:
    """
    Decide a question that a clause leaves open: is this major related, is this school evaluated?

    The piece itself stays as it was shown; the latest judgement says how it is read.
    """
    fact = EvidenceJudged(item=item, relation=relation, evaluated_for=evaluated_for, reason=reason, authority=authority)
    _record(ctx, application, fact, on, as_json)


def _record(ctx: click.Context, application: str, fact: Fact, on: date | None, as_json: bool) -> None:
    service = wiring.service(ctx)
    tell(service.record(application, fact, on), as_json)
    standing = service.standing(application)
    for doubt in doubts(standing.application, service.rules_of(service.history(application))):
        click.echo(f"note: {doubt}", err=True)
