"""The verbs of `examboard application` that bring papers in: a form to fill in, filing, returning, sending again."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

import click

from cli import options, wiring
from cli.eligibility import answer_lines
from cli.files import read_evidence
from cli.options import Verb
from cli.outcomes import tell
from cli.output import json_line
from cli.shelf import level_named
from workflow import facts as f
from workflow.board.applying import applicant, running_beside
from workflow.eligibility import assess
from workflow.evidence import Evidence
from workflow.scheme import Pinned
from workflow.service import Service

TEMPLATE: Final = """\
# The evidence of one application, to be filled in. Keep this file as long as it is a draft; then try it with
#   examboard application submit ... --evidence THIS-FILE --dry-run
# and file it by the same command without --dry-run. Days are YYYY-MM-DD. No names, no identity numbers, no employers:
# personal values belong to the register of candidates only. Take the # away before what applies; a list may be empty.

education: # finished or under way; a degree, a school or both; a scheme may have kinds of its own
#  - degree: bachelor          # college (diploma of three years), bachelor, master, doctor
#    school: university        # technical, senior_technical, technician_college, secondary_vocational,
#                              # higher_vocational, college, university
#    evaluated_for: senior     # only a vocational school evaluated for these skills: intermediate, senior
#    field: related            # the major, seen from the occupation: same, related, other
#    status: graduated         # graduated, final_year (diploma pending), enrolled
#    completed_on: 2018-07-01  # day of the diploma; leave out while studying

certificates: # earned earlier
#  - occupation: same          # same, related, other
#    level: 4                  # 1 (highest) to 9, or preparatory_technician
#    kind: sl                  # vq (vocational qualification), sl (skill level)
#    issued_on: 2019-05-10
#    edition: three-level      # only if its levels are those of another edition
#    valid_until: 2029-05-10   # only if it ends

work: # stretches of work; both days belong to it
#  - occupation: same          # same, related, other
#    from: 2019-06-01
#    to: null                  # null: it still goes on
#    hours_per_week: 40        # only where a rule counts hours; or, for work that has ended, hours: in all

training: # courses done before filing
#  - for_level: 3              # the level that the course prepares for
#    course: refresher         # or its name, where a rule asks for a course by name
#    hours: 120                # standard class hours
#    completion_certificate: true
#    completed_on: 2024-02-24
#    delivery: [class]         # class, joint_class, broadcast, correspondence, self_study

# The rest only where a rule of the scheme asks for it.
titles: # professional titles, licences and certificates known by their names
#  - title: assistant engineer
#    held_from: 2019-06-01
#    until: null               # null: it does not end

credits: # credits of study
#  - credits: 12
#    field: accounting         # only where the rule says in which field
#    level: upper              # only where the rule says of which level
#    earned_on: 2020-01-31

statements: # memberships, endorsements, medicals and other declarations known by their names
#  - statement: medical
#    made_on: 2024-01-10
#    until: null               # null: it does not end

born_on: # the birthday, as YYYY-MM-DD, only where a rule asks for an age
"""


@click.command(cls=Verb, example="examboard application template > evidence.yaml")
def template() -> None:
    """Print an evidence document with every field explained, to be filled in: the draft of an application."""
    click.echo(TEMPLATE, nl=False)


@click.command(
    cls=Verb,
    example="""\
