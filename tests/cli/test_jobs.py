"""The nightly expiry as a function: in chunks, twice, late, and while others write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

import pytest

import scheduler.jobs
from scheduler.jobs import expire
from storage.memory import MemoryStores
from tests.timeline import EVIDENCE
from tests.timeline import test_scheme as scheme_with
from workflow import facts as f
from workflow.errors import Refused
from workflow.ports import Append, Candidate, Sitting
from workflow.service import Service

NIGHT = date(2026, 7, 1)


@pytest.fixture
def service(monkeypatch):
    """Give a service with five applications whose theory ran out on 2026-06-20, and chunks of two."""
    monkeypatch.setattr(scheduler.jobs, "CHUNK", 2)
    stores = MemoryStores()
    scheme = scheme_with()
    keys = count(1)
    service = Service(stores, lambda: datetime(2026, 7, 1, 4, tzinfo=UTC), lambda: f"k{next(keys)}", "test", "UTC")
    stores.schemes.put(scheme, service.now())
    stores.candidates.add([Candidate("c", "N", "passport", "E12345")])
    for number in range(5):
        key = f"A{number}"
        service.submit("c", scheme, 2, EVIDENCE, date(2024, 3, 15), key)
        accepted = f.EligibilityAccepted(condition="1", conditions_met=("1",), evidence_digest="")
        service.record(key, accepted, date(2024, 3, 16))
        service.admit(key, Sitting("S", "theory", date(2024, 5, 18)))
        scored = f.ScoreRecorded(part="theory", sitting="S", sat_on=date(2024, 5, 18), score=Decimal(60))
        service.record(key, scored, date(2024, 5, 18))
        service.record(key, f.ScoreAnnounced(part="theory", sitting="S"), date(2024, 6, 20))
    return service


def test_each_expiry_is_written_once_with_its_own_day(service):
    """However many chunks it takes, every expiry is written once and bears the day after the last valid day."""
    told: list[tuple[int, int]] = []
    receipt = expire(service, NIGHT, progress=lambda done, total: told.append((done, total)))
    assert receipt.counts == {"Expired": 5}
    assert [w.application for w in receipt.written] == ["A0", "A1", "A2", "A3", "A4"]
    assert {w.effective_on for w in receipt.written} == {date(2026, 6, 21)}
    assert told == [(2, 5), (4, 5), (5, 5)]
    assert expire(service, NIGHT).written == ()


def test_the_day_before_has_nothing_and_the_day_itself_all(service):
    """The last valid day counts: nothing expires on it, everything on the day after."""
    assert expire(service, date(2026, 6, 20)).written == ()
    assert len(expire(service, date(2026, 6, 21)).written) == 5


def test_a_dry_run_writes_nothing(service):
    """A dry run lists the same and writes nothing; it alone may ask about a day to come."""
    assert len(expire(service, NIGHT, dry_run=True).written) == 5
    assert len(expire(service, date(2030, 1, 1), dry_run=True).written) == 5
    with pytest.raises(Refused, match="lies in the future"):
        expire(service, date(2026, 7, 2))
    assert len(service.stores.events.history("A0")) == 5
    assert len(expire(service, NIGHT).written) == 5


@pytest.mark.parametrize(("losses", "left"), [(2, ()), (100, ("A1",))])
def test_an_application_that_others_write_to_is_tried_again(service, monkeypatch, losses, left):
    """Who loses a race against another writer is tried again; who keeps losing is named, and the others are done."""
    store = service.stores.events
    append, remaining = store.append, iter(range(losses))

    def losing(batch: Sequence[Append]) -> tuple[str, ...]:
        lost = [a for a in batch if a.application == "A1" and next(remaining, None) is not None]
        return (*append([a for a in batch if a not in lost]), *(a.application for a in lost))

    monkeypatch.setattr(store, "append", losing)
    receipt = expire(service, NIGHT)
    assert receipt.left == left
    assert len(receipt.written) == 5 - len(left)


def test_a_result_to_come_holds_the_clock(service):
    """Whoever sat the last part in time and waits for the result does not expire that night."""
    service.admit("A0", Sitting("S2", "skills", date(2026, 6, 20)), date(2026, 6, 1))
    receipt = expire(service, NIGHT)
    assert [w.application for w in receipt.written] == ["A1", "A2", "A3", "A4"]
    assert receipt.left == ()
    assert receipt.as_json()["counts"] == {"Expired": 4}
