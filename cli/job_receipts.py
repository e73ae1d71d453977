"""Receipts of jobs as they are printed: every change on a line, then what it comes to; streamed, however long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

import click

from cli.output import json_line, pairs
from scheduler.jobs import JOBS
from scheduler.night import Night
from workflow.document import parse_day
from workflow.errors import Corrupt, NotFound
from workflow.identity import shown
from workflow.nights.ledger import BEFORE_THE_LEDGER, Parked, Run, RunKey
from workflow.nights.receipts import Change, Receipt, changes_of, receipt_of, run_json


def key_of(text: str) -> RunKey:
    """Read the name of a run; a usage error says what is wrong with it."""
    job, _, day = text.partition("/")
    try:
        if job not in (*JOBS, BEFORE_THE_LEDGER):
            raise ValueError(f"there is no such job; there are: {', '.join(JOBS)}")
        return RunKey(job, parse_day(day))
    except ValueError as error:
        raise click.BadParameter(f"{shown(text)!r}: {error}; a run is named as in expire/2026-11-20") from None


def show_run(night: Night, receipt: Receipt, as_json: bool, note: str = "") -> None:
    """Print the receipt of a run that was just done."""
    for _ in _printed(night, receipt.run, as_json):
        pass
    _show_end(receipt, as_json, note)


def stored_run(night: Night, key: RunKey) -> Run:
    """
    Give a run that was begun.

    Raises:
        NotFound: there is no such run.
    """
    found = night.service.stores.runs.find(key)
    if found is None:
        raise NotFound(f"no run {key}; see: examboard jobs history, examboard jobs owed")
    return found


def show_stored(night: Night, key: RunKey, as_json: bool) -> None:
    """
    Print the receipt of a run from what it wrote.

    Raises:
        NotFound: there is no such run.
        Corrupt: what it wrote does not have the digest that is kept with the run.
    """
    runs, found = night.service.stores.runs, stored_run(night, key)
    if as_json:
        json_line(run_json(found))
    else:
        click.echo("\n".join(pairs(run_json(found))))
    receipt = receipt_of(key, _printed(night, key, as_json), runs.parked(key))
    _show_end(receipt, as_json, "" if found.finished_at else "still owed: so far")
    if found.finished_at and found.digest != receipt.digest:
        raise Corrupt(
            f"run {key}: what it wrote has the digest {receipt.digest}, the run was closed with {found.digest}"
        )


def show_plan(
    changes: Iterable[tuple[RunKey, Change]],
    keys: Sequence[RunKey],
    asked: date,
    as_json: bool,
    tell: Callable[[int, int | None], None],
) -> None:
    """
    Print what runs would do; of runs before the day asked about only those that would do something.

    Args:
        changes: The changes, with the run that would make each.
        keys: The runs.
        asked: The day asked about.
        as_json: Whether to print JSON.
        tell: Told how many changes there are so far.
    """
    counts: dict[RunKey, Counter[str]] = {key: Counter() for key in keys}
    for number, (key, change) in enumerate(changes, 1):
        _print_change(key, change, as_json)
        counts[key][change.what] += 1
        tell(number, None)
    for key, counted in counts.items():
        if counted or key.day == asked:
            _show_end(Receipt(key, dict(sorted(counted.items())), is_dry_run=True), as_json)


def _printed(night: Night, key: RunKey, as_json: bool) -> Iterator[list[str]]:
    """Give the lines of a run, each printed as it goes by."""
    for lines in changes_of(night.service.stores.runs.parts(key)):
        for line in lines:
            _print_change(key, Change.read(line), as_json)
        yield lines


def _print_change(key: RunKey, change: Change, as_json: bool) -> None:
    if as_json:
        json_line({"run": str(key), **change.as_json()})
    else:
        click.echo(f"{change.application}: {change.what} on {change.on}; {change.why}")


def _show_end(receipt: Receipt, as_json: bool, note: str = "") -> None:
    if as_json:
        json_line({"run": str(receipt.run), **receipt.as_json()})
        return
    for one in receipt.parked:
        click.echo(_parked_line(one))
    total = ", ".join(f"{n} {kind}" for kind, n in receipt.counts.items()) or "nothing"
    if receipt.parked:
        total += f"; {len(receipt.parked)} parked"
    if receipt.is_dry_run:
        click.echo(f"{receipt.run}: {total} (dry run: nothing was written)")
    else:
        click.echo(f"{receipt.run}: {total}{f' ({note})' if note else ''}; {receipt.outcome}; sha256 {receipt.digest}")


def _parked_line(one: Parked) -> str:
    return f"{one.application}: parked; {one.reason}"