examboard application submit --candidate 5d0c2f9a41b7e683 --occupation 4-07-03-02 \\
    --level 3 --evidence facts.yaml --on 2024-03-15 --number A00001 --cohort union-2024""",
)
@click.option("--candidate", required=True, metavar="KEY", help="Key of the registered candidate.")
@click.option("--occupation", default="", metavar="CODE", help="Code of the occupation.")
@click.option("--edition", default="", metavar="NAME", help="Edition; default: the one in force on the day.")
@click.option("--scheme", default="", metavar="SCHEME", help="Id of the scheme, instead of occupation and edition.")
@click.option("--level", required=True, metavar="LEVEL", help="Level, by number or name.")
@click.option("--evidence", required=True, type=options.FILE, metavar="FILE", help="What is shown (YAML or JSON).")
@click.option("--number", type=options.NUMBER, help="The board's own number; default: one is made.")
@click.option("--cohort", type=options.LABEL, help="Tag of the programme or batch, for lists and decisions.")
@click.option("--draft", is_flag=True, help="The candidate has still to complete it: by `application resubmit`.")
@options.on
@options.dry_run
@options.as_json
@click.pass_context
def submit(
    ctx: click.Context,
    /,
    candidate: str,
    occupation: str,
    edition: str,
    scheme: str,
    level: str,
    evidence: Path,
    number: str | None,
    cohort: str | None,
    draft: bool,
    on: date | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    File an application. Its rules are pinned for life.

    With --dry-run it is only tried: which conditions the evidence meets and what would be filed.
    """
    if not (occupation or scheme):
        raise click.UsageError("give --scheme, or --occupation with or without --edition")
    if scheme and edition:
        raise click.UsageError("give either --scheme or --edition")
    shown, tag = read_evidence(evidence), cohort or ""
    service = wiring.service(ctx, write=not dry_run)
    day = wiring.day_of_effect(service, on)
    files = applicant(service, candidate, day, tag, shown)
    pinned = service.scheme_for(day, occupation, scheme or edition, files)
    at = level_named(pinned, level)
    if dry_run:
        service.candidate(candidate)
        service.opening(number or "(new)", candidate, pinned, pinned.rules(at), shown, day, cohort=tag)
        beside = running_beside(service, candidate, pinned.rules(at), number or "")
        _try_out(service, pinned, at, shown, day, number or "", tag, beside, as_json)
        return
    done = service.submit(candidate, pinned, at, shown, day, number or "", cohort=tag, is_draft=draft)
    tell(done, as_json, notes=running_beside(service, candidate, pinned.rules(at), done.application))


def _try_out(
    service: Service,
    pinned: Pinned,
    level: int,
    shown: Evidence,
    day: date,
    number: str,
    cohort: str,
    beside: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say what would be filed, and what the evidence comes to."""
    answer = assess(level, pinned.scheme.levels[level], shown, day, pinned.scheme.terms, cohort)
    is_taken = bool(number and service.stores.events.history(number))
    said: dict[str, Any] = {
        "application": number or None,
        "scheme": pinned.scheme.scheme,
        "version": pinned.scheme.version,
        "digest": pinned.digest,
        "level": level,
        "submitted_on": day.isoformat(),
        "cohort": cohort or None,
        "number_is_taken": is_taken,
        "evidence": shown.model_dump(mode="json", by_alias=True, exclude_none=True),
    }
    if as_json:
        notes = {"notes": list(beside)} if beside else {}
        json_line({"dry_run": True, "would_file": said, "eligibility": answer.as_json(), **notes})
        return
    click.echo("\n".join(answer_lines(answer, pinned, level)))
    lists = {kind: items for kind, items in said["evidence"].items() if items and isinstance(items, list)}
    counts = ", ".join(f"{len(items)} {kind}" for kind, items in lists.items()) or "no evidence"
    tag = f", cohort {cohort}" if cohort else ""
    click.echo(f"would be filed as {number or 'a new number'} on {day}: {counts}{tag}")
    if is_taken:
        click.echo(f"but the number {number} is taken")
    for note in beside:
        click.echo(f"note: {note}")
    click.echo("dry run: nothing was written")


@click.command(
    "return", cls=Verb, example='examboard application return A00001 --reason "employer\'s letter is missing"'
)
@click.argument("application")
@click.option(
    "--reason", required=True, type=options.PROSE, metavar="TEXT", help="What is missing, as the candidate is told."
)
@options.on
@options.as_json
@click.pass_context
def return_(ctx: click.Context, application: str, reason: str, on: date | None, as_json: bool) -> None:
    """Return an undecided application to the candidate, because something is missing."""
    tell(wiring.service(ctx).record(application, f.InformationRequested(reason=reason), on), as_json)


@click.command(cls=Verb, example="examboard application resubmit A00001 --evidence evidence.yaml --on 2024-03-25")
@click.argument("application")
@click.option(
    "--evidence", required=True, type=options.FILE, metavar="FILE", help="All that is shown now (YAML or JSON)."
)
@options.on
@options.as_json
@click.pass_context
def resubmit(ctx: click.Context, application: str, evidence: Path, on: date | None, as_json: bool) -> None:
    """
    Take in what the candidate sent again; it takes the place of all that was shown before.

    Eligibility is still measured on the day of submission, or for a draft, which it completes, on this day. Checks and
    judgements of the earlier papers are void.
    """
    fact = f.Resubmitted(evidence=read_evidence(evidence))
    tell(wiring.service(ctx).record(application, fact, on), as_json)
