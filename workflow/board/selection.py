"""
Selections: for whom a decision of the board is made, and the same decision made for each of them.

A decision for a whole cohort is an event in the history of each application. One that it does not apply to is named
with the reason and never touches the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from workflow.board.decisions import Outcome, for_each
from workflow.draft import Draft
from workflow.errors import NotFound
from workflow.facts import Fact, Submitted
from workflow.ports import Projection
from workflow.service import Service


@dataclass(frozen=True, slots=True)
class Selection:
    """
    Which applications; what is left empty does not narrow the choice.

    Attributes:
        applications: These alone, by their numbers.
        cohort: Those filed under this tag.
        scheme: Those of this scheme, by its id or a name of its edition.
        level: Those of this level, by its number or a name.
        sitting: Those ever admitted to a session of this key.
    """

    applications: tuple[str, ...] = ()
    cohort: str = ""
    scheme: str = ""
    level: str = ""
    sitting: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said at all, which must never mean everyone."""
        return not (self.applications or self.cohort or self.scheme or self.level or self.sitting)

    def __str__(self) -> str:
        said = [
            f"{name} {value}" for name in ("cohort", "scheme", "level", "sitting") if (value := getattr(self, name))
        ]
        return ", ".join(said) or "the applications named"


def for_selected(
    service: Service, selection: Selection, propose: Callable[[Draft], None], dry_run: bool = False
) -> Iterator[Outcome]:
    """
    Propose something to every application of a selection, each judged alone.

    Args:
        service: The service.
        selection: For whom.
        propose: Proposes to a draft, or raises Refused with why it does not apply.
        dry_run: Judge only; write nothing.

    Raises:
        NotFound: the selection fits nobody: a misspelt tag must not look like a decision for no one.
    """
    keys = _keys(service, selection)
    there = {p.application for p in service.stores.events.projections()} if selection.applications else set(keys)
    found = False
    for key in keys:
        if key not in there:
            found = True
            yield Outcome(key, None, NotFound(f"no application {key}"))

    def judge(draft: Draft) -> bool:
        propose(draft)
        return True

    members = _in_cohort(service, [key for key in keys if key in there], selection.cohort)
    for outcome in for_each(service, members, judge, dry_run):
        found = True
        yield outcome
    if not found:
        raise NotFound(f"no application fits: {selection}")


def decide_for(
    service: Service, selection: Selection, fact: Fact, on: date | None = None, dry_run: bool = False
) -> Iterator[Outcome]:
    """Record one and the same fact for every application of a selection, each in an event of its own."""

    def propose(draft: Draft) -> None:
        day = on or service.today(draft.rules.scheme.time_zone)
        draft.propose(fact, day, f"{fact.step}:{service.new_key()}")

    yield from for_selected(service, selection, propose, dry_run)


def _keys(service: Service, selection: Selection) -> list[str]:
    """Give the keys chosen, in their order; the cohort is asked later, since a projection does not know it."""
    keys: list[str] = list(dict.fromkeys(selection.applications))
    if selection.sitting:
        seated = set(service.stores.events.at_sitting(selection.sitting))
        keys = [key for key in keys if key in seated] if keys else sorted(seated)
    if keys and not (selection.scheme or selection.level):
        return keys
    if selection.sitting and not keys:
        return []
    fitting = [p.application for p in service.stores.events.projections() if _fits(service, p, selection)]
    chosen = set(fitting)
    return [key for key in keys if key in chosen] if keys else fitting


def _in_cohort(service: Service, keys: list[str], cohort: str) -> list[str]:
    """Keep those filed under a tag; asked of their submissions, so that a case that is stuck is told in its own."""
    if not cohort or not keys:
        return keys
    chosen = {
        history[0].application
        for history in service.stores.events.histories(keys)
        if isinstance(fact := history[0].fact, Submitted) and fact.cohort == cohort
    }
    return [key for key in keys if key in chosen]


def _fits(service: Service, p: Projection, selection: Selection) -> bool:
    scheme = service.rules(p.digest, p.level).scheme
    names = {scheme.scheme.casefold(), *(name.casefold() for name in scheme.edition.names)}
    if selection.scheme and selection.scheme.casefold() not in names:
        return False
    return not selection.level or scheme.level_named(selection.level) == p.level
