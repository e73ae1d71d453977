"""
The demo: a whole examination round on a fresh embedded database, by the very commands that a board types.

`make demo` runs it. Everything that it prints comes from a command that is printed before; run any of them yourself.
"""

from __future__ import annotations

import csv
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

DAY = "2026-11-20"
ROUND = Path(__file__).resolve().parent / "round-2024"
DATABASE = Path("demo.db")
REJECTS = Path("build") / "demo-rejects.csv"
COMMAND = Path(sys.executable).with_name("examboard")
LONGEST = 12


def main() -> None:
    """Run the round and say what to try next."""
    started = time.monotonic()
    for leftover in (DATABASE, *DATABASE.parent.glob(f"{DATABASE.name}[-.]*")):  # its key ring too
        leftover.unlink(missing_ok=True)
    REJECTS.parent.mkdir(exist_ok=True)
    say(f"A round of 600 applications for one occupation, two editions, all levels, on a fresh {DATABASE.resolve()}.")
    run("round", "import", relative(ROUND), "--rejects", str(REJECTS), limit=LONGEST)
    say(f"Where does everyone stand on {DAY}? Computed from the recorded facts; no job has run yet.")
    compare(run("application", "list", "--as-of", DAY, "--json", limit=2))
    say("The board certifies everyone who has passed everything: the next number each, without a gap.")
    run("certificate", "award", "--all", "--on", DAY, "--authority", "board minute 2026-11", limit=4)
    say("The nightly job writes down what the clock has made true; the events bear the day on which it became true.")
    run("jobs", "run", "expire", "--day", DAY, limit=4)
    say("The round, by edition and level.")
    run("report", "summary", "--as-of", DAY)
    say("Three cases explained: one refused, one expired, one certified.")
    for state in ("refused", "expired", "certified"):
        run("application", "show", first(state), "--as-of", DAY)
    say("Does the record hold together? Every hash, every replay, every derived row.")
    run("db", "check")
    seconds = time.monotonic() - started
    print(f"\nDone in {seconds:.0f} seconds. The database is {DATABASE}; rows that were not taken are in {REJECTS}.")
    suggest()


def relative(path: Path) -> str:
    """Write a path as it would be typed here."""
    return os.path.relpath(path)


def say(text: str) -> None:
    """Print what comes next."""
    print(f"\n== {text}", flush=True)


def run(*arguments: str, limit: int | None = None) -> list[str]:
    """Print a command, run it, and print what it says, cut to some lines; its progress bar is left to the terminal."""
    line = ["--database", str(DATABASE), *arguments]
    print(f"\n$ examboard {shlex.join(line)}", flush=True)
    done = subprocess.run([str(COMMAND), *line], stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)
    lines = done.stdout.splitlines()
    kept = len(lines) if limit is None or len(lines) <= limit + 2 else limit
    print("\n".join(lines[:kept]))
    if kept < len(lines):
        rest = [f"... {len(lines) - kept - 1} lines more ...", lines[-1]] if lines[-1][:1] != "{" else []
        print("\n".join(rest or [f"... {len(lines) - kept} lines more ..."]))
    if done.returncode:
        raise SystemExit(f"the command above ended with code {done.returncode}")
    return lines


def compare(lines: list[str]) -> None:
    """Compare what the service says with what the round's makers expect of every application."""
    found = {row["application"]: row for row in map(json.loads, lines)}
    with (ROUND / "expected.csv").open(encoding="utf-8-sig", newline="") as file:
        wanted = list(csv.DictReader(file))
    right = sum(same(found.get(row["application"], {}), row) for row in wanted)
    print(f"\n{right} of {len(wanted)} applications are as {relative(ROUND / 'expected.csv')} says.")
    if right != len(wanted):
        raise SystemExit("the service and the expectation differ")


def same(found: dict[str, object], wanted: dict[str, str]) -> bool:
    """Tell whether an application stands as expected."""

    def items(text: str) -> set[str]:
        return set(filter(None, text.replace(";", ",").split(",")))

    return (
        found.get("state") == wanted["state"]
        and set(found.get("conditions_met", [])) == items(wanted["conditions_met"])  # type: ignore[call-overload]
        and set(found.get("parts_held", [])) == items(wanted["parts_held"])  # type: ignore[call-overload]
        and (found.get("expired_on") or "") == wanted["expired_on"]
    )


def first(state: str) -> str:
    """Find the first application in a state."""
    listed = ("application", "list", "--state", state, "--as-of", DAY, "--json")
    call = [str(COMMAND), "--database", str(DATABASE), *listed]
    lines = subprocess.run(call, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True).stdout.splitlines()
    return str(json.loads(lines[0])["application"])


def suggest() -> None:
    """Print commands to try next."""
    base = f"{relative(COMMAND)} --database {DATABASE}"
    key = first("expired")
    print("\nTry next:")
    for what, command in (
        ("the same round again: nothing changes", f"round import {relative(ROUND)} --rejects {REJECTS}"),
        ("the whole history of one case, with the rules asked and their answers", f"audit replay {key} --explain"),
        ("what the coming nights will do", "jobs forecast --nights 30"),
        ("the same case as it stood before it expired", f"application show {key} --as-of 2026-06-20"),
        ("the rules, each with its clause", "scheme show lrc-2019"),
        ("the machine that judges a level, in Mermaid", "scheme diagram lrc-2019 --level 2"),
        ("who sat, and how it went", "sitting show 2024-26/1"),
        ("all commands", "--help"),
    ):
        print(f"  {what}:\n    {base} {command}")


if __name__ == "__main__":
    main()
