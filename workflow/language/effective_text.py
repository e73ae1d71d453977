"""
The text of an effective document: written in one way only, so that the same rules always have the same digest.

Pure. Plain values in YAML 1.2, a mapping a line for each of its fields, lists and what stands in them on one line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Origin:
    """
    Where a line of an effective document comes from.

    Attributes:
        where: The document, as messages name it.
        line: The line there.
        is_set: Whether the board's own policy set it; else it is the standard's.
    """

    where: str
    line: int
    is_set: bool


_BARE: Final = re.compile(r"[A-Za-z\u4e00-\u9fff][\w .()/\u4e00-\u9fff-]*[\w.)\u4e00-\u9fff]|[A-Za-z]", re.UNICODE)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_WORDS_OF_YAML: Final = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        is_bare = _BARE.fullmatch(value) and value.lower() not in _WORDS_OF_YAML
        return value if is_bare or _DAY.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def written(value: Mapping[Any, Any], origins: Mapping[Path, Origin], at: Path) -> Iterator[tuple[str, Origin | None]]:
    """Write a mapping in lines, each with where it comes from; None for a line that belongs to both documents."""
    indent = "  " * len(at)
    for key, item in value.items():
        path = (*at, key)
        origin = origins.get(path)
        if isinstance(item, dict) and item:
            yield f"{indent}{_scalar(key)}:", None if _is_mixed(origins, path) else origin
            yield from written(item, origins, path)
        elif isinstance(item, list) and any(isinstance(entry, dict | list) for entry in item):
            yield f"{indent}{_scalar(key)}:", origin
            for i, entry in enumerate(item):
                yield f"{indent}  - {_flow(entry)}", origins.get((*path, i), origin)
        else:
            yield f"{indent}{_scalar(key)}: {_flow(item)}", origin


def _is_mixed(origins: Mapping[Path, Origin], path: Path) -> bool:
    return len({origin.is_set for known, origin in origins.items() if known[: len(path)] == path}) > 1


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)
