"""`examboard audit`: verify: whether the record holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli import held_keys, options, wiring
from cli.loading import load
from cli.options import Verb
from cli.output import json_line, progress
from cli.tables import sheet_path, write_sheet
from workflow.calendar import count
from workflow.errors import Corrupt

if TYPE_CHECKING:  # SQLAlchemy is loaded when an audit begins
    from collections.abc import Iterator

    from cli.integrity import Asked
    from workflow.audit.findings import Checker, Finding
    from workflow.ports import Stores

COLUMNS: Final = (
    "kind", "application", "sequence", "table", "key", "text", "remedy", "decided", "rules_say", "clause",
)  # fmt: skip


@click.command(
    cls=Verb,
    example="examboard audit verify --redecide --resume audit.jsonl --xlsx findings.xlsx\n"
    "examboard audit verify --sample 200 --seed 20261122 --redecide",
)
@click.option("--all", "everything", is_flag=True, help="Every history and register; this is what happens by default.")
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Only N histories, drawn by risk.")
@click.option("--seed", type=int, metavar="S", help="The seed of the draw: the same seed draws the same histories.")
@click.option("--redecide", is_flag=True, help="Put every decision through the rules of its day again.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="How many processes; default: one for each core.")
@click.option(
    "--resume",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep what is done in this file, and go on from it.",
)
@click.option(
    "--xlsx", "xlsx_file", callback=sheet_path, metavar="FILE", help="Write the findings to this XLSX file as well."
)
@options.as_json
@click.pass_context
def verify(
    ctx: click.Context,
    everything: bool,
    sample: int | None,
    seed: int | None,
    redecide: bool,
    jobs: int | None,
    resume: Path | None,
    xlsx_file: Path | None,
    as_json: bool,
) -> None:
    """
    Check that the record holds; change nothing. Ends with code 6 if there is any finding.

    Every history must be complete and unbroken, every step lawful, every row equal to what its history says; the
    certificates must be those that were awarded, what the nightly runs say they did must be there, and the documents
    must be those that were pinned; the triggers and keys of the database must stand. Every finding names the row and
    what to do.

    With --redecide every decision is made again by the rules of its day, and what they decide otherwise is told with
    its clause; what the clock does next, the admissions and the seats are compared too.

    A sample leaves out what belongs to no history; of two histories the one that weighs twice as much is drawn twice as
    often: 1, and 4 more if it was certified, 8 if an ending was taken back or a decision reopened, 8 if marks were
    corrected, 6 if something was extended, waived or carried over, 4 for a late entry, and 6 if a certificate rests on
    marks within 2 of a pass mark.

    What a history said before someone changed it and made all its hashes anew is shown by its certificate's code, by
    the run ledger or by --redecide only in part: for the rest, seal the record (audit seal).
    """
    if everything and sample:
        raise click.UsageError("--all and --sample exclude each other", ctx)
    if (sample is None) != (seed is None):
        raise click.UsageError("--sample and --seed belong together: a sample must be one that can be drawn again", ctx)
    load("cli.integrity")
    from cli.integrity import Asked

    url = wiring.settings(ctx).database
    run(ctx, Asked(url, redecide, sample or 0, seed or 0, jobs or 0, resume), as_json, xlsx_file)


def run(ctx: click.Context, asked: Asked, as_json: bool, xlsx_file: Path | None = None) -> None:
    """Verify, print the findings as they come, and end the command with code 6 if there are any."""
    database: Any = wiring.service(ctx, write=False).stores
    load("cli.integrity")
    from cli.integrity import CHECKERS, Verification, distinct

    checkers = [("guards", _of_guards(database)), *CHECKERS, ("seals", _of_seals(ctx))]
    verification = Verification(database, asked, checkers)
    found: list[Finding] = []
    applications, is_told = 0, False
    with progress("verifying") as tell:
        for audited, findings in distinct(verification.run(tell)):
            if not is_told:
                _tell_sample(verification.drawn, as_json)
                is_told = True
            applications += audited.applications
            found += findings
            for finding in findings:
                _tell(finding, as_json)
    if xlsx_file:
        write_sheet(xlsx_file, COLUMNS, [[getattr(f, name) or None for name in COLUMNS] for f in found])
        click.echo(f"{count(len(found), 'finding')} written to {xlsx_file}", err=True)
    if not as_json:
        click.echo(f"{count(applications, 'application')} checked, {count(len(found), 'finding')}")
    if found:
        ctx.exit(Corrupt.exit_code)


def _of_guards(database: Any) -> Checker:
    """Give the check of what the database itself holds; what a cluster cannot tell is said, and is no finding."""

    def check(_stores: Stores) -> Iterator[Finding]:
        from storage.guards import audit_guards

        return audit_guards(database.engine, lambda text: click.echo(text, err=True))

    return check


def _of_seals(ctx: click.Context) -> Checker:
    """Give the check of the seals, which says so where there are some and their signatures cannot be checked."""

    def check(stores: Stores) -> Iterator[Finding]:
        if stores.seals.last() is None:
            return
        from storage.keys import verify as signature
        from workflow.audit.seals import checker

        keys = held_keys.public_keys(ctx)
        if not keys:
            text = "the signatures of the seals are not checked: there is no key file (see: examboard keys show)"
            click.echo(text, err=True)
        yield from checker(keys, signature)(stores)

    return check


def _tell_sample(drawn: Any, as_json: bool) -> None:
    for one in drawn:
        if as_json:
            json_line({"sampled": one.application, "weight": one.weight, "because": list(one.because)})
        else:
            click.echo(f"{one.application}: drawn (weight {one.weight}: {', '.join(one.because) or 'as any other'})")


def _tell(finding: Finding, as_json: bool) -> None:
    if as_json:
        json_line(finding.as_json())
        return
    clause = f" [{finding.clause}]" if finding.clause else ""
    decided = f"; decided was: {finding.decided}" if finding.decided else ""
    click.echo(f"{finding.where}: {finding.text}{clause}{decided}\n  what to do: {finding.remedy}")


VERBS: Final[tuple[click.Command, ...]] = (verify,)
