"""A whole round on both databases: no value lies in them, and everyone is erased with every proof still standing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.database import open_database
from tests.cli.conftest import FILES, document, run_on
from tests.dumped import dumped
from workflow.steps import ENDED

LATE = datetime(2070, 1, 1, 4, tzinfo=UTC)
PERSONS = 7
VALUES = [value.encode() for n in range(1, PERSONS + 1) for value in (document(n), f"1990000000{n}")]
VALUES += ["王A1".encode(), "王A6".encode()]


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("EXAMBOARD_KEY_RING", str(tmp_path / "ring" / "board.ring"))


def test_a_round_is_sealed_and_forgotten(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken in, sealed, certified, rotated; then all are erased, and what was proved before is proved after."""

    def run(*arguments: object) -> str:
        said = run_on(database_url, *arguments)
        assert said.code == 0, said.err + said.out
        return said.out

    run("keys", "init", "--ring")
    (tmp_path / "round").mkdir()
    for kind, text in FILES.items():
        (tmp_path / "round" / f"{kind}.csv").write_text(text, encoding="utf-8")
    run("round", "import", tmp_path / "round", "--rejects", tmp_path / "rejects.csv")
    awarded = run_on(database_url, "certificate", "award", "--all", "--json")
    assert awarded.rows
    number = run_on(database_url, "certificate", "list", "--json").rows[0]["certificate"]
    run("keys", "init", "--name", "exams.example.org/log")
    run("audit", "seal")
    run("keys", "rotate", "--ring")
    ring = tmp_path / "ring" / "board.ring"
    with open_database(database_url, ring=ring) as opened:
        whole = dumped(opened)
        assert not [value for value in VALUES if value in whole]
        events = [history[-1].hash for history in opened.events.histories()]
        with opened.engine.connect() as connection:
            sealed = connection.exec_driver_sql("SELECT sealed FROM candidate").scalars().all()
    assert len(sealed) == PERSONS
    monkeypatch.setattr("cli.wiring.now", lambda: LATE)
    run("jobs", "run", "expire")
    for key in run_on(database_url, "application", "list", "--json").rows:
        if key["state"] not in ENDED:
            run("application", "withdraw", key["application"], "--reason", "asked for", "--on", "2024-12-31")
    run("retention", "run", "--default")
    assert run("retention", "due", "--json") == ""
    with open_database(database_url, ring=ring) as opened:
        assert {act.deed for act in opened.candidates.acts()} == {"erased"}
        assert len(list(opened.candidates.acts())) == PERSONS
        left = dumped(opened)
        assert not [value for value in VALUES if value in left]
        assert not [value for value in sealed if bytes(value) in left]
        kept = {h[-1].hash for h in opened.events.histories()} | {e.hash for h in opened.events.histories() for e in h}
        assert set(events) <= kept
    answer = run_on(database_url, "certificate", "verify", number, "--name", "anybody", "--json").row
    assert (answer["certificate"], answer["holder"]) == (number, "erased")
    assert run_on(database_url, "audit", "verify").code == 0
    monkeypatch.setattr("cli.wiring.now", lambda: LATE + timedelta(days=2))
    run("keys", "retire")
    ring.unlink()
    assert run_on(database_url, "audit", "verify").code == 0
