"""What a hurried or hostile user types: one clear message, the right code, never a traceback."""

from __future__ import annotations

import pytest

from tests.cli.conftest import document


@pytest.fixture
def files(tmp_path):
    """Give a folder of things that are not what they should be."""
    here = tmp_path / "here"
    (here / "folder").mkdir()
    (here / "broken.yaml").write_text("work: [", encoding="utf-8")
    (here / "alias.yaml").write_text("work: &a []\ntraining: *a\n", encoding="utf-8")
    (here / "twice.yaml").write_text("work: []\nwork: []\n", encoding="utf-8")
    (here / "list.yaml").write_text("- 1\n", encoding="utf-8")
    (here / "empty.yaml").write_text("", encoding="utf-8")
    (here / "gb.yaml").write_bytes("# 考\n".encode("gb18030"))
    (here / "binary.csv").write_bytes(bytes(range(256)))
    (here / "empty.csv").write_text("", encoding="utf-8")
    (here / "text.db").write_text("this is no database, though it is longer than a header of one " * 20, "utf-8")
    (here / "work.csv").mkdir()
    (here / "deep.json").write_text("[" * 100_000 + "]" * 100_000, "utf-8")
    (here / "hex.yaml").write_text("version: 0x" + "f" * 100_000, "utf-8")
    return here


