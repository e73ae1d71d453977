"""`examboard scheme`: scheme documents, on the board's shelf and in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli import options, scheme_cases, scheme_tools, wiring
from cli.files import name_of
from cli.options import Noun
from cli.output import json_line, listing
from cli.scaffold import schema_text
from cli.scheme_words import scheme_text
from cli.shelf import effective_named, level_named, pinned_file, scheme_named, schemes
from workflow.calendar import count
from workflow.errors import Invalid, Objection, Problem, Refused
from workflow.machine import machine_of
from workflow.scheme import Pinned
from workflow.scxml import scxml


@click.group(cls=Noun)
def scheme() -> None:
    """Write, check, prove, compare and show scheme documents."""


@scheme.command("list", example="examboard scheme list --json")
@options.as_json
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List the newest version of every scheme: the board's own, and those that come with Examboard."""
    rows = (_row(pinned) for pinned in schemes(wiring.shelf(ctx)))
    columns = {"scheme": "Scheme", "version": "Version", "title": "Title", "occupation": "Occupation"}
    listing(rows, columns | {"levels": "Levels", "offered_from": "From", "offered_until": "Until"}, as_json)


def _row(pinned: Pinned) -> dict[str, Any]:
    known = pinned.scheme
    until = known.edition.offered_until
    return {
        "scheme": known.scheme,
        "version": known.version,
        "title": known.title,
        "occupation": known.occupation.code,
        "edition": list(known.edition.names),
        "levels": list(known.levels),
        "offered_from": known.edition.offered_from.isoformat(),
        "offered_until": until.isoformat() if until else None,
        "digest": pinned.digest,
    }


@scheme.command(example="examboard scheme show lrc-2019\nexamboard scheme show my-policy.yaml --effective")
@click.argument("scheme", metavar="SCHEME")
@click.option("--effective", is_flag=True, help="The whole text that is pinned, with where each line comes from.")
@options.as_json
@click.pass_context
def show(ctx: click.Context, scheme: str, effective: bool, as_json: bool) -> None:
    """
    Show a scheme: every rule in it in words, each with its clause.

    SCHEME is an id, a name of the edition, or a file.
    """
    if effective:
        _show_effective(ctx, scheme, as_json)
        return
    pinned = scheme_named(scheme, lambda: wiring.shelf(ctx))
    if as_json:
        json_line({"digest": pinned.digest, **pinned.scheme.model_dump(mode="json", by_alias=True, exclude_none=True)})
    else:
        click.echo("\n".join(scheme_text(pinned)))


def _show_effective(ctx: click.Context, scheme: str, as_json: bool) -> None:
    """Show the text that is pinned, line by line; `*` marks what the board's own policy set."""
    made, digest = effective_named(scheme, lambda: wiring.shelf(ctx))
    lines = list(zip(made.text.splitlines(), made.origins, strict=False))
    if as_json:
        for number, (line, origin) in enumerate(lines, 1):
            where, at, is_set = (origin.where, origin.line, origin.is_set) if origin else (None, None, None)
            json_line({"line": number, "text": line, "where": where, "at": at, "is_set": is_set, "digest": digest})
        return
    places = [f"{origin.where}:{origin.line}{' *' if origin.is_set else ''}" if origin else "" for _, origin in lines]
    width = max(map(len, places))
    click.echo(f"sha256 {digest}; * is set by the board's own policy")
    for place, (line, _) in zip(places, lines, strict=True):
        click.echo(f"{place:<{width}} | {line}")


@scheme.command(example="examboard scheme check my-scheme.yaml")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=options.FILE)
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...]) -> None:
    """
    Check scheme documents before they are used.

    Every problem of every file is named with its line and field; ends with code 2 if there is any.
    """
    problems: list[Problem] = []
    for file in files:
        try:
            pinned = pinned_file(file, lambda: wiring.shelf(ctx))
        except Invalid as error:
            problems += error.problems
            continue
        levels = count(len(pinned.scheme.levels), "level")
        click.echo(f"{name_of(file)}: {pinned.scheme.scheme} version {pinned.scheme.version} is sound ({levels})")
    if problems:
        raise Invalid(problems)


@scheme.command(example="examboard scheme schema > scheme.schema.json")
@click.option("--cases", is_flag=True, help="Of files of worked cases instead.")
def schema(cases: bool) -> None:
    """
    Print the JSON Schema of scheme documents, for editors: they complete fields and explain them.

    `# yaml-language-server: $schema=scheme.schema.json` at the head of a document names it.
    """
    click.echo(schema_text(cases), nl=False)


@scheme.command(
    example="""\
examboard scheme diagram lrc-2019 --level 2
examboard scheme diagram lrc-2019 --level 2 --format scxml > level-2.scxml"""
)
@click.argument("scheme", metavar="SCHEME")
@click.option("--level", metavar="LEVEL", help="One level only, by number or name.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "scxml"]),
    default="mermaid",
    show_default=True,
    help="A picture, or a W3C document that other engines run, of one level.",
)
@click.pass_context
def diagram(ctx: click.Context, scheme: str, level: str | None, form: str) -> None:
    """Draw the state machine of each level in Mermaid, or write that of one as SCXML: the very machine that judges."""
    if form == "scxml" and not level:
        raise click.UsageError("--format scxml needs --level: a document holds one machine")
    pinned = scheme_named(scheme, lambda: wiring.shelf(ctx))
    numbers = [level_named(pinned, level)] if level else list(pinned.scheme.levels)
    for number in numbers:
        rules = pinned.rules(number)
        title = f"{pinned.scheme.scheme} level {number}"
        click.echo(scxml(rules) if form == "scxml" else machine_of(rules).mermaid(title), nl=False)


@scheme.command(example="examboard scheme add my-scheme.yaml")
@click.argument("file", type=options.FILE)
@click.pass_context
def add(ctx: click.Context, file: Path) -> None:
    """
    Put a scheme on the board's shelf: new applications are judged by it from now on.

    Applications filed before keep the document that they were filed under. A changed document needs a higher version.
    """
    pinned = pinned_file(file, lambda: wiring.shelf(ctx))
    service = wiring.service(ctx)
    name, version = pinned.scheme.scheme, pinned.scheme.version
    if service.stores.schemes.get(pinned.digest):
        click.echo(f"{name} version {version} is on the shelf already")
        return
    before = next((p for p in service.stores.schemes.current() if p.scheme.scheme == name), None)
    if before and version <= before.scheme.version:
        text = f"is version {version}, but version {before.scheme.version} is on the shelf; raise `version` in the file"
        raise Refused(f"scheme {name}", [Objection("version_rises", text)])
    service.stores.schemes.put(pinned, service.now())
    click.echo(f"{name} version {version} is on the shelf (sha256 {pinned.digest})")


for verb in (*scheme_cases.VERBS, *scheme_tools.VERBS):
    scheme.add_command(verb)
