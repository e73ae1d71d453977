"""What the logs beside the registers keep: who asked after a certificate, and what was amended of a person and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from storage.database import Database
from tests.contract.test_append import at_once
from tests.histories import filed, followed
from workflow import facts as f
from workflow.errors import Conflict, Invalid, NotFound
from workflow.events import certificate_code
from workflow.logs import Change, Note, Verification
from workflow.ports import Candidate, Stores

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
ZHANG = Candidate("k-2", "张三", "resident_id", "11010519491231002X", "male", "13800138000")
LI = Candidate("k-3", "李四", "resident_id", "110105194912310038")
NOTE = Note(NOON, "clerk", "misspelt", "minute 3")


def test_verifications_are_kept_in_order(stores: Stores) -> None:
    """Each question is kept with its instant and who asked, apart for each number, oldest first."""
    first = Verification(NOON, "T-1", "valid", "web")
    second = replace(first, at=NOON - timedelta(hours=1), outcome="wrong_name", asked_by="clerk")
    for one in (first, replace(first, number="T-2"), second, second):
        stores.verifications.put(one)
    assert stores.verifications.of("T-1") == (first, second, second)
    assert stores.verifications.of("T") == ()


def test_a_verification_that_cannot_be_kept_is_refused(stores: Stores) -> None:
    """A NUL in what was asked, or an instant without a zone, is refused."""
    with pytest.raises(Invalid, match="number: holds a NUL"):
        stores.verifications.put(Verification(NOON, "T\x00", "not_found", "web"))
    with pytest.raises(Exception, match="without a zone"):
        stores.verifications.put(Verification(NOON.replace(tzinfo=None), "T", "not_found", "web"))
    assert stores.verifications.of("T") == ()


def test_an_instant_comes_back_in_utc(stores: Stores) -> None:
    """An instant of another zone is the same instant."""
    stores.verifications.put(Verification(NOON.astimezone(timezone(timedelta(hours=8))), "T-1", "valid", "web"))
    assert stores.verifications.of("T-1")[0].at == NOON


def test_a_code_finds_its_certificate(stores: Stores) -> None:
    """The code of an award finds the number; no other code does, and no two awards share one."""
    awards = [followed(filed(f"E-{n}"), f.CertificateAwarded(number=f"N-{n}", series="N", serial=n)) for n in (1, 2)]
    for n, append in enumerate(awards, 1):
        assert stores.events.append([filed(f"E-{n}")]) == ()
        assert stores.events.append([append]) == ()
    codes = [certificate_code(append.events[-1]) for append in awards]
    assert len(set(codes)) == 2
    assert [stores.events.certificate_with_code(code) for code in codes] == ["N-1", "N-2"]
    assert stores.events.certificate_with_code("0" * 16) is None
    assert stores.events.certificate_with_code("") is None


def test_amending_a_person(stores: Stores) -> None:
    """What changed is found under its new value only, and the log says which field, when, by whom and why."""
    stores.candidates.add([ZHANG, LI])
    changed = stores.candidates.amend("k-2", {"document_number": "110105194912310054", "name": "张叁"}, NOTE)
    assert changed == ("name", "document_number")
    after = replace(ZHANG, name="张叁", document_number="110105194912310054")
    assert stores.candidates.get("k-2") == after
    assert stores.candidates.by_documents(("resident_id", "110105194912310054"))[0] == after
    assert stores.candidates.by_documents(("resident_id", ZHANG.document_number))[0] is None
    assert (stores.candidates.by_name("张叁"), stores.candidates.by_name("张三")) == ((after,), ())
    assert stores.candidates.changes("k-2") == (Change("k-2", "name", NOTE), Change("k-2", "document_number", NOTE))
    assert stores.candidates.changes("k-3") == ()
    assert stores.candidates.get("k-3") == LI


def test_amending_nothing_logs_nothing(stores: Stores) -> None:
    """The same value again is no amendment."""
    stores.candidates.add([ZHANG])
    assert stores.candidates.amend("k-2", {"name": "张三", "phone": ZHANG.phone}, NOTE) == ()
    assert stores.candidates.changes("k-2") == ()


def test_a_document_stays_one_persons(stores: Stores) -> None:
    """A document of another person is refused by key alone, and nothing of the amendment is kept."""
    stores.candidates.add([ZHANG, LI])
    with pytest.raises(Conflict, match="registered for candidate k-3") as error:
        stores.candidates.amend("k-2", {"name": "李四", "document_number": LI.document_number}, NOTE)
    assert LI.document_number not in str(error.value)
    assert stores.candidates.get("k-2") == ZHANG
    assert stores.candidates.changes("k-2") == ()
    with pytest.raises(NotFound):
        stores.candidates.amend("k-9", {"name": "李四"}, NOTE)
    with pytest.raises(Invalid, match="name: holds a NUL"):
        stores.candidates.amend("k-2", {"name": "\x00"}, NOTE)
    with pytest.raises(ValueError, match="no value called key"):
        stores.candidates.amend("k-2", {"key": "k-7"}, NOTE)


def test_eight_clerks_amend_different_values_at_once(stores: Stores) -> None:
    """Nobody's amendment overwrites another's: each changes only what it names."""
    stores.candidates.add([ZHANG])
    values = [("name", "张叁"), ("phone", "1"), ("sex", "female"), ("document_type", "passport")] * 2

    def amend(clerk: int) -> int:
        field, value = values[clerk]
        return len(stores.candidates.amend("k-2", {field: value}, NOTE))

    assert sorted(map(str, at_once(amend))) == ["0"] * 4 + ["1"] * 4
    assert stores.candidates.get("k-2") == replace(ZHANG, **dict(values))
    assert len(stores.candidates.changes("k-2")) == 4


def test_no_value_stands_in_the_logs(database: Database) -> None:
    """The table of amendments holds neither what was there before nor what is there now."""
    from sqlalchemy import select

    from storage import tables

    database.candidates.add([ZHANG])
    database.candidates.amend("k-2", {"name": "张叁", "phone": "13900139000"}, NOTE)
    with database.engine.connect() as connection:
        rows = str(connection.execute(select(tables.candidate_change)).all())
    assert not any(value in rows for value in ("张三", "张叁", "13800138000", "13900139000"))


def test_certificates_of_before_get_their_code(database_url: str) -> None:
    """A database of the version before gets the same codes that the awards would have given, and no new certificate."""
    from sqlalchemy import select, text

    from storage import tables
    from storage.database import init, open_database, upgrade
    from storage.migrations.run import downgrade_to

    init(database_url)
    append = followed(filed("E-1"), f.CertificateAwarded(number="N-1", series="N", serial=1))
    with open_database(database_url) as old:
        assert old.events.append([filed("E-1")]) == ()
        assert old.events.append([append]) == ()
        with old.engine.begin() as tx:
            downgrade_to(tx, "0001")
    assert upgrade(database_url).condition == "current"
    with open_database(database_url) as new:
        assert new.events.certificate_with_code(certificate_code(append.events[-1])) == "N-1"
        with new.engine.connect() as connection:
            assert len(connection.execute(select(tables.certificate)).all()) == 1
            assert connection.scalar(text("SELECT count(*) FROM certificate_code")) == 1
