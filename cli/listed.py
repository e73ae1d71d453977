"""Applications picked for a list: as they are today, with their rules, their seats and their persons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from cli.candidate import masked
from cli.left_out import shown_of
from cli.output import progress
from cli.part_named import any_part_named
from cli.sitting import found as sittings_found
from workflow.application import Application, Attempt
from workflow.errors import NotFound
from workflow.events import Event
from workflow.facts import Admitted
from workflow.replay import replay
from workflow.scheme import Rules
from workflow.service import Service
from workflow.steps import ENDED

Row = dict[str, Any]
PERSON: Final = {
    "name": "姓名",
    "sex": "性别",
    "document_type": "证件类型",
    "document_number": "证件号码",
    "phone": "手机号码",
    "email": "邮箱",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """An application as it is on a day, today, with its rules and its history."""

    application: Application
    rules: Rules
    history: tuple[Event, ...]
    as_of: date

    @property
    def is_over(self) -> bool:
        """Whether it has ended or is suspended, so that nobody is expected at a sitting for it."""
        return bool(self.application.suspended) or self.application.state in ENDED[1:]

    def admission(self, attempt: Attempt) -> Admitted | None:
        """Find the admission by which an attempt was opened: it names the seat and the ticket."""
        facts = (event.fact for event in reversed(self.history))
        place = (attempt.part, attempt.sitting)
        return next((x for x in facts if isinstance(x, Admitted) and (x.part, x.sitting) == place), None)


def listed(service: Service, applications: Sequence[str] | None = None) -> Iterator[Listed]:
    """Stream applications as they are today, in the order of their numbers; None: all of them."""
    with progress("reading") as tell:
        for done, history in enumerate(service.stores.events.histories(applications), 1):
            rules = service.rules_of(history)
            today = service.today(rules.scheme.time_zone)
            application = replay(history, rules, today)
            if application is not None:
                yield Listed(application, rules, history, today)
            if done % 100 == 0:
                tell(done, len(applications) if applications else None)


def at_sitting(service: Service, key: str, part: str | None) -> Iterator[tuple[Listed, Attempt]]:
    """
    Give every attempt at a sitting, or in the reviews of a day (review-DAY), that was not cancelled.

    Raises:
        NotFound: there is no such sitting, nor such a review.
    """
    applications = service.stores.events.at_sitting(key)
    if applications and not service.stores.sittings.find(key):  # a review, which has no sitting in the register
        parts = {any_part_named(service, part)} if part else None
    else:
        parts = {one.part for one in sittings_found(service, key, part)}
    for case in listed(service, applications):
        for attempt in case.application.attempts:
            if attempt.sitting == key and attempt.outcome != "cancelled" and (parts is None or attempt.part in parts):
                yield case, attempt


def with_persons(service: Service, rows: Iterable[tuple[str, Row]], is_revealed: bool) -> list[Row]:
    """Put persons to rows that name their candidate, masked unless revealed; restricted persons' rows are left out."""
    found, persons = shown_of(service, list(rows), lambda item: item[0])
    blank = dict.fromkeys(PERSON)
    return [{**(masked(persons[key], is_revealed) if key in persons else blank), **row} for key, row in found]


def chosen(service: Service, scheme: str | None, level: str | None) -> Callable[[Listed], bool]:
    """
    Give the test for a scheme and a level.

    Raises:
        NotFound: no scheme of the board is called so, or has such a level: a misspelt word is no empty list.
    """

    def is_called(rules: Rules) -> bool:
        names = (rules.scheme.scheme, *rules.scheme.edition.names)
        return scheme is None or scheme.casefold() in {name.casefold() for name in names}

    def is_chosen(case: Listed) -> bool:
        rules = case.rules
        return is_called(rules) and (level is None or rules.scheme.level_named(level) == rules.number)

    shelf = [pinned.rules(next(iter(pinned.scheme.levels))) for pinned in service.stores.schemes.current()]
    called = [rules for rules in shelf if is_called(rules)]
    if not called:
        raise NotFound(
            f"no scheme {scheme!r}; there are: {', '.join(rules.scheme.scheme for rules in shelf) or 'none'}"
        )
    if level is not None and not any(rules.scheme.level_named(level) for rules in called):
        raise NotFound(f"no scheme has a level {level!r}; see: examboard scheme list")
    return is_chosen
