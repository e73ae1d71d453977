"""What every register keeps: persons, sittings and scheme documents."""

from __future__ import annotations

import traceback
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from storage.database import Database, init, open_database, upgrade
from storage.engine import writing
from storage.migrations.run import downgrade_to
from tests.contract.test_append import at_once
from tests.contract.test_sql import rows_of
from tests.timeline import test_scheme as scheme_with
from workflow.errors import Corrupt, Invalid, Misconfigured
from workflow.logs import Change, Note
from workflow.ports import Candidate, Sitting, Stores

ZHANG = Candidate("k-2", "张三", "id_card", "11010519491231002X", "女", "13800138000")
MAILED = replace(ZHANG, email="zhang@example.org")
NAMESAKE = Candidate("k-1", "张三", "passport", "E12345678")
LI = Candidate("k-3", "李四", "id_card", "110105194912310038")
PLAIN = """INSERT INTO candidate (key, name, name_index, document_type, document_number, document_index, sex, phone)
    VALUES (:key, :name, :name_index, :document_type, :document_number, :document_index, :sex, :phone)"""
NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)


def test_a_person_is_found_again(stores: Stores) -> None:
    """By key, by identity paper and by exact name, with every value as given."""
    assert stores.candidates.add([ZHANG, NAMESAKE, LI]) == (ZHANG, NAMESAKE, LI)
    assert stores.candidates.get("k-2") == ZHANG
    assert stores.candidates.get("k-9") is None
    assert stores.candidates.many(["k-3", "k-9", "k-1", "k-3"]) == {"k-1": NAMESAKE, "k-3": LI}
    assert stores.candidates.by_documents(("id_card", ZHANG.document_number))[0] == ZHANG
    assert stores.candidates.by_documents(("passport", ZHANG.document_number))[0] is None
    assert stores.candidates.by_name("张三") == (NAMESAKE, ZHANG)
    assert stores.candidates.by_name("张") == ()


def test_an_email_is_kept_amended_and_logged_by_name_alone(stores: Stores) -> None:
    """The address comes back as given, a correction replaces it, and the log says only that it was corrected."""
    note = Note(NOON, "clerk", "misspelt", "minute 7")
    assert stores.candidates.add([MAILED, LI]) == (MAILED, LI)
    assert stores.candidates.get("k-2") == MAILED
    assert stores.candidates.get("k-3") == LI
    assert LI.email == ""
    changed = stores.candidates.amend("k-2", {"email": "new@example.org", "phone": MAILED.phone}, note)
    assert changed == ("email",)
    assert stores.candidates.get("k-2") == replace(MAILED, email="new@example.org")
    assert stores.candidates.amend("k-2", {"email": ""}, note) == ("email",)
    assert stores.candidates.get("k-2") == ZHANG
    assert stores.candidates.changes("k-2") == (Change("k-2", "email", note),) * 2


@pytest.mark.parametrize("bad", ["a\x00@example.org", "\ud800@example.org"])
def test_an_email_that_the_databases_cannot_give_back_is_refused(stores: Stores, bad: str) -> None:
    """It is refused by the name of its field, whether it is new or a correction, and nothing is kept."""
    with pytest.raises(Invalid, match="person 1 of those given: email: holds") as error:
        stores.candidates.add([replace(ZHANG, email=bad)])
    assert "example" not in str(error.value)
    stores.candidates.add([MAILED])
    with pytest.raises(Invalid, match="email: holds"):
        stores.candidates.amend("k-2", {"email": bad}, Note(NOON, "clerk", "x", "y"))
    assert stores.candidates.get("k-2") == MAILED


def test_no_value_stands_in_the_table(database: Database) -> None:
    """Before and after a correction the rows hold no value of the person, nor the kind of document."""
    database.candidates.add([MAILED])
    database.candidates.amend("k-2", {"email": "new@example.org", "name": "张叁"}, Note(NOON, "clerk", "x", "y"))
    assert database.candidates.get("k-2") == replace(MAILED, email="new@example.org", name="张叁")
    (row,) = rows_of(database, "candidate")
    kept = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    values = (ZHANG.name, "张叁", ZHANG.document_number, ZHANG.document_type, ZHANG.sex, ZHANG.phone, MAILED.email)
    assert not any(value.encode() in kept for value in (*values, "new@example.org"))


