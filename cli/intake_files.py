"""Bulk files taken in: found, read, judged as a round, and what was rejected told and kept for mending."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from cli import options, wiring
from cli.output import json_line, progress
from workflow.bulk import intake
from workflow.bulk.intake import KINDS
from workflow.bulk.report import Report
from workflow.bulk.round import import_round
from workflow.calendar import count
from workflow.errors import Corrupt, Invalid, Problem, Refused

F = TypeVar("F", bound=Callable[..., Any])
REJECT_COLUMNS: Final = ("file", "line", "application", "field", "value", "reason")


def import_options(f: F) -> F:
    """Add what every import has: `--dry-run`, `--rejects`, `--strict` and `--json`."""
    f = options.as_json(f)
    f = click.option("--strict", is_flag=True, help="End with code 3 if any row was rejected.")(f)
    text = "File for the rejected rows; default: NAME-rejects.csv here, written only if there are any."
    f = click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help=text)(f)
    return options.dry_run(f)


def cohort(f: F) -> F:
    """Add `--cohort`, for imports that file applications."""
    text = "Tag of the programme or batch for the new applications; those there already keep theirs."
    return click.option("--cohort", type=options.LABEL, help=text)(f)


def in_folder(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """
    Find the bulk files of a round.

    Returns:
        The files by kind, and the names of all other files in the folder.

    Raises:
        Invalid: there is none, or two of a kind.
    """
    from storage.sheets import find_sheet

    found = {kind: path for kind in KINDS if (path := find_sheet(folder, kind))}
    if not found:
        names = ", ".join(f"{kind}.csv" for kind in KINDS)
        text = f"holds no bulk file; at least one of these must be there, as .csv or .xlsx: {names}"
        raise Invalid([Problem(str(folder), 0, "", text)])
    names_found = {path.name for path in found.values()}
    return found, sorted(p.name for p in folder.iterdir() if p.name not in names_found and p.name[0] != ".")


def by_kind(files: Sequence[Path], kinds: Sequence[str]) -> dict[str, Path]:
    """
    Tell the kinds of bulk files from their names; a single kind needs no name.

    Raises:
        Invalid: a name says no kind, or two files say the same.
    """
    found: dict[str, Path] = {}
    problems = []
    for file in files:
        kind = kinds[0] if len(kinds) == 1 else file.stem.casefold()
        if kind not in kinds:
            text = f"its name must say its kind: {', '.join(f'{k}.csv' for k in kinds)}"
            problems.append(Problem(str(file), 0, "", text))
        elif kind in found:
            problems.append(Problem(str(file), 0, "", f"{found[kind]} holds {kind} already"))
        else:
            found[kind] = file
    if problems:
        raise Invalid(problems)
    return found


def parse_all(files: Mapping[str, Path]) -> dict[str, intake.Parsed]:
    """
    Read all files.

    Raises:
        Invalid: with everything that is wrong with any of them as a file.
    """
    from storage.sheets import read_sheet

    parsed: dict[str, intake.Parsed] = {}
    problems: list[Problem] = []
    for kind, path in files.items():
        try:
            sheet = read_sheet(path)
            parsed[kind] = intake.parse(kind, sheet.name, sheet.header, sheet.rows)
        except Invalid as error:
            problems += error.problems
    if problems:
        raise Invalid(problems)
    return parsed


def take_in(
    ctx: click.Context,
    files: Mapping[str, Path],
    *,
    dry_run: bool,
    rejects: Path | None,
    strict: bool,
    as_json: bool,
    name: str = "",
    cohort: str | None = None,
    admit: bool = True,
) -> None:
    """
    Take in bulk files, and tell what was done and every row that was rejected.

    Args:
        ctx: The command's context.
        files: The files by kind.
        dry_run: Judge only.
        rejects: File for the rejected rows; None: made from the name, but not in a dry run.
        strict: End with the code of a refusal if a row was rejected.
        as_json: Tell it as one JSON object.
        name: Name of what is taken in; empty: the name of the first file.
        cohort: Tag under which new applications are filed.
        admit: Whether a score's row stands for the admission too.
    """
    parsed = parse_all(files)
    service = wiring.service(ctx, write=not dry_run, or_empty=dry_run)
    with progress("taking in applications") as tell:
        report = import_round(service, parsed, dry_run=dry_run, progress=tell, cohort=cohort or "", admits=admit)
    kept = rejects or (None if dry_run else Path(f"{name or next(iter(files.values())).stem}-rejects.csv"))
    if report.rejects and kept:
        _write_rejects(kept, report)
    else:
        kept = None
    digests = {  # not of a file with persons: a short one could be guessed from its digest
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for kind, path in files.items()
        if kind != "applications"
    }
    if as_json:
        told = {"files": [p.name for p in files.values()], "sha256": digests, "rejects_file": kept and str(kept)}
        json_line({**report.as_json(), **told})
    else:
        _tell(report, kept)
        for file, digest in digests.items():
            click.echo(f"{file}: sha256 {digest}")
    if report.stuck:
        some = ", ".join(report.stuck[:10])
        click.echo(f"left as they are, since a record does not hold: {some}; run: examboard audit verify", err=True)
        ctx.exit(Corrupt.exit_code)
    if strict and report.rejects:
        ctx.exit(Refused.exit_code)


def _write_rejects(file: Path, report: Report) -> None:
    from storage.sheets_out import write_csv

    rows = (asdict(reject) for reject in report.rejects)
    write_csv(file, REJECT_COLUMNS, ([row[column] for column in REJECT_COLUMNS] for row in rows))


def _tell(report: Report, kept: Path | None) -> None:
    for r in report.rejects:
        value = f" ({r.value})" if r.value else ""
        place = " ".join(x for x in (f"{r.file}:{r.line}", r.application, r.field) if x)
        click.echo(f"{place}: {r.reason}{value}")
    counts = report.counts
    rows = f"{counts['rows_read']} rows: {counts['rows_taken']} taken, {counts['rows_unchanged']} taken before"
    click.echo(f"{rows}, {counts['rows_rejected']} rejected")
    parts = [f"{counts[f'applications_{kind}']} {kind}" for kind in ("new", "continued", "unchanged")]
    click.echo(f"applications: {', '.join(parts)}; {count(counts['events_written'], 'event')} written")
    if report.undecided:
        click.echo(f"not decided, since rows of what they show were rejected: {', '.join(report.undecided)}")
        click.echo("to take in what was mended: application return, application resubmit; then eligibility decide")
    for note in report.notes:
        click.echo(f"note: {note}")
    if report.is_dry_run:
        click.echo("dry run: nothing was written")
    if kept:
        click.echo(f"rejected rows are in {kept}")
