"""`examboard scheme lint`, `diff` and `new`: what an author of a document asks before the board takes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from cli import options, wiring
from cli.errors import clause_text
from cli.options import Verb
from cli.output import json_line
from cli.scaffold import SCHEME_ID, scaffold, schemas
from cli.shelf import effective_file, scheme_named
from workflow.calendar import count
from workflow.checking.diff import AREAS, Change, compare
from workflow.checking.lint import Located, lint
from workflow.errors import Invalid, Objection, Problem, Refused
from workflow.language.extending import Effective
from workflow.scheme import Pinned


@click.command(
    "lint",
    cls=Verb,
    example="""\
examboard scheme lint my-scheme.yaml
examboard scheme lint old-edition.yaml new-edition.yaml --json""",
)
@click.argument("schemes", metavar="SCHEME...", nargs=-1, required=True)
@options.as_json
@click.pass_context
def lint_(ctx: click.Context, schemes: tuple[str, ...], as_json: bool) -> None:
    """
    Look for what a sound document says and cannot mean: with its line, its clause, and what to do.

    SCHEME is a file or an id. Several are looked at together as editions of their occupation. A warning is what an
    expert would ask about; ends with code 3 if there is an error, and with 2 if a document is not sound.
    """
    documents: list[tuple[str, Pinned]] = []
    effective: dict[str, Effective] = {}
    problems: list[Problem] = []
    for name in schemes:
        try:
            documents.append((name, scheme_named(name, lambda: wiring.shelf(ctx))))
        except Invalid as error:
            problems += error.problems
            continue
        if Path(name).exists() and (found := effective_file(Path(name), lambda: wiring.shelf(ctx))).base:
            effective[name] = found
    located = [_at_its_origin(x, effective) for x in lint(documents)]
    for found_there in located:
        if as_json:
            json_line(found_there.as_json())
        else:
            click.echo("\n".join(_lint_text(found_there)))
    errors = sum(x.finding.is_error for x in located)
    if not as_json and documents:
        click.echo(f"{count(errors, 'error')}, {count(len(located) - errors, 'warning')}")
    if problems:
        raise Invalid(problems)
    if errors:
        ctx.exit(Refused.exit_code)


def _at_its_origin(found: Located, effective: dict[str, Effective]) -> Located:
    """Say of a finding in an effective document where it can be mended."""
    made = effective.get(found.where)
    origin = made.origins[found.line - 1] if made else None
    return Located(origin.where, origin.line, found.finding) if origin else found


def _lint_text(found: Located) -> Iterator[str]:
    finding = found.finding
    kind = "error" if finding.is_error else "warning"
    clause = f" [{clause_text(finding.clause)}]" if finding.clause else ""
    field = ".".join(map(str, finding.path))
    yield f"{found.where}:{found.line}: {kind}: {field}: {finding.text}{clause}"
    yield f"  {finding.rule}: {finding.do}"


@click.command(cls=Verb, example="examboard scheme diff lrc-three-level lrc-2019")
@click.argument("earlier", metavar="A")
@click.argument("later", metavar="B")
@click.option("--all", "everything", is_flag=True, help="Tell what changes nothing for candidates, too.")
@options.as_json
@click.pass_context
def diff(ctx: click.Context, earlier: str, later: str, everything: bool, as_json: bool) -> None:
    """
    Say in words what changes for candidates from scheme A to scheme B, each an id or a file.

    What concerns the board's own work, names, sources and readings is counted, and told with --all. With --json, every
    change.
    """
    a, b = (scheme_named(name, lambda: wiring.shelf(ctx)) for name in (earlier, later))
    changes = compare(a.scheme, b.scheme)
    if as_json:
        for change in changes:
            json_line(change.as_json())
        return
    known = [f"{p.scheme.title} ({p.scheme.scheme}, version {p.scheme.version})" for p in (a, b)]
    click.echo(f"from {known[0]}\nto   {known[1]}")
    told = [change for change in changes if everything or change.is_for_candidates]
    click.echo("\n".join(_diff_text(told)) or "nothing changes for candidates")
    if (beside := len(changes) - len(told)) > 0:
        click.echo(f"and {count(beside, 'change')} in the board's own work, names, sources and readings (--all)")


def _diff_text(changes: list[Change]) -> Iterator[str]:
    for area in AREAS:
        there = [change for change in changes if change.area == area]
        if there:
            yield f"\n{area}"
        for change in there:
            clause = f" [{clause_text(change.clause)}]" if change.clause else ""
            yield f"  {change.text}{clause}"


@click.command(
    cls=Verb,
    example="""\
examboard scheme new first-aid
examboard scheme new lrc-riverside --extends lrc-2019 --into policies""",
)
@click.argument("scheme", metavar="ID")
@click.option("--title", default="", metavar="TEXT", help="Its name for people; default: made from the id.")
@click.option("--extends", "base", default="", metavar="SCHEME", help="A board's own policy over this scheme instead.")
@click.option("--into", type=options.FOLDER, default=Path(), metavar="DIR", help="Folder to write into; default: here.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@click.pass_context
def new(ctx: click.Context, scheme: str, title: str, base: str, into: Path, force: bool) -> None:
    """
    Write a new scheme document to be filled in, with comments, worked cases and completion for your editor.

    The document is sound as it is written: change it line by line, and ask `scheme check`, `scheme lint` and
    `scheme test` whenever you like.
    """
    if not SCHEME_ID.fullmatch(scheme):
        text = f"{scheme!r}: an id has small letters, digits and -, up to 60 characters, such as first-aid"
        raise click.UsageError(text)
    if base:
        scheme_named(base, lambda: wiring.shelf(ctx))
    title = title or scheme.replace("-", " ").capitalize()
    files = {into / name: text for name, text in scaffold(scheme, title, base).items()}
    there = [str(file) for file in files if file.exists()]
    if there and not force:
        raise Refused(", ".join(there), [Objection("not_there_yet", "is there already; --force writes over it")])
    files |= {into / name: text for name, text in schemas().items()}
    for file, text in files.items():
        file.write_text(text, encoding="utf-8")
        click.echo(f"wrote {file}")
    document = into / f"{scheme}.yaml"
    click.echo(f"next: examboard scheme test {document}")


VERBS = (lint_, diff, new)
