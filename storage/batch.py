"""What a batch of appends, or what a job makes, must be before any store writes it."""

from __future__ import annotations

from collections.abc import Sequence, Set
from itertools import pairwise

from workflow.errors import Conflict
from workflow.nights.ledger import Chunk, Notice, Part
from workflow.ports import Append, bucket_of


def in_key_order(batch: Sequence[Append]) -> list[Append]:
    """
    Check that a batch is well formed, and sort it, so that two writers lock the same rows in the same order.

    Raises:
        ValueError: an application occurs twice, or its events do not fit the sequence expected and the projection.
    """
    ordered = sorted(batch, key=lambda append: (bucket_of(append.application), append.application))
    for before, after in pairwise(ordered):
        if before.application == after.application:
            raise ValueError(f"application {after.application} occurs twice in one batch")
    for append in ordered:
        if not _fits(append):
            raise ValueError(f"application {append.application}: its new events do not fit each other")
    return ordered


def _fits(append: Append) -> bool:
    """Tell whether new events follow the sequence expected and each other, and the projection the last of them."""
    key, sequence, head = append.application, append.expected, None
    for event in append.events:
        sequence += 1
        if event.sequence != sequence or event.application != key or (head is not None and event.previous != head):
            return False
        head = event.hash
    after = append.projection
    return head is not None and (after.application, after.sequence, after.head) == (key, sequence, head)


def moved_on(application: str) -> Conflict:
    """Give the error for an application that changed under its writer."""
    return Conflict(f"application {application} has changed meanwhile; look again and repeat if it still holds")


def check_notices(part: Part, notices: Sequence[Notice]) -> None:
    """
    Check that notices go with a part.

    Raises:
        ValueError: one lies in another bucket, or they are not as many as the changes.
    """
    if notices and len(notices) != len(part.changes):
        raise ValueError(f"{len(notices)} notices for {len(part.changes)} changes")
    if any(bucket_of(notice.application) != part.bucket for notice in notices):
        raise ValueError(f"a notice lies in another bucket than its part, {part.bucket}")


def check_unclaimed(chunk: Chunk) -> None:
    """
    Check that a chunk can be written although nobody holds its applications.

    Raises:
        ValueError: it has a last step of the clock, made from a row that may have changed since.
    """
    if chunk.steps:
        raise ValueError("a last step of the clock is only written where its application was claimed")


def news(part: Part, notices: Sequence[Notice], had: Set[tuple[str, str]]) -> list[tuple[Notice, str]]:
    """Pair notices with their changes, without those that there were already; of two for one reason the first stays."""
    fresh: dict[tuple[str, str], tuple[Notice, str]] = {}
    for notice, change in zip(notices, part.changes, strict=True):
        if (reason := (notice.application, notice.reason)) not in had:
            fresh.setdefault(reason, (notice, change))
    return list(fresh.values())
