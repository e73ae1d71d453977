"""
Strict documents: the base of every model that is read from a file, and YAML read with its line numbers.

Owns the portable value types (a day, a text, marks) and the listing of all problems of a document at once.
Never opens a file: callers pass the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase
from ruamel.yaml.constructor import RoundTripConstructor, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from workflow.errors import Invalid, Problem
from workflow.wording import nearest as nearest
from workflow.wording import said

FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2999, 12, 31)
_MOST_CHARACTERS: Final = 2_000_000
_NO_DAY: Final = "must be a day written YYYY-MM-DD"
_LINE_ENDS: Final = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_PLAIN_SCALAR: Final = re.compile(r"[-+.\w]+")
_ISO_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def parse_day(value: object) -> date:
    """
    Read a calendar day.

    Args:
        value: A `date`, or text `YYYY-MM-DD`. An instant is refused: the day that it falls on depends on the zone.

    Raises:
        ValueError: not a day that exists, or outside 1900-01-01 to 2999-12-31.
    """
    if isinstance(value, str):
        return _written_day(value.strip())
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError(_NO_DAY)
    return _in_range(value)


@lru_cache(maxsize=65_536)  # a caseload names few days many times
def _written_day(text: str) -> date:
    if not _ISO_DAY.fullmatch(text):
        raise ValueError(_NO_DAY)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("no such day in the calendar") from None
    return _in_range(day)


def _in_range(value: date) -> date:
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError(f"must lie between {FIRST_DAY} and {LAST_DAY}")
    return date(value.year, value.month, value.day)  # ruamel's own date class would not compare as a plain one


def _portable(value: str) -> str:
    if value.isascii() and "\x00" not in value and len(value) <= 2000:  # most are
        return str(value)
    if "\x00" in value:
        raise ValueError("holds a NUL character")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("holds half a character (a lone surrogate)") from None
    if len(value) > 2000:
        raise ValueError("is longer than 2000 characters")
    return str(value)


def parse_marks(value: object) -> Decimal:
    """
    Read marks on a part's own scale, exactly: never through a binary fraction.

    Raises:
        ValueError: not a plain number, negative, or with more than two decimals.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError("is not a number")
    return _written_marks(str(value))


@lru_cache(maxsize=65_536)  # few different marks are given
def _written_marks(text: str) -> Decimal:
    try:
        marks = Decimal(text)
    except InvalidOperation:
        raise ValueError("is not a number") from None
    if not marks.is_finite() or "e" in text.lower():
        raise ValueError("is not a plain number")
    if marks < 0 or marks > 100_000:
        raise ValueError("must lie between 0 and 100000")
    if marks != round(marks, 2):
        raise ValueError("has more than two decimals")
    normal = marks.normalize()
    return normal if normal.as_tuple().exponent <= 0 else normal.quantize(Decimal(1))  # type: ignore[operator]


Day = Annotated[date, BeforeValidator(parse_day)]
Text = Annotated[str, AfterValidator(_portable)]
Marks = Annotated[Decimal, BeforeValidator(parse_marks), PlainSerializer(str, return_type=str, when_used="json")]


class Strict(BaseModel):
    """A document node: no unknown field, no silent conversion, no change after reading."""

    # Built with its first use: a command starts with some hundred models, and asks a few of them.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    @classmethod
    def own_problems(cls, items: list[ErrorDetails], node: object) -> list[ErrorDetails]:
        """Give the problems that are to be told of a document: all, where the model fills nothing in."""
        return items


M = TypeVar("M", bound=Strict)


class _PlainDays(RoundTripConstructor):
    """Leaves a day as the text that it is, so that an impossible one is told like any other wrong field."""


_PlainDays.add_constructor("tag:yaml.org,2002:timestamp", RoundTripConstructor.construct_scalar)


class _BareDays(SafeConstructor):
    """The same for values without line numbers."""


_BareDays.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_scalar)
# Tags, merged mappings and directives: where a value would not be the same without line numbers, or might not.
_NOT_BARE: Final = re.compile(r"!|<<|%YAML|%TAG")


def read_yaml(text: str, where: str) -> Any:
    """
    Parse YAML 1.2 (of which JSON is a part), keeping line numbers.

    Args:
        text: The document.
        where: Its name in messages.

    Raises:
        Invalid: not YAML, a key given twice, an alias (which can explode), or larger than two million characters.
    """
    if len(text) > _MOST_CHARACTERS:
        raise Invalid([Problem(where, 0, "", f"is larger than {_MOST_CHARACTERS} characters")])
    parser = YAML(typ="rt")
    parser.Constructor = _PlainDays
    try:
        # An alias needs an anchor, and most documents hold no ampersand: they are spared the scan.
        if "&" in text and any(type(token).__name__ == "AliasToken" for token in YAML(typ="rt").scan(text)):
            raise Invalid([Problem(where, 0, "", "uses a YAML alias (*name); write the value out")])
        return parser.load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        text = str(error.problem or error.context or "is not YAML")
        raise Invalid([Problem(where, line, "", text + _hint(text))]) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise Invalid([Problem(where, 0, "", f"is not YAML: {str(error).splitlines()[0]}")]) from None


