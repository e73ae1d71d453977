"""What an auditor finds in one history, and which histories a sample leans to."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from storage.codec import read_fact
from tests.timeline import Timeline
from workflow import facts as f
from workflow.audit.findings import Audited, Bench, Finding, lawful_of
from workflow.audit.history import break_of, opening, row_findings
from workflow.audit.redecide import due_of, redecided
from workflow.audit.sample import Drawn, merged, place_of, weigh
from workflow.draft import project
from workflow.events import Event, chain, instant_text
from workflow.replay import fold


class Shelf:
    """A shelf without documents: the rules are handed in."""

    def get(self, digest):
        return None


BENCH = Bench(Shelf(), read_fact)


def raw(history):
    """Give events as the database hands them on."""
    return [
        (
            e.application, e.sequence, e.type, e.version, e.fact.step, e.source, e.dest, e.effective_on.isoformat(),
            instant_text(e.recorded_at), e.actor, e.command, e.data, e.previous, e.hash,
        )
        for e in history
    ]  # fmt: skip


@pytest.fixture(scope="module")
def told():
    """Give a history that ends with an award."""
    t = Timeline(2).accept()
    for part, sat_on in (("theory", "2024-05-18"), ("skills", "2024-05-18"), ("review", "2024-07-18")):
        t.score(part, sat_on, "61", sat_on)
    return t.record(f.CertificateAwarded(number="N1", series="N*", serial=1), "2024-08-01")


def rechained(history):
    """Make all hashes anew."""
    return raw(chain([e._replace(sequence=n) for n, e in enumerate(history, 1)]))


def test_a_sound_history_has_no_break(told):
    """Every step of a history that the service wrote is lawful by the compiled table, and its chain holds."""
    assert break_of(raw(told.history), lawful_of(told.rules)) is None
    assert redecided(raw(told.history), told.rules, BENCH)[0] == []


@pytest.mark.parametrize(
    ("place", "value", "text"),
    [
        (1, 7, "event 3 is missing"),
        (1, 1, "bears the wrong number"),
        (2, "Foreseen", "its hash does not follow"),
        (3, "x", "its hash does not follow"),
        (8, None, "its hash does not follow"),
        (11, None, "its hash does not follow"),
        (12, "0" * 64, "its hash does not follow"),
        (9, 5, "holds what cannot be"),
    ],
)
def test_a_changed_column_is_found(told, place, value, text):
    """Whatever column of a row is changed, even to what no column can hold, its event is named."""
    rows = raw(told.history)
    changed = list(rows[2])
    changed[place] = value
    found = break_of([*rows[:2], tuple(changed), *rows[3:]], lawful_of(told.rules))
    assert found is not None
    assert text in found.text or "holds what cannot be" in found.text
    assert found.application == told.history[0].application
    assert found.remedy


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"source": "trained"}, "says that it left trained"),
        ({"dest": "certified"}, "has no step"),
        ({"recorded_at": Timeline(2).accept().history[0].recorded_at.replace(year=2001)}, "was put in later"),
    ],
)
def test_a_history_told_anew_is_found_where_it_is_unlawful(told, changes, text):
    """With all hashes made anew, what is found is what the table, the states or the instants contradict."""
    history = [e._replace(**changes) if e.sequence == 5 else e for e in told.history]
    found = break_of(rechained(history), lawful_of(told.rules))
    assert found is not None
    assert (text in found.text, found.sequence) == (True, 5)


def test_opening_reads_the_submission(told):
    """The first event says who applied under which document; one that does not is a finding."""
    rows = raw(told.history)
    assert opening(rows)["digest"] == told.rules.digest
    assert "event 1 is missing" in opening(rows[1:]).text
    for data in ("", "{", "[]", '{"digest":"x"}', rows[0][11] + " x", None):
        broken = opening([(*rows[0][:11], data, *rows[0][12:])])
        assert isinstance(broken, Finding)
        assert "cannot be read" in broken.text


def test_redeciding_goes_on_after_a_divergence(told):
    """Marks that fail the part make its announcement and the award diverge; both are told, with what was decided."""
    history = [
        e._replace(fact=e.fact.model_copy(update={"score": 59}))
        if isinstance(e.fact, f.ScoreRecorded) and e.fact.part == "skills"
        else e
        for e in told.history
    ]
    found, projection = redecided(rechained(history), told.rules, BENCH)
    assert projection is None
    types = [told.history[x.sequence - 1].type for x in found]
    assert types[0] == "ScoreAnnounced"
    assert types[-1] == "CertificateAwarded"
    assert found[-1].rules_say == "refused: not every part is passed and valid together"
    assert found[-1].clause
    assert found[-1].decided == "CertificateAwarded on 2024-08-01: from awaiting_award to certified"


def test_redeciding_never_crashes(told):
    """Facts in any order, of any nonsense, are findings."""
    rows = raw(told.history)
    for order in ([0, *range(len(rows) - 1, 0, -1)], [0, 0, 1, 1], [3, 4], [0, 5, 2]):
        found, _ = redecided([rows[n] for n in order], told.rules, BENCH)
        assert found or order == [3, 4]
    garbage = [rows[0], (*rows[1][:11], "garbage", *rows[1][12:]), (*rows[2][:7], "no day", *rows[2][8:])]
    found, _ = redecided(garbage, told.rules, BENCH)
    assert ["cannot be read" in x.text for x in found] == [True, True]


def test_the_row_is_compared_field_by_field(told):
    """Each field of a row that its history contradicts is a finding of its own; a row that is ahead is one."""
    application = fold(told.history, told.rules)
    right = project(application, told.rules, told.history[-1])
    row = ("A", "c", "s", "d", 2, "2024-01-01", "certified", 9, "h", "t", *due_of(right))
    assert row_findings(row, row) == []
    changed = (*row[:6], "expired", *row[7:10], "2030-01-01", *row[11:])
    assert [x.key for x in row_findings(changed, row)] == ["state", "next_due_on"]
    (ahead,) = row_findings((*row[:7], 10, "x", *row[9:]), row)
    assert "what came last is deleted" in ahead.text
    assert "no row" in row_findings(None, row)[0].text


def test_findings_are_kept_as_they_are():
    """What is written to a file of what is done is read back the same."""
    audited = Audited("bucket 3", 2, 5, 1, 1, [Finding("event", "text", "remedy", "A1", 3), Finding("run", "x", "y")])
    assert Audited.read(audited.as_json()) == audited


def test_weights(told):
    """A plain history weighs 1; what was certified near the mark, corrected or entered late weighs more."""
    plain = Timeline(2).accept()
    assert weigh(raw(plain.history), plain.rules) == (1, ())
    assert weigh(raw(told.history), told.rules) == (11, ("certified", "within 2 marks of a pass mark"))
    late = raw(plain.history)
    late[-1] = (*late[-1][:7], "2001-01-01", *late[-1][8:])
    assert weigh(late, plain.rules) == (5, ("late entry",))
    extended: Event = plain.history[-1]._replace(fact=f.TrainingWaived(reason="x", authority="y"))
    assert weigh(raw([plain.history[0], extended]), plain.rules) == (7, ("extended or waived",))


def test_a_draw_leans_to_weight_and_hangs_on_nothing_else():
    """Of many draws, what weighs more is drawn more; the order in which the histories come makes no difference."""
    weights = {f"A{n}": 10 if n < 100 else 1 for n in range(1_000)}
    drawn = [Drawn(place_of(key, weight, 7), key, weight, ()) for key, weight in weights.items()]
    first = merged([drawn], 50)
    assert first == merged([drawn[500:][::-1], drawn[:500]], 50)
    counts = Counter(one.weight for one in first)
    assert counts[10] > counts[1] / 2  # a tenth of them, with over half of the weight
    assert first != merged([[replace(one, place=place_of(one.application, one.weight, 8)) for one in drawn]], 50)
