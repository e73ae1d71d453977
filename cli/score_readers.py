"""The verbs of `examboard score` for readers who mark apart."""

from __future__ import annotations

import click

from cli import options, wiring
from cli.options import Verb
from cli.outcomes import tell
from cli.output import listing
from cli.part_named import PART, SITTING, at_sitting, part_named
from workflow.board import results
from workflow.board.marks import Given


@click.command(
    cls=Verb,
    example="""\
examboard score enter A00001 --sitting 2024-26/1 --part theory --reader 1 --score 60
examboard score enter A00001 --sitting 2024-26/1 --part theory --reader 2 --score 61.5""",
)
@click.argument("application")
@SITTING
@PART
@click.option("--reader", required=True, type=click.IntRange(1, 3), metavar="N", help="1 or 2; 3 where they differ.")
@click.option("--score", required=True, type=options.RESULT, help="The reader's marks, or those of components.")
@options.as_json
@click.pass_context
def enter(
    ctx: click.Context, application: str, sitting: str, part: str, reader: int, score: Given, as_json: bool
) -> None:
    """
    Enter one reader's marks, where the scheme has two readers mark apart.

    As soon as they agree within the scheme's tolerance the agreed marks are recorded with the same command; where they
    differ by more, a third reader decides. Each reader enters once: marks never overwrite each other.
    """
    service = wiring.service(ctx)
    key = part_named(service, application, part)
    entered = results.enter_score(service, application, key, sitting, reader, score)
    tell(entered.done, as_json, (_readers_say(entered),))


def _readers_say(entered: results.Entered) -> str:
    if entered.agreed is not None:
        return f"the readers agree: {entered.agreed} marks are recorded"
    if entered.needs_third:
        said = "; ".join(f"reader {reader}: {marks}" for reader, marks in entered.entries)
        return f"the readers differ beyond the tolerance ({said}): a third reader is asked for"
    return "waits for the other reader"


@click.command(cls=Verb, example="examboard score differences 2024-26/1 --json")
@click.argument("key")
@options.as_json
@click.pass_context
def differences(ctx: click.Context, key: str, as_json: bool) -> None:
    """List who awaits a third reading: two readers differ by more than the tolerance. KEY is the sitting."""
    service = wiring.service(ctx, write=False)
    at_sitting(service, key, None)
    rows = (
        {
            "application": x.application,
            "part": x.part,
            "reader_1": str(x.first),
            "reader_2": str(x.second),
            "difference": str(abs(x.first - x.second)),
            "tolerance": str(x.tolerance),
        }
        for x in results.differences(service, key)
    )
    columns = ("application", "part", "reader_1", "reader_2", "difference", "tolerance")
    listing(rows, {key: key.replace("_", " ").capitalize() for key in columns}, as_json)
