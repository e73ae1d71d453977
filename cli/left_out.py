"""Persons for lists and papers: who is restricted or erased is left out of them, and it is said how many are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import click

from workflow.calendar import count
from workflow.errors import Corrupt, Objection, Refused
from workflow.persons.forgetting import PersonStanding
from workflow.ports import Candidate
from workflow.service import Service

T = TypeVar("T")


def persons_of(service: Service, keys: Iterable[str]) -> tuple[dict[str, Candidate], dict[str, PersonStanding]]:
    """Give the persons that lists may show, and how the others stand who ever were registered."""
    wanted = sorted(set(keys))
    persons = service.stores.candidates.many(wanted)
    others = [key for key in wanted if key not in persons]
    return persons, service.stores.candidates.standings(others) if others else {}


def shown_of(service: Service, found: Sequence[T], key: Callable[[T], str]) -> tuple[list[T], dict[str, Candidate]]:
    """
    Leave out of a list what is of restricted persons, and tell how much that is.

    What is of erased persons stays, without a name: it is nobody's any more.
    """
    persons, others = persons_of(service, map(key, found))
    shown = [one for one in found if others.get(key(one)) != "restricted"]
    if left := len(found) - len(shown):
        click.echo(f"{count(left, 'row')} left out: the person's data is restricted", err=True)
    return shown, persons


def printable(service: Service, found: Sequence[T], key: Callable[[T], str], name: Callable[[T], str]) -> list[T]:
    """
    Leave out what cannot be printed since its person is restricted or erased, and tell each.

    Raises:
        Refused: it is the only one.
        Corrupt: a person was never registered.
    """
    persons, others = persons_of(service, map(key, found))
    for one in found:
        if key(one) not in persons and key(one) not in others:
            raise Corrupt(f"{name(one)}: its candidate is not in the register")
    left = [one for one in found if key(one) in others]
    if left and len(found) == 1:
        text = f"the person's data is {others[key(left[0])]}; nothing is printed of it"
        raise Refused(name(left[0]), [Objection("is_not_restricted", text, "board forgetting")])
    for one in left:
        click.echo(f"{name(one)}: not printed; the person's data is {others[key(one)]}", err=True)
    return [one for one in found if key(one) in persons]
