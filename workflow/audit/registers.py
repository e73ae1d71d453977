"""
The audit of what belongs to no bucket: the certificate register, the run ledger, the documents and the seats.

Pure. The buckets have found each award in the register; here it is asked whether the register holds anything else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from typing import Any, Final

from workflow.audit.findings import APPLICATION, ASK, DATA, RESTORE, Audited, Finding, RawRows, ReadRow
from workflow.audit.seats import seats_taken
from workflow.checking.check import pin_again
from workflow.errors import Invalid

CHUNK: Final = 500


def audit_registers(raw: RawRows, buckets: Sequence[Audited], read: ReadRow | None = None) -> Audited:
    """
    Audit what belongs to no bucket.

    Args:
        raw: The rows, as of one moment.
        buckets: What came of all buckets.
        read: Reads a fact, where the buckets were put through the rules again; else no history is asked about seats.
    """
    done = Audited("registers")
    done.findings += _documents(raw)
    done.findings += _runs(raw)
    certificates, codes = raw.counts()
    if certificates != sum(b.certificates for b in buckets):
        done.findings += _certificates_without_award(raw)
    if codes != sum(b.codes for b in buckets):
        done.findings += _stray_codes(raw)
    done.findings += _series(raw)
    is_accounted_for = read is None or raw.taken() == sum(b.seats for b in buckets)
    done.findings += seats_taken(raw, None if is_accounted_for else read)
    done.findings += _astray(raw)
    return done


def _documents(raw: RawRows) -> Iterator[Finding]:
    for digest, text, *row in raw.documents():
        found = hashlib.sha256(str(text).encode(errors="replace")).hexdigest()
        said = ""
        if found != digest:
            said = f"the document of {row[0]} version {row[1]} is not the one that its digest names, but {found[:12]}"
        elif (named := _named(digest, text)) and named != row:
            said = f"its row says {row}, the document itself {named}: another may be taken for the newest"
        if said:
            yield Finding("document", said, RESTORE, table="scheme_document", key=str(digest))


def _named(digest: str, text: str) -> list[Any]:
    """Give the scheme, version and title that a document bears; nothing where this software does not read it."""
    try:
        scheme = pin_again(text, f"stored scheme document {digest[:12]}").scheme
    except Invalid:
        return []
    return [scheme.scheme, scheme.version, scheme.title]


def _runs(raw: RawRows) -> Iterator[Finding]:
    """Compute the digest of every run anew, all in one pass over the parts."""
    runs = {(job, day): (is_finished, digest) for job, day, is_finished, digest in raw.runs()}
    found: dict[tuple[str, str], Any] = {key: hashlib.sha256() for key in runs}
    for (_bucket, job, day), parts in groupby(raw.parts(), key=lambda part: part[:3]):
        lines = [line for part in parts for line in str(part[4]).split("\n")]
        if (job, day) not in found:
            text = f"there are parts of a run {job}/{day}, which the ledger does not know: it is deleted"
            yield Finding("run", text, RESTORE, table="run", key=f"{job}/{day}")
            found[job, day] = hashlib.sha256()
        found[job, day].update("".join(f"{line}\n" for line in sorted(lines)).encode(errors="replace"))
    for (job, day), (is_finished, digest) in runs.items():
        if digest and not is_finished:
            text = f"run {job}/{day} bears the digest {digest[:12]} of a closed run, but is open: it was changed"
            yield Finding("run", text, RESTORE, table="run", key=f"{job}/{day}")
        if is_finished and found[job, day].hexdigest() != digest:
            text = (
                f"run {job}/{day} was closed with the digest {digest[:12]}, its parts give "
                f"{found[job, day].hexdigest()[:12]}: a part was changed, added or deleted, or the receipt"
            )
            yield Finding("run", text, RESTORE, table="run", key=f"{job}/{day}")


def _certificates_without_award(raw: RawRows) -> Iterator[Finding]:
    rows = raw.certificates()
    while some := list(islice(rows, CHUNK)):
        awarded = {(row[APPLICATION], _number(row)) for row in raw.awards([str(row[4]) for row in some])}
        for number, _series, _serial, _bucket, application, _on, _code in some:
            if (application, number) not in awarded:
                text = (
                    f"the register has certificate {number}, but no award of the application bears that number: the "
                    "row is forged, or the application or its award is deleted"
                )
                yield Finding("certificate", text, ASK, str(application), 0, "certificate", str(number))


def _number(award: tuple[Any, ...]) -> str:
    try:
        return str(json.loads(award[DATA])["number"])
    except (ValueError, KeyError, TypeError):
        return ""


def _stray_codes(raw: RawRows) -> Iterator[Finding]:
    for code, number in raw.stray_codes():
        text = f"the code {code} names certificate {number}, which is not in the register: it is forged or deleted"
        yield Finding("certificate", text, ASK, table="certificate_code", key=code)


def _series(raw: RawRows) -> Iterator[Finding]:
    """A series has no gap: as many certificates as numbers were drawn, and the highest bears the last number."""
    drawn = dict(raw.series())
    kept = {series: (count, highest) for series, count, highest in raw.serials()}
    for series in sorted(map(str, drawn.keys() | kept.keys())):
        last, (count, highest) = drawn.get(series, 0), kept.get(series, (0, 0))
        if not last == count == highest:
            text = (
                f"{last} numbers of the series {series} were drawn, but the register has {count} certificates of it, "
                f"the highest number being {highest}"
            )
            yield Finding("certificate", text, ASK, table="number_series", key=series)


def _astray(raw: RawRows) -> Iterator[Finding]:
    for table, key in raw.astray():
        text = f"table {table} has it in a bucket that there is not, where nobody will look for it"
        yield Finding("trace", text, RESTORE, str(key), 0, table, str(key))
