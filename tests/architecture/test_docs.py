"""What the documents say is what the code does."""

from __future__ import annotations

import re

import pytest

from storage.citus import DISTRIBUTED, ON_COORDINATOR
from tests.architecture.generated import GENERATED, ROOT
from tests.timeline import Timeline
from tests.timeline import test_scheme as scheme_with
from tests.unit.assessing import RICH
from workflow.facts import FACTS, Submitted
from workflow.machine import machine_of
from workflow.rules import RULES


@pytest.mark.parametrize("name", GENERATED)
def test_generated_documents_are_current(name):
    """A document that is made from the code is what the code makes now; `make docs` renews it."""
    assert (ROOT / name).read_text(encoding="utf-8") == GENERATED[name]()


def test_the_readme_shows_the_path_that_the_machine_has():
    """The states of the README's picture are states of the machine, in its order, and its arrows are in its table."""
    picture = re.search(r"```mermaid\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)[1]
    arrows = re.findall(r"^ +(\w+) --> (\w+)", picture, re.M)
    table = {(source, dest) for source, _step, dest in machine_of(Timeline(2).rules).table()}
    table |= {(source, dest) for source, _step, dest in machine_of(Timeline(3).rules).table()}
    assert set(arrows) <= table
    assert len(arrows) == 7


def test_every_fact_has_its_rules_and_its_step():
    """Every fact but the submission names a step of the machine and the rules that it meets."""
    deadline = "within: {days: 9}, counted_from: authorized, clause: {source: board}"
    renewal = "title: Paper, ->title: Paper, valid_for: {years: 3}, renewal: {clause: {source: board}}, "
    level = f"stages: {{theory_exam->deadlines: {{x: {{{deadline}}}}}\n    stages: {{theory_exam"
    clocked = scheme_with(renewal=renewal, level=level)
    steps = {step for _source, step, _dest in machine_of(clocked.rules(2)).table()}
    steps |= {step for _source, step, _dest in machine_of(RICH.rules(1)).table()}
    for fact in FACTS.values():
        if fact is not Submitted:
            assert fact in RULES
            assert fact.step in steps


def test_the_guide_says_where_every_table_lies_on_a_cluster():
    """What is distributed and what stays on the coordinator is told as it is done."""
    guide = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    distributed, plain = (
        re.findall(r"`(\w+)`", line.partition(" | ")[2])
        for line in guide.splitlines()
        if line.startswith(("| distributed by", "| plain tables on"))
    )
    assert distributed == list(DISTRIBUTED)
    assert sorted(plain) == sorted(ON_COORDINATOR)


def test_links_in_the_documents_lead_somewhere():
    """Every relative link of a document names a file that is there."""
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_map_names_every_module_of_the_core():
    """A module of the core that the map does not name is a module that nobody will find; nor does it name another."""
    guide = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in guide.splitlines() if line.startswith("| `")]
    named = {name for first, _ in rows for name in re.findall(r"`(\w+/?)`", first)}
    core = ROOT / "workflow"
    packages = {path.parent.name for path in core.glob("*/__init__.py")}
    assert named == modules_of(core) | {f"{name}/" for name in packages}
    for package in packages - {"facts", "rules"}:  # a module for each phase of an application
        told = next(second for first, second in reversed(rows) if first.strip() == f"`{package}/`")
        assert set(re.findall(r"`(\w+)`", told)) == modules_of(core / package)


def modules_of(folder):
    """Name the modules of a package."""
    return {path.stem for path in folder.glob("*.py")} - {"__init__"}
