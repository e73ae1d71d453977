"""
What the product brings along: every run-time dependency with its version and licence, and the known holes in them.

`make audit-deps` runs this. It fails on a licence that the product must not bring along and on a known hole; where no
source of known holes can be reached, it says so.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[2]
EXTRAS: Final = ("postgres", "certificates")  # and not `dev`: that never leaves the workshop
_COPYLEFT: Final = re.compile(r"A?GPL|Affero|General Public", re.IGNORECASE)
_LESSER: Final = re.compile(r"LGPL|Lesser General Public", re.IGNORECASE)
_MOST_SECONDS: Final = 120
_ASK: Final = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json", "-r")


@dataclass(frozen=True, slots=True)
class Dependency:
    """
    A distribution that runs with the product.

    Attributes:
        name: Its name.
        version: The version that is installed.
        licence: As it says itself; empty where it says none.
    """

    name: str
    version: str
    licence: str

    @property
    def is_lesser(self) -> bool:
        """Whether it may be imported as it is and not be changed or built in."""
        return bool(_LESSER.search(self.licence)) and not self.is_forbidden

    @property
    def is_forbidden(self) -> bool:
        """Whether it is under GPL or AGPL and offers no other choice, or says nothing of its licence."""
        choices = re.split(r"\s+OR\s+", self.licence)
        return not self.licence or all(_COPYLEFT.search(_LESSER.sub("", choice)) for choice in choices)


def run_time(root: str = "examboard", extras: Iterable[str] = EXTRAS) -> list[Dependency]:
    """List what the product needs to run, with whatever that needs, in the order of names."""
    found: dict[str, Dependency] = {}
    asked = [(root, frozenset(extras))]
    seen: set[tuple[str, frozenset[str]]] = set()
    while asked:
        name, chosen = one = asked.pop()
        if one in seen:
            continue
        seen.add(one)
        distribution = metadata.distribution(name)
        if name != root:
            found[name] = Dependency(distribution.name, distribution.version, licence_of(distribution.metadata))
        for text in distribution.requires or ():
            needed = Requirement(text)
            environments = [{"extra": extra} for extra in ("", *chosen)]
            if needed.marker is None or any(map(needed.marker.evaluate, environments)):
                asked.append((canonicalize_name(needed.name), frozenset(needed.extras)))
    return [found[name] for name in sorted(found)]


def licence_of(told: metadata.PackageMetadata) -> str:
    """Give a licence by what a distribution says of itself: an expression, else its classifiers, else a short text."""
    if "License-Expression" in told:
        return told["License-Expression"]
    classified = [
        line.rpartition(" :: ")[2] for line in told.get_all("Classifier", []) if line.startswith("License ::")
    ]
    return " OR ".join(classified) or "".join(told.get_all("License", [])[:1]).partition("\n")[0][:60]


def holes(run: Callable[[Sequence[str]], tuple[str, str]] | None = None) -> tuple[list[str], str]:
    """
    Ask pip-audit for the known holes in what the lock names.

    Args:
        run: Runs a command and gives its stdout and stderr; default: a process.

    Returns:
        The holes, each in a line; and why not all could be asked about, else empty.
    """
    beside = Path(sys.executable).with_name("pip-audit")
    program = str(beside) if beside.exists() else shutil.which("pip-audit")
    if run is None and program is None:
        return [], "pip-audit is not installed (it is no part of the lock; any pip-audit on the PATH is used)"
    out, err = (run or _run)([program or "pip-audit", *_ASK, str(ROOT / "requirements.lock")])
    try:
        told = json.loads(out)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return [], f"pip-audit reached no source: {(err.strip().splitlines() or ['it said nothing'])[-1][:200]}"
    left_out = [one["name"] for one in told if "skip_reason" in one]
    why = f"pip-audit's source does not know {len(left_out)} of {len(told)}: {', '.join(left_out[:5])} ..."
    return [
        f"{one['name']} {one['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version yet'}"
        for one in told
        for hole in one.get("vulns", ())
    ], (why if left_out else "")


def _run(line: Sequence[str]) -> tuple[str, str]:
    try:
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=_MOST_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", str(error)
    return done.stdout, done.stderr


def report(dependencies: Sequence[Dependency], known: Sequence[str], unknown: str) -> tuple[list[str], bool]:
    """Give the lines to print, and whether all is well."""
    lines = [f"{len(dependencies)} run-time dependencies (extras: {', '.join(EXTRAS)})"]
    for one in dependencies:
        note = "  FORBIDDEN: GPL, AGPL or unknown" if one.is_forbidden else "  (imported only)" if one.is_lesser else ""
        lines.append(f"  {one.name:24} {one.version:14} {one.licence or 'no licence named'}{note}")
    forbidden = [one.name for one in dependencies if one.is_forbidden]
    lines.append(f"licences: {'not allowed: ' + ', '.join(forbidden) if forbidden else 'none is GPL or AGPL'}")
    if known or not unknown:
        lines.append(f"known holes: {len(known) or 'none'}")
        lines += [f"  {hole}" for hole in known]
    if unknown:
        lines.append(f"known holes: NOT CHECKED, since no source for them is reachable: {unknown}")
    return lines, not forbidden and not known


def main() -> int:
    """Print the report; gives the exit code."""
    lines, is_well = report(run_time(), *holes())
    print("\n".join(lines))
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
