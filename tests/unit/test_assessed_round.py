"""What groups, exemptions and attempts mean for seats, for other engines, for what-if runs and for the night."""

from __future__ import annotations

from collections import Counter
from random import Random

from storage.memory import MemoryStores
from tests.second_engine import second_engine
from tests.timeline import EVIDENCE, day
from tests.unit.assessing import RICH, SMALL, Assessed, C, scheme
from tests.walks import Walk, evidence_for
from workflow import facts as f
from workflow.audit.retelling import retell
from workflow.board.sittings import admit_all
from workflow.ports import Candidate
from workflow.replay import fold, replay, run_clock
from workflow.scheme import Rules
from workflow.seating import Sitting
from workflow.service import Service


def walks(rules: Rules, number: int, most: int) -> list[Walk]:
    """Give walks under some rules."""
    shown = evidence_for(rules)
    return [Walk(Random(seed), rules, shown).go(most) for seed in range(number)]


WALKS = [*walks(RICH.rules(1), 40, 40), *walks(SMALL.rules(1), 80, 30)]


def test_the_walks_meet_what_this_is_about():
    """Else the laws below would hold of nothing."""
    types = Counter(event.type for walk in WALKS for event in walk.draft.new)
    wanted = {
        "CourseVoided",
        "CertificateAwarded",
        "PartLapsed",
        "ExemptionGranted",
        "ExemptionWithdrawn",
        "EvidenceAdded",
        "EndorsementRecorded",
        "EndorsementWithdrawn",
        "Expired",
    }
    assert wanted <= types.keys(), types


def test_another_engine_ends_every_history_alike():
    """The machine of such a level is one for other engines as well."""
    for walk in WALKS:
        assert second_engine(walk.rules).fold(walk.draft.new, walk.rules) == walk.application.state


def test_a_history_is_what_it_is_on_every_day_whether_or_not_the_clock_is_written_down():
    """Replay of the recorded facts and the fold of those with the clock's steps between them agree."""
    for walk in WALKS:
        history = walk.draft.new
        assert fold(history, walk.rules) == walk.application
        for event in history[::5]:
            seen = [e for e in history if e.effective_on <= event.effective_on]
            alone = replay(history, walk.rules, event.effective_on)
            folded = fold(seen, walk.rules)
            assert alone == run_clock(folded, walk.rules, event.effective_on)[0]


def test_retold_under_its_own_rules_a_history_is_what_it_is():
    """Exemptions, endorsements and void courses are told again to the same end, without a divergence."""
    for walk in WALKS:
        if any(isinstance(event.fact, f.EligibilityRefused) for event in walk.draft.new):
            continue  # the walk refuses whom the rules accept, and a retelling accepts
        retold = retell(walk.draft.new, walk.rules, walk.on)
        assert not retold.divergences, retold.divergences
        assert retold.application.state == run_clock(walk.application, walk.rules, walk.on)[0].state


def test_everybody_who_waits_is_admitted_at_once_but_to_a_choice():
    """A complete stage waits for nothing; of a choice whoever has sat the part before; the rest are named."""
    t = Assessed(scheme(f"{{one: far, two: {{choose: 1, of: [bar, isc], {C}}}}}", far="", bar="", isc=""))
    stores = MemoryStores()
    now = t._instant("2024-12-01")
    service = Service(stores, lambda: now, iter(map(str, range(999))).__next__, "clerk")
    stores.schemes.put(t.scheme, now)
    for key in ("A1", "A2"):
        stores.candidates.add([Candidate(key, "Person", "passport", key)])
        service.submit(key, t.scheme, 1, EVIDENCE, day("2024-01-10"), key)
        service.record(key, t.history[1].fact, day("2024-01-10"))
    assert [x.application for x in admit_all(service, Sitting("s1", "far", day("2024-03-01")))] == ["A1", "A2"]
    assert list(admit_all(service, Sitting("s1", "bar", day("2024-03-01")))) == []
    (done,) = admit_all(service, Sitting("s1", "bar", day("2024-03-01")), ["A1"])
    assert done.error is None
    service.record("A1", f.AbsenceRecorded(part="bar", sitting="s1", sat_on=day("2024-03-01")), day("2024-03-01"))
    assert [x.application for x in admit_all(service, Sitting("s2", "bar", day("2024-05-01")))] == ["A1"]
