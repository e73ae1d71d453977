"""
Nights shared by processes that are killed and frozen, on both databases: everything due is written once and as it must.

EXAMBOARD_TEST_SEED chooses when which process is killed.
"""

from __future__ import annotations

import os
import random
import selectors
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from scheduler.jobs import JOBS, receipt_for
from storage.database import Database, init, open_database
from storage.memory import MemoryStores
from tests import postgres
from tests.nights import LAST_NIGHT, MISSED, Steps, by_the_clock, caseload, filled, night, projecting, receipts
from workflow.errors import Unavailable
from workflow.events import check_chain
from workflow.nights.ledger import COMPLETE
from workflow.nights.receipts import Change, Receipt
from workflow.ports import Append

SEED = int(os.environ.get("EXAMBOARD_TEST_SEED", "20261122"))
NODES = ("one", "two", "three", "four")
KILLS = 10
NOON = datetime(2026, 6, 21, 4, tzinfo=UTC)
PATIENCE = 120  # seconds without a word from any node, after which the night counts as stuck
FOLDER = Path(__file__).resolve().parents[2]
CaseLoad = tuple[list[Append], dict[str, Steps], dict[str, Receipt]]


class Nodes:
    """Processes that run the night, told one by one when to go on."""

    def __init__(self, urls: dict[str, str], errors: Path, first: Sequence[str]) -> None:
        self._urls = urls
        self._errors = errors
        self._origin = str(time.monotonic())
        self._words = selectors.DefaultSelector()
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.holding: set[str] = set()
        for name in first:
            self.start(name)

    def start(self, name: str) -> None:
        """Start a node."""
        command = [sys.executable, "-m", "tests.night_node", self._urls[name], name, NOON.isoformat(), self._origin]
        with (self._errors / name).open("ab") as errors:
            node = subprocess.Popen(
                command, cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, bufsize=0
            )
        self.running[name] = node
        self._words.register(node.stdout, selectors.EVENT_READ, name)

    def next_word(self) -> tuple[str, bool]:
        """Wait until a node holds what it has claimed, or has come to its end; give its name, and whether it holds."""
        ready = self._words.select(PATIENCE)
        assert ready, f"no node has said anything; running: {list(self.running)}, {self.errors()}"
        name = ready[0][0].data
        if self.running[name].stdout.readline():
            self.holding.add(name)
            return name, True
        return name, False

    def go_on(self, name: str, how: str = "") -> None:
        """Let a node write what it holds."""
        self.holding.discard(name)
        self.running[name].stdin.write(f"{how}\n".encode())

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a node a signal."""
        self.running[name].send_signal(number)

    def wait_until_stopped(self, name: str) -> None:
        """Wait until a node has stopped by itself."""
        _pid, status = os.waitpid(self.running[name].pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), f"the node ended instead: {self.errors()}"

    def end(self, name: str) -> int:
        """Wait for a node's end, and give its exit code."""
        node = self.running.pop(name)
        self.holding.discard(name)
        self._words.unregister(node.stdout)
        node.stdin.close()
        node.stdout.close()
        return node.wait(PATIENCE)

    def kill(self, name: str) -> None:
        """End a node as the kernel does when memory is short: it learns nothing of it."""
        self.signal(name, signal.SIGKILL)
        assert self.end(name) == -signal.SIGKILL

    def errors(self, name: str = "") -> str:
        """Give what nodes have said on their error streams."""
        return "".join(file.read_text() for file in sorted(self._errors.iterdir()) if name in ("", file.name))


@contextmanager
def nodes(urls: dict[str, str], folder: Path, first: Sequence[str] = NODES) -> Iterator[Nodes]:
    """Start the first nodes, and leave none behind."""
    errors = folder / "errors"
    errors.mkdir()
    started = Nodes(urls, errors, first)
    try:
        yield started
    finally:
        for name in list(started.running):
            started.kill(name)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> CaseLoad:
    """Give a caseload, what must be written of it, and the receipts of one node that nobody disturbs."""
    batch, expected = caseload()
    url = f"sqlite:///{tmp_path_factory.mktemp('undisturbed') / 'board.db'}"
    init(url)
    with open_database(url) as stores:
        filled(stores, batch)
        found = receipts(stores, MISSED[-1])
    return batch, expected, found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def durable_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the URL of an empty database that syncs to disk."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    request.getfixturevalue("postgres_server")  # fails or skips where there is none
    with postgres.server(is_durable=True) as server, postgres.database(server) as url:
        yield url


def prepared(url: str, batch: list[Append]) -> None:
    """Make a database with a caseload."""
    init(url)
    with open_database(url) as stores:
        filled(stores, batch)


