"""Scheme documents: what is wrong is named with line, field and the nearest right word; what ships holds together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from workflow.checking.check import pin, pin_again
from workflow.document import read_again, read_yaml
from workflow.errors import Invalid, NotFound, Problem
from workflow.language.awarding import split_number
from workflow.language.conditions import Condition
from workflow.machine import machine_of
from workflow.scheme import Pinned, Scheme

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "schemes" / "first-aid.yaml"
GUIDE = ROOT / "docs" / "scheme-language.md"
SHIPPED = sorted(p for p in (ROOT / "workflow" / "schemes").glob("*.yaml") if ".cases." not in p.name)
TEXT = EXAMPLE.read_text("utf-8")


def changed(*changes: tuple[str, str]) -> str:
    """Give the example document with some of its text replaced, each piece where it first occurs."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def line(text: str, words: str) -> int:
    """Find the line in which some words first occur."""
    return text[: text.index(words)].count("\n") + 1


def problems(text: str) -> tuple[Problem, ...]:
    """Read a document that is wrong and give what is wrong with it."""
    with pytest.raises(Invalid) as caught:
        pin(text, "mine.yaml")
    assert all(p.where == "mine.yaml" for p in caught.value.problems)
    return caught.value.problems


WRONG = [
    pytest.param(
        ("in_force_from: 2026", "in_force_form: 2026"),
        "in_force_form",
        "edition.in_force_form",
        "no such field; did you mean 'in_force_from'?",
        id="unknown field, with the nearest",
    ),
    pytest.param(
        ("version: 1\n", "version: 1\nremarks: none\n"),
        "remarks",
        "remarks",
        "no such field; allowed: scheme, version, title, ",
        id="unknown field, with all that are allowed",
    ),
    pytest.param(
        ("    pass_mark: 35\n", "    pass_mark: 35\n    passmark: 35\n"),
        "passmark",
        "parts.written.passmark",
        "no such field",
        id="unknown field inside a part",
    ),
    pytest.param(
        ("effect: reopen", "effect: reopn"),
        "reopn",
        "lapse.effect",
        "must be 'expire', 'reopen' or 'restart'; did you mean 'reopen'?",
        id="wrong word",
    ),
    pytest.param(
        ("counted: cumulative", "counted: cumulativ"),
        "cumulativ",
        "levels.1.conditions.1a.all.0.work.counted",
        "did you mean 'cumulative'?",
        id="wrong word deep inside",
    ),
    pytest.param(
        ("pass_mark: 35", "pass_mark: 51"),
        "  written:",
        "parts.written",
        "the pass mark 51 lies above the maximum 50",
        id="pass mark above the maximum",
    ),
    pytest.param(
        ("pass_mark: 35", "pass_mark: 35.125"),
        "pass_mark: 35.125",
        "parts.written.pass_mark",
        "has more than two decimals",
        id="marks with three decimals",
    ),
    pytest.param(
        ("practical_test: practical", "practical_test: practice"),
        "practical_test:",
        "levels.1.stages.practical_test",
        "no part is called 'practice'; did you mean 'practical'?",
        id="stage of a part that is not there",
    ),
    pytest.param(
        ("practical_test: practical", "practical_test: written"),
        "practical_test:",
        "levels.1.stages.practical_test",
        "the part 'written' stands in two stages",
        id="part in two stages",
    ),
    pytest.param(
        ("practical_test: practical", "certified: practical"),
        "certified:",
        "levels.1.stages.certified",
        "is the name of a state that every level has",
        id="stage with the name of a fixed state",
    ),
    pytest.param(
        ("title: Written test\n", "title: Written test\n    requires: [practical]\n"),
        "written_test:",
        "levels.1.stages.written_test",
        "written requires practical, which no earlier stage of this level assesses",
        id="part that requires a later one",
    ),
    pytest.param(
        ("title: Written test\n", "title: Written test\n    requires: [oral]\n"),
        "requires:",
        "parts.written.requires",
        "no other part is called 'oral'; allowed: practical",
        id="part that requires one that is not there",
    ),
    pytest.param(
        ("title: Practical test", "title: Written Test"),
        "  practical:",
        "parts.practical",
        "the name 'written test' is that of written as well",
        id="two parts of one name",
    ),
    pytest.param(
        ('source: rules\n      at: "3.1"', 'source: rulez\n      at: "3.1"'),
        "source: rulez",
        "parts.written.clause.source",
        "'rulez' is not among the sources; did you mean 'rules'?",
        id="unknown source",
    ),
    pytest.param(
        ("version: 1\n", "version: 1\nversion: 2\n"),
        "version: 2",
        "",
        'found duplicate key "version"',
        id="key given twice",
    ),
    pytest.param(
        ("        months: 18\n", "        months: 18\n        days: 3\n"),
        "      length:",
        "parts.written.validity.length",
        "give the length in exactly one of years, months, days",
        id="period with two units",
    ),
    pytest.param(
        ("-{serial:6}", ""),
        "number:",
        "certificate.number",
        "needs exactly one {serial:N}, N being its number of digits, 1 to 12",
        id="certificate number without a serial",
    ),
    pytest.param(
        ("occupation:\n", "time_zone: Asia/Shanghi\noccupation:\n"),
        "time_zone:",
        "time_zone",
        "no such time zone: Asia/Shanghi",
        id="unknown time zone",
    ),
    pytest.param(
        ("    stages:\n", "    deadlines:\n      taught: {within: {days: 9}, clause: {source: board}}\n    stages:\n"),
        "taught:",
        "levels.1.deadlines.taught",
        "is not a state of this level in which an application can wait",
        id="deadline of an unknown state",
    ),
    pytest.param(
        ("      hours: 16\n", "      hours: 16\n      waived: true\n"),
        "    training:",
        "levels.1.training",
        "give either hours or waived: true",
        id="training both asked for and waived",
    ),
    pytest.param(
        ("              hours: 16", "              hours: 18"),
        "hours: 18",
        "levels.1.conditions.1b.all.0.training.hours",
        "the course of this level has 16 hours, not 18",
        id="condition with other hours than the level",
    ),
    pytest.param(
        ("counted: cumulative", "counted: cumulative\n              after: certificate"),
        '"1a":',
        "levels.1.conditions.1a",
        "work counts after the certificate, but the condition asks for no certificate",
        id="work after nothing",
    ),
    pytest.param(
        ("          - training:\n", "          - certificate: {level: 1}\n            training:\n"),
        "- certificate:",
        "levels.1.conditions.1b.all.0",
        "give exactly one of education, certificate, work, training",
        id="two requirements in one",
    ),
    pytest.param(
        ("    maximum: 50\n", ""),
        "  written:",
        "parts.written.maximum",
        "must be given: most marks that can be had",
        id="field left out",
    ),
    pytest.param(
        ('names: ["2026"]', "names: [2026]"),
        "names:",
        "edition.names.0",
        'must be a text: write it in quotes, "2026"',
        id="number where a text belongs",
    ),
    pytest.param(
        ("offered_from: 2026-03-01", 'offered_from: "2026-02-30"'),
        "offered_from:",
        "edition.offered_from",
        "no such day in the calendar",
        id="day that does not exist",
    ),
    pytest.param(("levels:\n  1:", "levels:\n  10:"), "  10:", "levels.10", "must be at most 9", id="level 10"),
    pytest.param(("  title: First aider", "\ttitle: First aider"), "\ttitle", "", "cannot start any token", id="a tab"),
]