PERSON = document(1)
CHECK = ("eligibility", "check")
LRC = ("--scheme", "lrc-2019", "--level", "3")
CASES = [
    ((*CHECK, "folder", *LRC), 2, "is a directory"),
    ((*CHECK, "missing.yaml", *LRC), 2, "does not exist"),
    ((*CHECK, "broken.yaml", *LRC), 2, "broken.yaml:1: expected the node content"),
    ((*CHECK, "alias.yaml", *LRC), 2, "uses a YAML alias"),
    ((*CHECK, "twice.yaml", *LRC), 2, "twice.yaml:2: found duplicate key"),
    ((*CHECK, "list.yaml", *LRC), 2, "list.yaml:1: "),
    ((*CHECK, "empty.yaml", *LRC), 2, "empty.yaml:1: "),
    ((*CHECK, "gb.yaml", *LRC), 2, "is not UTF-8 text"),
    ((*CHECK, "list.yaml", "--scheme", "folder/", "--level", "3"), 2, "is a folder; name a file in it"),
    ((*CHECK, "list.yaml", "--scheme", "missing.yaml", "--level", "3"), 4, "missing.yaml: there is no such file"),
    ((*CHECK, "list.yaml", "--scheme", "nix", "--level", "3"), 4, "no scheme is called 'nix'"),
    ((*CHECK, "list.yaml", "--scheme", "lrc-2019", "--level", "9"), 4, "has no level '9'"),
    ((*CHECK, "list.yaml", *LRC, "--as-of", "2026-02-30"), 2, "'2026-02-30': no such day in the calendar"),
    ((*CHECK, "list.yaml", *LRC, "--as-of", "1066-10-14"), 2, "must lie between 1900-01-01 and 2999-12-31"),
    (("application", "list", "--as-of", "tomorrow"), 2, "must be a day written YYYY-MM-DD"),
    (("application", "list", "--known-at", "noon"), 2, "must be an instant such as"),
    (("application", "list", "--known-at", "0001-01-01T00:00"), 2, "must lie between"),
    (("application", "show", "NOPE"), 4, "not found: no application NOPE"),
    (("application", "show", "' OR 1=1 --"), 4, "not found: no application"),
    (("application", "show", "A1\x00"), 2, "holds a NUL"),
    (("application", "show", "A1\ud800"), 2, "half a character"),
    (("application", "show", "A1\udc80"), 2, "is not UTF-8 text"),
    (("application", "show", "A\x1b[2J"), 2, "holds a character that cannot be seen (U+001B)"),
    (("audit", "export", "\u202e3202"), 2, "holds a character that cannot be seen (U+202E)"),
    (("evidence", "check", "A4", "x" * 70_000, "--status", "verified"), 2, "is longer than 1000 characters"),
    (("scheme", "test", "9" * 900), 8, "File name too long"),
    (("application", "history", "NOPE"), 4, "not found: no application NOPE"),
    (("application", "withdraw", "NOPE"), 4, "not found: no application NOPE"),
    (("application", "show"), 2, "Missing argument 'APPLICATION'"),
    (("application", "show", "A1", "A2"), 2, "unexpected extra argument"),
    (("application", "annul", "A1"), 2, "Missing option '--reason'"),
    (("application", "frob"), 2, "No such command 'frob'"),
    (("frob",), 2, "No such command 'frob'"),
    (("application", "list", "--jsn"), 2, "No such option"),
    (("scheme", "check", "folder"), 2, "is a directory"),
    (("scheme", "check", "broken.yaml"), 2, "broken.yaml:1: "),
    (("scheme", "add", "list.yaml"), 2, "list.yaml:1: "),
    (("round", "import", "missing"), 2, "does not exist"),
    (("round", "import", "list.yaml"), 2, "is a file"),
    (("round", "import", "folder"), 2, "holds no bulk file; at least one of these must be there"),
    (("round", "import", "."), 2, "work.csv: is a folder; name a file in it"),
    (("score", "import", "binary.csv"), 2, "binary.csv:1: holds a NUL byte"),
    (("score", "import", "empty.csv"), 2, "empty.csv: is empty"),
    (("score", "import", "list.yaml"), 2, "a bulk file ends in .csv or .xlsx"),
    (("score", "announce", "--sitting", "NOPE"), 4, "no sitting NOPE"),
    (("training", "record", "A6", "--hours", "-1"), 2, "must lie between 0 and 100000"),
    (("training", "record", "A6", "--hours", "1e9"), 2, "is not"),
    (("training", "record", "A6", "--hours", "9" * 5000), 2, "is not a number"),
    (("training", "waive", "A6", "--reason", "x\x1b[2J", "--authority", "y"), 2, "must not stand in a text"),
    (("training", "waive", "A6", "--reason", "x" * 2000, "--authority", "y"), 2, "is longer than 1000 characters"),
    (("jobs", "run", "nix"), 2, "is not one of 'expire', 'release', 'remind', 'retention', 'all'"),
    (("--actor", "a\nb\x07", "application", "withdraw", "A4"), 7, "setting actor"),
    (("--database", "text.db", "application", "list"), 7, "is not an SQLite database"),
    (("--database", "text.db", "db", "init"), 7, "is not an SQLite database"),
    (("--database", "folder", "db", "init"), 7, "no database is named by 'folder'"),
    (("--database", "work.db/x.db", "application", "list"), 4, "no database at work.db/x.db"),
    (("--database", "mysql://u:secret@h/d", "application", "list"), 7, "does not run on 'mysql'"),
    (("--database", "postgresql://u:secret@127.0.0.1:1/d", "application", "list"), 8, "cannot be reached"),
    (("--database", "://", "application", "list"), 7, "cannot be read"),
    (("--config", "folder", "application", "list"), 2, "is a directory"),
    ((*CHECK, "hex.yaml", *LRC), 2, "hex.yaml:1: version: "),
    (("audit", "check-proof", "deep.json"), 2, "is not JSON, or of a depth that no proof has"),
    (("audit", "prove", "A1", "--output", f"{'x' * 300}.json"), 4, "no key file"),
    (("scheduler", "health", "--health", "deep.json"), 8, "is not one of Examboard's"),
    (("audit", "verify", "--resume", "deep.json"), 2, "keeps no audit"),
    (
        ("sitting", "create", "S9", "--part", "theory", "--on", "2026-12-10", "--room", f"{PERSON}:30"),
        2,
        "identity number",
    ),
    (("audit", "export", PERSON), 2, "holds an identity number, which belongs in the register of persons only"),
    (("frob", f"a {PERSON}"), 2, "No such command 'frob'"),
    (("application", "list", PERSON), 2, "unexpected extra argument (110101********"),
]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("line", "code", "message"), CASES, ids=[" ".join(case[0])[:60] for case in CASES])
def test_one_clear_message_and_the_right_code(run, line, code, message):
    """Whatever is typed, the message says what is wrong, the code says of which kind, and no secret is repeated."""
    said = run(*line)
    assert message in said.err
    assert said.code == code
    assert said.out == ""
    assert "secret" not in said.err
    assert PERSON not in said.err
    assert len(said.err) < 4000
