"""`examboard report`: counts of what became of applications."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

import click

from cli import options, wiring
from cli.options import Noun
from cli.output import aligned, json_line, progress
from cli.tables import sheet_path, show_lines
from workflow.errors import NotFound
from workflow.figures.statistics import GROUPINGS, Case, Grouping, Tally, case_of, tallied
from workflow.figures.table import NOTES, PART_NOTES, SESSION_NOTE, Line, line_of_all, lines_of, part_lines, protected
from workflow.machine import machine_of
from workflow.service import Service
from workflow.standing import Standing

F = TypeVar("F", bound=Callable[..., Any])


class _By(click.ParamType[tuple[Grouping, ...]]):
    """By what a report groups: some of its words, with commas between."""

    name = "groups"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Grouping, ...]:
        """Read the words, in the order in which they are given."""
        if not isinstance(value, str):
            return tuple(value)
        asked = list(dict.fromkeys(word.strip().casefold() for word in value.split(",") if word.strip()))
        if unknown := [word for word in asked if word not in GROUPINGS]:
            self.fail(f"{', '.join(unknown)}: no such group; there are: {', '.join(GROUPINGS)}", param, ctx)
        if not asked:
            self.fail(f"names no group; there are: {', '.join(GROUPINGS)}", param, ctx)
        return tuple(name for word in asked for name in GROUPINGS if name == word)


@click.group(cls=Noun)
def report() -> None:
    """Count what became of applications."""


def _outputs(f: F) -> F:
    """Add what every report has: the two clocks, and the forms in which it is given."""
    for form in ("xlsx", "csv"):
        text = f"Write it to a file that ends in .{form}, readable for you alone."
        f = click.option(f"--{form}", f"{form}_file", callback=sheet_path, metavar="FILE", help=text)(f)
    return options.as_of(options.known_at(options.as_json(f)))


def _reveal_small(f: F) -> F:
    text = "Show counts of 1 to 4 of cohorts too, and what would give them away."
    return click.option("--reveal-small", is_flag=True, help=text)(f)


@dataclass
class _Tally:
    """The counts of one level of one scheme."""

    eligible: int = 0
    states: Counter[str] = field(default_factory=Counter)

    def add(self, standing: Standing) -> None:
        self.eligible += bool(standing.conditions_met)
        self.states[standing.application.state] += 1


@report.command(example="examboard report summary --as-of 2026-11-20")
@options.as_of
@options.known_at
@options.as_json
@click.pass_context
def summary(ctx: click.Context, as_of: date | None, known_at: datetime | None, as_json: bool) -> None:
    """Count, for each scheme and level, how many applied, how many are eligible, and how many are in each state."""
    service = wiring.service(ctx, write=False)
    tallies: dict[tuple[str, int], _Tally] = {}
    rules = set()
    for standing in service.standings(as_of, known_at):
        a = standing.application
        tallies.setdefault((a.scheme, a.level), _Tally()).add(standing)
        rules.add((a.digest, a.level))
    machines = sorted((machine_of(service.rules(*pinned)).states for pinned in rules), key=len, reverse=True)
    order = dict.fromkeys(state for states in machines for state in states)
    levels = sorted(tallies, key=lambda level: (level[0], -level[1]))
    if as_json:
        for level in levels:
            json_line(_row(level, tallies[level], order))
        return
    click.echo("\n".join(aligned(_table(levels, tallies, order))) if levels else "no applications")


def _row(level: tuple[str, int], tally: _Tally, order: dict[str, None]) -> dict[str, Any]:
    return {
        "scheme": level[0],
        "level": level[1],
        "applied": tally.states.total(),
        "eligible": tally.eligible,
        "expired": tally.states["expired"],
        "certified": tally.states["certified"],
        "states": {state: tally.states[state] for state in order if tally.states[state]},
    }


def _table(
    levels: list[tuple[str, int]], tallies: dict[tuple[str, int], _Tally], order: dict[str, None]
) -> list[list[str]]:
    states = [state for state in order if any(tally.states[state] for tally in tallies.values())]
    counts = [
        [tallies[level].states.total(), tallies[level].eligible, *(tallies[level].states[state] for state in states)]
        for level in levels
    ]
    rows = [[level[0], str(level[1]), *map(str, row)] for level, row in zip(levels, counts, strict=True)]
    total = [str(sum(column)) for column in zip(*counts, strict=True)]
    return [["scheme", "level", "applied", "eligible", *states], *rows, ["all", "", *total]]


def _cases(
    service: Service, as_of: date | None, known_at: datetime | None, applications: Sequence[str] | None = None
) -> Iterator[Case]:
    """Stream what is counted of each application; on a terminal a bar tells how far it has come."""
    with progress("counting") as tell:
        for done, history in enumerate(service.stores.events.histories(applications), 1):
            rules = service.rules_of(history)
            case = case_of(history, rules, as_of or service.today(rules.scheme.time_zone), known_at)
            if case is not None:
                yield case
            if done % 100 == 0:
                tell(done, len(applications) if applications else None)


@report.command(
    example="""\
