"""What commands that record facts print: what became of each application, and how many were refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import click

from cli import errors
from cli.output import json_line
from workflow.board.decisions import Outcome
from workflow.errors import ExamboardError, Refused
from workflow.events import Event
from workflow.facts import AdmissionCancelled, Admitted, CertificateAwarded, Expired, Fact
from workflow.service import Done


def tell(done: Done, as_json: bool, effects: Sequence[str] | None = None, notes: Sequence[str] = ()) -> None:
    """
    Print what one command did.

    Args:
        done: What was done.
        as_json: Whether JSON was asked for.
        effects: What follows from it, in words, where the command says so.
        notes: What to look at, in words; on stderr where JSON was not asked for.
    """
    if as_json:
        row = _as_json(Outcome(done.application, done)) | ({"notes": list(notes)} if notes else {})
        json_line(row if effects is None else row | {"effects": list(effects)})
    else:
        lines = [_text(Outcome(done.application, done)), *(f"  {effect}" for effect in effects or ())]
        click.echo("\n".join(lines))
        for note in notes:
            click.echo(f"note: {note}", err=True)


def tell_all(
    ctx: click.Context, outcomes: Iterable[Outcome], as_json: bool, dry_run: bool = False, if_none: str = ""
) -> None:
    """
    Print what became of each application as it happens, and a summary at the end.

    Where it went through none, it says why on stderr (`if_none`), if the command says so.
    If anything went wrong it ends the command: with the code of the error, or that of a refusal if they differ.
    """
    done = failed = 0
    codes: set[int] = set()
    for outcome in outcomes:
        if as_json:
            json_line(_as_json(outcome))
        else:
            # A certificate that was awarded has a number that looks like a person's; an error repeats what was typed.
            click.echo((errors.harmless if outcome.error else errors.printable)(_text(outcome)))
        if outcome.error:
            failed += 1
            codes.add(outcome.error.exit_code)
        else:
            done += 1
    if not as_json:
        note = " (dry run: nothing was written)" if dry_run else ""
        click.echo(f"{done} done, {failed} refused{note}")
    if if_none and not done and not failed:
        click.echo(if_none, err=True)
    if codes:
        ctx.exit(codes.pop() if len(codes) == 1 else Refused.exit_code)


def each(applications: Iterable[str], act: Callable[[str], Done]) -> Iterator[Outcome]:
    """Do something to applications one by one; what one of them is refused never touches the others."""
    for application in applications:
        try:
            yield Outcome(application, act(application))
        except ExamboardError as error:
            yield Outcome(application, None, error)


def event_words(event: Event) -> str:
    """Name an event with the one thing that people ask about it first."""
    match event.fact:
        case CertificateAwarded(number=number):
            what = f" {number}"
        case Admitted(part=part, sitting=sitting, ticket=ticket, room=room, seat=seat) if seat:
            what = f" {part} {sitting} room {room} seat {seat} ticket {ticket}"
        case AdmissionCancelled(part=part, sitting=sitting, reason=reason):
            what = f" {part} {sitting} ({reason})"
        case Expired(cause=cause):
            what = f" ({cause})"
        case _:
            what = "".join(f" {x}" for x in (getattr(event.fact, "part", ""), getattr(event.fact, "sitting", "")) if x)
    return f"{event.type}{what} on {event.effective_on}"


def _text(outcome: Outcome) -> str:
    if outcome.error:
        first, *rest = errors.lines_of(outcome.error)
        if isinstance(outcome.error, Refused):
            return f"{outcome.application}: refused: {'; '.join(line.strip() for line in rest)}"
        return f"{outcome.application}: {first}"
    if outcome.note:
        return f"{outcome.application}: {outcome.note}"
    if not outcome.done or not outcome.done.events:
        return f"{outcome.application}: unchanged; this had been done before"
    return f"{outcome.application}: {', '.join(map(event_words, outcome.done.events))}; now {outcome.done.state}"


def _as_json(outcome: Outcome) -> dict[str, Any]:
    row: dict[str, Any] = {"application": outcome.application, "refused": outcome.error is not None}
    if outcome.note:
        row["note"] = outcome.note
    if outcome.done:
        row["state"] = outcome.done.state
        row["events"] = [
            {"sequence": x.sequence, "type": x.type, "effective_on": x.effective_on.isoformat()}
            | ({"number": x.fact.number} if isinstance(x.fact, CertificateAwarded) else {})
            | _seat(x.fact)
            for x in outcome.done.events
        ]
    if outcome.error:
        objections = outcome.error.objections if isinstance(outcome.error, Refused) else ()
        row["error"] = type(outcome.error).__name__
        row["objections"] = [{"rule": o.rule, "text": o.text, "clause": o.clause} for o in objections] or [
            {"rule": "", "text": str(outcome.error), "clause": ""}
        ]
    return row


def _seat(fact: Fact) -> dict[str, Any]:
    if isinstance(fact, AdmissionCancelled):
        return {"part": fact.part, "reason": fact.reason}
    if not isinstance(fact, Admitted):
        return {}
    return {"part": fact.part, "ticket": fact.ticket or None, "room": fact.room or None, "seat": fact.seat or None}