def test_a_person_is_found_whatever_the_writing(stores: Stores) -> None:
    """Width, case, blanks and middle dots make no other name; width, case and blanks no other document."""
    one = Candidate("k-4", "Aygül Mämet·Ali", "passport", "E1234567")
    stores.candidates.add([one])
    for name in ("aygül  mämet・ali", "ＡYGÜL MÄMETALI"):
        assert stores.candidates.by_name(name) == (one,)
    assert stores.candidates.by_documents(("passport", "ｅ123 4567"))[0] == one
    asked = [("passport", "E1234567"), ("passport", "E7"), ("passport", "e123 4567")]
    assert stores.candidates.by_documents(*asked) == (one, None, one)
    assert stores.candidates.by_documents() == ()
    assert stores.candidates.add([replace(one, key="k-5", document_number="e1234567")]) == (one,)


def test_persons_of_before_are_sealed(database_url: str) -> None:
    """A database of a version that kept plain values is upgraded with everyone in it, and nobody gets an address."""
    init(database_url)
    with open_database(database_url) as opened, writing(opened.engine) as tx:
        downgrade_to(tx, "0005")
        for person in (ZHANG, NAMESAKE):
            fields = {name: getattr(person, name) for name in ("key", "name", "document_type", "sex", "phone")}
            number = {"document_number": person.document_number, "document_index": person.document_number}
            tx.execute(text(PLAIN), {**fields, **number, "name_index": person.name})
    upgrade(database_url)
    with open_database(database_url) as opened:
        assert opened.candidates.get("k-2") == ZHANG
        assert opened.candidates.by_name("张三") == (NAMESAKE, ZHANG)
        assert opened.candidates.add([replace(ZHANG, key="k-8")]) == (ZHANG,)
        rows = rows_of(opened, "candidate")
        assert not any(value in str(rows) for value in (ZHANG.name, ZHANG.document_number, ZHANG.phone))
        with pytest.raises(Misconfigured, match="sealed persons"), writing(opened.engine) as tx:
            downgrade_to(tx, "0007")
        assert opened.candidates.get("k-2") == ZHANG


def test_a_document_is_registered_once(stores: Stores) -> None:
    """Who is there already is given back as registered, within one call and between calls; nothing is overwritten."""
    assert stores.candidates.add([]) == ()
    again = replace(ZHANG, key="k-8", name="张三丰", phone="")
    assert stores.candidates.add([ZHANG, LI, again]) == (ZHANG, LI, ZHANG)
    assert stores.candidates.add([again, NAMESAKE, ZHANG]) == (ZHANG, NAMESAKE, ZHANG)
    assert stores.candidates.get("k-8") is None
    other_kind = replace(ZHANG, key="k-9", document_type="passport")
    assert stores.candidates.add([other_kind]) == (other_kind,)


def test_a_key_is_not_given_twice(stores: Stores) -> None:
    """A new person under another's key is refused, nothing of the call is kept, and no value stands in the message."""
    stores.candidates.add([ZHANG])
    with pytest.raises(Corrupt) as error:
        stores.candidates.add([NAMESAKE, replace(LI, key="k-2")])
    assert stores.candidates.get("k-1") is None
    assert stores.candidates.get("k-2") == ZHANG
    told = "".join(traceback.format_exception(error.value))
    assert not any(value in told for value in ("李四", LI.document_number))


@pytest.mark.parametrize("bad", ["a\x00b", "\ud800"])
def test_what_the_databases_cannot_give_back_is_refused(stores: Stores, bad: str) -> None:
    """A NUL or half a character is refused with the field's name and place, and never with the value."""
    with pytest.raises(Invalid, match="person 2 of those given: name: holds"):
        stores.candidates.add([LI, replace(ZHANG, name=bad)])
    with pytest.raises(Invalid, match="sitting 1 of those given: centre: holds"):
        stores.sittings.put([Sitting("2026-10/1", "theory", date(2026, 3, 1), bad)])
    assert stores.candidates.get(LI.key) is None
    assert stores.sittings.all() == ()