examboard report results
examboard report results --by session,scheme,level --as-of 2026-11-20 --known-at 2026-11-21
examboard report results --by cohort --xlsx cohorts.xlsx"""
)
@click.option(
    "--by",
    type=_By(),
    default="scheme,level",
    show_default=True,
    metavar="GROUPS",
    help="Some of scheme,level,session,cohort.",
)
@_reveal_small
@_outputs
@click.pass_context
def results(
    ctx: click.Context,
    /,
    by: tuple[Grouping, ...],
    reveal_small: bool,
    as_of: date | None,
    known_at: datetime | None,
    **given: Any,
) -> None:
    """
    Count all that became of applications: eligible by which condition, trained, each part's results, awards, days.

    First tries stand against resits, expiries by the part that lapsed; what the words mean stands below the table. An
    application whose time has run out counts as expired, whether or not the nightly work came by. Counts of 1 to 4 of a
    cohort are withheld.
    """
    service = wiring.service(ctx, write=False)
    total = Tally()

    def counted() -> Iterator[Case]:
        for case in _cases(service, as_of, known_at):
            total.add(case)
            yield case

    tallies = tallied(counted(), by)
    lines = lines_of(tallies, by)
    if "cohort" in by and not reveal_small:
        lines = protected(lines, list(tallies.values()))
    if "session" not in by and len(lines) > 1:
        lines.append(line_of_all(tallies, by, total))
    show_lines(lines, by, notes=[*NOTES, *([SESSION_NOTE] if "session" in by else [])], **given)


@report.command(example="examboard report session 2024-26/1 --csv session.csv")
@click.argument("key")
@_outputs
@click.pass_context
def session(ctx: click.Context, /, key: str, as_of: date | None, known_at: datetime | None, **given: Any) -> None:
    """
    Count the results of one session, part by part: sat, passed, failed, absent, first tries and resits.

    KEY is the sitting's, or that of a review: review-DAY. Results count as passed or failed once they are announced.
    """
    service = wiring.service(ctx, write=False)
    is_known = service.stores.sittings.find(key) or service.stores.events.at_sitting(key)
    applications = service.stores.events.at_sitting(key) if is_known else None
    tallies = tallied(_cases(service, as_of, known_at, applications), ("session", "scheme", "level"))
    there = {group[1:]: tally for group, tally in tallies.items() if group[0] == key}
    if not there and not is_known:
        raise NotFound(f"no session {key}; see: examboard sitting list")
    show_lines(part_lines(there), ("scheme", "level", "part"), notes=PART_NOTES, **given)


@report.command(example="examboard report cohort union-2024 --json")
@click.argument("tag")
@_reveal_small
@_outputs
@click.pass_context
def cohort(
    ctx: click.Context,
    /,
    tag: str,
    reveal_small: bool,
    as_of: date | None,
    known_at: datetime | None,
    **given: Any,
) -> None:
    """
    Count what became of the applications of one cohort, by scheme and level.

    TAG is the programme under which they were filed. Counts of 1 to 4 are withheld, and so is what would give them
    away.
    """
    service = wiring.service(ctx, write=False)
    by: tuple[Grouping, ...] = ("cohort", "scheme", "level")
    tallies = tallied(_cases(service, as_of, known_at), by)
    lines: list[Line] = lines_of(tallies, by)
    if not reveal_small:
        lines = protected(lines, list(tallies.values()))  # all cohorts: each is protected by the others
    if not (found := [line for line in lines if line.group["cohort"] == tag]):
        tags = ", ".join(sorted({line.group["cohort"] for line in lines if line.group["cohort"]}))
        raise NotFound(f"no application was filed under the cohort {tag!r}; there are: {tags or 'none'}")
    show_lines(found, by, notes=NOTES, **given)
