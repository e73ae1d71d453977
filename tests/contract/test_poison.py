"""The application that cannot be judged or written: it is set aside with its reason, and harms nobody else's night."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from scheduler.expiry import build
from scheduler.jobs import forecast, planned, run
from storage.database import Database
from tests import guards
from tests.nights import MISSED, RESTART, SCHEMES, by_the_clock, copied, night, projecting
from workflow.events import canonical_data, check_chain, instant_text
from workflow.facts import CertificateExpired, Expired
from workflow.nights.ledger import COMPLETE, WITH_EXCEPTIONS, Chunk, DueRow, RunKey, Window
from workflow.ports import Stores, bucket_of

DUE, TONIGHT = MISSED[0], MISSED[1]
POISONED = "poisoned-0000"
# All in one bucket, so that they are one chunk, before and after the one at fault in the order of keys.
OTHERS = {
    kind: [key for n in range(2000) if bucket_of(key := f"{'ap'[n % 2]}{kind}-{n}") == bucket_of(POISONED)][:6]
    for kind in ("lapse", "reopen")
}


@dataclass
class Poison:
    """How an application is made poisonous, and how it is mended."""

    kind: str
    harm: Callable[[Any], None]
    mend: Callable[[Any], None]
    reason: str


def sql(*statements: str) -> Callable[[Database], None]:
    """Run statements as somebody would who goes around the software."""

    def run_them(stores: Database) -> None:
        with stores.engine.begin() as tx:
            guards.take_down(tx)
            for statement in statements:
                tx.exec_driver_sql(statement)

    return run_them


def rebuilt(stores: Stores) -> None:
    """Build the rows anew, as `examboard db rebuild` does."""
    if isinstance(stores, Database):
        stores.rebuild(projecting(stores))
    else:
        events = stores.events
        events._projections = {key: projecting(stores)(history) for key, history in events._histories.items()}  # type: ignore[attr-defined]


def _written(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else str(value)


def says(**fields: Any) -> Callable[[Any], None]:
    """Make the row of the application say something else."""

    def change(stores: Any) -> None:
        if isinstance(stores, Database):
            values = ", ".join(f"{name} = '{_written(value)}'" for name, value in fields.items())
            sql(f"UPDATE application SET {values} WHERE application = '{POISONED}'")(stores)
        else:
            before = stores.events._projections[POISONED]
            stores.events._projections[POISONED] = before._replace(**fields)

    return change


def taken(stores: Any) -> None:
    """Take the number of the application's next event."""
    if isinstance(stores, Database):
        columns = "type, version, step, source, dest, effective_on, recorded_at, actor, data, previous, hash"
        sql(
            f"INSERT INTO event (bucket, application, sequence, command, {columns}) SELECT bucket, application, "
            f"sequence + 1, 'forged', {columns} FROM event WHERE application = '{POISONED}' "
            "ORDER BY sequence DESC LIMIT 1"
        )(stores)
    else:
        history = stores.events._histories[POISONED]
        stores.events._histories[POISONED] = (*history, history[-1]._replace(sequence=len(history) + 1))


def freed(stores: Any) -> None:
    """Give the number back."""
    if isinstance(stores, Database):
        sql("DELETE FROM event WHERE command = 'forged'")(stores)
    else:
        stores.events._histories[POISONED] = stores.events._histories[POISONED][:-1]


def of_event(change: str) -> Callable[[Any], None]:
    """Change the application's third event."""
    return sql(f"UPDATE event SET {change} WHERE application = '{POISONED}' AND sequence = 3")


def shelved(stores: Any) -> None:
    """Put the document back."""
    stores.schemes.put(RESTART, night(stores, DUE).now())


