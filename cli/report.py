"""`examboard report`: counts of what became of applications."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import click

from cli import options, wiring
from cli.options import Noun
from cli.output import aligned, json_line
from workflow.machine import machine_of
from workflow.standing import Standing


@click.group(cls=Noun)
def report() -> None:
    """Count what became of applications."""


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
