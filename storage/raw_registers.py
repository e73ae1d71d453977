"""Raw rows of what belongs to no bucket: the registers of certificates and seats, the runs and the documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from sqlalchemy import exists, func, or_, select

from storage import tables
from storage.raw_stream import Row, Streams, chunks, day_text
from workflow.ports import BUCKETS, bucket_of

_e, _c, _k, _s = tables.event.c, tables.certificate.c, tables.certificate_code.c, tables.seat.c


class RegisterRows(Streams):
    """What belongs to no bucket; see `workflow.audit.findings.RawRows`."""

    def certificates(self, numbers: Sequence[str] | None = None) -> Iterator[Row]:
        """Stream rows of the certificate register with their codes."""
        on = day_text(self._dialect, _c.awarded_on)
        wanted = select(_c.number, _c.series, _c.serial, _c.bucket, _c.application, on, _k.code)
        wanted = wanted.select_from(tables.certificate.outerjoin(tables.certificate_code, _k.number == _c.number))
        return self._each(lambda: wanted.order_by(_c.number), _c.number, numbers)

    def counts(self) -> tuple[int, int]:
        """Count the rows of `certificate` and of `certificate_code`."""
        return self._count(tables.certificate), self._count(tables.certificate_code)

    def stray_codes(self) -> Iterator[tuple[str, str]]:
        """Stream the codes whose number no certificate bears."""
        wanted = select(_k.code, _k.number).where(~exists().where(_c.number == _k.number)).order_by(_k.code)
        return ((code, number) for code, number in self._stream(lambda: wanted))

    def awards(self, applications: Sequence[str]) -> Iterator[Row]:
        """Stream the awards of some applications."""
        wanted = self._events().where(_e.type == "CertificateAwarded")
        for keys in chunks(applications):
            there = [(bucket_of(key), key) for key in keys]
            yield from self._stream(partial(self._among, wanted, (_e.bucket, _e.application), there))

    def missing(self, applications: Sequence[str]) -> set[str]:
        """Tell which of some applications have no first event."""
        found: set[str] = set()
        for keys in chunks(applications):
            first = [(bucket_of(key), key, 1) for key in keys]
            columns = (_e.bucket, _e.application, _e.sequence)
            rows = self._stream(partial(self._among, select(_e.application), columns, first))
            found.update(key for (key,) in rows)
        return set(applications) - found

    def series(self) -> Iterator[Row]:
        """Stream the number series, each with the last number drawn."""
        n = tables.number_series.c
        return self._stream(lambda: select(n.series, n.last).order_by(n.series))

    def serials(self) -> Iterator[Row]:
        """Stream how many certificates of each series there are, and the highest number."""
        wanted = select(_c.series, func.count(), func.max(_c.serial)).group_by(_c.series)
        return self._stream(lambda: wanted.order_by(_c.series))

    def documents(self) -> Iterator[Row]:
        """Stream the scheme documents."""
        d = tables.scheme_document.c
        wanted = select(d.digest, d.text, d.scheme, d.version, d.title)
        return self._stream(lambda: wanted.order_by(d.ordinal), page=1)

    def runs(self) -> Iterator[tuple[str, str, bool, str]]:
        """Stream the runs."""
        r = tables.run.c
        wanted = select(r.job, day_text(self._dialect, r.day), r.finished_at.is_not(None), r.digest)
        rows = self._stream(lambda: wanted.order_by(r.day, r.job))
        return ((job, day, bool(is_finished), digest) for job, day, is_finished, digest in rows)

    def astray(self) -> Iterator[tuple[str, str]]:
        """Stream what lies in no bucket that there is."""
        for table in tables.metadata.sorted_tables:
            bucket, *keys = table.primary_key.columns
            if bucket.name == "bucket":
                wanted = select(keys[0]).where(or_(bucket < 0, bucket >= BUCKETS)).order_by(keys[0])
                yield from ((table.name, key) for (key,) in self._stream(wanted.distinct))

    def seated(self) -> Iterator[tuple[str, str, str]]:
        """Stream the seats that are taken."""
        wanted = select(_s.application, _s.sitting, _s.part).where(_s.application.is_not(None))
        rows = self._stream(lambda: wanted.order_by(_s.sitting, _s.part, _s.sat_on, _s.place))
        return ((application, sitting, part) for application, sitting, part in rows)

    def seats(self, places: Sequence[tuple[str, str, str]]) -> Iterator[Row]:
        """Stream the seats that applications have in parts of sessions: by (sitting, part, application)."""
        key = (_s.sitting, _s.part, _s.application)
        wanted = select(*key, day_text(self._dialect, _s.sat_on), _s.room, _s.number)
        for keys in chunks(places):
            yield from self._stream(partial(self._among, wanted, key, keys))

    def taken(self) -> int:
        """Count the seats that are taken."""
        return int(next(self._stream(lambda: select(func.count(_s.application))))[0])

    def seatings(self, applications: Sequence[str]) -> Iterator[Row]:
        """Stream the admissions of some applications, and what took them back, in the order of their histories."""
        wanted = self._events().where(_e.type.in_(("Admitted", "AdmissionCancelled")))
        wanted = wanted.order_by(_e.application, _e.sequence)
        for keys in chunks(applications):
            there = [(bucket_of(key), key) for key in keys]
            yield from self._stream(partial(self._among, wanted, (_e.bucket, _e.application), there))
