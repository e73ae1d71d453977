"""
Parts that are `like` one another: what they leave out is filled in, and what is wrong with it is told once.

Pure. Works on parts as they stand in a document, before anything in them has been checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic_core import ErrorDetails

from workflow.wording import nearest

_NOT_TAKEN: Final = ("names", "like")


def filled_in(parts: Mapping[Any, Any]) -> dict[Any, Any]:
    """
    Fill in what parts leave out because they are `like` another one.

    Args:
        parts: The parts as they stand in a document; whatever is wrong in them is left to be found there.
    """
    return {key: _filled_in(parts, key, ()) for key in parts}


def _filled_in(parts: Mapping[Any, Any], key: Any, seen: tuple[Any, ...]) -> Any:
    part = parts[key]
    like = _like(parts, key)
    if like is None or like == key or like in seen:
        return part
    other = _filled_in(parts, like, (*seen, key))
    if not isinstance(other, Mapping) or "like" in other:
        return part
    return {**{k: v for k, v in other.items() if k not in _NOT_TAKEN}, **{k: v for k, v in part.items() if k != "like"}}


def _like(parts: Mapping[Any, Any], key: Any) -> str | None:
    part = parts[key]
    like = part.get("like") if isinstance(part, Mapping) else None
    return like if isinstance(like, str) and like in parts else None


def told_once(found: Iterable[tuple[Sequence[Any], str]], document: object) -> list[bool]:
    """
    Tell for each problem of a document whether it is to be told where it was found.

    Args:
        found: Path and text of each problem.
        document: The document as it was written.

    Returns:
        For each False where it lies in what a part took over from one that has the same problem.
    """
    parts = _parts(document)
    problems = [(tuple(path), text.partition(";")[0]) for path, text in found]  # what is suggested may differ
    known = set(problems)
    return [not _is_of_another(path, text, known, parts) for path, text in problems]


def _is_of_another(
    path: tuple[Any, ...], text: str, known: set[tuple[tuple[Any, ...], str]], parts: Mapping[Any, Any]
) -> bool:
    if len(path) < 2 or path[0] != "parts" or path[1] not in parts:
        return False
    like = _like(parts, path[1])
    if like is None or (len(path) > 2 and path[2] in parts[path[1]]):
        return False
    return (("parts", like, *path[2:]), text) in known


def told_of_like(items: Iterable[ErrorDetails], document: object) -> Iterator[ErrorDetails]:
    """
    Leave out of the problems of parts what only repeats another one.

    A part that is like one that does not exist lacks fields for this reason alone; the nearest part is named instead.

    Args:
        items: The problems, as the models tell them.
        document: The document as it was written.
    """
    parts, listed = _parts(document), list(items)
    lost = {
        key for key, part in parts.items() if isinstance(part, Mapping) and "like" in part and not _like(parts, key)
    }
    once = told_once([(item["loc"], item["msg"]) for item in listed], document)
    for item, is_told in zip(listed, once, strict=True):
        loc = item["loc"]
        is_lost = len(loc) > 2 and loc[0] == "parts" and loc[1] in lost
        if not is_told or (is_lost and item["type"] == "missing"):
            continue
        if is_lost and loc[2] == "like" and isinstance(item["input"], str):
            others = [key for key in parts if key != loc[1]]
            text = f"no other part is called {item['input']!r}{nearest(item['input'], others)}"
            yield {**item, "msg": text}
        else:
            yield item


def _parts(document: object) -> Mapping[Any, Any]:
    parts = document.get("parts") if isinstance(document, Mapping) else None
    return parts if isinstance(parts, Mapping) else {}
