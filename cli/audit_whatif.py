"""`examboard audit`: what-if: the caseload under changed rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from cli import options, wiring
from cli.errors import objection_text
from cli.files import name_of
from cli.options import Verb
from cli.output import aligned, json_line, progress
from cli.shelf import level_named, pinned_file
from cli.tables import sheet_path, write_sheet
from cli.whatif_work import Found, Task, work
from workflow.audit.retelling import Divergence
from workflow.audit.whatif import Effect, Scope
from workflow.calendar import count
from workflow.errors import Corrupt, NotFound
from workflow.ports import Projection
from workflow.scheme import FIXED_STATES, Pinned
from workflow.service import Service

F = TypeVar("F", bound=Callable[..., Any])

NOTES: Final = (
    "nothing was written: the recorded facts were put through the changed document, and the clock was run anew",
    "a fact is not lawful where the changed document would have refused it; what follows such a fact may be refused "
    "for that reason alone",
    "eligibility is decided by the evidence: under the recorded condition where it is met, else the first that is met",
    "an award is gained where the set would be complete; nobody would have been certified by that alone",
)
_TITLES: Final = (
    *("application", "level", "changes", "state_before", "state_after", "eligible_before", "eligible_after"),
    *("condition_before", "condition_after", "held_before", "held_after", "award_before", "award_after"),
    *("certificate_before", "certificate_after", "next_on_before", "next_before", "next_on_after", "next_after"),
)


def _scope(f: F) -> F:
    """Add the choice of applications."""
    text = "This application only; may be given again."
    f = click.option("--application", "applications", multiple=True, metavar="NUMBER", help=text)(f)
    text = "Submitted on this day or earlier."
    f = click.option("--submitted-until", type=options.DAY, metavar="DAY", help=text)(f)
    text = "Submitted on this day or later."
    f = click.option("--submitted-from", type=options.DAY, metavar="DAY", help=text)(f)
    text = "In this state on the day asked about; may be given again."
    f = click.option("--state", "states", multiple=True, metavar="STATE", help=text)(f)
    return click.option("--level", default="", metavar="LEVEL", help="This level only, by number or name.")(f)


@click.command(
    "what-if",
    cls=Verb,
    example="""\
