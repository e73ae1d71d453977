"""What is wrong with a document, in plain words: what must be written instead, and where a misplaced field belongs."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflow.checking.check import pin
from workflow.document import nearest
from workflow.errors import Invalid

TEXT = (Path(__file__).parents[2] / "examples" / "schemes" / "first-aid.yaml").read_text("utf-8")

SAID = [
    ("version: 1", "version: one", "3: version: must be a whole number (found 'one')"),
    ("version: 1", "version: 0", "3: version: must be at least 1 (found 0)"),
    (
        "    pass_mark: 35\n",
        "",
        "21: parts.written.pass_mark: must be given: marks that pass; this number itself passes",
    ),
    ("lapse:\n  effect: reopen\n", "lapse:\n  effekt: reopen\n", "44: lapse.effect: must be given: "),
    ('names: ["2026"]', 'names: "2026"', "9: edition.names: must be a list: write [\"2026\"] (found '2026')"),
    ('names: ["2026"]', "names: [2026]", '9: edition.names.0: must be a text: write it in quotes, "2026" (found 2026)'),
    (
        "    stages:\n",
        "    pass_mark: 3\n    stages:\n",
        "71: levels.1.pass_mark: no such field; it is a field of parts.*",
    ),
    ('names: ["2026"]', "names: [61.10]", 'write it in quotes, "61.10" (found 61.10)'),
    ("title: First Aid at Work", "title: 007", '4: title: must be a text: write it in quotes, "007" (found 007)'),
    ("title: First Aid at Work", "title: true", 'must be a text: write it in quotes, "true" (found true)'),
    ("      length:\n        months: 18", "      length: 18", "must hold fields, indented below it: "),
    (
        "completion:\n",
        "exam_years: {begins: 01-01, clause: {source: rules}}\ncompletion:\n",
        "exam_years.begins: must hold fields, indented below it: month, day, such as {month: 1, day: 1}",
    ),
    ("counted: cumulative", "counted: 1", "all.0.work.counted: must be 'continuous' or 'cumulative' (found 1)"),
    ("- work:", "- wrok:", "82: levels.1.conditions.1a.all.0.wrok: no such field; did you mean 'work'?"),
    (
        "  written:",
        "  Written:",
        "21: parts.Written: must be a name of small letters, digits and _, beginning with a letter",
    ),
    ('"1a":', '"1 a":', "75: levels.1.conditions.1 a: must be a number of the rules such as 2a or 3.1"),
    (
        "scheme: first-aid",
        "scheme: First Aid",
        "2: scheme: must be an id of small letters, digits and -, such as first-aid",
    ),
    ("hours: 16\n", "hours: [16]\n", "66: levels.1.training.hours: is not a number"),
    ("judged_on: sat", "judged_on: [sat]", "51: completion.judged_on: must be 'sat' or 'announced'"),
    (
        "- work:\n              years: 1\n              counted: cumulative",
        "- work: 1",
        "0.work: must hold fields, indented below it: years,",
    ),
    (
        "          - training:\n              hours: 16\n",
        "          []\n",
        "1b.all: must have at least 1: it is empty or too short",
    ),
    (
        "title: First Aid at Work",
        "title: First: Aid",
        "4: mapping values are not allowed here; look at the indentation",
    ),
    ("version: 1", "version: 1\nversion: 2", "every field is given once"),
    ("  title: First aider", "\ttitle: First aider", "indent with blanks and not with tabs"),
    ("{year}-", "{yeer}-", "57: certificate.number: nothing fills {yeer}; did you mean 'year'?"),
    ("Rules of the", "Rules: of the", "look at the indentation, and put a text with `: ` in it in quotes"),
    ("  rules: Rules", "  Rules!: Rules", "18: sources.Rules!: must be a name of small letters"),
]


@pytest.mark.parametrize(("old", "new", "said"), SAID)
def test_each_mistake_is_told_in_plain_words(old: str, new: str, said: str) -> None:
    """With its line and field."""
    assert old in TEXT
    with pytest.raises(Invalid) as caught:
        pin(TEXT.replace(old, new, 1), "x.yaml")
    assert any(said in str(problem) for problem in caught.value.problems), str(caught.value)
    assert all("Input" not in p.text and "should" not in p.text for p in caught.value.problems)


def test_the_nearest_word_is_suggested_or_all_are_listed() -> None:
    """A word that differs in its letters' case alone is nearest; without any near one, all are said."""
    assert nearest("THEORY", ["skills", "theory"]) == "; did you mean 'theory'?"
    assert nearest("xyz", ["skills", "theory"]) == "; allowed: skills, theory"
    assert nearest("xyz", []) == ""
    assert nearest("renew", ["award", "renew_certificate"]) == "; did you mean 'renew_certificate'?"
    assert nearest("renew", ["renew_a_paper", "renew_certificate"]) == "; allowed: renew_a_paper, renew_certificate"