@pytest.mark.parametrize(("change", "words", "field", "text"), WRONG)
def test_a_wrong_document_is_told_what_is_wrong(change: tuple[str, str], words: str, field: str, text: str) -> None:
    """Each kind of mistake gives its message, with the line and the field at which it lies."""
    document = changed(change)
    found = [p for p in problems(document) if p.field == field]
    assert [p.line for p in found] == [line(document, words)]
    assert text in found[0].text


def test_an_alias_is_refused() -> None:
    """A YAML alias is refused: a few of them can blow a small document up."""
    document = changed(
        ("title: First Aid at Work", "title: &name First Aid"), ("  title: First aider", "  title: *name")
    )
    (found,) = problems(document)
    assert found.text == "uses a YAML alias (*name); write the value out"


@pytest.mark.parametrize("text", ["", "- a\n", "just words"])
def test_a_document_that_is_no_scheme_at_all(text: str) -> None:
    """An empty file, a list or a text is refused like any other wrong document."""
    assert problems(text)


def test_a_file_of_worked_cases_is_told_what_it_is() -> None:
    """Who names all files of a folder is not told of a dozen fields that cases do not have."""
    with pytest.raises(Invalid) as error:
        pin("scheme: pmp.yaml\ngiven: {}\ncases: []\n", "pmp.cases.yaml")
    (problem,) = error.value.problems
    assert "worked cases" in problem.text


def test_all_mistakes_of_the_fields_are_told_at_once() -> None:
    """Mistakes in several fields are listed together, in one reading."""
    document = changed(
        ("in_force_from: 2026", "in_force_form: 2026"),
        ("judged_on: sat", "judged_on: sitting"),
        ("version: 1", "version: one"),
    )
    expected = {"edition.in_force_form", "edition.in_force_from", "completion.judged_on", "version"}
    assert {p.field for p in problems(document)} == expected


