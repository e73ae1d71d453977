"""
Schemes that a command may name: on the board's shelf, among those that come with Examboard, or in a file.

The board's own shelf counts first: it may hold a newer version of a scheme that comes with Examboard.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path

from cli.files import name_of, read_text
from workflow.checking.check import pin, pin_again
from workflow.errors import Invalid, NotFound, Problem
from workflow.language.extending import Effective, effective
from workflow.ports import SchemeShelf
from workflow.scheme import Pinned


@cache
def packaged() -> dict[str, str]:
    """Give the texts of the scheme documents that come with Examboard, by the id of the scheme; all are sound."""
    folder = resources.files("workflow") / "schemes"
    files = [entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    names = sorted(name for name in files if not name.endswith(".cases.yaml"))
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


def pinned_file(file: Path, shelf: Callable[[], SchemeShelf | None] = lambda: None) -> Pinned:
    """
    Read a scheme from its file, or from stdin, with all that it extends.

    Args:
        file: The file.
        shelf: Gives the board's shelf; asked only where the scheme extends one that is not a file.

    Raises:
        NotFound: there is no such file, or what it extends is not there.
        Invalid: it holds no sound scheme; every problem is told at the line where it can be mended.
    """
    found = effective_file(file, shelf)
    try:
        return pin(found.text, name_of(file))
    except Invalid as error:
        if not found.base:
            raise
        raise Invalid(_at_its_origin(problem, found) for problem in error.problems) from None


def effective_file(file: Path, shelf: Callable[[], SchemeShelf | None]) -> Effective:
    """
    Give the effective document of a file.

    Raises:
        NotFound, Invalid: see `pinned_file`.
    """

    def find(name: str) -> tuple[str, str]:
        if is_file(name):
            base = file.parent / name
            return read_text(base), name_of(base)
        pinned = scheme_named(name, shelf)
        return pinned.text, pinned.scheme.scheme

    return effective(read_text(file), name_of(file), find)


def effective_named(name: str, shelf: Callable[[], SchemeShelf | None]) -> tuple[Effective, str]:
    """
    Give the effective document of a scheme, by its id, a name of its edition, or its file, and its digest.

    Raises:
        NotFound, Invalid: see `scheme_named`.
    """
    pinned = scheme_named(name, shelf)
    if is_file(name):
        return effective_file(Path(name), shelf), pinned.digest
    return effective(pinned.text, pinned.scheme.scheme, lambda base: ("", base)), pinned.digest


def _at_its_origin(problem: Problem, found: Effective) -> Problem:
    origin = found.origins[problem.line - 1] if 0 < problem.line <= len(found.origins) else None
    return replace(problem, where=origin.where, line=origin.line) if origin else replace(problem, line=0)


def is_file(name: str) -> bool:
    """Tell whether what the user wrote names a file, and not an id or a name of an edition."""
    return Path(name).suffix in (".yaml", ".yml", ".json") or "/" in name


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
    if is_file(name):
        return pinned_file(Path(name), shelf)
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
