"""What the product brings along is free to be brought along, and known to the lock."""

from __future__ import annotations

import json
import re

import pytest

from tests.architecture.dependencies import ROOT, Dependency, holes, report, run_time


def test_no_run_time_dependency_is_under_gpl_or_agpl():
    """Every run-time dependency names a licence, and none is GPL or AGPL."""
    found = run_time()
    assert {"SQLAlchemy", "click", "psycopg", "typst"} <= {one.name for one in found}
    assert not {"pytest", "hypothesis", "mypy"} & {one.name for one in found}
    assert [one for one in found if one.is_forbidden] == []


def test_every_run_time_dependency_is_locked_by_hash():
    """The lock names every run-time dependency in the version that is installed, with its digests."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for one in run_time():
        name = re.sub(r"[-_.]+", "-", one.name).lower()
        assert re.search(rf"^{name}(\[\w+\])?=={re.escape(one.version)}\b.*\\\n +--hash=sha256:", lock, re.MULTILINE), (
            name
        )


@pytest.mark.parametrize(
    ("licence", "is_forbidden", "is_lesser"),
    [
        ("MIT", False, False),
        ("GPL-3.0-only", True, False),
        ("AGPL-3.0-or-later", True, False),
        ("GNU Affero General Public License v3", True, False),
        ("GNU General Public License v2 (GPLv2)", True, False),
        ("MIT OR GPL-2.0-only", False, False),
        ("MIT AND GPL-2.0-only", True, False),
        ("LGPL-3.0-only", False, True),
        ("GNU Lesser General Public License v2 or later (LGPLv2+)", False, True),
        ("", True, False),
    ],
)
def test_licences_are_told_apart(licence, is_forbidden, is_lesser):
    """GPL and AGPL are refused where there is no other choice; LGPL is imported only; no licence is none."""
    one = Dependency("x", "1", licence)
    assert (one.is_forbidden, one.is_lesser) == (is_forbidden, is_lesser)


def test_known_holes_are_listed_and_fail():
    """A known hole is a line, and not all is well."""
    told = {"dependencies": [{"name": "x", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}]}
    known, unknown = holes(lambda _line: (json.dumps(told), ""))
    assert (known, unknown) == (["x 1: CVE-1, mended in 2"], "")
    lines, is_well = report([Dependency("x", "1", "MIT")], known, unknown)
    assert not is_well
    assert lines[-1].strip() == known[0]


def test_what_cannot_be_asked_is_said_and_does_not_fail():
    """Where no source of known holes is reachable, the report says so in a sentence."""
    known, unknown = holes(lambda _line: ("", "a\nConnectionError: no route\n"))
    lines, is_well = report([Dependency("x", "1", "MIT")], known, unknown)
    assert is_well
    assert "NOT CHECKED, since no source for them is reachable" in lines[-1]
    assert "no route" in lines[-1]


def test_a_package_that_the_source_does_not_know_was_not_asked_about():
    """What pip-audit leaves out is told as not checked, and never as free of holes."""
    told = {"dependencies": [{"name": "x", "skip_reason": "not found"}, {"name": "y", "version": "1", "vulns": []}]}
    known, unknown = holes(lambda _line: (json.dumps(told), ""))
    lines, _ = report([Dependency("x", "1", "MIT")], known, unknown)
    assert lines[-1].endswith("pip-audit's source does not know 1 of 2: x ...")
    assert not any("none" in line for line in lines[-1:])


def test_a_forbidden_licence_fails():
    """A dependency under GPL is named, and not all is well."""
    lines, is_well = report([Dependency("x", "1", "GPL-3.0-only")], [], "")
    assert not is_well
    assert "licences: not allowed: x" in lines
