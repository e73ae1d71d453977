"""
What is wrong with a field, in plain words: what was found is said by the caller, here is what must be written instead.

Pure. Knows the errors of the models by their kind; an error that it does not know keeps the words that it came with.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from workflow.language.described import descriptions, model_at, places_of

_PATTERNS: Final[Mapping[str, str]] = {
    r"^[a-z][a-z0-9_]*$": "must be a name of small letters, digits and _, beginning with a letter, such as theory_exam",
    r"^[a-z0-9][a-z0-9-]*$": "must be an id of small letters, digits and -, such as first-aid",
    r"^[A-Za-z0-9.-]{1,10}$": "must be a number of the rules such as 2a or 3.1: letters, digits, . and -, at most 10",
    r"^\d{2}-\d{2}$": "must be a day of the year written MM-DD, in quotes",
}
_INSIDE: Final = re.compile(r"'([^']+)'")


def nearest(word: object, allowed: Iterable[object]) -> str:
    """Suggest the allowed word nearest to a wrong one, or list those allowed: the end of a sentence that names it."""
    words = list(dict.fromkeys(map(str, allowed)))
    folded = [known for known in words if known.casefold() == str(word).casefold()]
    begun = [known for known in words if known.startswith(f"{word}_")]
    near = folded or difflib.get_close_matches(str(word), words, n=1) or (begun if len(begun) == 1 else [])
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; allowed: {', '.join(words)}" if words else ""


def said(item: ErrorDetails, path: Sequence[str | int], model: type[BaseModel]) -> str:
    """
    Say what must be written instead.

    Args:
        item: The error.
        path: Where it lies, without what the models call their own alternatives.
        model: The model of the whole document.
    """
    say = _SAYINGS.get(item["type"])
    return say(item, path, model) if say else item["msg"].removeprefix("Value error, ")


def _missing(_item: ErrorDetails, path: Sequence[str | int], model: type[BaseModel]) -> str:
    above = model_at(model, path[:-1])
    meaning = descriptions(above).get(str(path[-1])) if above else None
    return f"must be given: {meaning[0].lower()}{meaning[1:].rstrip('.')}" if meaning else "must be given"


def _extra(_item: ErrorDetails, path: Sequence[str | int], model: type[BaseModel]) -> str:
    above = model_at(model, path[:-1])
    names = [field.alias or name for name, field in above.model_fields.items()] if above else []
    hint = nearest(path[-1], names)
    places = [] if "did you mean" in hint else places_of(model, str(path[-1]))
    elsewhere = f"; it is a field of {' and of '.join(places[:2])}" if places else ""
    return f"no such field{elsewhere}{hint}"


def _literal(item: ErrorDetails, _path: Sequence[str | int], _model: type[BaseModel]) -> str:
    expected = item["ctx"]["expected"]
    found = item["input"]
    near = nearest(found, _INSIDE.findall(expected)) if isinstance(found, str | int) else ""
    return f"must be {expected}" + (near if "did you mean" in near else "")


def _pattern(item: ErrorDetails, _path: Sequence[str | int], _model: type[BaseModel]) -> str:
    pattern = item["ctx"]["pattern"]
    return _PATTERNS.get(pattern, f"must be written like {pattern}")


def _fields(item: ErrorDetails, path: Sequence[str | int], model: type[BaseModel]) -> str:
    known = model_at(model, path)
    names = ", ".join(known.model_fields) if known else ""
    return f"must hold fields, indented below it: {names}{_example(known)}" if known else "must hold fields"


def _example(model: type[BaseModel]) -> str:
    """Show how a model is written that asks for whole numbers alone."""
    fields = model.model_fields
    needed = [name for name, field in fields.items() if field.is_required()] or list(fields)[:1]
    is_plain = all(fields[name].annotation in (int, int | None) for name in needed)
    return f", such as {{{', '.join(f'{name}: 1' for name in needed)}}}" if needed and is_plain else ""


def _text(item: ErrorDetails, _path: Sequence[str | int], _model: type[BaseModel]) -> str:
    found = item["input"]
    is_plain = isinstance(found, str | int | float) or type(found).__name__ == "date"
    return f'must be a text: write it in quotes, "{found}"' if is_plain else "must be a text"


def _list(item: ErrorDetails, _path: Sequence[str | int], _model: type[BaseModel]) -> str:
    found = item["input"]
    if isinstance(found, str):
        return f"must be a list: write [{found}]" if found.isidentifier() else f'must be a list: write ["{found}"]'
    return "must be a list: write [a, b]"


def _plain(text: str) -> Callable[[ErrorDetails, Sequence[str | int], type[BaseModel]], str]:
    def say(item: ErrorDetails, _path: Sequence[str | int], _model: type[BaseModel]) -> str:
        return text.format_map(_Bounds(item.get("ctx", {})))

    return say


class _Bounds(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


_SAYINGS: Final[Mapping[str, Callable[[ErrorDetails, Sequence[str | int], type[BaseModel]], str]]] = {
    "missing": _missing,
    "extra_forbidden": _extra,
    "literal_error": _literal,
    "string_pattern_mismatch": _pattern,
    "model_type": _fields,
    "model_attributes_type": _fields,
    "dict_type": _plain("must hold names with their values, indented below it"),
    "string_type": _text,
    "tuple_type": _list,
    "list_type": _list,
    "int_type": _plain("must be a whole number"),
    "int_parsing": _plain("must be a whole number"),
    "int_from_float": _plain("must be a whole number"),
    "bool_type": _plain("must be true or false"),
    "greater_than_equal": _plain("must be at least {ge}"),
    "greater_than": _plain("must be more than {gt}"),
    "less_than_equal": _plain("must be at most {le}"),
    "less_than": _plain("must be less than {lt}"),
    "too_short": _plain("must have at least {min_length}: it is empty or too short"),
    "too_long": _plain("has more than {max_length} entries"),
    "string_too_short": _plain("must not be empty"),
    "string_too_long": _plain("is longer than {max_length} characters"),
}
