"""Laws of the rules, held against whatever chance tries in every level that there is."""

from __future__ import annotations

from random import Random

from tests.acceptance.test_second_engine import EXAMPLES, LEVELS
from tests.unit.test_deadlines import ATT, scheme
from tests.walks import Walk, evidence_for
from workflow.rules import RULES, Move, concerns

EVERY = [*LEVELS, scheme(**ATT).rules(3)]
ASKED = {rule for rules in RULES.values() for rule in rules}


class Trying(Walk):
    """A walk that asks the rules which its level's machine leaves out of every fact that it tries."""

    asked: int = 0

    def _try(self, fact):
        for rule in RULES.get(type(fact), ()):
            if not concerns(rule, self.rules):
                move = Move(
                    self.application, fact, self.on, self.rules, self.draft.sequence + 1, self.application.state
                )
                assert rule(move) is None, f"{rule.__name__} objects in a level that it is said not to concern"
                self.asked += 1
        super()._try(fact)


def test_a_rule_that_a_machine_leaves_out_would_object_to_nothing():
    """What is left out somewhere is asked elsewhere; and where it is left out, no fact moves it to object."""
    asked = 0
    for number, rules in enumerate(EVERY):
        for seed in range(6):
            walk = Trying(Random(seed * len(EVERY) + number), rules, EXAMPLES.get(rules.digest) or evidence_for(rules))
            walk.go(40)
            asked += walk.asked
    assert asked > 10_000
    left_out = {rule for rule in ASKED if not all(concerns(rule, level) for level in EVERY)}
    assert len(left_out) == 10
    assert all(any(concerns(rule, level) for level in EVERY) for rule in left_out)
