"""`examboard eligibility`: who may be examined, and why not; asked of evidence, decided for applications."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import click

from cli import options, wiring
from cli.errors import clause_text
from cli.files import read_evidence
from cli.options import Noun
from cli.outcomes import tell, tell_all
from cli.output import json_line
from cli.shelf import level_named, scheme_named
from workflow.board import decisions, reopening
from workflow.calendar import board_day
from workflow.document import LAST_DAY
from workflow.eligibility import Eligibility, assess
from workflow.facts import EligibilityReopened
from workflow.scheme import Pinned


@click.group(cls=Noun)
def eligibility() -> None:
    """Check evidence against a scheme; decide applications; reopen decisions."""


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
@click.option("--cohort", type=options.LABEL, help="Programme under which the application would be filed.")
@options.as_of
@options.as_json
@click.pass_context
def check(
    ctx: click.Context, facts: Path, scheme: str, level: str, cohort: str | None, as_of: date | None, as_json: bool
) -> None:
    """
    Say which conditions of a level the evidence in FACTS meets, and why not the others.

    FACTS is a YAML or JSON file, or - for stdin. Nothing is recorded, and no database is needed. The code is 0 whether
    eligible or not.
    """
    pinned = scheme_named(scheme, lambda: wiring.shelf(ctx))
    number = level_named(pinned, level)
    evidence = read_evidence(facts, pinned.scheme.terms)
    day = as_of or board_day(wiring.now(), pinned.scheme.time_zone)
    answer = assess(number, pinned.scheme.levels[number], evidence, day, pinned.scheme.terms, cohort or "")
    if as_json:
        known = {"scheme": pinned.scheme.scheme, "version": pinned.scheme.version, "digest": pinned.digest}
        json_line({**answer.as_json(), **known, "level": number})
    else:
        click.echo("\n".join(answer_lines(answer, pinned, number)))


def answer_lines(answer: Eligibility, pinned: Pinned, level: int) -> Iterator[str]:
    """Write the answer for people: every condition, met or not, and each thing that it asks for."""
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


@eligibility.command(
    example="""\
examboard eligibility reopen A00001 --reason "letter of the employer was forged" --authority "minute 2024-31" --dry-run
examboard eligibility reopen A00001 --reason "letter of the employer was forged" --authority "minute 2024-31" --yes"""
)
@click.argument("application")
@options.reason
@options.on
@click.option("--yes", is_flag=True, help="Do it without asking; needed where no terminal can be asked.")
@options.dry_run
@options.as_json
@click.pass_context
def reopen(
    ctx: click.Context,
    application: str,
    reason: str,
    authority: str,
    on: date | None,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Take a decision on eligibility back, once its consequences have been shown and confirmed.

    What was passed stays recorded and counts again if the application is accepted again: `eligibility decide` decides
    anew, by the evidence as checked and judged, measured on the day of submission. A certified application is not
    reopened; it is flagged, and the board decides about the certificate.
    """
    service = wiring.service(ctx, write=not dry_run)
    day = wiring.day_of_effect(service, on)
    fact = EligibilityReopened(reason=reason, authority=authority)
    found = reopening.consequences(service, application, fact, day)
    if as_json:
        json_line({"consequences": found.as_json()})
    else:
        click.echo("\n".join(_consequence_lines(found)))
    if dry_run:
        click.echo("dry run: nothing was written", err=as_json)
        return
    if not yes and found.state != "certified":
        if as_json or not _can_ask():
            raise click.UsageError("no terminal to ask on; look at the consequences, then say --yes")
        click.confirm("Reopen the decision?", abort=True)
    tell(reopening.reopen(service, application, fact, day), as_json)


def _can_ask() -> bool:
    return sys.stdin.isatty()


def _consequence_lines(found: reopening.Consequences) -> Iterator[str]:
    under = f", accepted under condition {found.condition}" if found.condition else ""
    yield f"application {found.application} is {found.state}{under}"
    met = ", ".join(found.conditions_met)
    yield f"by the evidence as now weighed, measured on {found.measured_on}: " + (
        f"condition {met} is met" if met else "no condition is met"
    )
    yield from (f"  {line}" for line in found.explanation)
    if found.state == "certified":
        number = found.certificate
        yield (
            f"certificate {number} would be flagged; it stands until it is revoked"
            if number
            else "no certificate stands"
        )
        return
    anew = f"decided anew by the rules alone it would be {found.state_decided}"
    yield f"once reopened it would be {found.state_after}; {anew}"
    for p in found.held:
        last = "it does not lapse" if p.last_valid_on == LAST_DAY else f"valid through {p.last_valid_on}"
        then = "would count for nothing" if p.part in found.lost else "would count again"
        yield f"held: {p.part}, {last}; {then}"
