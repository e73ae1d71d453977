"""No history repeats a value of the person: what people write in their own words is checked before it is recorded."""

from __future__ import annotations

import pytest

from tests.timeline import day
from tests.unit.board import Board
from workflow import facts as f
from workflow.errors import Invalid
from workflow.persons.prose import is_repeated
from workflow.ports import Candidate

WANG = Candidate("p1", "王晓明", "passport", "Xp1", "", "13800138000", "wang@example.org")


@pytest.mark.parametrize("value", [WANG.name, WANG.document_number, "xP1", WANG.phone, "WANG@example.org"])
def test_a_reason_that_repeats_a_value_is_refused(value: str) -> None:
    """Whatever the fact and the field; nothing is recorded, and the refusal does not repeat it."""
    board = Board()
    board.stores.candidates.add([WANG])
    board.file("A1")
    before = board.types("A1")
    for fact in (
        f.Withdrawn(reason=f"asked for by {value}, by letter"),
        f.EvidenceChecked(item="work/0", status="verified", issuer="office", reference=f"letter of {value}"),
        f.ApplicationSuspended(reason="x", authority=f"({value})"),
    ):
        with pytest.raises(Invalid, match="must not enter the record") as error:
            board.service.record("A1", fact, day("2024-07-01"))
        assert value not in str(error.value)
    assert board.types("A1") == before
    board.service.record("A1", f.Withdrawn(reason="asked for by letter"), day("2024-07-01"))


@pytest.mark.parametrize(
    ("text", "is_found"), [("an anvil", True), ("AN", True), ("many", False), ("banana", False), ("an-1", True)]
)
def test_a_latin_name_counts_as_a_whole_word(text: str, is_found: bool) -> None:
    """A short name inside another word is none; one of a single character never counts."""
    assert is_repeated(text, ["An"]) is is_found
    assert not is_repeated(text, ["a", ""])


def test_a_chinese_name_counts_anywhere() -> None:
    """Chinese has no blanks between words."""
    assert is_repeated("因王晓明本人申请", ["王晓明"])
    assert not is_repeated("因本人申请", ["王晓明"])
