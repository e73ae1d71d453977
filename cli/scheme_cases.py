"""`examboard scheme test`: worked cases put through the engine, and told as a reader of the regulation wants them."""

from __future__ import annotations

from collections.abc import Iterator

import click

from cli import options, wiring
from cli.errors import clause_text
from cli.options import Verb
from cli.output import json_line
from cli.scheme_files import cases_named
from workflow.calendar import count
from workflow.cases.coverage import unproved
from workflow.cases.running import Proved, run_cases
from workflow.errors import Invalid, Problem, Refused
from workflow.scheme import Pinned


@click.command(
    cls=Verb,
    example="""\
examboard scheme test my-scheme.yaml
examboard scheme test lrc-2019 lrc-three-level
examboard scheme test my-scheme.cases.yaml --scheme changed.yaml --json""",
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--scheme", default="", metavar="SCHEME", help="Try the cases on this scheme instead: an id or a file.")
@click.option("--coverage", is_flag=True, help="Say which conditions and states no case proves.")
@options.as_json
@click.pass_context
def test(ctx: click.Context, files: tuple[str, ...], scheme: str, coverage: bool, as_json: bool) -> None:
    """
    Put worked cases through the engine, and say where the rules do not come to what they expect.

    FILE is a file of cases, a scheme with its cases beside it (my-scheme.cases.yaml), or the id of a scheme that comes
    with Examboard. No database is needed. Ends with code 3 if a case does not hold, 2 if a file is not as it must be.
    """
    from storage.memory import MemoryStores

    proved: list[Proved] = []
    problems: list[Problem] = []
    tried: dict[str, Pinned] = {}
    for name in files:
        try:
            cases, schemes = cases_named(name, scheme, lambda: wiring.shelf(ctx))
            tried |= {pinned.scheme.scheme: pinned for pinned in schemes}
            proved += run_cases(cases, schemes, MemoryStores)
        except Invalid as error:
            problems += error.problems
    for found in proved:
        if as_json:
            json_line(found.as_json())
        elif not found.holds:
            click.echo("\n".join(_text(found)))
    failed = [found for found in proved if not found.holds]
    if not as_json and (proved or not problems):
        click.echo(_sum(proved, failed))
        for pinned in tried.values() if coverage else ():
            lacking = list(unproved(pinned, proved))
            click.echo(
                f"{pinned.scheme.scheme}: {'every condition and state is proved' if not lacking else ''}".rstrip()
            )
            click.echo("".join(f"  {line}\n" for line in lacking), nl=False)
    if problems:
        raise Invalid(problems)
    if failed:
        ctx.exit(Refused.exit_code)


def _text(found: Proved) -> Iterator[str]:
    clause = f" [{found.case.clause}]" if found.case.clause else ""
    yield f"{found.where}:{found.line}: {found.case.case}{clause}"
    told: tuple[str, ...] = ()
    for miss in found.misses:
        clause = f" [{clause_text(miss.clause)}]" if miss.clause else ""
        yield f"  line {miss.line}: expected  {miss.expected}"
        yield f"  {' ' * len(f'line {miss.line}:')} the rules say  {miss.found}{clause}"
        if miss.told != told:
            yield from (f"      {line}" for line in miss.told)
        told = miss.told
    yield ""


def _sum(proved: list[Proved], failed: list[Proved]) -> str:
    if not failed:
        return f"{count(len(proved), 'case')}: all hold"
    good = len(proved) - len(failed)
    holds, does = "holds" if good == 1 else "hold", "does" if len(failed) == 1 else "do"
    return f"{count(len(proved), 'case')}: {good} {holds}, {len(failed)} {does} not"


VERBS = (test,)
