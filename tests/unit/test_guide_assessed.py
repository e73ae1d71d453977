"""What the guide shows of stages, exemptions, components and attempts is a document that can be pinned."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from tests.unit.assessing import HEAD, scheme
from workflow.checking.check import pin
from workflow.document import read_yaml

GUIDE = (Path(__file__).parents[2] / "docs" / "scheme-language.md").read_text("utf-8")
BLOCKS = [textwrap.dedent(block) for block in re.findall(r"^```text\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)]
PAPERS = (
    *("theory", "far", "aud", "reg", "bar", "isc", "tcp", "accounting", "law", "taxation", "comprehensive"),
    *("economics", "part_one", "part_two"),
)


def block(beginning: str) -> str:
    """Find the example that begins with some words."""
    (found,) = [x for x in BLOCKS if x.startswith(beginning)]
    return found


def stages(text: str) -> str:
    """Indent the stages of an example as they stand in a level."""
    return "\n" + textwrap.indent(text.partition("\n")[2], "    ")


def test_the_stages_of_the_guide_are_stages():
    """Each group of the example reads, and so do the exemptions, with their parts."""
    exemptions = textwrap.indent(block("exemptions:"), "    ")
    text = stages(block("stages:")) + "      last: economics\n"
    pinned = scheme(text, level=exemptions, **dict.fromkeys(PAPERS, ""))
    rules = pinned.rules(1)
    assert list(rules.stages) == ["theory_exam", "core", "discipline", "group_one", "final", "comprehensive", "last"]
    assert rules.stages["final"].weights == {"part_one": 30, "part_two": 70}
    assert rules.stages["discipline"].ways == (("bar",), ("isc",), ("tcp",))
    assert rules.stages["group_one"].average == 50
    assert rules.level.exemptions["6a"].parts == ("law", "economics")


def test_parts_like_one_another_are_those_of_the_guide():
    """Three papers, one of them written out."""
    level = """levels:
  1:
    title: Only
    training: {waived: true, clause: {source: rules}}
    conditions: {"1": {clause: {source: rules}, all: [{certificate: {level: 3}}]}}
    stages: {one: far, two: aud, three: reg}
lapse: {effect: reopen, clause: {source: rules}}
"""
    parts = pin(HEAD + block("parts:\n  far:") + level, "guide").scheme.parts
    assert [part.pass_mark for part in parts.values()] == [75, 75, 70]


LIMITS = re.findall(r"^resits:.*?(?=^resits:|\Z)", block("resits: {most: 3, waiting"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("example", LIMITS)
def test_the_limits_of_the_guide_are_limits(example):
    """Every example of `resits` reads."""
    asked = _flow(read_yaml(example, "guide")["resits"])
    pinned = scheme("{one: far}", training="hours: 10", far=f"resits: {asked}")
    assert pinned.scheme.parts["far"].resits is not None


def test_the_guide_shows_every_kind_of_limit():
    """Else the test above would hold of nothing."""
    assert len(LIMITS) == 9


def _flow(node: object) -> str:
    if isinstance(node, dict):
        return "{" + ", ".join(f"{key}: {_flow(value)}" for key, value in node.items()) + "}"
    return str(node).lower() if isinstance(node, bool) else str(node)


def test_the_components_of_the_guide_are_components():
    """The spoken exam of the example has its two components."""
    text = block("speaking:")
    level = "levels: {1: {title: Only, training: {waived: true, clause: {source: rules}}, stages: {one: speaking},"
    level += ' conditions: {"1": {clause: {source: rules}, all: [{certificate: {level: 3}}]}}}}\n'
    lapse = "lapse: {effect: reopen, clause: {source: rules}}\n"
    part = pin(f"{HEAD}{lapse}{level}parts:\n{textwrap.indent(text, '  ')}", "guide").scheme.parts["speaking"]
    assert list(part.components) == ["listening", "dialogue"]
