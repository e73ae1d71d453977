"""
Several applications of one candidate in one import: what they bring against each other.

It is the same whatever their numbers, wherever the import cuts its chunks, and in a dry run.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count

import pytest
from stdnum.cn import ric

from tests.timeline import test_scheme as scheme_with
from tests.unit.assessing import C, scheme
from workflow.board import sittings
from workflow.bulk import round as rounds
from workflow.bulk.intake import parse
from workflow.seating import Room, Sitting
from workflow.service import Service

TITLES = {
    "applications": "application,name,document_type,document_number,occupation,level,edition,submitted_on",
    "certificates": "application,occupation,level,kind,issued_on",
    "scores": "application,part,session,sat_on,announced_on,score",
}
NUMBER = "11010119020602231" + ric.calc_check_digit("110101190206022310")
OTHER = "11010119020602233" + ric.calc_check_digit("110101190206022330")
TWO_IN_ALL = "in_all: 2, counts_other_applications: true"
BARRED = "most: 2, at_cap: expire, bar: {years: 1}"


@pytest.fixture(params=[1, 2, 1_000])
def chunk(request, monkeypatch):
    """Let an import cut its chunks small or large."""
    monkeypatch.setattr(rounds, "CHUNK", request.param)


@pytest.fixture(params=[("A1", "A2"), ("A2", "A1")])
def names(request):
    """Give the numbers of the earlier and the later application."""
    return request.param


class Desk:
    """A board that takes in files under one scheme."""

    def __init__(self, stores, resits):
        pinned = scheme("{one: far}", far=f"resits: {{{resits}, {C}}}")
        stores.schemes.put(pinned, datetime(2026, 1, 1, tzinfo=UTC))
        keys = count(1)
        self.service = Service(stores, lambda: datetime(2026, 11, 20, 4, tzinfo=UTC), lambda: f"k{next(keys)}", "test")

    def file(self, *opened, scores=(), number=NUMBER):
        """Give the files of some applications, each `(application, day)`, and some scores."""
        rows = [f"{key},王一,resident_id,{number},1-01,1,,{on}" for key, on in opened]
        papers = [f"{key},same,3,vq,2020-03-15" for key, _ in opened]
        return {"applications": rows, "certificates": papers, "scores": list(scores)}

    def load(self, files, dry_run=False):
        """Import the files; give the rejected rows as they stand, and what was said of each."""
        parsed = {}
        for kind, lines in files.items():
            rows = [(n, line.split(",")) for n, line in enumerate(lines, 2)]
            parsed[kind] = parse(kind, f"{kind}.csv", TITLES[kind].split(","), rows)
        report = rounds.import_round(self.service, parsed, dry_run=dry_run)
        return {files[r.file.removesuffix(".csv")][r.line - 2]: r.reason for r in report.rejects}


def failed(key, on):
    """Give the row of a fail that is announced on its day."""
    return f"{key},far,S{on},{on},{on},59"


def both(desk, files):
    """Import as a dry run and in earnest; both must say the same."""
    told = desk.load(files, dry_run=True)
    assert desk.load(files) == told
    assert desk.load(files) == told  # once more: nothing that was rejected is taken now
    return told


def test_attempts_that_count_in_both_are_counted_in_the_order_of_days(stores, chunk, names):
    """Two in all, four made in turn: the third and the fourth are rejected, whichever application they are of."""
    early, late = names
    days = ["2024-02-01", "2024-03-01", "2024-04-01", "2024-05-01"]
    scores = [failed(key, on) for key, on in zip([early, late, early, late], days, strict=True)]
    desk = Desk(stores, TWO_IN_ALL)
    told = both(desk, desk.file((late, "2024-01-11"), (early, "2024-01-10"), scores=scores[::-1]))
    assert told.keys() == set(scores[2:])
    assert all("2 attempts of at most 2 are used up in all applications" in why for why in told.values())


def test_who_has_used_up_all_attempts_files_no_more(stores, chunk, names):
    """The third application is refused from the day of the last result, and was taken the day before."""
    early, late = names
    scores = [failed(early, "2024-02-01"), failed(early, "2024-03-01")]
    desk = Desk(stores, TWO_IN_ALL)
    files = desk.file(("B1", "2024-03-01"), (early, "2024-01-10"), (late, "2024-02-29"), scores=scores)
    told = both(desk, files)
    assert told.keys() == {files["applications"][0], files["certificates"][0]}
    assert "none passed; no attempt is left" in told[files["applications"][0]]


def test_a_bar_from_one_application_holds_for_the_next_one(stores, chunk, names):
    """A year from the last attempt: through 2025-02-28 nobody files anew; another candidate does."""
    early, late = names
    scores = [failed(early, "2024-02-01"), failed(early, "2024-03-01")]
    desk = Desk(stores, BARRED)
    files = desk.file((late, "2025-02-28"), (early, "2024-01-10"), ("B1", "2025-03-01"), scores=scores)
    files["applications"] += desk.file(("C1", "2024-04-01"), number=OTHER)["applications"]
    told = both(desk, files)
    assert told.keys() == {files["applications"][0], files["certificates"][0]}
    assert "barred through 2025-02-28" in told[files["applications"][0]]


def test_scores_of_applications_that_are_recorded_are_counted_together(stores, chunk, names):
    """A file of scores alone tells nothing of the candidate: the record does."""
    early, late = names
    desk = Desk(stores, TWO_IN_ALL)
    assert desk.load(desk.file((early, "2024-01-10"), (late, "2024-01-11"))) == {}
    scores = [failed(early, "2024-04-01"), failed(late, "2024-03-01"), failed(early, "2024-02-01")]
    assert both(desk, {"scores": scores}).keys() == {scores[0]}


def test_a_recorded_application_is_counted_with_one_that_is_filed_now(stores, chunk, names):
    """The scores are of both; of the recorded one the files have no other row."""
    early, late = names
    desk = Desk(stores, TWO_IN_ALL)
    assert desk.load(desk.file((early, "2024-01-10"))) == {}
    scores = [failed(early, "2024-04-01"), failed(late, "2024-03-01"), failed(early, "2024-02-01")]
    assert both(desk, desk.file((late, "2024-01-11"), scores=scores)).keys() == {scores[0]}


def test_who_is_filed_by_somebody_else_meanwhile_is_not_counted_twice(stores, monkeypatch, chunk, names):
    """The same files are taken in between the reading of the record and the judging: both imports tell the same."""
    early, late = names
    one, other = Desk(stores, TWO_IN_ALL), Desk(stores, TWO_IN_ALL)
    keys = count(1)
    other.service.new_key = lambda: f"other{next(keys)}"
    scores = [failed(late, "2024-02-01"), failed(late, "2024-03-01"), failed(early, "2024-04-01")]
    files = one.file((early, "2024-01-10"), (late, "2024-01-11"), scores=scores)
    read = stores.events.histories
    told: list[dict[str, str]] = []

    def overtaken(*wanted):
        found = [*read(*wanted)]
        if not told:
            told.append({})
            told[0] = other.load(files)
        yield from found

    monkeypatch.setattr(stores.events, "histories", overtaken)
    assert one.load(files) == told[0]
    assert told[0].keys() == {scores[2]}
    assert [sitting.key for sitting in stores.sittings.all()] == ["S2024-02-01", "S2024-03-01"]


@pytest.mark.parametrize("rooms", [(), (Room("101", 5),)])
@pytest.mark.parametrize("size", [1, 50])
def test_two_applications_of_one_candidate_are_not_both_admitted_to_the_last_attempt(stores, monkeypatch, size, rooms):
    """One attempt is left; the dry run and the admission say so of the second application, in one chunk or in two."""
    monkeypatch.setattr(sittings, "CHUNK", size)
    desk = Desk(stores, TWO_IN_ALL)
    files = desk.file(("A1", "2024-01-10"), ("A2", "2024-01-11"), scores=[failed("A1", "2024-02-01")])
    assert desk.load(files) == {}
    one = Sitting("T", "far", date(2026, 12, 1), rooms=rooms)
    stores.sittings.put([one])
    for dry_run in (True, False):
        done = {x.application: x.error for x in sittings.admit_all(desk.service, one, dry_run=dry_run)}
        assert done["A1"] is None
        assert "2 attempts of at most 2 are used up in all applications" in str(done["A2"])


def test_a_row_that_names_another_candidate_brings_nothing_of_theirs(stores, chunk, names):
    """Its level is unknown as well, and who files is asked before the level: the record says whose it is."""
    mine, theirs = names
    begins, ends = "offered_from: 2000-01-01", "offered_until: 2025-12-31"
    kept = f"still_open_for: [{{until: 2027-12-31, filed_before: 2025-07-01, {C}}}]"
    kept_open = f"{begins}->{begins}\n  {ends}\n  {kept}"
    asks = scheme_with(key="scheme: test->scheme: other", code="code: 1-01->code: 1-02", kept=kept_open)
    desk = Desk(stores, TWO_IN_ALL)
    stores.schemes.put(asks, datetime(2026, 1, 1, tzinfo=UTC))
    assert desk.load(desk.file((mine, "2024-01-10"))) == {}
    assert desk.load(desk.file((theirs, "2024-01-10"), number=OTHER)) == {}
    row = desk.file((mine, "2024-01-10"), number=OTHER)["applications"][0].replace(",1-01,1,", ",1-01,9,")
    scores = [failed(mine, "2024-02-01"), failed(theirs, "2024-03-01"), failed(theirs, "2024-04-01")]
    told = both(desk, {"applications": [row], "scores": scores})
    assert told.keys() == {row, scores[0]}
    assert "has no such level" in told[row]
    assert told[scores[0]] == "the application's own row was rejected"


def test_a_document_under_two_names_is_told_in_a_dry_run_too(stores, chunk):
    """The smaller number decides under which name the person is registered."""
    desk = Desk(stores, TWO_IN_ALL)
    files = desk.file(("A2", "2024-01-10"), ("A1", "2024-01-11"))
    files["applications"][0] = files["applications"][0].replace("王一", "王二")
    told = both(desk, files)
    assert told[files["applications"][0]] == "the identity document is registered under another name"
