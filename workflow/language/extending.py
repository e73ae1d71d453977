"""
A board's own policy over a standard: a document that extends another and changes only what a board may set.

Pure. The effective document is a text like any other: complete, canonical, pinned by its own digest and kept in the
database, so that an application filed under it never needs the base again (design.md, law 3). Where each of its lines
comes from is known when it is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import Field

from workflow.document import Strict, Text, line_of, nearest, read_yaml
from workflow.errors import Invalid, Problem
from workflow.language.effective_text import Origin, written

Path = tuple[str | int, ...]
Find = Callable[[str], tuple[str, str]]

# What a board may set, by path; `*` stands for any name. A block is set whole, with the clause that stands in it.
MAY_SET: Final[tuple[str, ...]] = (
    "scheme",
    "version",
    "title",
    "cases",
    "time_zone",
    "rest_days",
    "board_rest_days",
    "board_working_days",
    "sources.*",
    "edition.names",
    "edition.offered_from",
    "edition.offered_until",
    "edition.clause",
    "parts.*.names",
    "parts.*.forms",
    "parts.*.resits",
    "parts.*.entry",
    "parts.*.recheck",
    "parts.*.panel",
    "parts.*.staffing",
    "certificate.number",
    "certificate.fields",
    "certificate.clause",
    "levels.*.names",
    "levels.*.deadlines",
)
_MUST: Final = ("extends", "scheme", "version")
_MOST_BASES: Final = 8
_HEAD: Final = (
    "# Made by Examboard from a board's policy and the standard that it extends. Change those, and never this text."
)


class Extended(Strict):
    """
    Of what an effective document was made, beside the board's own policy.

    Attributes:
        scheme: Id of the document that it extends.
        version: Its version.
        digest: sha256 of its text.
    """

    scheme: Text
    version: int = Field(ge=1)
    digest: Text


@dataclass(frozen=True)
class Effective:
    """
    A document with all that it extends.

    Attributes:
        text: The effective text, which is pinned; the document's own where it extends nothing.
        origins: Where each line of the text comes from; None for a line that belongs to both.
        base: Name of the document that it extends; empty if there is none.
    """

    text: str
    origins: tuple[Origin | None, ...]
    base: str = ""


def effective(text: str, where: str, find: Find) -> Effective:
    """
    Give the effective document of a text; itself, to the last character, where it extends nothing.

    Args:
        text: The document.
        where: Its name in messages.
        find: Gives the text and the name of the document called so; raises NotFound.

    Raises:
        Invalid: with everything that the board may not set, each with its line and what may be set there.
        NotFound: the document that it extends is not there.
    """
    node = read_yaml(text, where)
    if not _is_over_another(node):
        return Effective(text, tuple(Origin(where, n, False) for n in range(1, text.count("\n") + 2)))
    merged, origins = _merged(node, where, find, ())
    lines: list[tuple[str, Origin | None]] = [(_HEAD, None), *written(merged, origins, ())]
    whole = "".join(f"{line}\n" for line, _ in lines)
    return Effective(whole, tuple(origin for _, origin in lines), str(node["extends"]))


def _is_over_another(node: object) -> bool:
    """Tell whether a document extends another; an effective one says of what it was made, which is no name."""
    return isinstance(node, dict) and "extends" in node and not isinstance(node["extends"], dict)


def _merged(
    node: Mapping[str, Any], where: str, find: Find, seen: tuple[str, ...]
) -> tuple[dict[Any, Any], dict[Path, Origin]]:
    """Give the values of a document with all that it extends, and where each comes from."""
    origins: dict[Path, Origin] = {}
    if not _is_over_another(node):
        plain = _plain(node)
        for path in _paths(plain, ()):
            origins[path] = Origin(where, line_of(node, path), False)
        return plain, origins
    base_name = node["extends"]
    _refuse(node, where, _heading_faults(node, base_name, seen))
    base_text, base_where = find(str(base_name))
    base_node = read_yaml(base_text, base_where)
    if not isinstance(base_node, dict):
        raise Invalid([Problem(base_where, 1, "", "holds no scheme that could be extended")])
    merged, origins = _merged(base_node, base_where, find, (*seen, str(base_name)))
    digest = hashlib.sha256(base_text.encode()).hexdigest()
    came = {"scheme": merged.get("scheme"), "version": merged.get("version"), "digest": digest}
    faults: list[tuple[Path, str]] = []
    own = _plain({key: value for key, value in node.items() if key != "extends"})
    for path, value in list(_settings(own, merged, faults)):
        _set(merged, origins, path, value, where, node)
    _refuse(node, where, faults)
    above: list[Path] = [("extends",), *(("extends", key) for key in came)]
    origins.update(dict.fromkeys(above, Origin(where, line_of(node, ("extends",)), True)))
    first = {key: merged.pop(key) for key in ("scheme", "version", "title") if key in merged}
    merged.pop("extends", None)
    return {**first, "extends": came, **merged}, origins


def _heading_faults(node: Mapping[str, Any], base: object, seen: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    for name in _MUST:
        if name not in node:
            yield (name,), f"a document that extends another needs its own `{name}`"
    if not isinstance(base, str) or not base:
        yield ("extends",), "names the scheme that it extends, by its id or its file"
    elif base in seen or len(seen) >= _MOST_BASES:
        yield ("extends",), f"extends itself: {' -> '.join((*seen, base))}"


def _refuse(node: object, where: str, faults: Iterator[tuple[Path, str]] | list[tuple[Path, str]]) -> None:
    found = [Problem(where, line_of(node, path), ".".join(map(str, path)), text) for path, text in faults]
    if found:
        raise Invalid(found)


def _settings(
    own: Mapping[Any, Any], base: Mapping[Any, Any], faults: list[tuple[Path, str]], at: Path = ()
) -> Iterator[tuple[Path, Any]]:
    """Give every setting of a board's document that it may make; note the others as faults."""
    for key, value in own.items():
        path = (*at, key)
        if _may_be_set(path):
            yield path, value
        elif not _leads_to_setting(path):
            faults.append((path, _not_settable(path, base)))
        elif key not in base and len(path) > 1:
            faults.append((path, f"{_dotted(at)} of the standard has no {key!r}{nearest(key, base)}"))
        elif isinstance(value, dict) and isinstance(base.get(key, {}), dict):
            yield from _settings(value, base.get(key) or {}, faults, path)
        else:
            faults.append((path, f"must hold the fields that are to be set: {', '.join(_settable_below(path))}"))


