"""What the service remembers of what it wrote: never wrong, never the reason of a refusal."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tests.histories import FACTS
from tests.timeline import day
from tests.unit.board import WHY, Board, write_clock
from workflow import facts as f
from workflow import service as module
from workflow.errors import Refused
from workflow.events import _canonical, canonical_data, check_chain
from workflow.facts import Fact
from workflow.replay import fold

ON = day("2024-05-18")


def two_clerks() -> tuple[Board, Board]:
    """Give two services over one database, both of which have written to application A1."""
    first = Board()
    second = Board(first.stores)
    first.file("A1").admit("A1", "theory", "s1", "2024-05-18")
    second.service.record("A1", f.ApplicationSuspended(**WHY), ON)
    return first, second


def test_what_is_remembered_is_what_the_history_folds_to() -> None:
    """After every step the remembered history is the stored one, and the application is its fold."""
    board = Board()
    board.file("A1").score("A1", "theory", "s1", "2024-05-18", "70", "2024-06-20")
    write_clock(board.at("2026-07-01").service, ["A1"], day("2026-07-01"))
    board.score("A1", "skills", "s2", "2026-05-18", "70", "2026-06-25")  # late: the expiry is taken back
    history, application = board.service._recent["A1"]
    assert history == board.service.history("A1")
    assert application == fold(history, board.service.rules_of(history))
    check_chain(history)


def test_what_someone_else_wrote_is_not_overwritten() -> None:
    """A step from memory that is behind is judged again on what is there now, and both stay."""
    first, _second = two_clerks()
    first.service.record("A1", f.ScoreEntered(part="theory", sitting="s1", reader=1, score=Decimal(70)), ON)
    assert first.types("A1")[-2:] == ["ApplicationSuspended", "ScoreEntered"]
    check_chain(first.service.history("A1"))


def test_no_refusal_from_memory() -> None:
    """What memory would refuse, and the stored history allows, is done."""
    first, second = two_clerks()
    second.service.record("A1", f.AdmissionCancelled(part="theory", sitting="s1", reason="moved"), ON)
    second.service.record("A1", f.ApplicationResumed(**WHY), ON)
    first.admit("A1", "theory", "s1", "2024-05-18")  # memory says: already admitted
    assert first.types("A1")[-1] == "Admitted"


def test_no_permission_from_memory() -> None:
    """What memory would allow, and the stored history refuses, is refused."""
    first, _second = two_clerks()
    with pytest.raises(Refused, match="suspended"):
        first.admit("A1", "skills", "s1", "2024-05-18")
    assert first.types("A1")[-1] == "ApplicationSuspended"


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many applications are written, few are remembered: the last ones."""
    monkeypatch.setattr(module, "REMEMBERED", 2)
    board = Board()
    for number in range(4):
        board.file(f"A{number}", f"p{number}")
    assert list(board.service._recent) == ["A2", "A3"]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_facts_are_written_as_rfc_8785_asks(fact: Fact) -> None:
    """The text that is stored and hashed is byte for byte the canonical form of a library that does nothing else."""
    plain = fact.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    assert canonical_data(fact) == rfc8785.dumps(plain).decode()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="ascii")), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters(codec="ascii")), json_values))
def test_any_value_of_a_fact_is_written_as_rfc_8785_asks(value: dict[str, object]) -> None:
    """So is anything made of texts, whole numbers, truth values, lists and objects with keys of ASCII."""
    assert _canonical(value) == rfc8785.dumps(value).decode()
    assert json.loads(_canonical(value)) == value
