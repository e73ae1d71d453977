"""The register of persons from the command line: everything is cleaned, and nothing is shown unless asked for."""

from __future__ import annotations

import pytest

from tests.cli.conftest import document

NUMBER = document(77)
ADD = ("candidate", "add", "--name", " 王晓明 ", "--document-type", "身份证", "--document-number", NUMBER)


def test_add_registers_once(run):
    """A person is registered once; the same document again gives the key that was given before."""
    first = run(*ADD, "--phone", "１９９００００００７７", "--sex", "女")
    assert first.code == 0
    key = first.out.split()[0]
    again = run(*ADD, "--json").row
    assert (again["candidate"], again["new"]) == (key, False)
    other = run("candidate", "add", "--name", "李四", "--document-type", "resident_id", "--document-number", NUMBER)
    assert "was registered before; nothing was changed" in other.out
    assert "registered under another name" in other.err
    row = run("candidate", "show", key, "--reveal", "--reason", "asked", "--json").row
    assert (row["name"], row["document_number"], row["phone"], row["sex"]) == (
        "王晓明",
        NUMBER,
        "19900000077",
        "female",
    )


def test_add_tells_everything_that_is_wrong_and_repeats_nothing(run):
    """Every bad value is named with its reason; none is repeated in full."""
    said = run(
        "candidate", "add", "--name", "1", "--document-type", "card", "--document-number", NUMBER + "8",
        "--phone", "19900000abc", "--sex", "x",
    )  # fmt: skip
    assert said.code == 2
    for field in ("--name", "--document-type", "--sex", "--phone"):
        assert field in said.err
    assert "19900000abc" not in said.err
    wrong = NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1")
    said = run("candidate", "add", "--name", "王晓明", "--document-type", "身份证", "--document-number", wrong)
    assert "its check character is wrong" in said.err
    assert wrong not in said.err
    assert run("candidate", "add", "--name", " ", "--document-type", "身份证", "--document-number", NUMBER).code == 2


def test_show_is_masked_unless_revealed(run):
    """Numbers show their first six and last four characters, phones their last four, names their first."""
    key = run("candidate", "find", "--name", "王A1").row["candidate"]
    said = run("candidate", "show", key)
    assert f"{document(1)[:6]}********{document(1)[-4:]}" in said.out
    assert "*******0001" in said.out
    assert "王**" in said.out
    assert "A1 (lrc-2019, level 3, submitted 2024-03-15)" in said.out
    for secret in (document(1), "19900000001", "王A1"):
        assert secret not in said.out
        assert secret in run("candidate", "show", key, "--reveal", "--reason", "asked").out
    assert run("candidate", "show", key, "--json").row["applications"][0]["application"] == "A1"
    assert run("candidate", "show", "nobody").code == 4


@pytest.mark.parametrize(
    "question", [("--name", "王A1"), ("--document-number", document(1)), ("--document-number", "1")]
)
def test_find(run, question):
    """Persons are found by name or document; who is not there is not found."""
    said = run("candidate", "find", *question)
    assert said.code == (4 if question[1] == "1" else 0)
    assert document(1) not in said.out


def test_find_asks_one_question(run):
    """Neither or both questions, or a type that is none, are usage errors."""
    assert run("candidate", "find").code == 2
    assert run("candidate", "find", "--name", "a", "--document-number", "b").code == 2
    said = run("candidate", "find", "--document-number", "b", "--document-type", "card")
    assert (said.code, "is not a word known here" in said.err) == (2, True)
