"""What a node says of itself: its health file, its metrics, and what a probe makes of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from scheduler.health import Files, Health, fault_in, metrics_text
from scheduler.runner import SIGN_OF_LIFE, Beat, Runner
from storage.memory import MemoryStores
from tests.nights import MISSED, caseload, filled
from tests.node import NOON, Node, missed

BATCH, EXPECTED = caseload(share=0.02)


@pytest.fixture
def stores() -> MemoryStores:
    """Give a caseload of which the last nights were missed."""
    stores = MemoryStores()
    filled(stores, BATCH)
    return stores


def test_a_long_night_gives_signs_of_life(stores):
    """A node at work reports now and then, and at which run it is, so that no probe takes it for dead."""
    node = Node(stores)
    ticking = count()

    def is_stopping() -> bool:
        node.at = NOON + next(ticking) * SIGN_OF_LIFE / 4
        return False

    node = Node(stores, is_stopping=is_stopping)
    node.beat()
    times = [report.beat_at for report in node.reports]
    assert times == sorted(times)
    assert len(node.reports) > len(missed()) + 1
    assert {report.working_on for report in node.reports} == {"", *map(str, missed())}
    assert node.health.working_on == ""


def test_what_the_health_file_says(stores, tmp_path):
    """The health file names the node, the beat, the business day, each job's last run, and what is owed and waits."""
    node = Node(stores)
    node.runner = Runner(node.night, node.log, Files(tmp_path / "h.json", tmp_path / "m.prom").write, "n1", 7)
    node.beat()
    found = json.loads((tmp_path / "h.json").read_text(encoding="utf-8"))
    waiting = len(stores.outbox.notices(waiting=True))
    job = {"last_day": "2026-06-21", "outcome": "complete", "finished_at": NOON.isoformat(), "owed": 0, "parked": 0}
    assert waiting > 0
    assert found == {
        **{"node": "n1", "pid": 7, "beat_at": NOON.isoformat(), "ok": True, "reason": None, "working_on": None},
        **{"business_day": "2026-06-21", "jobs": dict.fromkeys(("expire", "release", "remind", "retention"), job)},
        **{"owed": 0, "parked": 0, "outbox_waiting": waiting},
    }
    lines = (tmp_path / "m.prom").read_text(encoding="utf-8").splitlines()
    assert f'examboard_job_last_success_timestamp_seconds{{job="expire"}} {int(NOON.timestamp())}' in lines
    midnight = int(datetime(2026, 6, 21, tzinfo=UTC).timestamp())
    assert f'examboard_job_last_business_day_timestamp_seconds{{job="remind"}} {midnight}' in lines
    assert {"examboard_runs_owed 0", "examboard_applications_parked 0", "examboard_node_ok 1"} <= set(lines)
    assert f"examboard_outbox_waiting {waiting}" in lines
    assert sorted(path.name for path in tmp_path.iterdir()) == ["h.json", "m.prom"]


def test_every_metric_is_explained_once(stores):
    """Each name has one HELP and one TYPE line, right before its values: what the collector of text files demands."""
    node = Node(stores)
    node.beat()
    lines = metrics_text(node.health).splitlines()
    names = [line.split()[2] for line in lines if line.startswith("# HELP")]
    assert len(names) == len(set(names)) == 7
    for at, line in enumerate(lines):
        if line.startswith("# HELP"):
            assert lines[at + 1] == f"# TYPE {line.split()[2]} gauge"
            assert lines[at + 2].startswith(line.split()[2])


def test_a_job_that_never_ran_has_no_success(stores):
    """Before its first run a job's last success lies at the beginning of time, so that the alarm of its age rings."""
    node = Node(MemoryStores())
    node.stores.schemes.put(stores.schemes.current()[0], NOON)
    node.runner._look(Beat())
    node.runner._say()
    assert 'examboard_job_last_success_timestamp_seconds{job="expire"} 0' in metrics_text(node.health)
    assert "examboard_runs_owed 4" in metrics_text(node.health)


@pytest.mark.parametrize(
    ("after", "failing", "fault"),
    [(0, "", ""), (120, "", ""), (121, "", "121 seconds ago"), (-121, "", "-121 seconds"), (0, "gone", "n1: gone")],
)
def test_a_probe_asks_for_a_recent_beat_that_went_well(after, failing, fault):
    """A node is well if it looked in time and did not fail; a stamp far ahead means that it has not looked since."""
    text = json.dumps(Health("n1", 7, NOON, MISSED[-1], failing).as_json())
    said = fault_in(text, NOON + timedelta(seconds=after), 120)
    assert (fault in said) if fault else said == ""


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"node": 1}', "null"])
def test_a_probe_of_another_file_says_so(text):
    """What is no health file is not well."""
    assert "not one of Examboard's" in fault_in(text, NOON, 120)


def test_a_file_is_replaced_whole(tmp_path):
    """Whoever reads while a node writes sees the old file or the new one."""
    path = tmp_path / "h.json"
    Files(path).write(Health("n1", 7, NOON, MISSED[-1]))
    with path.open(encoding="utf-8") as reader:
        Files(path).write(Health("n2", 7, NOON, MISSED[-1]))
        assert json.load(reader)["node"] == "n1"
    assert json.loads(Path(path).read_text(encoding="utf-8"))["node"] == "n2"
    Files().write(Health("n1", 7, NOON, MISSED[-1]))
