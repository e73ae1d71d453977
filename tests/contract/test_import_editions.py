"""Imports give the edition that `application submit` gives, closed editions that stay open for some included."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count

import pytest
from stdnum.cn import ric

from tests.timeline import test_scheme as scheme_with
from tests.unit.test_editions import closed, newer
from workflow.board.applying import applicant
from workflow.bulk import round as rounds
from workflow.bulk.intake import parse
from workflow.errors import Refused
from workflow.service import Service

TITLES = {
    "applications": "application,name,document_type,document_number,occupation,level,edition,submitted_on",
    "certificates": "application,occupation,level,kind,issued_on",
    "work": "application,occupation,from,to",
    "training": "application,level,hours,completion_certificate,completed_on,phase",
    "scores": "application,part,session,sat_on,announced_on,score",
}
NUMBER = "11010119020602231" + ric.calc_check_digit("110101190206022310")
BEGAN = "until: 2027-12-31, filed_before: 2025-07-01"
HOLDS = "until: 2027-12-31, holds: [theory]"
SHOWS = "until: 2027-12-31, certificate: {level: 3}"


class Desk:
    """A board that offers some schemes."""

    def __init__(self, stores, *schemes):
        for one in schemes:
            stores.schemes.put(one, datetime(2026, 1, 1, tzinfo=UTC))
        keys = count(1)
        self.service = Service(stores, lambda: datetime(2026, 11, 20, 4, tzinfo=UTC), lambda: f"k{next(keys)}", "test")

    def load(self, applications, cohort="", **more):
        """Import applications, each `(number, day, edition)`, with work and a course; give why rows were rejected."""
        files = {
            "applications": [f"{k},王一,resident_id,{NUMBER},1-01,3,{e},{on}" for k, on, e in applications],
            "work": [f"{k},same,2015-01-01,2024-12-31" for k, _, _ in applications],
            "training": [f"{k},3,100,yes,2024-12-31,before" for k, _, _ in applications],
            **more,
        }
        parsed = {}
        for kind, lines in files.items():
            rows = [(n, line.split(",")) for n, line in enumerate(lines, 2)]
            parsed[kind] = parse(kind, f"{kind}.csv", TITLES[kind].split(","), rows)
        report = rounds.import_round(self.service, parsed, cohort=cohort)
        return [(r.field, r.reason) for r in report.rejects if r.file == "applications.csv"]

    def edition(self, key):
        """Give the scheme under which an application was filed."""
        return self.service.standing(key).application.scheme


def of_theory(key):
    """Give the row of a pass in theory."""
    return f"{key},theory,S1,2025-05-10,2025-06-10,60"


@pytest.mark.parametrize("size", [1, 1_000])
@pytest.mark.parametrize("names", [("A1", "A2"), ("A2", "A1")])
@pytest.mark.parametrize("is_recorded", [True, False])
def test_who_filed_before_is_let_in_by_a_file_too(stores, monkeypatch, size, names, is_recorded):
    """The earlier application is recorded, or stands in the same file; the numbers do not matter."""
    monkeypatch.setattr(rounds, "CHUNK", size)
    early, late = (names[0], "2025-03-01", "test"), (names[1], "2026-02-01", "test")
    desk = Desk(stores, closed(BEGAN), newer())
    if is_recorded:
        assert desk.load([early]) == []
    files = [late] if is_recorded else [late, early]
    assert desk.load(files) == []
    assert (desk.edition("A1"), desk.edition("A2")) == ("test", "test")
    assert desk.load(files) == []


def test_who_did_not_is_told_the_clause(stores):
    """Rejected by the clause that is asked; an application is no earlier one of its own."""
    ((column, why),) = Desk(stores, closed(BEGAN), newer()).load([("A1", "2026-02-01", "test")])
    assert column == "edition"
    assert "closed on 2025-12-31; it is open for those who filed an application under it before 2025-07-01" in why


@pytest.mark.parametrize("day", ["2026-02-01", "2027-06-10"])
def test_a_part_held_gives_the_old_edition_by_default(stores, day):
    """While it is held; with nothing named, and the pass in the same file. The same file again changes nothing."""
    desk = Desk(stores, closed(f"{HOLDS}, by_default: true"), newer())
    desk.service.now = lambda: datetime(2027, 11, 20, 4, tzinfo=UTC)
    files = {"applications": [("A2", "2025-03-01", ""), ("A1", day, "")], "scores": [of_theory("A2")]}
    for _ in range(2):
        assert desk.load(**files) == []
    assert desk.edition("A1") == "test"
    assert desk.load([("A3", "2027-06-11", "")]) == []
    assert desk.edition("A3") == "test-2026"


def test_a_certificate_that_is_shown_gives_the_old_edition(stores):
    """It stands in the file of certificates; who shows none gets the newer one."""
    desk = Desk(stores, closed(f"{SHOWS}, by_default: true"), newer())
    papers = ["A1,same,3,vq,2015-01-01"]
    assert desk.load([("A1", "2026-02-01", ""), ("A2", "2026-02-01", "")], certificates=papers) == []
    assert (desk.edition("A1"), desk.edition("A2")) == ("test", "test-2026")


def test_a_file_and_a_command_agree_where_only_the_named_edition_is_offered(stores):
    """Closed for all but a cohort, which has to name it: there is no edition for who names none."""
    desk = Desk(stores, closed("until: 2026-06-30, cohorts: [C1]"))
    files = applicant(desk.service, "c", date(2026, 2, 1), "C1")
    assert desk.service.scheme_for(date(2026, 2, 1), "1-01", "test", files).scheme.scheme == "test"
    assert desk.load([("A1", "2026-02-01", "test")], "C1") == []
    with pytest.raises(Refused):
        desk.service.scheme_for(date(2026, 2, 1), "1-01", "", files)
    assert [column for column, _ in desk.load([("A2", "2026-02-01", "")], "C1")] == ["occupation"]


def test_an_edition_that_is_offered_before_it_is_in_force_is_taken_by_its_name(stores):
    """From its first day on, though nobody gets it who does not name it."""
    ahead = scheme_with(force="in_force_from: 2000-01-01->in_force_from: 2026-03-01")
    desk = Desk(stores, ahead)
    assert desk.load([("A1", "2026-02-28", "test")]) == []
    assert [column for column, _ in desk.load([("A2", "2026-02-28", "")])] == ["occupation"]
    assert desk.load([("A3", "2026-03-01", "")]) == []
