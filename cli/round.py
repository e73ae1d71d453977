"""`examboard round`: a whole examination round, as a board receives it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli import intake_files, options
from cli.options import Noun


@click.group(cls=Noun)
def round() -> None:  # noqa: A001 - the noun is what users type
    """Take in a whole examination round from files."""


@round.command("import", example="examboard --database board.db round import examples/round-2024")
@click.argument("folder", metavar="DIR", type=options.FOLDER)
@intake_files.cohort
@intake_files.import_options
@click.pass_context
def import_(ctx: click.Context, /, folder: Path, **how: Any) -> None:
    """
    Take in the bulk files of a folder: applications, education, certificates, work, training, scores and reviews.

    Each is a .csv or .xlsx of that name; those that are there are taken. A row that cannot be taken is named with file,
    line, field and reason, and kept in a file of rejects; it spares the others. Each new application is decided by the
    rules at once; one that meets no condition while rows of what it shows were rejected is left to the board.

    The same round again changes nothing, and an import that was interrupted is finished by the same command. The code
    is 0 even with rejected rows, unless --strict is given.
    """
    files, others = intake_files.in_folder(folder)
    if others:
        click.echo(f"note: not part of a round and left alone: {', '.join(others)}", err=True)
    intake_files.take_in(ctx, files, name=folder.resolve().name, **how)