def test_all_references_that_lead_nowhere_are_told_at_once() -> None:
    """References that lead nowhere are listed together, in one reading."""
    document = changed(
        ("practical_test: practical", "practical_test: practice"),
        ('source: rules\n      at: "3.2"', 'source: rulez\n      at: "3.2"'),
        ("occupation:\n", "time_zone: Nowhere\noccupation:\n"),
    )
    expected = {"time_zone", "parts.practical.clause.source", "levels.1.stages.practical_test"}
    assert {p.field for p in problems(document)} == expected


def test_a_message_can_be_read_as_it_stands() -> None:
    """A problem is written with file, line, field, what is allowed and what was found."""
    (found,) = problems(changed(("judged_on: sat", "judged_on: sitting")))
    assert str(found) == ("mine.yaml:51: completion.judged_on: must be 'sat' or 'announced' (found 'sitting')")


@pytest.mark.parametrize(
    "pattern", ["A", "{serial}", "{serial:0}", "{serial:13}", "{serial:x}", "{serial:3}{serial:3}"]
)
def test_a_certificate_number_needs_one_serial(pattern: str) -> None:
    """A pattern without a serial, with two, or with an impossible number of digits is refused."""
    with pytest.raises(ValueError, match="exactly one"):
        split_number(pattern)


# -- the documents that ship, and the guide ----------------------------------------------------------------------------


def shipped(path: Path) -> Pinned:
    """Read a document that ships."""
    return pin(path.read_text("utf-8"), path.name)


@pytest.mark.parametrize("path", [*SHIPPED, EXAMPLE], ids=lambda path: path.stem)
def test_a_shipped_document_reads_and_traps_nobody(path: Path) -> None:
    """Every document that ships is valid, bears its file's name, and each of its machines leads to a certificate."""
    pinned = shipped(path)
    assert pinned.scheme.scheme == path.stem
    for number in pinned.scheme.levels:
        machine = machine_of(pinned.rules(number))
        assert machine.traps() == []
        assert {"submitted", "certified", *pinned.rules(number).stages} <= set(machine.states)


def test_what_ships() -> None:
    """Both editions of Labor Relations Coordinator ship, the older with levels 1 to 3, the newer with 1 to 4."""
    levels = {path.stem: sorted(shipped(path).scheme.levels) for path in SHIPPED}
    assert levels["lrc-three-level"] == [1, 2, 3]
    assert levels["lrc-2019"] == [1, 2, 3, 4]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_only_levels_2_and_1_have_a_review(path: Path) -> None:
    """Theory and skills are assessed at every level, the comprehensive review at levels 2 and 1 alone."""
    pinned = shipped(path)
    for number in pinned.scheme.levels:
        assert list(pinned.rules(number).parts) == ["theory", "skills", *(["review"] if number <= 2 else [])]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_clause_that_ships_says_something(path: Path) -> None:
    """A clause has words or a reading; what is the board's own or not in the edition always has a reading."""

    def clauses(node: object) -> Iterator[dict[str, str]]:
        if isinstance(node, dict):
            if "reading" in node:
                yield node
            for value in node.values():
                yield from clauses(value)
        elif isinstance(node, tuple | list):
            for value in node:
                yield from clauses(value)

    scheme = shipped(path).scheme
    for clause in clauses(scheme.model_dump()):
        assert clause["text"] or clause["reading"]
        assert clause["reading"] or clause["source"] not in ("board", "none")
        assert "  " not in clause["text"] + clause["reading"]
    used = {clause["source"] for clause in clauses(scheme.model_dump())}
    readings = " ".join(clause["reading"] for clause in clauses(scheme.model_dump()))
    assert all(key in used or key in readings for key in scheme.sources)


@pytest.mark.parametrize(("stem", "characters"), [("lrc-three-level", 16), ("lrc-2019", 22)])
def test_certificate_numbers_have_their_length(stem: str, characters: int) -> None:
    """A vocational qualification number has 16 digits, a skill level number 22 characters."""
    certificate = shipped(ROOT / "workflow" / "schemes" / f"{stem}.yaml").scheme.certificate
    before, digits, after = split_number(certificate.number)
    filled = (before + "0" * digits + after).format(yy="24", level=3, **certificate.fields)
    assert len(filled) == characters


