"""
Rounds: takes in a whole examination round from bulk files, application by application.

All that the files say of one application is written in one transaction or not at all; a row that cannot be taken is
rejected with its reason and spares the others. The same files again change nothing, and an import that was killed is
finished by the same command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from workflow.bulk.filed_together import RECORDED, by_day, filed_on, in_chunks, siblings
from workflow.bulk.filing import EVIDENCE, Filing, Moment
from workflow.bulk.intake import KINDS
from workflow.bulk.opening import Opening
from workflow.bulk.placing import Placing
from workflow.bulk.report import Reject, Report
from workflow.bulk.rows import ApplicationRow, Parsed, RowProblem
from workflow.draft import Draft
from workflow.elsewhere import still_running
from workflow.errors import Corrupt, NotFound, Unavailable
from workflow.identity import document_key
from workflow.ports import Append, Candidate, Sitting
from workflow.reading import Read, each_history
from workflow.service import TRIES, Service

CHUNK: Final = 1_000


def import_round(
    service: Service,
    parsed: Mapping[str, Parsed],
    *,
    dry_run: bool = False,
    admits: bool = True,
    progress: Callable[[int, int], None] | None = None,
    cohort: str = "",
) -> Report:
    """
    Take in a round, or some files of it.

    Args:
        service: The service.
        parsed: The files by kind, read by `intake.parse`.
        dry_run: Judge everything and write nothing.
        admits: Whether a score's row stands for the admission too; else who was not admitted has it rejected.
        progress: Called with the number of applications done and their total.
        cohort: Tag of the programme under which new applications are filed; those there already keep theirs.

    Returns:
        The report; every row of every file is either taken, unchanged or rejected in it.

    Raises:
        Unavailable: the database cannot be written; what was written before is whole, and the same call goes on.
    """
    return _Import(service, parsed, dry_run, cohort, admits).run(progress or (lambda _done, _all: None))


class Judged(NamedTuple):
    """
    What the rows of one application came to.

    Attributes:
        filing: The rows.
        kind: Whether the application is `new`, `continued` or `unchanged`; empty where it is none of these.
        append: What is to be written; None where that is nothing.
        notes: What the board should know of it.
    """

    filing: Filing
    kind: str = ""
    append: Append | None = None
    notes: tuple[str, ...] = ()


@dataclass
class _Import:
    service: Service
    parsed: Mapping[str, Parsed]
    dry_run: bool
    cohort: str = ""
    admits: bool = True
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)
    sittings: set[Sitting] = field(default_factory=set)  # those that the register has already
    undecided: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    placing: Placing = field(init=False)
    opening: Opening = field(init=False)
    waiting: dict[str, Filing] = field(default_factory=dict)  # without a row of their own, and not written yet

    def __post_init__(self) -> None:
        self.placing = Placing(self.service, self.cohort)
        self.opening = Opening(self.service, self.placing, self.cohort)

    def run(self, progress: Callable[[int, int], None]) -> Report:
        names = ("rows_read", "rows_taken", "rows_unchanged", "rows_rejected")
        self.counts = dict.fromkeys(
            (*names, "applications_new", "applications_continued", "applications_unchanged", "events_written"), 0
        )
        for parsed in self.parsed.values():
            self.counts["rows_read"] += len(parsed.rows) + len(parsed.problems)
            self.problems += parsed.problems
        filings = [filing for _, filing in sorted(self._filings().items())]
        self.waiting = {filing.application: filing for filing in filings if filing.row is None}
        done = 0
        for chunk in in_chunks(filings, self.waiting, CHUNK):
            progress(done, len(filings))
            done += self._write(chunk)
        progress(len(filings), len(filings))
        rejects = sorted(map(Reject.of, self.problems), key=lambda r: (r.file, r.line))
        self.counts["rows_rejected"] = len(rejects)
        waiting, notes, stuck = (tuple(sorted(some)) for some in (self.undecided, self.notes, self.stuck))
        return Report(self.counts, tuple(rejects), self.dry_run, waiting, notes, stuck)

    # -- reading the files -----------------------------------------------------------------------------------------

    def _filings(self) -> dict[str, Filing]:
        filings: dict[str, Filing] = {}
        for kind in KINDS:
            for row in self.parsed[kind].rows if kind in self.parsed else ():
                filing = filings.setdefault(row.application, Filing(row.application, self.parsed, admits=self.admits))
                if isinstance(row, ApplicationRow):
                    self._place(filing, row)
                else:
                    filing.others.setdefault(kind, []).append(row)
        for kind in EVIDENCE:
            for problem in self.parsed[kind].problems if kind in self.parsed else ():
                if problem.application in filings:
                    filings[problem.application].lacks_evidence = True
        return filings

    def _place(self, filing: Filing, row: ApplicationRow) -> None:
        """Find the scheme and the level that a row asks for, unless that is to be seen when it is filed."""
        if self.placing.asks_who_files:
            filing.row = row
            return
        answer = self.placing.for_anybody(row)
        if len(answer) == 2:
            filing.row, (filing.pinned, filing.level) = row, answer
        else:
            column, text, value = answer
            self.problems.append(self.parsed["applications"].reject(row, column, text, value))

    # -- writing ---------------------------------------------------------------------------------------------------

    def _write(self, filings: list[Filing]) -> int:
        """
        Write a chunk, with the siblings that wait; give how many there were.

        Applications that someone else wrote to meanwhile are judged again on what is there now.
        """
        written = 0
        for _ in range(TRIES):
            judged = [*self._judged(filings)]
            left_out: set[str] = set()
            appends = [x.append for x in judged if x.append]
            if appends and not self.dry_run:
                self._put({s for x in judged for s in x.filing.sittings})
                left_out = set(self.service.stores.events.append(appends))
            done = [x for x in judged if x.filing.application not in left_out]
            for one in done:
                self._count(one)
            written += len(done)
            filings = [x.filing for x in judged if x.filing.application in left_out]
            if not filings:
                return written
        raise Unavailable("others keep writing to the same applications; run the same import again")

    def _put(self, sittings: set[Sitting]) -> None:
        if new := sittings - self.sittings:
            self.service.stores.sittings.put(sorted(new, key=str))
            self.sittings |= new

    def _count(self, judged: Judged) -> None:
        filing = judged.filing
        self.problems += filing.rejects
        self.undecided += [filing.application] if filing.is_left else []
        self.stuck += [filing.application] if filing.is_stuck else []
        self.counts["rows_taken"] += filing.taken
        self.counts["rows_unchanged"] += filing.unchanged
        if judged.kind:
            self.counts["events_written"] += len(judged.append.events) if judged.append else 0
            self.counts[f"applications_{judged.kind}"] += 1
            self.notes += judged.notes

    def _judged(self, filings: Sequence[Filing]) -> Iterator[Judged]:
        """
        Judge a chunk, those of one candidate together; the siblings that wait are put to it.

        A history is let go as soon as it has been judged: what a thousand of them hold costs more time than memory.
        """
        events = self.service.stores.events
        candidates = self._candidates(filings)
        owners = events.alongside([x.application for x in filings if x.application not in candidates])
        if candidates and self.waiting:
            owners |= events.alongside(events.of_candidates(*sorted({x.key for x in candidates.values()})))
        filings = [*filings, *siblings(owners, self.waiting)]
        owners |= {application: candidate.key for application, candidate in candidates.items()}
        together: dict[str, list[Filing]] = {}
        for filing in filings:
            together.setdefault(owners.get(filing.application, filing.application), []).append(filing)
        read: dict[str, dict[str, Read]] = {}
        for found in each_history(events, [x.application for x in filings]):
            owner = owners.get(found[0], found[0])
            theirs = read.setdefault(owner, {})
            theirs[found[0]] = found
            if len(theirs) == len(together[owner]):
                yield from self._beside(together[owner], read.pop(owner), candidates)

    def _beside(
        self, filings: Sequence[Filing], read: Mapping[str, Read], candidates: Mapping[str, Candidate]
    ) -> list[Judged]:
        """Judge what the files say of one candidate."""
        # What was not there when it was read is not looked up again: somebody else may have filed it meanwhile, and it
        # would be judged beside itself.
        drafts: dict[str, Draft | None] = {x.application: None for x in filings if _is_new(read[x.application])}
        ways = {
            (key := filing.application): self._way(filing, read[key], candidates.get(key), drafts) for filing in filings
        }
        by_day(ways)
        judged = [self._outcome(filing, drafts.get(filing.application)) for filing in filings]
        drafts.clear()  # each asks for the others through it: a circle that only the collector would find
        return judged

    def _outcome(self, filing: Filing, draft: Draft | None) -> Judged:
        if draft is None:
            return Judged(filing)
        if not draft.new:
            return Judged(filing, "unchanged")
        if draft.recorded_events:
            return Judged(filing, "continued", draft.append())
        beside = still_running(draft.rules, draft.others(), self.service.today)
        return Judged(filing, "new", draft.append(), tuple(f"{filing.application}: {note}" for note in beside))

    def _way(
        self,
        filing: Filing,
        read: Read,
        candidate: Candidate | None,
        beside: dict[str, Draft | None],
    ) -> Iterator[Moment]:
        """File one application, step by step, beside those of the same candidate; see `filed_together.by_day`."""
        filing.reset()
        _, history, fault = read
        yield filed_on(filing.row.submitted_on) if filing.row and not history else RECORDED
        try:
            if isinstance(fault, Corrupt):
                raise fault
            draft = self.opening.draft(filing, history or None, candidate, beside)
            if draft is None:
                no_such = "no such application: it is not in the database, nor was its own row taken"
                filing.reject_all("the application's own row was rejected" if filing.row else no_such)
                return
            beside[filing.application] = draft
            yield from filing.file(draft, self.service.today(draft.rules.scheme.time_zone))
        except (Corrupt, NotFound) as error:  # its record, or that of another one of the candidate
            beside.pop(filing.application, None)
            filing.leave(error)

    def _candidates(self, filings: Sequence[Filing]) -> dict[str, Candidate]:
        """Register the persons of a chunk, or find them; in a dry run only find them."""
        rows = [f.row for f in filings if f.row]
        if not rows:
            return {}
        wanted = [
            Candidate(
                self.service.new_key(),
                r.name,
                r.document_type,
                r.document_number,
                r.sex or "",
                r.phone or "",
                r.email or "",
            )
            for r in rows
        ]
        registry = self.service.stores.candidates
        if self.dry_run:
            first: dict[object, Candidate] = {}
            documents = [(c.document_type, c.document_number) for c in wanted]
            found = registry.by_documents(*documents)
            there = [
                known or first.setdefault(document_key(*document), c)
                for known, document, c in zip(found, documents, wanted, strict=True)
            ]
        else:
            there = list(registry.add(wanted)) if wanted else []
        return {row.application: candidate for row, candidate in zip(rows, there, strict=True)}


def _is_new(read: Read) -> bool:
    return isinstance(read[2], NotFound)