examboard audit what-if --scheme changed.yaml
examboard audit what-if --scheme changed.yaml --level 3 --submitted-from 2024-01-01 --xlsx effects.xlsx""",
)
@click.option("--scheme", required=True, type=options.FILE, metavar="FILE", help="The changed scheme document.")
@_scope
@options.as_of
@options.known_at
@click.option("--xlsx", "xlsx_file", callback=sheet_path, metavar="FILE", help="Write the list to this .xlsx file too.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Processes to use; default: one, and of many applications one for each processor.",
)
@options.as_json
@click.pass_context
def what_if(
    ctx: click.Context,
    /,
    scheme: Path,
    level: str,
    as_of: date | None,
    known_at: datetime | None,
    xlsx_file: Path | None,
    jobs: int | None,
    as_json: bool,
    **whom: Any,
) -> None:
    """
    Say what a changed scheme document would make of the applications of that scheme; nothing is written.

    Each one's facts are put through the changed rules: who would gain or lose eligibility, a part or an award, whose
    next step of the clock moves, and whose recorded facts would not be lawful, and why. With --json, one application a
    line, and the totals as the last.
    """
    changed = pinned_file(scheme, lambda: wiring.shelf(ctx))
    service = wiring.service(ctx, write=False)
    scope = Scope(level=_level(changed, level), **whom)
    keys = _chosen(service, changed, scope)
    day = as_of or service.today(changed.scheme.time_zone)
    database = wiring.settings(ctx).database
    task = Task(database, changed.text, name_of(scheme), day, known_at, tuple(scope.states))
    with progress("replaying") as tell:
        found = work(service, task, keys, jobs or 0, tell)
    if xlsx_file:
        write_sheet(xlsx_file, [*_TITLES, "not lawful"], map(_cells, found.effects), [*_totals(found), *NOTES])
    if as_json:
        for effect in found.effects:
            json_line(effect.as_row())
        json_line({"totals": _totals_row(changed, day, found)})
    else:
        click.echo("\n".join(_text(changed, name_of(scheme), day, found)))
    if xlsx_file:
        click.echo(f"{len(found.effects)} rows written to {xlsx_file}", err=as_json)
    if found.stuck:
        raise Corrupt(f"{count(len(found.stuck), 'application')} left out: {'; '.join(found.stuck)}")


def _level(changed: Pinned, name: str) -> int:
    """Give the number of a level; one that the changed document no longer has is named by its number."""
    if not name:
        return 0
    return int(name) if name in "123456789" and len(name) == 1 else level_named(changed, name)


def _chosen(service: Service, changed: Pinned, scope: Scope) -> list[str]:
    """
    Give the keys of the applications to look at.

    Raises:
        NotFound: an application or a state that was named is not there, or the board has no application of the scheme.
    """
    wanted, there = changed.scheme.scheme, list(service.stores.events.projections())
    known = {p.application: p for p in there}
    for key in scope.applications:
        if key not in known:
            raise NotFound(f"no application {key}")
        if known[key].scheme != wanted:
            raise NotFound(f"application {key} is judged by scheme {known[key].scheme}, not by {wanted}")
    same = [p for p in there if p.scheme == wanted]
    if not same:
        others = ", ".join(sorted({p.scheme for p in there})) or "none"
        raise NotFound(f"no application is judged by a scheme {wanted!r}; there are applications of: {others}")
    _check_states(service, same, scope)
    return [p.application for p in same if scope.holds(p.application, p.level, p.submitted_on)]


def _check_states(service: Service, same: Sequence[Projection], scope: Scope) -> None:
    states = {s for p in same for s in service.rules(p.digest, p.level).stages} if scope.states else set()
    states |= set(FIXED_STATES)
    for state in scope.states:
        if state not in states:
            there = ", ".join(sorted(states))
            raise click.BadParameter(f"there is no state {state!r}; there are: {there}", param_hint="--state")


def _totals(found: Found) -> Iterator[str]:
    totals = found.totals
    yield f"{count(totals.looked_at, 'application')} looked at, {totals.affected} affected"
    yield from (f"{number} {kind}" for kind, number in sorted(totals.kinds.items()))


def _totals_row(changed: Pinned, day: date, found: Found) -> dict[str, Any]:
    totals = found.totals
    return {
        "scheme": changed.scheme.scheme,
        "version": changed.scheme.version,
        "digest": changed.digest,
        "as_of": day.isoformat(),
        "looked_at": totals.looked_at,
        "affected": totals.affected,
        "changes": dict(sorted(totals.kinds.items())),
        "left_out": len(found.stuck),
    }


def _text(changed: Pinned, name: str, day: date, found: Found) -> Iterator[str]:
    scheme = changed.scheme
    yield f"under {name} ({scheme.scheme}, version {scheme.version}, sha256 {changed.digest[:12]}), as of {day}"
    first, *kinds = _totals(found)
    yield first
    yield from (f"  {line}" for line in kinds)
    if found.effects:
        yield ""
    for head, effect in zip(aligned([_head(e) for e in found.effects]), found.effects, strict=True):
        yield head
        yield from (f"    {line}" for line in _details(effect))


def _head(effect: Effect) -> tuple[str, ...]:
    before, after = effect.before.state, effect.after.state or "no such level"
    moved = before if before == after else f"{before} -> {after}"
    what = ", ".join(kind for kind in effect.kinds if kind != "another state")
    return effect.application, f"level {effect.level}", moved, what


def _details(effect: Effect) -> Iterator[str]:
    before, after = effect.before, effect.after
    if (before.next_on, before.next_what) != (after.next_on, after.next_what):
        yield f"clock: {_next(before.next_on, before.next_what)} -> {_next(after.next_on, after.next_what)}"
    yield from (_unlawful(x) for x in effect.divergences if not x.follows)
    if after_it := sum(x.follows for x in effect.divergences):
        yield f"{count(after_it, 'later fact')} would not be lawful either"


def _unlawful(x: Divergence) -> str:
    return f"event {x.sequence}, {x.type} of {x.on}, is not lawful: {'; '.join(map(objection_text, x.objections))}"


def _next(on: date | None, what: str) -> str:
    return f"{what} on {on}" if on else "nothing"


def _cells(effect: Effect) -> list[Any]:
    row = effect.as_row()
    held = {side: _held(row[side]) for side in ("held_before", "held_after")}
    days = {
        side: getattr(effect, side.removeprefix("next_on_")).next_on for side in ("next_on_before", "next_on_after")
    }
    said = row | held | days | {"changes": ", ".join(row["changes"])}
    return [*(said[title] for title in _TITLES), "; ".join(_unlawful(x) for x in effect.divergences)]


def _held(parts: dict[str, str | None]) -> str:
    return ", ".join(f"{part} through {day}" if day else f"{part} for good" for part, day in parts.items())


VERBS: Final[tuple[click.Command, ...]] = (what_if,)
