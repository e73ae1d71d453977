"""What lies in the tree: never a board's data, and never a key."""

from __future__ import annotations

import subprocess

import pytest

from tests.architecture.generated import ROOT

NEVER = ("*.db", "*.db-*", "*.sqlite3", "*.ring", ".*.ring.new", "*seal.json", "*.pem", "*.log", "examboard.toml")


def listed(*asked: str) -> list[str]:
    """Ask git for files; skips where the tree is no checkout."""
    done = subprocess.run(["git", "ls-files", *asked, *NEVER], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("no git checkout")
    return done.stdout.splitlines()


def test_no_data_and_no_key_is_kept_in_the_tree():
    """A database, a key ring or a key file that was made while trying something out is never committed."""
    assert listed() == []


@pytest.mark.parametrize("name", ["demo.db", "demo.db-wal", "demo.db.ring", ".demo.db.ring.new", "board.sqlite3"])
def test_what_a_run_leaves_is_ignored(name):
    """What `make demo` and a first try leave behind is passed over by git."""
    done = subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode in (0, 128)
