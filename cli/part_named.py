"""Parts and sittings as they are named on the command line, and the applications that are meant by them."""

from __future__ import annotations

import click

from workflow.errors import NotFound
from workflow.service import Service

SITTING = click.option("--sitting", "sitting", required=True, metavar="KEY", help="The sitting.")
PART = click.option("--part", required=True, metavar="PART", help="The part, by its key or name.")
PART_OR_NONE = click.option("--part", metavar="PART", help="The part, by its key or name.")


def part_named(service: Service, application: str, name: str) -> str:
    """Find a part of an application's scheme by its key or a name of it; an unknown name is left to the rules."""
    return service.rules_of(service.history(application)).scheme.parts_by_name.get(name.casefold(), name)


def any_part_named(service: Service, name: str) -> str:
    """
    Find a part, exam or review, by its key or a name of it in any scheme of the board.

    Raises:
        NotFound: there is none.
    """
    shelf = service.stores.schemes.current()
    for pinned in shelf:
        if key := pinned.scheme.parts_by_name.get(name.casefold()):
            return key
    parts = sorted({key for p in shelf for key in p.scheme.parts})
    raise NotFound(f"no scheme has a part called {name!r}; there are: {', '.join(parts)}")


def at_sitting(service: Service, sitting: str, part: str | None) -> tuple[str, ...]:
    """
    Give the applications that were admitted to a sitting, or reviewed under its key.

    Raises:
        NotFound: there is no such sitting and no such review.
    """
    found = service.stores.events.at_sitting(sitting, part)
    if not found and not service.stores.sittings.find(sitting) and not service.stores.events.at_sitting(sitting):
        raise NotFound(f"no sitting {sitting}; see: examboard sitting list")
    return found
