"""Text documents that a command is given: a scheme, the facts of a candidate; bulk files are read by storage.sheets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from workflow.errors import Invalid, NotFound, Problem

if TYPE_CHECKING:
    from workflow.evidence import Evidence
    from workflow.language.terms import Terms

_MOST_BYTES: Final = 8_000_000
STDIN: Final = Path("-")


def read_text(path: Path) -> str:
    """
    Read a document in UTF-8, from a file or, for `-`, from stdin.

    Raises:
        NotFound: there is no such file.
        Invalid: it cannot be read, is too large or is no UTF-8 text.
    """
    where = name_of(path)
    try:
        if path == STDIN:
            raw = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with path.open("rb") as file:
                raw = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"{where}: there is no such file") from None
    except IsADirectoryError:
        raise Invalid([Problem(where, 0, "", "is a folder; name a file in it")]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Invalid([Problem(where, 0, "", f"cannot be read: {reason}")]) from None
    if len(raw) > _MOST_BYTES:
        raise Invalid([Problem(where, 0, "", f"is larger than {_MOST_BYTES:,} bytes")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Invalid([Problem(where, line, "", "is not UTF-8 text; save it as UTF-8")]) from None


def name_of(path: Path) -> str:
    """Give the name of a document as messages show it."""
    return "<stdin>" if path == STDIN else str(path)


def read_evidence(path: Path, terms: Terms | None = None) -> Evidence:
    """
    Read a document of evidence; a list that was left blank in it, as in the form to fill in, is empty.

    Args:
        path: The file.
        terms: The words that the scheme knows, where the scheme is known: any other is a problem.

    Raises:
        NotFound, Invalid: see `read_text` and `read_document`.
    """
    from workflow.document import line_of, read_document, read_yaml
    from workflow.evidence import Evidence

    where, text = name_of(path), read_text(path)
    node = read_yaml(text, where)
    if isinstance(node, dict):
        for key in [key for key, value in node.items() if value is None]:
            del node[key]
    shown = read_document(Evidence, text, where, node)
    faults = terms.faults(shown) if terms else ()
    if problems := [Problem(where, line_of(node, at), ".".join(map(str, at)), why) for at, why in faults]:
        raise Invalid(problems)
    return shown