@pytest.mark.parametrize(
    ("stem", "name", "number"),
    [
        ("lrc-three-level", "三级", 3),
        ("lrc-three-level", "Level 1", 1),
        ("lrc-three-level", "四级", None),
        ("lrc-2019", "四级", 4),
        ("lrc-2019", "高级技师", 1),
        ("lrc-2019", "Technologist", 2),
        ("lrc-2019", "2", 2),
    ],
)
def test_levels_are_found_by_their_names(stem: str, name: str, number: int | None) -> None:
    """A level is found under every name that files use, in any case, and not found where the edition has none."""
    assert shipped(ROOT / "workflow" / "schemes" / f"{stem}.yaml").scheme.level_named(name) == number


def test_a_level_that_is_not_there_is_not_found() -> None:
    """Asking for the rules of a level that a scheme does not have names those that it has."""
    with pytest.raises(NotFound, match="no level 4; it has 1, 2, 3"):
        shipped(ROOT / "workflow" / "schemes" / "lrc-three-level.yaml").rules(4)


def test_the_same_text_has_the_same_digest() -> None:
    """A document is pinned by its exact text: the smallest change, even in a comment, gives another digest."""
    assert pin(TEXT, "a").digest == pin(TEXT, "b").digest
    assert pin(TEXT, "a").digest != pin(TEXT + "#\n", "a").digest


def fences(kind: str) -> list[str]:
    """Give the fenced blocks of the guide that are of one kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_the_guide_shows_the_example_as_it_is() -> None:
    """The complete example in the guide is the example file, letter by letter."""
    assert fences("yaml")[0] == TEXT


def test_the_guides_second_example_is_a_condition() -> None:
    """The condition that the guide shows as an illustration is a valid one."""
    node = read_yaml(next(text for text in fences("yaml") if text.startswith('      "3":')), "guide")
    assert Condition.model_validate(node["3"]).all[1].work


def test_the_guide_names_every_field() -> None:
    """Every field of the scheme language stands in the guide."""
    schema = Scheme.model_json_schema()
    fields = {field for node in (schema, *schema["$defs"].values()) for field in node.get("properties", ())}
    prose = re.sub(r"^```.*?^```$", "", GUIDE.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    named = {word for code in re.findall(r"`([^`]+)`", prose) for word in re.split(r"\W+", code)}
    assert fields - named == set()


def plain(value: object) -> object:
    """Give a document's value as built-in types with their names, so that 1, 1.0, True and '1' all differ."""
    if isinstance(value, dict):
        return [(plain(key), plain(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [plain(item) for item in value]
    kind = next((k for k in (bool, str, int, float) if isinstance(value, k)), type(value))
    return kind.__name__, str(value)


UNUSUAL = """\
days: [2026-02-30, 2026-11-22, 2026-11-22T18:00:00]
numbers: [0o17, 017, 1_000, 0x1F, 1e3, .5, -0, 1:30, 60.0, .inf]
words: [yes, no, on, off, true, False, null, ~, "", '2026']
1: {2: two}
folded: >
  one

  two
kept: |+
  a

"quoted # no comment": "\\u4e2d"  # a comment
"""


@pytest.mark.parametrize(
    "text",
    [
        *(pytest.param(path.read_text("utf-8"), id=path.name) for path in (*SHIPPED, EXAMPLE)),
        pytest.param(UNUSUAL, id="unusual values"),
        pytest.param("a: !mine b\nc: !!str 1\n", id="tags"),
        pytest.param("a: {<<: {b: 1}, c: 2}\n", id="merged mapping"),
        pytest.param("%YAML 1.1\n---\na: [yes, 1:30, 017]\n", id="an older YAML"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_document_read_again_holds_the_same(text):
    """Reading a document without its lines gives the same values, of the same kinds, in the same order."""
    assert plain(read_again(text, "mine.yaml")) == plain(read_yaml(text, "mine.yaml"))


@pytest.mark.parametrize("path", [*SHIPPED, EXAMPLE], ids=lambda path: path.name)
def test_a_document_pinned_again_is_the_same(path):
    """What `pin` has accepted, `pin_again` accepts as the same rules under the same digest."""
    text = path.read_text("utf-8")
    assert pin_again(text, path.name) == pin(text, path.name)


@pytest.mark.parametrize(
    "text", [changed(("version: 1\n", "version: 1\nremarks: none\n")), "a: [", "a: 1\na: 2\n", "a: &x 1\nb: *x\n"]
)
def test_pinning_again_tells_the_same_problems(text):
    """A document that no longer holds is told of with the same lines and fields as on its first reading."""
    with pytest.raises(Invalid) as again:
        pin_again(text, "mine.yaml")
    assert again.value.problems == problems(text)
