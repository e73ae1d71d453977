"""A board's own policy over a standard: what it may set, what is pinned, and where each line comes from."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from workflow.checking.check import pin
from workflow.document import read_yaml
from workflow.errors import Invalid, NotFound
from workflow.language.described import model_at
from workflow.language.extending import MAY_SET, Effective, effective
from workflow.offers import scheme_for
from workflow.scheme import Pinned, Scheme

ROOT = Path(__file__).parents[2]
STANDARD = (ROOT / "workflow" / "schemes" / "lrc-2019.yaml").read_text("utf-8")
POLICY = """\
extends: lrc-2019
scheme: riverside
version: 3
title: "Riverside: the board's policy"
sources:
  minutes: Minutes of the board
edition:
  offered_from: 2020-01-01
  offered_until: 2027-12-31
parts:
  theory:
    forms: [computer]
    resits: {most: 3, waiting: {months: 2}, clause: {source: minutes, at: "4"}}
  skills:
    recheck: null
certificate:
  number: "RS-{yy}-{level}-{serial:5}"
  clause: {source: minutes, at: "#7: numbers"}
levels:
  4:
    deadlines:
      trained: {within: {days: 90}, clause: {source: minutes, at: "5"}}
"""


def find(name: str) -> tuple[str, str]:
    """Give the documents that a test knows."""
    known = {"lrc-2019": STANDARD, "riverside": POLICY, "loop": POLICY.replace("extends: lrc-2019", "extends: loop")}
    if name not in known:
        raise NotFound(f"no scheme {name}")
    return known[name], f"{name}.yaml"


@cache
def made(policy: str = POLICY) -> tuple[Effective, Pinned]:
    """Make the effective document of a policy, and pin it."""
    found = effective(policy, "mine.yaml", find)
    return found, pin(found.text, "mine.yaml")


def refused(policy: str) -> list[str]:
    """Give the problems of a policy."""
    with pytest.raises(Invalid) as caught:
        effective(policy, "mine.yaml", find)
    return [str(problem) for problem in caught.value.problems]


def test_the_effective_document_is_the_standard_with_what_the_board_sets() -> None:
    """What the board sets takes the place of what the standard says; all the rest is the standard's, word by word."""
    scheme, base = made()[1].scheme, pin(STANDARD, "lrc-2019.yaml").scheme
    assert (scheme.scheme, scheme.version, scheme.title) == ("riverside", 3, "Riverside: the board's policy")
    assert scheme.parts["theory"].forms == ("computer",)
    assert scheme.parts["theory"].resits
    assert scheme.parts["theory"].resits.most == 3
    assert scheme.parts["skills"].recheck is None
    assert scheme.sources == {**base.sources, "minutes": "Minutes of the board"}
    assert scheme.levels[4].deadlines["trained"].clause.source == "minutes"
    assert str(scheme.edition.clause) == str(base.edition.clause)
    own = {"scheme", "version", "title", "extends", "sources", "edition", "parts", "certificate", "levels"}
    for name in Scheme.model_fields.keys() - own:
        assert getattr(scheme, name) == getattr(base, name)
    for number, level in scheme.levels.items():
        kept = level.model_copy(update={"deadlines": {}})
        assert kept == base.levels[number]


def test_it_says_of_what_it_was_made() -> None:
    """The effective document names the standard with its version and digest; nothing else is needed to read it."""
    extends = made()[1].scheme.extends
    assert extends
    assert (extends.scheme, extends.version) == ("lrc-2019", 1)
    assert extends.digest == pin(STANDARD, "lrc-2019.yaml").digest
    again = effective(made()[0].text, "again.yaml", lambda name: ("", name))
    assert again.text == made()[0].text


def test_the_same_rules_have_the_same_text() -> None:
    """Order of fields, quotes and comments of the board's document change nothing of what is pinned."""
    head, rest = POLICY.split("sources:\n", 1)
    other = "# a comment\nversion: 3\n" + head.replace("version: 3\n", "") + "sources:\n" + rest
    assert made(other)[1].digest == made()[1].digest


def test_every_line_has_its_origin() -> None:
    """A line names the document and the line that it comes from, and whether the board set it."""
    found = made()[0]
    lines = found.text.splitlines()
    assert len(lines) == len(found.origins)
    by_line = dict(zip(lines, found.origins, strict=True))
    theirs = {f"lrc-2019.yaml:{n}": text for n, text in enumerate(STANDARD.splitlines(), 1)}
    for line, origin in by_line.items():
        if origin and not origin.is_set and ": " in line and not line.lstrip().startswith("- "):
            assert line.split(":")[0].strip().strip('"') in theirs[f"{origin.where}:{origin.line}"]
    mine = {line.strip() for line, origin in by_line.items() if origin and origin.is_set}
    assert {"forms: [computer]", "most: 3", "months: 2", "offered_from: 2020-01-01", "version: 3"} <= mine
    assert "pass_mark: 60" not in mine
    forms = next(origin for line, origin in by_line.items() if line.strip() == "forms: [computer]")
    assert forms
    assert (forms.where, forms.line) == ("mine.yaml", POLICY.splitlines().index("    forms: [computer]") + 1)