def _hint(problem: str) -> str:
    """Say what most often stands behind what a parser says."""
    if "mapping values are not allowed" in problem:
        return "; look at the indentation, and put a text with `: ` in it in quotes"
    if "cannot start any token" in problem:
        return "; indent with blanks and not with tabs, and put a text that begins so in quotes"
    if "duplicate key" in problem:
        return "; every field is given once"
    return ""


def read_again(text: str, where: str) -> Any:
    """
    Parse a document that `read_yaml` has accepted before: the same values without their lines, in less time.

    Raises:
        Invalid: as for `read_yaml`, which is asked about whatever is unusual.
    """
    if not _NOT_BARE.search(text):
        parser = YAML(typ="safe", pure=True)  # the C parser that ruamel knows of reads YAML 1.1
        parser.Constructor = _BareDays
        with suppress(YAMLError, ValueError, RecursionError):
            return parser.load(text)
    return read_yaml(text, where)


def line_of(node: object, path: Sequence[str | int]) -> int:
    """Give the line, from 1, at which a path of keys lies in a YAML document; the nearest parent's if it is absent."""
    line = 1
    for key in path:
        if not isinstance(node, CommentedBase):
            break
        try:
            line = (node.lc.item(key) if isinstance(key, int) else node.lc.key(key))[0] + 1
            node = node[key]  # type: ignore[index]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
    return line


def _written_number(text: str, node: object, path: Sequence[str | int]) -> str | None:
    """Give a number or truth value as it stands in the text, with the zeros at its end; None where nothing is found."""
    for key in path[:-1]:
        node = node[key]  # type: ignore[index]
    if not isinstance(node, CommentedBase):
        return None
    try:
        row, column = node.lc.value(path[-1]) if isinstance(node, dict) else node.lc.item(path[-1])
        line = _LINE_ENDS.split(text)[row]
    except (KeyError, IndexError, TypeError, AttributeError):
        return None  # a field that is missing, or that the model has filled in
    found = _PLAIN_SCALAR.match(line, column)
    return found[0] if found else None


def _problems_of(error: ValidationError, model: type[Strict], text: str, where: str, node: object) -> list[Problem]:
    """List every problem that validation found, each with its line, its field and the nearest right word."""
    found: dict[tuple[str | int, ...], tuple[list[str], str]] = {}
    items = model.own_problems(error.errors(include_url=False), node)
    for item in items:
        path = _written_path(item["loc"], node)
        if item["type"] == "too_short" and any(i["loc"][: len(path)] == item["loc"] != i["loc"] for i in items):
            continue  # only short because something in it is wrong
        value = item["input"] if isinstance(item["input"], str | int | float | date | Decimal) else None
        shown = "" if value is None else _brief(value)
        if isinstance(value, int | float) and (written := _written_number(text, node, path)):
            shown, item = written[:80], {**item, "input": written[:80]}
        texts, _value = found.setdefault(path, ([], shown))
        texts.append(said(item, path, model))
    return [
        Problem(where, line_of(node, path), ".".join(map(str, path)), " or ".join(dict.fromkeys(texts)), value)
        for path, (texts, value) in found.items()
    ]


def _brief(value: object) -> str:
    try:
        return repr(value)[:80]
    except ValueError:  # Python writes no number of more than some thousand digits
        return "a number of thousands of digits"


def _written_path(loc: Sequence[str | int], node: object) -> tuple[str | int, ...]:
    """Give the path as it is written in the document, without the names of the alternatives that a model tried."""
    path: list[str | int] = []
    for i, key in enumerate(loc):
        is_there = key in node if isinstance(node, dict) else isinstance(node, list) and isinstance(key, int)
        if is_there:
            node = node[key]  # type: ignore[index]
            path.append(key)
        elif i == len(loc) - 1 and isinstance(node, dict) and key != "[key]" and str(key).isidentifier():
            path.append(key)  # a field that is missing
    return tuple(path)


def read_document(model: type[M], text: str, where: str, node: Any = None) -> M:
    """
    Read a YAML or JSON document into its model.

    Args:
        model: The model.
        text: The document.
        where: Its name in messages.
        node: The document as `read_yaml` gives it, where the caller has it already.

    Raises:
        Invalid: with every problem at once, each with line and field.
    """
    node = read_yaml(text, where) if node is None else node
    if not isinstance(node, dict):
        what = "is empty" if node is None else "must hold fields with their values, not a list or a single value"
        raise Invalid([Problem(where, 1, "", what)])
    try:
        return model.model_validate(node)
    except ValidationError as error:
        raise Invalid(_problems_of(error, model, text, where, node)) from None
