"""Scheme documents and worked cases as files: found beside each other, or among those that come with Examboard."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Final

from cli.files import STDIN, name_of, read_text
from cli.shelf import is_file, packaged, pinned_file, scheme_named
from workflow.cases.worked import Cases, is_cases, read_cases
from workflow.document import read_yaml
from workflow.errors import Invalid, NotFound, Problem
from workflow.ports import SchemeShelf
from workflow.scheme import Pinned

CASES: Final = ".cases.yaml"
Shelf = Callable[[], SchemeShelf | None]


def cases_named(name: str, scheme: str, shelf: Shelf) -> tuple[Cases, tuple[Pinned, ...]]:
    """
    Find a file of worked cases and the schemes that it is about.

    Args:
        name: A file of cases, a scheme with cases beside it, or the id of a scheme that comes with Examboard.
        scheme: Id or file of the scheme to try them on instead; empty: the one that the cases name.
        shelf: Gives the board's shelf; not asked where a file is named.

    Raises:
        NotFound: there is no such file, or no cases beside the scheme.
        Invalid: a file is not as it must be.
    """
    file = Path(name)
    if not file.suffix and "/" not in name and file != STDIN and not file.exists():
        return _packaged(name, scheme, shelf)
    text = read_text(file)
    if is_cases(node := read_yaml(text, name_of(file))):
        cases = read_cases(text, name_of(file), node)
        return cases, _schemes(cases, file, scheme, shelf)
    pinned = pinned_file(file, shelf)
    beside = file.with_name(pinned.scheme.cases or file.name.removesuffix(file.suffix) + CASES)
    if not beside.exists():
        raise NotFound(f"{name}: no worked cases beside it; write them in {beside}, or name the file under `cases`")
    cases = read_cases(read_text(beside), str(beside))
    return cases, (scheme_named(scheme, shelf) if scheme else pinned,)


def _packaged(name: str, scheme: str, shelf: Shelf) -> tuple[Cases, tuple[Pinned, ...]]:
    pinned = scheme_named(name, shelf)
    known = pinned.scheme.scheme
    if known not in packaged():
        raise NotFound(f"scheme {known} is on the shelf without its cases; name the file of cases")
    where = f"{known}{CASES}"
    text = (resources.files("workflow") / "schemes" / where).read_text(encoding="utf-8")
    cases = read_cases(text, where)
    return cases, _schemes(cases, None, scheme or known, shelf)


def _schemes(cases: Cases, file: Path | None, scheme: str, shelf: Shelf) -> tuple[Pinned, ...]:
    if scheme:
        return (scheme_named(scheme, shelf),)
    folder = file.parent if file else Path()
    if cases.file.scheme is None:
        beside = folder / (file.name.removesuffix(CASES) + ".yaml" if file else "")
        if not file or not file.name.endswith(CASES) or not beside.exists():
            text = "says of no scheme; give `scheme`, its file or id, at the head of the file"
            raise Invalid([Problem(cases.where, 1, "scheme", text)])
        return (pinned_file(beside, shelf),)
    found = []
    for name in cases.file.scheme:
        try:
            found.append(pinned_file(folder / name, shelf) if is_file(name) else scheme_named(name, shelf))
        except NotFound as error:
            raise Invalid([cases.problem(("scheme",), str(error))]) from None
    return tuple(found)
