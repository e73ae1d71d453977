"""The form of a finding of the lint of scheme documents."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Finding:
    """
    One thing that a document says and cannot mean.

    Attributes:
        rule: Name of what was looked for.
        path: Where in the document.
        text: What was found, in a sentence.
        do: What to do about it.
        clause: The clause that the rule stands beside; empty where there is none.
        is_error: Whether it can never be meant; else it is a warning.
    """

    rule: str
    path: Path
    text: str
    do: str
    clause: str = ""
    is_error: bool = False