def test_a_document_that_extends_nothing_is_pinned_as_it_stands() -> None:
    """To the last character, so that no digest changes."""
    assert effective(STANDARD, "x.yaml", find).text == STANDARD


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("lapse: {effect: reopen, clause: {source: board}}", "23: lapse: is for the standard to say; a board may set"),
        ("time_zoen: UTC", "23: time_zoen: is nothing that a board may set; did you mean 'time_zone'?"),
        ("occupation: {code: x, title: x}", "23: occupation: is for the standard to say"),
    ],
)
def test_what_is_the_standards_is_refused(change: str, said: str) -> None:
    """With line and field, and the list of what may be set there."""
    (found,) = refused(f"{POLICY}{change}\n")
    assert found.startswith(f"mine.yaml:{said}")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "    forms: [computer]",
            "    pass_mark: 50",
            "parts.theory.pass_mark: is for the standard to say; a board may",
        ),
        (
            "    forms: [computer]",
            "    form: [computer]",
            "parts.theory.form: is nothing that a board may set; did you",
        ),
        ("  theory:", "  theroy:", "parts.theroy: parts of the standard has no 'theroy'; did you mean 'theory'?"),
        ("  4:\n", "  9:\n", "levels.9: levels of the standard has no 9"),
        ("    deadlines:\n", "    training:\n", "levels.4.training: is for the standard to say; a board may set here"),
        ("sources:\n  minutes: Minutes of the board\n", "sources: none\n", "sources: must hold the fields"),
        ("version: 3\n", "", "version: a document that extends another needs its own `version`"),
        ("extends: lrc-2019", "extends: loop", "extends: extends itself: loop -> loop"),
        ("extends: lrc-2019", "extends: [a]", "extends: names the scheme that it extends"),
    ],
)
def test_wrong_policies(old: str, new: str, said: str) -> None:
    """Each kind of mistake has its message."""
    assert old in POLICY
    (found,) = refused(POLICY.replace(old, new))
    assert said in found


def test_what_is_set_is_checked_as_in_any_document() -> None:
    """A setting that is allowed is still held to its form."""
    with pytest.raises(Invalid, match=r"resits\.mots: no such field; did you mean 'most'"):
        made(POLICY.replace("most: 3", "mots: 3"))


def test_a_policy_may_extend_a_policy() -> None:
    """A province's policy over the standard, and a city's over the province's."""
    city = "extends: riverside\nscheme: city\nversion: 1\nparts:\n  theory: {forms: [closed_book]}\n"
    scheme = made(city)[1].scheme
    assert (scheme.scheme, scheme.parts["theory"].forms, scheme.title) == (
        "city",
        ("closed_book",),
        "Riverside: the board's policy",
    )
    assert scheme.parts["theory"].resits
    assert scheme.extends
    assert scheme.extends.scheme == "riverside"


def test_a_policy_comes_before_the_standard_that_it_extends() -> None:
    """An application that names no edition is filed under the board's own policy, whatever the order of the shelf."""
    policy, standard = made()[1], pin(STANDARD, "lrc-2019.yaml")
    day = policy.scheme.edition.offered_from
    for shelf in ((policy, standard), (standard, policy)):
        assert scheme_for(shelf, day).scheme.scheme == "riverside"


def test_what_a_board_may_set_is_there() -> None:
    """Every path of the list leads to a field of the language, so that a renamed field is noticed."""
    for pattern in MAY_SET:
        *path, last = pattern.split(".")
        above = model_at(Scheme, path)
        assert last == "*" or (above and last in above.model_fields), pattern


def test_texts_of_every_kind_survive() -> None:
    """Quotes, colons, numbers as texts and Chinese are the same after they were written."""
    names = [
        "on",
        "no",
        "2026",
        "1e3",
        "a: b",
        "# x",
        "三级",
        "- x",
        "it's",
        'say "x"',
        " x",
        "null",
        "2026-01-01",
        "x\ny",
    ]
    policy = POLICY.replace("  offered_from", f"  names: {json.dumps(names, ensure_ascii=False)}\n  offered_from")
    node = read_yaml(made(policy)[0].text, "x")
    assert list(node["edition"]["names"]) == names