def _pattern(path: Path) -> list[str]:
    """Give the patterns of what may be set whose beginning fits a path."""
    return [
        pattern
        for pattern in MAY_SET
        if all(want in ("*", str(key)) for want, key in zip(pattern.split("."), path, strict=False))
    ]


def _may_be_set(path: Path) -> bool:
    return any(len(pattern.split(".")) == len(path) for pattern in _pattern(path))


def _leads_to_setting(path: Path) -> bool:
    return any(len(pattern.split(".")) > len(path) for pattern in _pattern(path))


def _settable_below(path: Path) -> list[str]:
    return list(
        dict.fromkeys(pattern.split(".")[len(path)] for pattern in _pattern(path) if pattern.count(".") >= len(path))
    )


def _not_settable(path: Path, base: Mapping[Any, Any]) -> str:
    there = _settable_below(path[:-1])
    if path[-1] in base:
        return f"is for the standard to say; a board may set here: {', '.join(there)}"
    return f"is nothing that a board may set{nearest(path[-1], there)}"


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))


def _set(merged: dict[Any, Any], origins: dict[Path, Origin], path: Path, value: Any, where: str, node: object) -> None:
    """Put a setting in; null takes what the standard says away."""
    target = merged
    for key in path[:-1]:
        if key not in target:
            target[key] = {}
            origins[path[: path.index(key) + 1]] = Origin(where, line_of(node, path), True)
        target = target[key]
    for known in [p for p in origins if p[: len(path)] == path]:
        del origins[known]
    if value is None:
        target.pop(path[-1], None)
        return
    target[path[-1]] = value
    origins[path] = Origin(where, line_of(node, path), True)
    for below in _paths(value, path):
        origins[below] = Origin(where, line_of(node, below), True)


def _plain(value: Any) -> Any:
    """Give the plain values of a document that was read with its lines."""
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    return value


def _paths(value: Any, at: Path) -> Iterator[Path]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*at, key)
        yield from _paths(item, (*at, key))
