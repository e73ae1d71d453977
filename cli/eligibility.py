"""`examboard eligibility`: who may be examined, and why not; asked of evidence, decided for applications."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import click

from cli import options, wiring
from cli.errors import clause_text
from cli.files import name_of, read_text
from cli.options import Noun
from cli.outcomes import tell, tell_all
from cli.output import json_line
from cli.shelf import level_named, scheme_named
from workflow import decisions
from workflow.calendar import board_day
from workflow.document import read_document
from workflow.eligibility import Eligibility, assess
from workflow.evidence import Evidence
from workflow.scheme import Pinned


@click.group(cls=Noun)
def eligibility() -> None:
    """Check evidence against a scheme; decide applications."""


@eligibility.command(
    example="""\
examboard eligibility check facts.yaml --scheme lrc-2019 --level 3 --as-of 2026-09-01

with facts.yaml:
  certificates: [{occupation: same, level: 4, kind: sl, issued_on: 2020-05-10}]
  work: [{occupation: same, from: 2020-06-01, to: null}]"""
)
@click.argument("facts", metavar="FACTS", type=options.FILE)
@click.option("--scheme", required=True, metavar="SCHEME", help="Id, name of the edition, or file of the scheme.")
@click.option("--level", required=True, metavar="LEVEL", help="Level applied for, by number or name.")
@options.as_of
@options.as_json
@click.pass_context
def check(ctx: click.Context, facts: Path, scheme: str, level: str, as_of: date | None, as_json: bool) -> None:
    """
    Say which conditions of a level the evidence in FACTS meets, and why not the others.

    FACTS is a YAML or JSON file, or - for stdin. Nothing is recorded, and no database is needed. The code is 0 whether
    eligible or not.
    """
    pinned = scheme_named(scheme, lambda: wiring.shelf(ctx))
    number = level_named(pinned, level)
    evidence = read_document(Evidence, read_text(facts), name_of(facts))
    day = as_of or board_day(wiring.now(), pinned.scheme.time_zone)
    answer = assess(number, pinned.scheme.levels[number], evidence, day)
    if as_json:
        known = {"scheme": pinned.scheme.scheme, "version": pinned.scheme.version, "digest": pinned.digest}
        json_line({**answer.as_json(), **known, "level": number})
    else:
        click.echo("\n".join(_text(answer, pinned, number)))


def _text(answer: Eligibility, pinned: Pinned, level: int) -> Iterator[str]:
    which = f"level {level} of {pinned.scheme.scheme} (version {pinned.scheme.version})"
    if answer.is_eligible:
        yield f"eligible for {which} on {answer.measured_on}, under condition {', '.join(answer.conditions_met)}"
    else:
        yield f"not eligible for {which} on {answer.measured_on}"
        if answer.eligible_from:
            yield f"would be from {answer.eligible_from} if work goes on"
    for condition in answer.conditions:
        when = f", would be from {condition.met_from}" if condition.met_from and not condition.met else ""
        verdict = "met" if condition.met else "not met"
        yield f"condition {condition.id}: {verdict}{when} [{clause_text(condition.clause)}]"
        for finding in condition.findings:
            why = "; ".join(finding.used) if finding.met else finding.missing.removesuffix(f": {finding.requirement}")
            yield f"  {'+' if finding.met else '-'} {finding.requirement}: {why}"


@eligibility.command(
    example="""\
examboard eligibility decide A00001 --accept
examboard eligibility decide A00002 --refuse --reason "papers not genuine" """
)
@click.argument("application")
@click.option("--accept", is_flag=True, help="Accept it.")
@click.option("--refuse", is_flag=True, help="Refuse it.")
@click.option("--condition", metavar="ID", help="The condition under which it is accepted; default: the first one met.")
@click.option("--reason", metavar="TEXT", type=options.PROSE, help="Why it is refused; needed if a condition is met.")
@options.on
@options.as_json
@click.pass_context
def decide(
    ctx: click.Context,
    application: str,
    accept: bool,
    refuse: bool,
    condition: str | None,
    reason: str | None,
    on: date | None,
    as_json: bool,
) -> None:
    """Accept or refuse one application. The explanation of every condition is kept with a refusal."""
    if accept == refuse:
        raise click.UsageError("say either --accept or --refuse")
    if (condition and refuse) or (reason and accept):
        raise click.UsageError("--condition goes with --accept, --reason with --refuse")
    service = wiring.service(ctx)
    if accept:
        tell(decisions.accept(service, application, condition or "", on), as_json)
    else:
        tell(decisions.refuse(service, application, reason or "", on), as_json)


@eligibility.command("accept-all", example="examboard eligibility accept-all --dry-run")
@options.on
@options.dry_run
@options.as_json
@click.pass_context
def accept_all(ctx: click.Context, on: date | None, dry_run: bool, as_json: bool) -> None:
    """Accept every undecided application that meets a condition, under the first one met."""
    _decide_all(ctx, lambda answer: answer.is_eligible, on, dry_run, as_json)


@eligibility.command("refuse-all", example="examboard eligibility refuse-all --on 2024-03-20")
@options.on
@options.dry_run
@options.as_json
@click.pass_context
def refuse_all(ctx: click.Context, on: date | None, dry_run: bool, as_json: bool) -> None:
    """Refuse every undecided application that meets no condition, each with its explanation."""
    _decide_all(ctx, lambda answer: not answer.is_eligible, on, dry_run, as_json)


def _decide_all(
    ctx: click.Context, wanted: Callable[[Eligibility], bool], on: date | None, dry_run: bool, as_json: bool
) -> None:
    service = wiring.service(ctx, write=not dry_run)
    day = wiring.day_of_effect(service, on) if on else None
    tell_all(ctx, decisions.decide_all(service, wanted, day, dry_run), as_json, dry_run)
