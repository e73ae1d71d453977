"""
The programs that are measured: each work as the product does it, and its floor. Run by `benchmarks.measure`.

`python -m benchmarks.programs NAME JSON` prints the seconds of the work alone: what both sides need before it (imports,
opening the database) is not counted, since start-up is a benchmark of its own.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

from benchmarks import caseload, floors
from benchmarks.measure import Clock
from cli.loading import spare_the_collector

NOW: Final = datetime(2026, 11, 22, 4, 5, tzinfo=UTC)
SCHEME: Final = Path(__file__).parents[1] / "workflow" / "schemes" / "lrc-three-level.yaml"
SAT_ON: Final = date(2026, 11, 20)
Answer = tuple[float, int]


def _service(url: str) -> Any:
    from storage.database import open_database
    from workflow.service import Service

    keys = count(1)
    return Service(open_database(url), lambda: NOW, lambda: f"k{next(keys)}", "bench")


def _read(service: Any) -> Any:
    """Read the scheme document: a node that runs for months does it once."""
    scheme = service.scheme_for(caseload.TONIGHT, "4-07-03-02", "三级制")
    service.rules(scheme.digest, 2)
    return scheme


def generate(url: str, size: int) -> Answer:
    """Write a caseload through the product's own store."""
    from storage.database import init, open_database
    from workflow.checking.check import pin

    init(url)
    with Clock() as clock, open_database(url) as database:
        caseload.generate(database, pin(SCHEME.read_text(encoding="utf-8"), str(SCHEME)), size, _tell)
        if url.endswith(".db"):
            with database.engine.connect() as tx:
                tx.exec_driver_sql("COMMIT")
                tx.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    print(file=sys.stderr)
    return clock.seconds, size


def _tell(done: int, total: int) -> None:
    if done % 20_000 == 0 or done == total:
        print(f"\r  {done:,} of {total:,} applications", end="", file=sys.stderr, flush=True)


def night(url: str) -> Answer:
    """Run the nightly expiry."""
    from scheduler import jobs
    from scheduler.night import Night

    service = _service(url)
    _read(service)
    with Clock() as clock:
        receipt = jobs.run(Night(service, "bench"), "expire", caseload.TONIGHT)
    return clock.seconds, sum(receipt.counts.values())


def night_floor(url: str) -> Answer:
    """Do the rows of the nightly expiry by hand."""
    with Clock() as clock:
        done = (floors.expire_sqlite if _is_file(url) else floors.expire_postgresql)(_dsn(url), caseload.TONIGHT)
    return clock.seconds, done


def quiet_night(url: str) -> Answer:
    """Run the nightly expiry of a day on which nothing is due."""
    from scheduler import jobs
    from scheduler.night import Night

    night_ = Night(_service(url), "bench")
    jobs.run(night_, "expire", date(2020, 1, 1))
    with Clock() as clock:
        jobs.run(night_, "expire", date(2020, 1, 2))
    return clock.seconds, 1


def scores(url: str, file: str) -> Answer:
    """Import a file of marks."""
    from storage.sheets import read_sheet
    from workflow.bulk import intake
    from workflow.bulk.round import import_round

    service = _service(url)
    _read(service)
    with Clock() as clock:
        sheet = read_sheet(Path(file))
        parsed = intake.parse("scores", sheet.name, sheet.header, sheet.rows)
        report = import_round(service, {"scores": parsed}, admits=False)
    if report.rejects:
        raise SystemExit(f"{len(report.rejects)} rows were rejected: {report.rejects[0]}")
    return clock.seconds, report.counts["rows_taken"]


def scores_floor(url: str, file: str) -> Answer:
    """Do the rows of the import by hand."""
    floor: Callable[..., int] = floors.scores_sqlite if _is_file(url) else floors.scores_postgresql
    with Clock() as clock:
        done = floor(_dsn(url), Path(file), caseload.SITTING, "theory", SAT_ON)
    return clock.seconds, done


def life(url: str, cases: int) -> Answer:
    """Live the lives of applications, one durable commit for each step."""
    service = _service(url)
    scheme = _read(service)
    told = caseload.life(scheme)
    caseload.register(service.stores, cases)
    with Clock() as clock:
        for number in range(cases):
            key, (opening, *steps) = f"L{number:06}", [step.event for step in told]
            fact: Any = opening.fact
            service.submit(caseload.person(number), scheme, fact.level, fact.evidence, opening.effective_on, key)
            for event in steps:
                service.record(key, event.fact, event.effective_on)
    return clock.seconds, cases * len(told)


def life_floor(url: str, cases: int) -> Answer:
    """Do the rows of these lives by hand, one durable commit for each step."""
    service = _service(url)
    told = caseload.life(service.scheme_for(caseload.TONIGHT, "4-07-03-02", "三级制"))
    caseload.register(service.stores, cases)
    floor: Callable[..., int] = floors.life_sqlite if _is_file(url) else floors.life_postgresql
    with Clock() as clock:
        done = floor(_dsn(url), told, cases)
    return clock.seconds, done


def audit(url: str) -> Answer:
    """Audit everything the fast way, in one process."""
    return _verified(url, redecides=False)


def redecide(url: str, jobs: int = 1) -> Answer:
    """Audit everything and put every decision through the rules again; what a pool of processes needs is counted."""
    return _verified(url, redecides=True, jobs=jobs)


def _verified(url: str, redecides: bool, jobs: int = 1) -> Answer:
    from cli.integrity import Asked, Verification
    from storage.database import open_database

    with open_database(url, read_only=True) as database:
        verification = Verification(database, Asked(url, redecides, jobs=jobs))
        with Clock() as clock:
            done = list(verification.run())
    if found := [finding for audited in done for finding in audited.findings]:
        raise SystemExit(f"{len(found)} findings: {found[0].where}: {found[0].text}")
    return clock.seconds, sum(audited.events for audited in done)


def audit_floor(url: str) -> Answer:
    """Check every event by hand: chain, numbers and lawful steps."""
    from workflow.checking.check import pin
    from workflow.machine import machine_of

    rules = pin(SCHEME.read_text(encoding="utf-8"), str(SCHEME)).rules(2)
    lawful = frozenset([("", "submit", "submitted"), *machine_of(rules).table()])
    floor: Callable[..., int] = floors.audit_sqlite if _is_file(url) else floors.audit_postgresql
    with Clock() as clock:
        done = floor(_dsn(url), lawful)
    return clock.seconds, done


def _is_file(url: str) -> bool:
    return url.endswith(".db")


def _dsn(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def main() -> None:
    """Run a program and print what it took."""
    spare_the_collector()  # as the command does
    name, arguments = sys.argv[1], json.loads(sys.argv[2])
    seconds, done = globals()[name](**arguments)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": seconds, "count": done, "memory": memory}))


if __name__ == "__main__":
    main()
