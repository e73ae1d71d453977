"""`examboard scheduler`: the nightly work done by itself, on as many nodes as one likes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from cli import held_keys, options, wiring
from cli.files import read_text
from cli.logs import json_log
from cli.options import Noun
from cli.output import json_line
from scheduler.delivery import deliver
from scheduler.health import Files, fault_in
from scheduler.runner import BEAT, Beat, Runner, Stop, run_beats
from workflow.calendar import count
from workflow.errors import ExamboardError, Invalid, NotFound, Unavailable
from workflow.service import Service

EXCEPTIONS = 1  # the exit code where applications were parked
INTERNAL = 70


@click.group(cls=Noun)
def scheduler() -> None:
    """Run the nightly work by itself, night by night; check a node."""


@scheduler.command(
    example="""\
examboard scheduler run --health health.json --metrics examboard.prom
examboard scheduler run --once"""
)
@click.option(
    "--interval", type=options.SECONDS, default=BEAT, show_default=True, metavar="SECONDS",
    help="How long from one look at what is owed to the next.",
)  # fmt: skip
@click.option("--once", is_flag=True, help="Do what is owed and end: for cron, or a job of the platform.")
@click.option("--node", type=options.LABEL, metavar="NAME", help="Name of this node; default: host and process.")
@click.option("--health", type=options.NEW_FILE, metavar="FILE", help="Write here, as JSON, how this node is.")
@click.option("--metrics", type=options.NEW_FILE, metavar="FILE", help="Write here the metrics for Prometheus (.prom).")
@click.option("--deliver/--no-deliver", "delivers", default=True, help="Whether it sends notices, too.")
@click.pass_context
def run(
    ctx: click.Context,
    interval: float,
    once: bool,
    node: str | None,
    health: Path | None,
    metrics: Path | None,
    delivers: bool,
) -> None:
    """
    Run whatever is owed, at once and then at an interval, until told to stop (SIGTERM, or Ctrl-C).

    Start it on as many nodes as you like: they share each night, and no step is ever written twice. A night that was
    missed is made up for, oldest first. Told to stop, it ends the chunk that it is at, and the rest stays owed. Its log
    goes to stderr, one JSON object a line.

    With --once it ends with 1 where a run ended with exceptions, and with the code of the error where one failed.
    """
    name, stop = node or wiring.node(), Stop()
    log = json_log(wiring.now, node=name)
    night = replace(wiring.night(ctx, node=name), is_stopping=stop.is_set)
    sends = _delivery(ctx, night.service, log) if delivers else None
    runner = Runner(
        night,
        log,
        Files(health, metrics).write,
        name,
        os.getpid(),
        (lambda: sends(runner.is_called)) if sends else None,
        held_keys.sealer(ctx, night.service, name),
    )
    with _heeding_signals(stop):
        if once:
            _end_once(ctx, runner.beat())
            return
        log.info("started", interval=interval, by=night.by)
        run_beats(runner.beat, stop, interval, wiring.now)
        runner.stopped()


def _delivery(ctx: click.Context, service: Service, log: Any) -> Callable[[Callable[[], bool]], int]:
    """Give what sends notices until it is called away; that a mail server is down is no reason to call the node ill."""
    sink, board = wiring.sink(ctx), wiring.settings(ctx).board

    def sent(is_called: Callable[[], bool]) -> int:
        done = deliver(service, sink, is_called, board=board)
        if done.stopped and not is_called():
            log.error("notices are left for later", reason=done.stopped)
        return done.sent

    return sent


@contextmanager
def _heeding_signals(stop: Stop) -> Iterator[None]:
    """Stop at the first signal; the second one ends the process at once, as it does any other."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def told(_number: int, _frame: Any) -> None:
        restore()
        stop.set()

    for number in before:
        signal.signal(number, told)
    try:
        yield
    finally:
        restore()


def _end_once(ctx: click.Context, beat: Beat) -> None:
    done = f"{count(len(beat.runs), 'run')} finished"
    if beat.error is not None:
        click.echo(f"{done}; then: {beat.failing}", err=True)
        ctx.exit(beat.error.exit_code if isinstance(beat.error, ExamboardError) else INTERNAL)
    if beat.excepted:
        runs = ", ".join(map(str, beat.excepted))
        click.echo(f"{done}, with exceptions: {runs}; see: examboard jobs parked", err=True)
        ctx.exit(EXCEPTIONS)
    click.echo(f"{done}{'; told to stop, the rest is still owed' if beat.is_stopped else ''}")


@scheduler.command(example="examboard scheduler health --health health.json --max-age 120")
@click.option("--health", type=options.NEW_FILE, required=True, metavar="FILE", help="The node's health file.")
@click.option(
    "--max-age", type=options.SECONDS, default=120.0, show_default=True, metavar="SECONDS",
    help="How long ago it may have looked at what is owed.",
)  # fmt: skip
@options.as_json
@click.pass_context
def health(ctx: click.Context, health: Path, max_age: float, as_json: bool) -> None:
    """
    Check a node by its health file: for the probe of a container. Ends with code 8 where the node is not well.

    A node at work on a long night gives a sign of life every ten seconds.
    """
    try:
        fault = fault_in(read_text(health), wiring.now(), max_age)
    except (Invalid, NotFound):
        fault = f"no health file can be read at {health}"
    if as_json:
        json_line({"ok": not fault, "reason": fault or None})
    elif not fault:
        click.echo("ok")
    if fault:
        if not as_json:
            click.echo(f"unavailable: {fault}", err=True)
        ctx.exit(Unavailable.exit_code)
