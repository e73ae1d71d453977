"""
The JSON Schema of documents, with the descriptions that stand in the models: editors complete and explain by it.

Pure. A field is described by its line under `Attributes` in the docstring of its model, so that nothing is said twice.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel

_FIELD: Final = re.compile(r"^(\w+): (.+)$")


def json_schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    """
    Give the JSON Schema (2020-12) of a document, every field with its description.

    Args:
        model: The model of the whole document.
        title: What the document is, for people.
    """
    schema = model.model_json_schema()
    named = {known.__name__: known for known in _models(model, set())}
    for name, node in [(model.__name__, schema), *schema.get("$defs", {}).items()]:
        for shape in [node, *node.get("anyOf", [])]:
            if isinstance(shape.get("properties"), dict) and name in named:
                _describe(shape, named[name])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}


def descriptions(model: type[BaseModel]) -> dict[str, str]:
    """Give the description of each field of a model, those that it inherits included."""
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if issubclass(kind, BaseModel) and kind is not BaseModel:
            found.update(_attributes(inspect.cleandoc(kind.__doc__ or "")))
    return {name: found[name] for name in model.model_fields if name in found}


def model_at(model: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel] | None:
    """Give the model of the node to which a path of keys leads; None where it leads to no model."""
    kind: Any = model
    for key in path:
        kind = _below(kind, key)
        if kind is None:
            return None
    return _model_in(kind)


def places_of(model: type[BaseModel], field: str) -> list[str]:
    """Name the places of a document where a field may stand, as paths in which `*` is any name."""
    found: list[str] = []
    _collect(model, field, "", set(), found)
    return found


def _collect(kind: Any, field: str, at: str, seen: set[Any], found: list[str]) -> None:
    known = _model_in(kind)
    if known is not None:
        if known in seen:
            return
        names = {info.alias or name: info.annotation for name, info in known.model_fields.items()}
        if field in names and at:
            found.append(at)
        for name, inner in names.items():
            _collect(inner, field, f"{at}.{name}".lstrip("."), {*seen, known}, found)
        return
    for inner in get_args(kind):
        if get_origin(kind) is dict:
            _collect(get_args(kind)[1], field, f"{at}.*", seen, found)
            return
        if inner is not kind:
            _collect(inner, field, at, seen, found)


def _model_in(kind: Any) -> type[BaseModel] | None:
    """Give the model that a type is, perhaps beside None; a mapping or a list of models is none."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    if get_origin(kind) in (dict, tuple, list):
        return None
    return next((found for inner in get_args(kind) if (found := _model_in(inner)) is not None), None)


def _below(kind: Any, key: str | int) -> Any:
    """Give the type of what stands under a key of a type; None where nothing does."""
    known = _model_in(kind)
    if known is not None:
        named = {info.alias or name: info.annotation for name, info in known.model_fields.items()}
        return named.get(str(key))
    origin, inner = get_origin(kind), get_args(kind)
    if origin is dict:
        return inner[1]
    if origin in (tuple, list):
        return inner[0]
    return next((found for option in inner if (found := _below(option, key)) is not None), None)


def _attributes(text: str) -> Iterator[tuple[str, str]]:
    """Read the section `Attributes` of a docstring."""
    _head, _, section = text.partition("Attributes:\n")
    name, words = "", ""
    for line in section.splitlines():
        if line and not line.startswith(" "):
            break
        if (start := _FIELD.match(line[4:])) is not None:
            if name:
                yield name, words
            name, words = start[1], start[2]
        elif line.strip():
            words += f" {line.strip()}"
    if name:
        yield name, words


def _describe(shape: dict[str, Any], model: type[BaseModel]) -> None:
    known = descriptions(model)
    for name, field in model.model_fields.items():
        node = shape["properties"].get(field.alias or name)
        text = known.get(name) or _head(_inside(field.annotation))
        if node is not None and text and "description" not in node:
            node["description"] = text.replace("`", "")
    if head := _head(model):
        shape["description"] = head.replace("`", "")


def _head(model: type[BaseModel] | None) -> str:
    """Give what the docstring of a model says of it as a whole."""
    text = inspect.cleandoc(model.__doc__ or "") if model else ""
    return " ".join(text.partition("Attributes:")[0].partition("\n\n")[0].split())


def _inside(kind: Any) -> type[BaseModel] | None:
    """Give the model of a field, or of what its mapping or list holds."""
    return next(_models(kind, set()), None)


def _models(kind: Any, seen: set[Any]) -> Iterator[type[BaseModel]]:
    """Give every model that a model is made of, itself first."""
    if kind in seen:
        return
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        seen.add(kind)
        yield kind
        for field in kind.model_fields.values():
            yield from _models(field.annotation, seen)
    for inner in get_args(kind):
        if inner is not kind:
            yield from _models(inner, seen)
