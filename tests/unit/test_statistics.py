"""Statistics: worked numbers on small timelines, and the sums that every table must keep."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path

import pytest

from storage.memory import MemoryStores
from storage.sheets import read_sheet
from tests.timeline import Timeline, day
from workflow import facts as f
from workflow.bulk.intake import KINDS, parse
from workflow.bulk.round import import_round
from workflow.checking.check import pin
from workflow.figures.statistics import Case, Tally, case_of, tallied
from workflow.figures.table import line_of_all, lines_of, part_lines
from workflow.service import Service

ROOT = Path(__file__).resolve().parents[2]
ROUND = ROOT / "examples" / "round-2024"
WHY = {"reason": "why", "authority": "board"}
MINOR = "levels:->misconduct:\n  minor: {title: Minor, voids: part, clause: {source: rules}}\nlevels:"


def trained(**changes: str) -> Timeline:
    """Give an application that was accepted on 2024-03-15 and trained on 2024-04-01."""
    from tests.timeline import test_scheme

    scheme = test_scheme(**changes) if changes else None
    return Timeline(scheme=scheme).accept().train("2024-04-01")


def case(t: Timeline, on: str, known: str = "", cohort: str = "") -> Case:
    """Take up a timeline for counting."""
    known_at = datetime.combine(day(known), datetime.max.time(), UTC) if known else None
    found = case_of(t.history, t.rules, day(on), known_at)
    assert found is not None
    return replace(found, application=found.application.but(cohort=cohort))


def tally(*cases: Case) -> Tally:
    """Count cases all together."""
    (found,) = tallied(cases, ()).values()
    return found


def passed_both() -> Timeline:
    """Give an application that fails theory, is absent from skills, and passes both later."""
    t = trained().score("theory", "2024-05-18", "59.5", "2024-06-20").admit("skills", "2024-05-18")
    t.absent("skills", "2024-05-18")
    t.score("theory", "2024-11-16", "60", "2024-12-20")
    return t.score("skills", "2024-11-16", "80", "2024-12-20")


def test_first_tries_and_resits_are_counted_apart():
    """A part failed and passed later is one first try that failed and one resit that passed; absence is no try."""
    parts = tally(case(passed_both(), "2025-01-01")).parts
    theory = {kind: n for (part, kind), n in parts.items() if part == "theory"}
    assert theory == {
        **{"admitted": 2, "sat": 2, "passed": 1, "failed": 1},
        **{"first_sat": 1, "resit_sat": 1, "resit_passed": 1},
    }
    skills = {kind: n for (part, kind), n in parts.items() if part == "skills"}
    assert skills == {"admitted": 2, "absent": 1, "sat": 1, "passed": 1, "first_sat": 1, "first_passed": 1}


def test_marks_that_are_not_announced_are_pending():
    """What is recorded and not announced is sat, and neither passed nor failed; what is to come is booked."""
    t = trained().score("theory", "2024-05-18", "90")
    t.record(f.Admitted(part="skills", sitting="S2", sat_on=day("2024-06-01")), "2024-05-19")
    parts = tally(case(t, "2024-05-20")).parts
    assert (parts["theory", "pending"], parts["theory", "passed"], parts["skills", "booked"]) == (1, 0, 1)
    assert (parts["theory", "sat"], parts["skills", "sat"]) == (1, 0)


def test_an_application_whose_time_ran_out_counts_as_expired_though_no_job_ran():
    """The last valid day counts; the day after, the application is expired by the part that lapsed."""
    t = trained().score("theory", "2024-05-18", "60", "2024-06-20")
    before, after = tally(case(t, "2026-06-20")), tally(case(t, "2026-06-21"))
    assert (before.counts["state expired"], before.expired_by) == (0, Counter())
    assert (after.counts["state expired"], after.expired_by) == (1, Counter({"theory": 1}))
    t.night("2026-07-01")
    assert tally(case(t, "2026-06-21")).counts == after.counts


def test_the_two_clocks_decide_what_is_counted():
    """Before submission there is nothing; what was not known at a moment is not counted, though it was true."""
    t = trained()
    assert case_of(t.history, t.rules, day("2024-03-14")) is None
    t.score("theory", "2024-05-18", "60", "2024-06-20", known="2024-08-01")
    assert tally(case(t, "2024-07-01")).parts["theory", "passed"] == 1
    assert tally(case(t, "2024-07-01", known="2024-07-31")).parts == Counter()
    assert tally(case(t, "2024-05-20")).parts["theory", "pending"] == 1


def test_a_void_result_is_neither_passed_nor_failed():
    """A finding of misconduct voids the result: it was sat, and counts as void."""
    t = trained(levels=MINOR).score("theory", "2024-05-18", "70", "2024-06-20")
    t.record(f.MisconductFound(degree="minor", sitting="2024-05-18", part="theory", **WHY), "2024-07-01")
    parts = tally(case(t, "2024-07-02")).parts
    assert (parts["theory", "sat"], parts["theory", "void"], parts["theory", "passed"]) == (1, 1, 0)
    assert tally(case(t, "2024-06-30")).parts["theory", "passed"] == 1


def test_days_and_pass_rate():
    """Days run from milestone to milestone; of two assessed one is certified; a revoked certificate is none."""
    done = passed_both()
    done.record(f.CertificateAwarded(number="T243-1", series="T243-", serial=1), "2025-01-10")
    failed = trained().score("theory", "2024-05-18", "10", "2024-06-20")
    both = tally(case(done, "2025-02-01"), case(failed, "2025-02-01"))
    assert both.median_days("submitted", "trained") == 17.0
    assert both.median_days("trained", "first_exam") == 47.0
    assert both.median_days("first_exam", "awaiting_award") == (date(2024, 12, 20) - date(2024, 5, 18)).days
    assert both.median_days("awaiting_award", "certified") == 21.0
    assert (both.counts["assessed"], both.counts["certified"], both.pass_rate) == (2, 1, 0.5)
    assert tally(case(failed, "2024-04-02")).pass_rate is None
    done.record(f.CertificateRevoked(**WHY), "2025-03-01")
    revoked = tally(case(done, "2025-03-01"))
    assert [revoked.counts[x] for x in ("awarded", "certified", "revoked")] == [1, 0, 1]
    assert revoked.pass_rate == 0.0


def test_waivers_refusals_withdrawals_and_conditions_are_counted():
    """Each way to go on or to end has its count; an undecided application is eligible by what its evidence says."""
    waived = Timeline().accept().record(f.TrainingWaived(**WHY), "2024-04-01")
    gone = trained().record(f.Withdrawn(), "2024-05-01")
    refused = Timeline().record(f.EligibilityRefused(reason="x", conditions_met=(), explanation=()), "2024-03-20")
    found = tally(*(case(t, "2024-06-01") for t in (waived, gone, refused, Timeline())))
    names = (
        "applied",
        "eligible",
        "not_eligible",
        "accepted",
        "waivers",
        "trained",
        "state withdrawn",
        "state refused",
    )
    assert [found.counts[name] for name in names] == [4, 3, 1, 2, 1, 2, 1, 1]
    assert found.met == {("test", 3, "1"): 3}


def test_by_session_an_application_counts_where_it_was():
    """By session the attempts are those of the session; who was never admitted counts in none."""
    found = tallied([case(passed_both(), "2025-01-01"), case(Timeline(), "2025-01-01")], ("session",))
    assert list(found) == [("2024-05-18",), ("2024-11-16",), (None,)]
    first, second, none = found.values()
    assert (first.parts["theory", "failed"], first.parts["skills", "absent"], first.parts["theory", "passed"]) == (
        1,
        1,
        0,
    )
    assert (second.parts["theory", "resit_passed"], second.parts["theory", "failed"]) == (1, 0)
    assert (none.counts["applied"], none.parts) == (1, Counter())
    lines = part_lines({("test", 3): second})
    assert [(line.group["part"], line.values["part_pass_rate"]) for line in lines] == [("theory", 1.0), ("skills", 1.0)]


@pytest.fixture(scope="module")
def round_cases():
    """Give the cases of the whole round of the examples, on the day of its expected outcome."""
    stores = MemoryStores()
    for path in sorted(p for p in (ROOT / "workflow" / "schemes").glob("*.yaml") if ".cases." not in p.name):
        stores.schemes.put(pin(path.read_text(encoding="utf-8"), path.name), datetime(2026, 1, 1, tzinfo=UTC))
    keys = count(1)
    service = Service(stores, lambda: datetime(2026, 11, 20, 4, tzinfo=UTC), lambda: f"k{next(keys)}", "test")
    sheets = {kind: read_sheet(ROUND / f"{kind}.csv") for kind in KINDS}
    import_round(service, {kind: parse(kind, sheet.name, sheet.header, sheet.rows) for kind, sheet in sheets.items()})
    return [case_of(history, service.rules_of(history), date(2026, 11, 20)) for history in stores.events.histories()]


def test_totals_agree_with_the_expected_outcome_of_the_round(round_cases):
    """States, conditions and the eligible of the 600 applications are those that the round says."""
    text = (ROUND / "expected.csv").read_text(encoding="utf-8-sig")
    expected = list(csv.DictReader(io.StringIO(text)))
    total = tally(*round_cases)
    states = {name.removeprefix("state "): n for name, n in total.counts.items() if name.startswith("state ")}
    assert states == Counter(row["state"] for row in expected)
    assert total.counts["eligible"] == sum(bool(row["conditions_met"]) for row in expected)
    met: Counter[str] = Counter()
    for (_scheme, _level, condition), number in total.met.items():
        met[condition] += number
    assert met == Counter(x for row in expected for x in row["conditions_met"].split(",") if x)
    assert sum(total.expired_by.values()) == states["expired"]


@pytest.mark.parametrize("by", [("scheme", "level"), ("cohort",), ("level",)])
def test_the_groups_add_up_to_all(round_cases, by):
    """In every table each count of all is the sum over the groups, and each sum within a line holds."""
    tallies = tallied(round_cases, by)
    lines = lines_of(tallies, by)
    every = line_of_all(tallies, by, tally(*round_cases))
    for name, value in every.values.items():
        if isinstance(value, int):
            assert value == sum(int(line.values[name] or 0) for line in lines), name
    for line in [*lines, every]:
        v = {name: int(value or 0) for name, value in line.values.items()}
        assert v["applied"] == v["eligible"] + v["not_eligible"]
        ends = ("awaiting_award", "awarded", "expired", "refused", "withdrawn", "annulled")
        assert v["applied"] == sum(v[x] for x in v if x.startswith("in_") or x in ends)
        for part in ("theory", "skills", "review"):
            n = {kind: v[f"{part}_{kind}"] for kind in ("admitted", "sat", "absent", "booked", "passed", "failed")}
            assert n["admitted"] == n["sat"] + n["absent"] + n["booked"]
            assert n["sat"] == n["passed"] + n["failed"] + v[f"{part}_void"] + v[f"{part}_pending"]
            assert n["sat"] == v[f"{part}_first_sat"] + v[f"{part}_resit_sat"]
            assert n["passed"] == v[f"{part}_first_passed"] + v[f"{part}_resit_passed"]