GARBAGE = {
    "a row that holds no JSON": ("lapse", {"next_due_data": "{"}, "cannot be read"),
    "a row that holds another JSON": ("lapse", {"next_due_data": '{"cause":1}'}, "cannot be read"),
    "a row that is not canonical": ("lapse", {"next_due_data": ' {"cause":"x"}'}, "cannot be read"),
    "a row that names no fact": ("lapse", {"next_due_type": "Nonsense"}, "no fact is called"),
}
TAKEN = {
    f"a number that is taken, {kind}": (kind, taken, freed, "does not agree with its history")
    for kind in ("lapse", "reopen")
}
WRONG: dict[str, Any] = {
    "sequence": (2, 99),
    "state": ("awaiting_award",),
    "head": ("f" * 64,),
    "recorded_at": (datetime(2020, 1, 2, 3, tzinfo=UTC), datetime(2030, 1, 2, 3, tzinfo=UTC)),
}
FORGED = {
    f"a row with another {name}: {value}, {kind}": Poison(kind, says(**{name: value}), rebuilt, f"{name} {said}")
    for kind in ("lapse", "reopen")
    for name, values in WRONG.items()
    for value in values
    for said in [instant_text(value) if name == "recorded_at" else value]
}
UNREADABLE = {
    "an unknown fact": ("reopen", of_event("type = 'Nonsense'"), of_event("type = 'Admitted'"), "no fact is called"),
    "a broken fact": ("reopen", of_event("data = '{' || data"), of_event("data = substr(data, 2)"), "cannot be read"),
}
EVERYWHERE = [
    *(Poison(kind, says(**fields), rebuilt, reason) for kind, fields, reason in GARBAGE.values()),
    *(Poison(*values) for values in TAKEN.values()),
    *FORGED.values(),
]
NAMES = [*GARBAGE, *TAKEN, *FORGED]


def filled(stores: Stores, kind: str, on: date = DUE) -> None:
    """File the application that will be poisoned, and others of both kinds in the same bucket."""
    for scheme in SCHEMES:
        stores.schemes.put(scheme, night(stores, DUE).now())
    batch = [copied(of, DUE, key, 0) for of, keys in OTHERS.items() for key in keys]
    assert stores.events.append([*batch, copied(kind, on, POISONED, 0)]) == ()
    run(night(stores, DUE - timedelta(1)), "expire", DUE - timedelta(1))


def written(stores: Stores, key: str) -> list[tuple[str, Any]]:
    """Say what the clock has written of an application."""
    return [(event.type, event.effective_on) for event in by_the_clock(stores.events.history(key))]


def check(stores: Stores, poison: Poison) -> None:
    """Run nights over the poisoned application and mend it: the law of this module."""
    before = night(stores, DUE)
    filled(stores, poison.kind)
    poison.harm(stores)
    for on in (DUE, TONIGHT):  # the second night tries again
        receipt = run(night(stores, on), "expire", on)
        assert receipt.outcome == WITH_EXCEPTIONS
        (parked,) = receipt.parked
        assert parked.application == POISONED
        assert parked.reason
        assert poison.reason in parked.reason
        assert stores.runs.find(receipt.run).outcome == WITH_EXCEPTIONS
        assert receipt.counts == ({"Expired": 6, "PartLapsed": 6} if on == DUE else {})
    for keys in OTHERS.values():
        for key in keys:
            check_chain(stores.events.history(key))
            assert [on for _type, on in written(stores, key)] == [DUE]
    for job in ("expire", "remind", "release"):  # a plan goes around it as well
        planned(night(stores, TONIGHT), job, TONIGHT)
    forecast(night(stores, TONIGHT), 3)
    run(night(stores, TONIGHT), "remind", TONIGHT)
    poison.mend(stores)
    again = run(night(stores, TONIGHT), "expire", DUE)
    assert again.outcome == COMPLETE
    assert again.parked == ()
    assert stores.runs.find(again.run).outcome == COMPLETE
    assert sum(again.counts.values()) == 13
    check_chain(stores.events.history(POISONED))
    assert [on for _type, on in written(stores, POISONED)] == [DUE]
    (late,) = by_the_clock(stores.events.history(POISONED))
    assert late.recorded_at == night(stores, TONIGHT).now() > before.now()
    assert run(night(stores, TONIGHT), "expire", TONIGHT).outcome == COMPLETE


@pytest.mark.parametrize("poison", EVERYWHERE, ids=NAMES)
def test_one_that_cannot_be_judged_or_written_is_parked(stores: Stores, poison: Poison) -> None:
    """It is parked with its reason, all others of its chunk are written, and, mended, it is written as of its day."""
    check(stores, poison)


@pytest.mark.parametrize("poison", [Poison(*values) for values in UNREADABLE.values()], ids=list(UNREADABLE))
def test_one_whose_history_cannot_be_read_is_parked(database: Database, poison: Poison) -> None:
    """A history that was changed from outside stops nobody else; mended, it is written as of its day."""
    check(database, poison)


