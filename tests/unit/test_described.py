"""The JSON Schema: every field is explained, in the words of its model; and a wrong field is told where it belongs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.scaffold import scaffold, schema_text
from workflow.cases.worked import read_cases
from workflow.checking.check import pin
from workflow.language.assessed import Part
from workflow.language.described import descriptions, model_at, places_of
from workflow.scheme import Scheme


def fields(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """List every field of a schema: model, name, and what is said of it."""
    shapes = [("", schema), *schema.get("$defs", {}).items()]
    shapes += [(name, option) for name, shape in shapes for option in shape.get("anyOf", ())]
    return [(name, key, node) for name, shape in shapes for key, node in shape.get("properties", {}).items()]


@pytest.mark.parametrize("cases", [False, True])
def test_every_field_is_explained(cases: bool) -> None:
    """An editor shows what a field means: what stands in the docstring of its model."""
    schema = json.loads(schema_text(cases))
    silent = [f"{model}.{key}" for model, key, node in fields(schema) if "description" not in node]
    assert silent == []


def test_descriptions_come_from_the_docstrings() -> None:
    """Lines that are continued belong together; inherited fields are there."""
    assert descriptions(Part)["pass_mark"] == "Marks that pass; this number itself passes."
    assert "held, still valid, on the day" in descriptions(Part)["requires"]
    level = json.loads(schema_text())["$defs"]["Level"]["properties"]
    assert level["training"]["description"] == "The training gate."


def test_where_a_path_leads_and_where_a_field_belongs() -> None:
    """Paths go through names, lists and what may be left out."""
    assert model_at(Scheme, ("parts", "theory")) is Part
    assert model_at(Scheme, ("levels", 1, "conditions", "1", "all", 0, "work"))
    assert model_at(Scheme, ("parts",)) is None
    assert model_at(Scheme, ("nix",)) is None
    assert "parts.*" in places_of(Scheme, "pass_mark")
    assert places_of(Scheme, "nix") == []


def test_the_schema_lets_a_policy_leave_out_what_the_standard_says() -> None:
    """With `extends` three fields are enough; without it the whole document is needed."""
    schema = json.loads(schema_text())
    assert schema["if"] == {"required": ["extends"]}
    assert schema["then"]["required"] == ["extends", "scheme", "version"]
    assert {"parts", "levels", "certificate"} <= set(schema["else"]["required"])
    assert "required" not in schema


@pytest.mark.parametrize("title", ["First aid", "急救", 'He said: "x"', "# 1"])
def test_a_new_document_is_sound_as_it_is_written(title: str) -> None:
    """Whatever it is called; and its cases are read."""
    files = scaffold("first-aid-2", title)
    assert pin(files["first-aid-2.yaml"], "x.yaml").scheme.title == title
    assert read_cases(files["first-aid-2.cases.yaml"], "x").file.scheme == ("first-aid-2.yaml",)
    assert all(text.startswith("# yaml-language-server: $schema=") for text in files.values())