def check(stores: Database, expected: dict[str, Steps], wanted: dict[str, Receipt]) -> None:
    """Hold what stands in a database after the missed nights against what must."""
    written: Counter[tuple[str, int]] = Counter()
    for history in stores.events.histories():
        check_chain(history)
        key, own = history[0].application, list(by_the_clock(history))
        assert [(event.type, event.effective_on) for event in own] == expected[key], key
        written.update((key, event.sequence) for event in own)
    assert len(list(stores.events.projections())) == len(expected)
    parts: Counter[tuple[str, int]] = Counter()
    for job in JOBS:
        runs = list(reversed(stores.runs.history(job)))
        assert [run.key.day for run in runs] == [LAST_NIGHT, *MISSED]
        assert {run.outcome for run in runs} == {COMPLETE}
        for earlier, later in pairwise(runs[1:]):
            assert earlier.finished_at is not None
            assert earlier.finished_at <= later.opened_at
        for run in runs[1:]:
            changes = [Change.read(line) for part in stores.runs.parts(run.key) for line in part.changes]
            parts.update((c.application, c.sequence) for c in changes if job == "expire")
            assert run.digest == wanted[str(run.key)].digest
            assert receipt_for(night(stores, MISSED[-1]), run.key) == wanted[str(run.key)]
    assert parts == written
    assert set(parts.values()) == {1}
    rows = list(stores.events.projections())
    stores.rebuild(projecting(stores))
    assert list(stores.events.projections()) == rows


def test_ten_kills_in_five_missed_nights_leave_no_trace(
    durable_url: str, undisturbed: CaseLoad, tmp_path: Path
) -> None:
    """Four nodes, killed ten times while they hold what they have claimed, write what one undisturbed node writes."""
    batch, expected, wanted = undisturbed
    prepared(durable_url, batch)
    chance = random.Random(SEED)
    kills = set(chance.sample(range(3, 120), KILLS))
    said = killed = 0
    with nodes(dict.fromkeys(NODES, durable_url), tmp_path) as running:
        while running.running:
            name, holds = running.next_word()
            if not holds:
                assert running.end(name) == 0, running.errors(name)
                continue
            said += 1
            if said in kills:
                # The node that holds something, or any other, wherever that one is.
                victim = chance.choice([name, *sorted(running.running)])
                running.kill(victim)
                running.start(victim)
                killed += 1
            if name in running.holding:
                running.go_on(name)
        assert running.errors() == ""
    assert killed == KILLS
    with open_database(durable_url) as stores:
        check(stores, expected, wanted)


@pytest.mark.parametrize("where", ["holding", "in a batch"])
def test_a_frozen_node_does_not_hold_up_the_night(postgres_url: str, tmp_path: Path, where: str) -> None:
    """
    A node that is frozen while it holds what it has claimed loses it after a while, and the others finish.

    The server itself ends a transaction that idles; one that is frozen in the middle of a batch, the other nodes do.
    Thawed, it fails cleanly: what it wants to write has been written, once, by others.
    """
    batch, expected = caseload(0.1)
    prepared(postgres_url, batch)
    undisturbed = MemoryStores()
    filled(undisturbed, batch)
    wanted = receipts(undisturbed, MISSED[-1])
    frozen, others = (
        postgres.asking(postgres_url, f"-c idle_in_transaction_session_timeout={limit}", pooled="true")
        # The one that is to freeze inside a batch must get there first, on the slowest of machines.
        for limit in (500 if where == "holding" else 60_000, 3000)
    )
    urls = {"frozen": frozen, "one": others, "two": others}
    with nodes(urls, tmp_path, ["frozen"]) as running:
        assert running.next_word() == ("frozen", True)
        if where == "in a batch":
            running.go_on("frozen", "batch")
            running.wait_until_stopped("frozen")
        else:
            running.signal("frozen", signal.SIGSTOP)
        running.start("one")
        running.start("two")
        while len(running.running) > 1:
            name, holds = running.next_word()
            if holds:
                running.go_on(name)
            else:
                assert running.end(name) == 0, running.errors()
        with open_database(postgres_url) as stores:
            check(stores, expected, wanted)
        if where == "holding":
            running.go_on("frozen")
        running.signal("frozen", signal.SIGCONT)
        assert running.next_word() == ("frozen", False)
        assert running.end("frozen") == Unavailable.exit_code
        assert "Traceback" not in running.errors()
        assert running.errors().splitlines()[-1].startswith("Unavailable: ")
    with open_database(postgres_url) as stores:
        check(stores, expected, wanted)