def test_one_whose_scheme_is_gone_is_parked(database: Database) -> None:
    """Without the document that an application pinned it cannot be judged; with it, it is written as of its day."""

    def gone(stores: Database) -> None:
        sql(f"DELETE FROM scheme_document WHERE digest = '{RESTART.digest}'")(stores)
        stores.schemes._read.clear()  # a node that has read it goes on with what it has read

    check(database, Poison("restart", gone, shelved, "is not in the database"))


def test_a_row_that_names_what_no_clock_does_is_judged_by_its_history(stores: Stores) -> None:
    """Only a last step of the clock is taken from the row; whatever else the row says, the history is asked."""
    filled(stores, "lapse")
    says(next_due_type="Withdrawn", next_due_data="{}")(stores)
    assert run(night(stores, DUE), "expire", DUE).outcome == COMPLETE
    assert written(stores, POISONED) == [("Expired", DUE)]


UNLIKELY = {
    "an earlier day": {"next_due_on": DUE - timedelta(1)},
    "a step of another day": {
        "next_due_data": canonical_data(
            Expired(cause="theory lapsed", last_valid_on=DUE - timedelta(2), expired_on=DUE - timedelta(1), clause="c")
        )
    },
    "a step of two days": {
        "next_due_data": canonical_data(
            Expired(cause="theory lapsed", last_valid_on=DUE - timedelta(9), expired_on=DUE, clause="c")
        )
    },
    "a step that cannot follow": {
        "next_due_type": "CertificateExpired",
        "next_due_data": canonical_data(CertificateExpired(last_valid_on=DUE - timedelta(1), clause="c")),
    },
}


@pytest.mark.parametrize("fields", UNLIKELY.values(), ids=list(UNLIKELY))
def test_a_row_that_cannot_be_right_is_judged_by_its_history(stores: Stores, fields: dict[str, Any]) -> None:
    """What is written is what the history says, on its day."""
    filled(stores, "lapse")
    says(**fields)(stores)
    assert run(night(stores, DUE), "expire", DUE).outcome == COMPLETE
    assert written(stores, POISONED) == [("Expired", DUE)]
    (last,) = by_the_clock(stores.events.history(POISONED))
    assert isinstance(last.fact, Expired)
    assert last.fact.last_valid_on == DUE - timedelta(1)
    check_chain(stores.events.history(POISONED))


def test_one_that_moved_on_while_it_was_claimed_is_judged_by_its_history(stores: Stores) -> None:
    """PostgreSQL may claim a row as it is now beside events as they were: what agrees after all is written."""
    filled(stores, "lapse")
    of = RunKey("expire", DUE)

    def doubted(rows: Sequence[DueRow]) -> Chunk:
        return build(night(stores, DUE), of, [row._replace(is_borne_out=False) for row in rows])

    assert stores.due.claim(Window(bucket_of(POISONED), DUE, run=of, only=POISONED), doubted) == 1
    assert stores.runs.parked(of) == ()
    assert written(stores, POISONED) == [("Expired", DUE)]


def test_one_that_is_not_due_at_all_is_parked(stores: Stores) -> None:
    """A day that was written into a row ends no application whose history says otherwise; the others go on."""
    filled(stores, "lapse", DUE + timedelta(30))
    says(next_due_on=DUE)(stores)
    receipt = run(night(stores, DUE), "expire", DUE)
    assert receipt.counts == {"Expired": 6, "PartLapsed": 6}
    assert [one.application for one in receipt.parked] == [POISONED]
    assert "its history does not" in receipt.parked[0].reason
    assert written(stores, POISONED) == []
    rebuilt(stores)
    assert run(night(stores, DUE), "expire", DUE).outcome == COMPLETE
    assert written(stores, POISONED) == []


def test_what_the_database_refuses_is_parked(database: Database) -> None:
    """A row that the database itself refuses, for whatever reason, is its application's own trouble."""
    if database.engine.dialect.name == "sqlite":
        made = [
            f"CREATE TRIGGER poison BEFORE INSERT ON event WHEN NEW.application = '{POISONED}' "
            "BEGIN SELECT RAISE(ABORT, 'poison'); END"
        ]
        gone = "DROP TRIGGER poison"
    else:
        made = [
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF NEW.application = '{POISONED}' THEN RAISE EXCEPTION 'poison'; END IF; RETURN NEW; END $$",
            "CREATE TRIGGER poison BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION poison()",
        ]
        gone = "DROP TRIGGER poison ON event"
    check(database, Poison("lapse", sql(*made), sql(gone), ""))
