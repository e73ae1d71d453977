"""`examboard audit`: replay and diff: a history as it is told, and what changed between two points of view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

import click

from cli import options, wiring
from cli.errors import clause_text, objection_text
from cli.options import Verb
from cli.output import aligned, cell_text, json_line
from cli.words import fact_words, standing_lines
from workflow.audit.differing import Difference, difference
from workflow.audit.telling import Telling, Told, refuse_unseen, tell
from workflow.errors import Corrupt, NotFound
from workflow.events import Event
from workflow.identity import mask_name
from workflow.service import Service
from workflow.standing import Standing


@click.command(
    cls=Verb,
    example="""\
examboard audit replay A00001
examboard audit replay A00001 --as-of 2025-01-01 --known-at 2024-12-31 --explain""",
)
@click.argument("application")
@options.as_of
@options.known_at
@click.option("--explain", is_flag=True, help="Add every rule that was asked, and what it answered.")
@click.option("--all-facts", is_flag=True, help="List the facts too that this point of view leaves out, and why.")
@options.as_json
@click.pass_context
def replay(
    ctx: click.Context,
    /,
    application: str,
    as_of: date | None,
    known_at: datetime | None,
    explain: bool,
    all_facts: bool,
    as_json: bool,
) -> None:
    """
    Tell a history fact by fact: what stood before and after, by which clause, and whether it was superseded since.

    Then where the application stands. Steps that time has made true and nobody has written down are told as the
    clock's. With --json, one fact a line, and the standing as the last.
    """
    service = wiring.service(ctx, write=False)
    history = service.history(application)
    rules = service.rules_of(history)
    day = as_of or service.today(rules.scheme.time_zone)
    if not all_facts:
        refuse_unseen(history, day, known_at)
    telling = tell(history, rules, day, known_at, explain=explain)
    lines = [line for line in telling.lines if all_facts or line.is_counted or line.seen == "does not replay"]
    if as_json:
        for line in lines:
            json_line(line.as_json() | ({"rules": [a.as_json() for a in line.answers]} if explain else {}))
        if telling.standing:
            json_line({"standing": telling.standing.as_json()})
    else:
        click.echo("\n".join(_text(lines)))
        if telling.standing:
            name = _name(service, telling.standing)
            click.echo("\n" + "\n".join(standing_lines(telling.standing, rules, history, name)))
    _end(telling, application, day)


def _end(telling: Telling, application: str, day: date) -> None:
    if telling.refused:
        raise Corrupt(f"the history does not replay as of {day}: {telling.refused}") from telling.refused
    if telling.standing is None:
        raise NotFound(f"application {application} had not been submitted, by that day and that knowledge")


def _name(service: Service, standing: Standing) -> str:
    person = service.stores.candidates.get(standing.application.candidate)
    return mask_name(person.name) if person else "not in the register"


def _text(lines: Sequence[Told]) -> Iterator[str]:
    for head, line in zip(aligned([_head(line) for line in lines]), lines, strict=True):
        yield head
        if words := fact_words(line.fact):
            yield f"    {words}"
        if line.superseded_by:
            yield f"    superseded by {', '.join(map(str, line.superseded_by))}"
        for answer in line.answers:
            said = f"no: {objection_text(answer.objection)}" if answer.objection else "yes"
            yield f"    {answer.rule}: {said} ({answer.asks})"


def _head(line: Told) -> tuple[str, ...]:
    moved = f"{line.source or '-'} -> {line.dest}" if line.source != line.dest else line.dest
    if line.event is None:
        who = "by the clock; not written down"
    else:
        who = f"recorded {line.event.recorded_at:%Y-%m-%d %H:%M:%S}Z by {line.event.actor}"
    why = "" if line.is_counted else f"({line.seen}) "
    clause = f"[{clause_text(line.clause)}]" if line.clause else ""
    number = str(line.event.sequence) if line.event else "-"
    return number, str(line.on), who, f"{why}{line.fact.step}", moved, clause


@click.command(
    cls=Verb,
    example="""\
examboard audit diff A00001 --known-at 2024-12-31
examboard audit diff A00001 --as-of 2024-12-31 --against-as-of 2026-06-30
examboard audit diff A00001 --as-of 2024-12-31 --known-at 2024-12-31 --against-known-at 2025-06-30""",
)
@click.argument("application")
@click.option("--as-of", type=options.DAY, metavar="DAY", help="The day of the first view; default: today.")
@click.option(
    "--known-at",
    type=options.MOMENT,
    metavar="INSTANT",
    help="What had been recorded by then, in the first view; a day means its end. Default: all that is recorded.",
)
@click.option(
    "--against-as-of", type=options.DAY, metavar="DAY", help="The day of the second view; default: that of the first."
)
@click.option(
    "--against-known-at",
    type=options.MOMENT,
    metavar="INSTANT",
    help="What had been recorded by then, in the second view. Default: all that is recorded.",
)
@options.as_json
@click.pass_context
def diff(
    ctx: click.Context,
    /,
    application: str,
    as_of: date | None,
    known_at: datetime | None,
    against_as_of: date | None,
    against_known_at: datetime | None,
    as_json: bool,
) -> None:
    """
    Say what changed between two points of view on an application, and by which facts.

    The first view is --as-of and --known-at, the second --against-as-of and --against-known-at. Told are the fields of
    the standing that are not the same, the facts that only one view takes, and what was superseded in between.
    """
    if as_of is known_at is against_as_of is against_known_at is None:
        raise click.UsageError("name two points of view: --as-of, --known-at, --against-as-of, --against-known-at")
    service = wiring.service(ctx, write=False)
    history = service.history(application)
    first = as_of or service.today(service.rules_of(history).scheme.time_zone)
    second = against_as_of or first
    views = [_view(service, history, first, known_at), _view(service, history, second, against_known_at)]
    if not any(view.standing for view in views):
        refuse_unseen(history, second, against_known_at)
    found = difference(*views)
    if as_json:
        for row in _rows(found):
            json_line({"application": application, **row})
        return
    click.echo(f"application {application}: {_words(first, known_at)}, against {_words(second, against_known_at)}")
    click.echo("\n".join(_difference(found)))


def _view(service: Service, history: Sequence[Event], day: date, known_at: datetime | None) -> Telling:
    telling = tell(history, service.rules_of(history), day, known_at)
    if telling.refused:
        _end(telling, history[0].application, day)
    return telling


def _words(day: date, known_at: datetime | None) -> str:
    return f"as of {day}, " + (
        f"known at {known_at.isoformat(timespec='seconds')}" if known_at else "all that is known"
    )


def _sets(found: Difference) -> dict[str, tuple[Told, ...]]:
    return {
        "only in the first view": found.only_before,
        "only in the second view": found.only_after,
        "superseded in the second view": found.newly_superseded,
        "superseded in the first view": found.no_longer_superseded,
    }


def _rows(found: Difference) -> Iterator[dict[str, Any]]:
    for change in found.changes:
        yield {"change": "field", "field": change.field, "before": change.before, "after": change.after}
    for what, lines in _sets(found).items():
        for line in lines:
            yield {"change": what, **line.as_json()}


def _difference(found: Difference) -> Iterator[str]:
    if found.is_none:
        yield "no difference"
    for change in found.changes:
        yield f"  {change.field}: {cell_text(change.before) or '-'} -> {cell_text(change.after) or '-'}"
    for what, lines in _sets(found).items():
        if lines:
            yield f"facts {what}"
            yield from (f"  {line}" for line in _text(lines))


VERBS: Final[tuple[click.Command, ...]] = (replay, diff)
