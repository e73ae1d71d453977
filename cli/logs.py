"""
Logs: one JSON object a line on stderr, for programs that gather them.

No personal value is ever handed to a log; should one slip into a text all the same, a number of 15 digits or more has
its middle hidden here.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, MutableMapping
from datetime import datetime
from typing import Any

import structlog

from cli.errors import hide

Entry = MutableMapping[str, Any]


def json_log(now: Callable[[], datetime], **always: Any) -> Any:
    """
    Make a log.

    Args:
        now: Gives the present instant.
        **always: What stands in every line.
    """

    def stamped(_log: Any, _name: str, entry: Entry) -> Entry:
        return {"at": now().isoformat(timespec="milliseconds"), **entry}

    log = structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            stamped,
            masked,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        context_class=dict,
        **always,
    )
    _take_in("apscheduler", log)
    return log


def masked(_log: Any, _name: str, entry: Entry) -> Entry:
    """Hide the middle of whatever looks like an identity number, however deep it lies."""
    return {key: _masked(value) for key, value in entry.items()}


def _masked(value: Any) -> Any:
    match value:
        case bool() | float() | None:
            return value
        case dict():
            return {_masked(key): _masked(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked(inner) for inner in value]
    text = str(value)
    hidden = hide(text)
    return value if isinstance(value, int) and hidden == text else hidden


def _take_in(library: str, log: Any) -> None:
    """Write what goes wrong in a library as lines of the log; that it skips a beat under way is no news."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kind = record.exc_info[0] if record.exc_info else None
            log.error("scheduler failed", reason=record.msg, **({"error": kind.__name__} if kind else {}))

    logger = logging.getLogger(library)
    logger.handlers, logger.propagate = [Handler(level=logging.ERROR)], False
    logger.setLevel(logging.ERROR)
