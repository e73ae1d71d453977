"""Rows noted in a file of their own until they are written: memory stays flat, however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Final, Self

from workflow.sealing.seals import SealRange

IN_MEMORY: Final = 4_000_000


class Spool:
    """Ranges of a seal that is being made; gone at the end of the `with`."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8")  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def put(self, row: SealRange) -> None:
        """Note a row."""
        self._file.write(json.dumps(row) + "\n")

    def chunks(self, most: int) -> Iterator[list[SealRange]]:
        """Give all rows in the order in which they were noted, some at a time."""
        self._file.seek(0)
        rows = (SealRange(*json.loads(line)) for line in self._file)
        while some := [*islice(rows, most)]:
            yield some
