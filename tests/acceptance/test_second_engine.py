"""Two engines, one machine: what runs here and what python-statemachine makes of the SCXML never part ways."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from cli.main import cli as examboard
from storage.database import open_database
from tests.nights import ENDING, IN_TIME
from tests.properties.test_replay import SCHEMES
from tests.second_engine import REFUSED, SecondEngine, first_engine, second_engine
from tests.timeline import EVIDENCE, day
from tests.walks import Walk, evidence_for
from workflow import facts as f
from workflow.application import opened
from workflow.cases.worked import read_cases
from workflow.checking.check import pin
from workflow.machine import machine_of
from workflow.replay import fold
from workflow.scheme import Rules
from workflow.scxml import scxml
from workflow.steps import ENDED

ROOT = Path(__file__).resolve().parents[2]
ROUND = ROOT / "examples" / "round-2024"
FOLDERS = (ROOT / "workflow" / "schemes", ROOT / "examples" / "schemes")
FILES = sorted(file for folder in FOLDERS for file in folder.glob("*.yaml") if ".cases." not in file.name)
PINNED = [*(pin(path.read_text(encoding="utf-8"), path.name) for path in FILES), *SCHEMES, ENDING, IN_TIME]
LEVELS = [pinned.rules(number) for pinned in PINNED for number in pinned.scheme.levels]
# What the first worked case of each example shows: none of them is met by a certificate and work alone.
EXAMPLES = {
    pinned.digest: read_cases(path.with_suffix(".cases.yaml").read_text("utf-8"), path.name).filed(0)[-1].whole.evidence
    for path, pinned in zip(FILES, PINNED, strict=False)
    if path.parent == FOLDERS[1]
}
STEPS = sorted({fact.step for fact in f.FACTS.values()} - {"submit"})
WALKS, TURNS = 10_000, 8  # ten thousand walks, in turns that several processes can share


def machines() -> list[Rules]:
    """Give one level of each machine that there is."""
    found = {tuple(machine_of(rules).table()): rules for rules in reversed(LEVELS)}
    return list(found.values())


@pytest.mark.parametrize("rules", LEVELS, ids=[f"{r.scheme.scheme}-{r.number}-{r.digest[:6]}" for r in LEVELS])
def test_the_second_engine_loads_every_level(rules):
    """The SCXML of every level is loaded as it is, begins where an application begins, and holds the same states."""
    engine = SecondEngine(scxml(rules))
    assert engine.initial == "submitted"
    assert engine.states == set(machine_of(rules).states)


@pytest.mark.parametrize("rules", machines(), ids=lambda rules: f"{rules.scheme.scheme}-{rules.number}")
def test_both_engines_allow_and_refuse_the_same(rules):
    """In every state, for every step and every stage to which the facts may lead, both go the same way or refuse."""
    machine, engine = machine_of(rules), second_engine(rules)
    fact = f.Submitted(candidate="c", scheme="s", digest=rules.digest, level=rules.number, evidence=EVIDENCE)
    application = opened("A1", fact, day("2026-05-18"))
    outcomes: Counter[bool] = Counter()
    for state in machine.states:
        here = application.but(state=state)
        for step in STEPS:
            for leads_to in (*machine.states, "nowhere"):
                expected = first_engine(here, step, leads_to, rules)
                assert engine.at(state).send(step, leads_to) == expected, (state, step, leads_to)
                outcomes[expected == REFUSED] += 1
    assert min(outcomes[True], outcomes[False]) > 500


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """Give the board that has taken in the whole round, to read."""
    folder = tmp_path_factory.mktemp("round")
    file = folder / "board.db"
    arguments = ["--database", str(file), "round", "import", str(ROUND), "--rejects", str(folder / "rejects.csv")]
    done = CliRunner().invoke(examboard, arguments)
    assert done.exit_code == 0, done.output
    database = open_database(f"sqlite:///{file}", read_only=True)
    yield database
    database.close()


def test_every_history_of_the_round_ends_alike(board):
    """Each of the 600 histories of the round ends in the same state in both engines."""
    known = {pinned.digest: pinned for pinned in PINNED}
    ends: Counter[str] = Counter()
    for history in board.events.histories():
        fact = history[0].fact
        rules = known[fact.digest].rules(fact.level)
        state = second_engine(rules).fold(history, rules)
        assert state == fold(history, rules).state == history[-1].dest, history[0].application
        ends[state] += 1
    assert ends.total() == 600
    assert len(ends) > 4


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(TURNS))
def test_random_histories_end_alike(turn):
    """Of ten thousand random histories every one ends in the same state in both engines."""
    shown = [EXAMPLES.get(rules.digest) or evidence_for(rules) for rules in LEVELS]
    ends: Counter[str] = Counter()
    for seed in range(turn, WALKS, TURNS):
        which = seed // TURNS % len(LEVELS)
        rules = LEVELS[which]
        walk = Walk(Random(seed), rules, shown[which]).go(8)
        state = second_engine(rules).fold(walk.draft.new, rules)
        assert state == walk.application.state, (seed, [event.fact.step for event in walk.draft.new])
        ends[state] += 1
    assert ends.total() == WALKS // TURNS
    assert set(ends) >= {*ENDED, "submitted", "trained", "theory_exam", "skills_exam", "awaiting_award"}
