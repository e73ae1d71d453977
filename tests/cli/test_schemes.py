"""Scheme documents from the command line."""

from __future__ import annotations

import json

import pytest

from cli.shelf import packaged


def test_list_without_and_with_a_database(alone, run):
    """The schemes are listed whether there is a database or not, in the order of their ids."""
    rows = alone("scheme", "list").rows
    assert [row["scheme"] for row in rows] == sorted(packaged())
    assert rows == run("scheme", "list", "--json").rows
    assert rows[0]["levels"] == [4, 3, 2, 1]


def test_show(alone):
    """A scheme is shown with its levels, parts and conditions, each with its clause."""
    said = alone("scheme", "show", "lrc-2019")
    assert "Labor Relations Coordinator, 2019 edition (lrc-2019, version 1)" in said.out
    assert "60 of 100 passes" in said.out
    assert "condition 2a: level-4 certificate" in said.out
    assert '[seed-001 Level 3 (2), before "or"]' in said.out
    assert "training: waived [the board's own policy]" in said.out
    row = alone("scheme", "show", "四级制", "--json").row
    assert row["scheme"] == "lrc-2019"
    assert len(row["digest"]) == 64


def test_diagram(alone):
    """The machine of one level or of all is drawn in Mermaid."""
    one = alone("scheme", "diagram", "lrc-2019", "--level", "2").out
    assert one.startswith("---\ntitle: lrc-2019 level 2\n---\nstateDiagram-v2\n    [*] --> submitted: submit\n")
    assert "comprehensive_review --> awaiting_award" in one
    assert alone("scheme", "diagram", "lrc-2019").out.count("stateDiagram-v2") == 4
    assert alone("scheme", "diagram", "lrc-2019", "--level", "9").code == 4


def test_schema(alone):
    """The JSON Schema of scheme documents is valid JSON and names the fields."""
    schema = json.loads(alone("scheme", "schema").out)
    assert {"scheme", "version", "levels", "parts"} <= set(schema["properties"])


def test_check_says_sound_or_names_every_problem(alone, tmp_path):
    """A sound document is called so; each problem of the others comes with file, line and field, and code 2."""
    good, bad, broken = (tmp_path / name for name in ("good.yaml", "bad.yaml", "broken.yaml"))
    good.write_text(packaged()["lrc-2019"], encoding="utf-8")
    text = packaged()["lrc-2019"].replace("kind: review", "kind: reveiw")
    line = text[: text.index("kind: reveiw")].count("\n") + 1
    bad.write_text(text, encoding="utf-8")
    broken.write_text("scheme: [", encoding="utf-8")
    assert alone("scheme", "check", good).out == f"{good}: lrc-2019 version 1 is sound (4 levels)\n"
    said = alone("scheme", "check", good, bad, broken)
    assert said.code == 2
    assert "is sound" in said.out
    assert "invalid: 2 problems" in said.err
    assert f"{bad}:{line}: parts.review.kind:" in said.err
    assert "did you mean 'review'?" in said.err
    assert str(broken) in said.err


def test_add_puts_a_new_version_on_the_shelf(run, tmp_path):
    """A new version counts for new applications; old ones keep theirs; a version never says two things."""
    file = tmp_path / "mine.yaml"
    text = packaged()["lrc-2019"]
    file.write_text(text, encoding="utf-8")
    assert "is on the shelf already" in run("scheme", "add", file).out
    file.write_text(text + "# changed\n", encoding="utf-8")
    said = run("scheme", "add", file)
    assert said.code == 3
    assert "raise `version` in the file" in said.err
    file.write_text(text.replace("version: 1", "version: 2", 1), encoding="utf-8")
    assert run("scheme", "add", file).code == 0
    assert [row["version"] for row in run("scheme", "list").rows] == [2, 1]
    assert "version 1 (sha256" in run("application", "show", "A1").out
    assert run("db", "init").code == 0
    assert [row["version"] for row in run("scheme", "list").rows] == [2, 1]


@pytest.mark.parametrize("verb", ["show", "diagram"])
def test_unknown_scheme(alone, verb):
    """An unknown scheme is not found, and the known ones are named."""
    said = alone("scheme", verb, "nix")
    assert said.code == 4
    assert "lrc-2019 (2019年版), lrc-three-level (三级制)" in said.err
