"""
Lint of scheme documents: what is sound by form and yet cannot be meant.

Pure. An error is a rule that can never have an effect or shuts everybody out; a warning is what an expert would ask
about. Every finding names the line, the clause and what to do. What a document must never say at all is refused by
`check`; here are the findings that need a second look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from workflow.checking.finding import Finding, Path
from workflow.checking.lint_conditions import condition_findings
from workflow.checking.lint_editions import edition_findings
from workflow.checking.lint_parts import part_findings
from workflow.checking.lint_time import time_findings
from workflow.document import line_of, read_yaml
from workflow.scheme import Pinned, Scheme

CHECKS: Final[tuple[Callable[[Scheme], Iterator[Finding]], ...]] = (
    condition_findings,
    part_findings,
    time_findings,
)


@dataclass(frozen=True)
class Located:
    """A finding with the file and the line that it is about."""

    where: str
    line: int
    finding: Finding

    def as_json(self) -> dict[str, Any]:
        """Give the finding as plain JSON values."""
        return {
            "file": self.where,
            "line": self.line,
            "field": ".".join(map(str, self.finding.path)),
            "severity": "error" if self.finding.is_error else "warning",
            "rule": self.finding.rule,
            "text": self.finding.text,
            "clause": self.finding.clause or None,
            "do": self.finding.do,
        }


def lint(documents: Sequence[tuple[str, Pinned]]) -> list[Located]:
    """
    Look over sound documents, each by itself and the editions of one occupation together.

    Args:
        documents: Name and document of each.

    Returns:
        What was found, in the order of the documents and of their lines.
    """
    found: list[Located] = []
    across = edition_findings([pinned.scheme for _where, pinned in documents])
    for (where, pinned), between in zip(documents, across, strict=True):
        node = read_yaml(pinned.text, where)
        alone = [finding for check in CHECKS for finding in check(pinned.scheme)]
        located = [Located(where, _line(node, finding.path), finding) for finding in (*alone, *between)]
        found += sorted(located, key=lambda x: x.line)
    return found


def _line(node: Any, path: Path) -> int:
    return line_of(node, path)
