"""
Schemes that a command may name: on the board's shelf, among those that come with Examboard, or in a file.

The board's own shelf counts first: it may hold a newer version of a scheme that comes with Examboard.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path

from cli.files import read_text
from workflow.check import pin, pin_again
from workflow.errors import NotFound
from workflow.ports import SchemeShelf
from workflow.scheme import Pinned


@cache
def packaged() -> dict[str, str]:
    """Give the texts of the scheme documents that come with Examboard, by the id of the scheme; all are sound."""
    folder = resources.files("workflow") / "schemes"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return {name.removesuffix(".yaml"): (folder / name).read_text(encoding="utf-8") for name in names}


def shelve(shelf: SchemeShelf, at: datetime) -> None:
    """Put the schemes that come with Examboard on a shelf, unless it has them, or its own of that version or newer."""
    texts = {hashlib.sha256(text.encode()).hexdigest(): (name, text) for name, text in packaged().items()}
    missing = [entry for digest, entry in texts.items() if not shelf.has(digest)]
    if not missing:
        return
    versions = {pinned.scheme.scheme: pinned.scheme.version for pinned in shelf.current()}
    for name, text in missing:
        pinned = pin_again(text, f"{name}.yaml")
        if pinned.scheme.version > versions.get(pinned.scheme.scheme, 0):
            shelf.put(pinned, at)


def schemes(shelf: SchemeShelf | None) -> tuple[Pinned, ...]:
    """Give every scheme that is known: those on the board's shelf, if there is one, and then whatever is packaged."""
    found = {p.scheme.scheme: p for p in shelf.current()} if shelf else {}
    for name, text in packaged().items():
        if name not in found:
            found[name] = pin_again(text, f"{name}.yaml")
    return tuple(found[name] for name in sorted(found))


def scheme_named(name: str, shelf: Callable[[], SchemeShelf | None]) -> Pinned:
    """
    Find a scheme by its id, a name of its edition, or its file.

    Args:
        name: What the user wrote.
        shelf: Gives the board's shelf; not asked where a file is named.

    Raises:
        NotFound: there is none.
        Invalid: the file holds no sound scheme.
    """
    file = Path(name)
    if file.suffix in (".yaml", ".yml", ".json") or "/" in name:
        return pin(read_text(file), name)
    known = schemes(shelf())
    wanted = name.casefold()
    found = [p for p in known if wanted == p.scheme.scheme] or [
        p for p in known if wanted in {n.casefold() for n in p.scheme.edition.names}
    ]
    if len(found) != 1:
        there = ", ".join(f"{p.scheme.scheme} ({p.scheme.edition.names[0]})" for p in found or known)
        raise NotFound(f"{'several schemes are' if found else 'no scheme is'} called {name!r}; there are: {there}")
    return found[0]


def level_named(pinned: Pinned, name: str) -> int:
    """
    Find a level of a scheme by its number or name.

    Raises:
        NotFound: it has no such level.
    """
    level = pinned.scheme.level_named(name)
    if level is None:
        known = ", ".join(f"{n} ({x.title})" for n, x in sorted(pinned.scheme.levels.items()))
        raise NotFound(f"scheme {pinned.scheme.scheme} has no level {name!r}; it has: {known}")
    return level
