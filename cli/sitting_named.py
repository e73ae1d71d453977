"""Sittings and exams found by the names under which people know them."""

from __future__ import annotations

from workflow.errors import NotFound
from workflow.seating import Sitting
from workflow.service import Service


def exam_named(service: Service, name: str) -> str:
    """
    Find an exam by its key or a name of it in any scheme of the board; a review has no sittings.

    Raises:
        NotFound: there is none.
    """
    shelf = service.stores.schemes.current()
    for pinned in shelf:
        key = pinned.scheme.parts_by_name.get(name.casefold())
        if key and pinned.scheme.parts[key].kind == "exam":
            return key
    exams = sorted({key for p in shelf for key, part in p.scheme.parts.items() if part.kind == "exam"})
    raise NotFound(f"no scheme has an exam called {name!r}; there are: {', '.join(exams)}")


def found(service: Service, key: str, part: str | None = None) -> tuple[Sitting, ...]:
    """
    Find the sittings of a session, of one part or of all.

    Raises:
        NotFound: there is none.
    """
    sittings = service.stores.sittings.find(key, exam_named(service, part) if part else None)
    if not sittings:
        parts = ", ".join(s.part for s in service.stores.sittings.find(key))
        there = f"; it has: {parts}" if parts else "; see: examboard sitting list"
        raise NotFound(f"no sitting {key}{f' of {part}' if part else ''}{there}")
    return sittings