def test_many_clerks_register_the_same_persons(stores: Stores) -> None:
    """Eight at once with the same papers in different orders: all are told the same keys, and nobody is there twice."""
    numbers = [f"{n:018}" for n in range(600)]

    def add(clerk: int) -> dict[str, str]:
        turned = numbers[clerk * 70 :] + numbers[: clerk * 70]
        persons = [Candidate(f"{clerk}-{number}", "王五", "id_card", number) for number in turned]
        return {person.document_number: person.key for person in stores.candidates.add(persons)}

    told = at_once(add)
    assert isinstance(told[0], dict), told
    assert all(answer == told[0] for answer in told), told
    assert len(stores.candidates.by_name("王五")) == 600


def test_a_sitting_is_registered_once(stores: Stores) -> None:
    """Key, part and day make a sitting; one that is there is passed over and keeps its centre."""
    first = Sitting("2026-10/1", "theory", date(2026, 3, 1), "Beijing")
    later = replace(first, sat_on=date(2026, 3, 2))
    skills = replace(first, part="skills", centre="")
    other = Sitting("2026-09/9", "theory", date(2026, 3, 1))
    assert stores.sittings.put([first, skills, first]) == 2
    assert stores.sittings.put([replace(first, centre="Tianjin"), later, other]) == 2
    assert stores.sittings.put([]) == 0
    assert stores.sittings.find("2026-10/1") == (skills, first, later)
    assert stores.sittings.find("2026-10/1", "theory") == (first, later)
    assert stores.sittings.find("2026-10/1", "review") == stores.sittings.find("nowhere") == ()
    assert stores.sittings.all() == (other, skills, first, later)


def test_a_document_is_kept_under_its_digest(stores: Stores) -> None:
    """Put once it is new, put again it is not, and its rules and text come back."""
    pinned = scheme_with()
    assert stores.schemes.get(pinned.digest) is None
    assert not stores.schemes.has(pinned.digest)
    assert stores.schemes.put(pinned, NOON)
    assert not stores.schemes.put(pinned, NOON)
    assert stores.schemes.has(pinned.digest)
    found = stores.schemes.get(pinned.digest)
    assert found is not None
    assert (found.text, found.digest, found.scheme) == (pinned.text, pinned.digest, pinned.scheme)


def test_current_are_the_newest_versions(stores: Stores) -> None:
    """One document for each scheme: the highest version, and of equal ones the last put, however often put again."""
    old = scheme_with()
    newer = scheme_with(a="version: 1->version: 10")
    same = scheme_with(a="version: 1->version: 10", b="Test qualification->Test of tests")
    middle = scheme_with(a="version: 1->version: 9")
    other = scheme_with(a="scheme: test->scheme: alpha")
    assert stores.schemes.current() == ()
    for pinned in (newer, same, old, middle, other, newer):
        stores.schemes.put(pinned, NOON)
    assert [pinned.digest for pinned in stores.schemes.current()] == [other.digest, same.digest]


def test_an_instant_without_a_zone_is_refused(stores: Stores) -> None:
    """Nobody knows when a naive instant was."""
    with pytest.raises(Exception, match="without a zone"):
        stores.schemes.put(scheme_with(), NOON.replace(tzinfo=None))
    assert stores.schemes.current() == ()


def test_many_boards_put_documents_at_once(stores: Stores) -> None:
    """Eight at once put the same document and one of their own: the shared one is new to one of them only."""
    shared = scheme_with()
    own = [scheme_with(a=f"scheme: test->scheme: test-{n}") for n in range(8)]
    told = at_once(lambda n: (stores.schemes.put(shared, NOON), stores.schemes.put(own[n], NOON)))
    assert sorted(map(str, told)) == ["(False, True)"] * 7 + ["(True, True)"]
    assert len(stores.schemes.current()) == 9
