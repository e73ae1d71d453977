"""An outsider's walk: the exported log is checked by itself, by openssl, and by nothing of Examboard."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.test_round import ROUND, listed, run
from workflow.sealing.notes import read_checkpoint

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on the PATH")
CASE = "A00143"


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a board's export, a checkpoint held since the seal before, its key and a proof."""
    folder = tmp_path_factory.mktemp("board")
    with pytest.MonkeyPatch.context() as patched:
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            patched.setenv(name, str(folder / "home"))
        patched.delenv("EXAMBOARD_SEAL_KEY", raising=False)
        url = f"sqlite:///{folder / 'board.db'}"
        run(url, "round", "import", str(ROUND), "--rejects", str(folder / "rejects.csv"), cwd=folder)
        run(url, "keys", "init", "--name", "exams.example.org/log", cwd=folder)
        (folder / "held.txt").write_text(run(url, "audit", "seal", cwd=folder), encoding="utf-8")
        run(url, "jobs", "run", "expire", cwd=folder)
        run(url, "audit", "seal", cwd=folder)
        run(url, "audit", "export", "export", cwd=folder)
        run(url, "audit", "prove", CASE, "--output", "proof.json", cwd=folder)
        (folder / "board.vkey").write_text(run(url, "keys", "show", "--vkey", cwd=folder), encoding="utf-8")
    return folder


@pytest.fixture
def walk(board: Path, tmp_path: Path) -> Path:
    """Give a copy of what the outsider was handed, to be spoilt."""
    shutil.copytree(board / "export", tmp_path / "export")
    for name in ("held.txt", "proof.json", "board.vkey"):
        shutil.copy(board / name, tmp_path)
    return tmp_path


def verify(walk: Path, *arguments: str, isolated: bool = True, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Run the stand-alone verifier; isolated it sees the standard library alone, and so must ask openssl."""
    python = [sys.executable, *(["-I", "-S"] if isolated else [])]
    done = subprocess.run(
        [*python, "export/verify.py", *arguments], cwd=walk, capture_output=True, text=True, check=False, env=env
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


WHOLE = ("export", "--key", "board.vkey", "--checkpoint", "held.txt")


@needs_openssl
def test_an_outsider_proves_that_a_case_is_untouched(walk: Path) -> None:
    """Given only the export, a checkpoint held from before and the public key, a case is shown as it was sealed."""
    code, said = verify(walk, *WHOLE, "--application", CASE)
    assert code == 0, said
    assert said.rstrip().splitlines()[-1].startswith("OK: ")
    assert "NOTE" not in said
    events = [json.loads(line.partition(": ")[2]) for line in said.splitlines() if line.startswith("leaf ")]
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert {event["application"] for event in events} == {CASE}


@needs_openssl
def test_a_proof_is_checked_by_the_same_program(walk: Path) -> None:
    """One file and the public key are enough; a later checkpoint that one holds may be named too."""
    code, said = verify(walk, "proof.json", "--key", "board.vkey")
    assert (code, said[:3]) == (0, "OK:")
    assert verify(walk, "proof.json", "--key", "board.vkey", "--checkpoint", "export/checkpoints/000002.txt")[0] == 0
    code, said = verify(walk, "proof.json", "--key", "board.vkey", "--checkpoint", "held.txt")
    assert (code, "is not in the checkpoint" in said) == (1, True)


@pytest.fixture(scope="module")
def rotated(board: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give what the board hands out after its key was replaced twice; the outsider holds the first key alone."""
    folder = tmp_path_factory.mktemp("rotated") / "board"
    shutil.copytree(board, folder)
    shutil.rmtree(folder / "export")
    with pytest.MonkeyPatch.context() as patched:
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            patched.setenv(name, str(folder / "home"))
        patched.delenv("EXAMBOARD_SEAL_KEY", raising=False)
        url = f"sqlite:///{folder / 'board.db'}"
        running = (key for key, row in listed(url, folder).items() if row["state"] == "awaiting_award")
        for rotates, case in zip((True, True, False), running, strict=False):
            if rotates:
                run(url, "keys", "rotate", cwd=folder)
            run(url, "application", "withdraw", case, cwd=folder)
            run(url, "audit", "seal", cwd=folder)
        run(url, "audit", "export", "export", cwd=folder)
        run(url, "audit", "prove", CASE, "--seal", "2", "--output", "proof.json", cwd=folder)
    return folder


@needs_openssl
def test_a_key_that_was_replaced_is_followed_by_what_both_have_signed(rotated: Path, tmp_path: Path) -> None:
    """Who holds the first key alone gets to the newest checkpoint, is told by which statement, and by nothing else."""
    for name in ("export", "held.txt", "board.vkey", "proof.json"):
        copy = shutil.copytree if (rotated / name).is_dir() else shutil.copy
        copy(rotated / name, tmp_path / name)
    newest = (tmp_path / "export" / "key.vkey").read_text().splitlines()[0]
    code, said = verify(tmp_path, *WHOLE)
    assert (code, said[:4]) == (0, "OK: "), said
    assert f"was replaced by {newest}, as both keys have signed" in said
    assert said.count("as both keys have signed") == 2  # both changes of the way
    assert "NOTE" not in verify(tmp_path, *WHOLE, "--key", newest)[1]
    early = ("proof.json", "--key", newest)
    changes = tmp_path / "export" / "key-changes.txt"
    spoilt = changes.read_text().replace(":", ";", 1)
    assert verify(tmp_path, *early)[1].startswith("FAILED: the checkpoint: signed by exams.example.org/log+")
    assert verify(tmp_path, *early, "--changes", str(changes))[0] == 0
    changes.write_text(spoilt)
    code, said = verify(tmp_path, *WHOLE)
    assert (code, said[:8]) == (1, "FAILED: ")
    changes.unlink()
    code, said = verify(tmp_path, *WHOLE)
    assert (code, "the newest checkpoint: signed by" in said, "--changes" in said) == (1, True, True)


def test_the_module_cryptography_does_as_well(walk: Path) -> None:
    """Where it is installed, no openssl is asked."""
    nowhere = {"PATH": str(walk / "nowhere")}
    assert verify(walk, *WHOLE, isolated=False, env=nowhere)[0] == 0
    last = walk / "export" / "checkpoints" / "000002.txt"
    spoil_signature(last)
    code, said = verify(walk, *WHOLE, isolated=False, env=nowhere)
    assert (code, "does not hold" in said) == (1, True)


def test_without_anything_that_checks_signatures_it_fails_and_says_so(walk: Path) -> None:
    """It never passes silently; told to leave the signatures out, it checks the rest and says what that is worth."""
    nowhere = {"PATH": str(walk / "nowhere")}
    code, said = verify(walk, *WHOLE, env=nowhere)
    assert code == 1
    assert "signatures cannot be checked here" in said
    code, said = verify(walk, *WHOLE, "--no-signature", env=nowhere)
    assert code == 0
    assert "signatures were not checked" in said


def spoil_signature(file: Path) -> None:
    """Exchange the signature under a note for another one of the same length."""
    head, _, coded = file.read_text(encoding="utf-8").rstrip("\n").rpartition(" ")
    raw = bytearray(base64.b64decode(coded))
    raw[20] ^= 1
    file.write_text(f"{head} {base64.b64encode(raw).decode()}\n", encoding="utf-8")


def lines_of(walk: Path) -> list[str]:
    """Read the events."""
    return (walk / "export" / "events.jsonl").read_text(encoding="utf-8").split("\n")[:-1]


def rewrite(walk: Path, lines: list[str]) -> None:
    """Write the events."""
    (walk / "export" / "events.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def change_a_line(walk: Path) -> None:
    """Give a candidate a better score."""
    lines = lines_of(walk)
    at = next(n for n, line in enumerate(lines) if '"score":"52"' in line and CASE in line)
    rewrite(walk, [*lines[:at], lines[at].replace('"score":"52"', '"score":"92"'), *lines[at + 1 :]])


def change_the_last_line_of_a_history(walk: Path) -> None:
    """Change an event that no other event of its application follows: only the tree can tell."""
    lines = lines_of(walk)
    at = max(n for n, line in enumerate(lines) if f'"application":"{CASE}"' in line)
    rewrite(walk, [*lines[:at], lines[at].replace('"actor":"', '"actor":"x'), *lines[at + 1 :]])


def remove_a_line(walk: Path) -> None:
    """Leave out an event in the middle of a history."""
    rewrite(walk, [line for line in lines_of(walk) if not (CASE in line and '"sequence":4,' in line)])


def remove_a_history(walk: Path) -> None:
    """Leave out an application altogether."""
    rewrite(walk, [line for line in lines_of(walk) if CASE not in line])


def swap_two_histories(walk: Path) -> None:
    """Exchange the places of two first events: every chain still holds."""
    lines = lines_of(walk)
    one, two = [n for n, line in enumerate(lines) if '"sequence":1,' in line][:2]
    lines[one], lines[two] = lines[two], lines[one]
    rewrite(walk, lines)


def truncate(walk: Path) -> None:
    """Cut the file off in the middle of a line."""
    file = walk / "export" / "events.jsonl"
    file.write_bytes(file.read_bytes()[:-100])


def truncate_by_lines(walk: Path) -> None:
    """Leave out the last events."""
    rewrite(walk, lines_of(walk)[:-3])


def add_a_line(walk: Path) -> None:
    """Put an event of a new application at the end."""
    lines = lines_of(walk)
    new = next(line for line in lines if '"sequence":1,' in line).replace('"application":"A', '"application":"B')
    rewrite(walk, [*lines, new])


def edit_a_checkpoint(walk: Path) -> None:
    """Let the newest checkpoint name another root."""
    file = walk / "export" / "checkpoints" / "000002.txt"
    note = file.read_text(encoding="utf-8")
    root = note.split("\n")[2]
    file.write_text(note.replace(root, base64.b64encode(bytes(32)).decode()), encoding="utf-8")


def edit_an_early_checkpoint(walk: Path) -> None:
    """Let the first checkpoint have another size."""
    file = walk / "export" / "checkpoints" / "000001.txt"
    lines = file.read_text(encoding="utf-8").split("\n")
    file.write_text("\n".join([lines[0], str(int(lines[1]) - 1), *lines[2:]]), encoding="utf-8")


def remove_the_newest_checkpoint(walk: Path) -> None:
    """Leave events at the end for which no checkpoint vouches."""
    (walk / "export" / "checkpoints" / "000002.txt").unlink()


def spoil_the_signature(walk: Path) -> None:
    """Exchange the newest signature."""
    spoil_signature(walk / "export" / "checkpoints" / "000002.txt")


def use_another_key(walk: Path) -> None:
    """Give the key of another log of the same name."""
    public = b"\x01" + bytes(range(32))
    own = hashlib.sha256(b"exams.example.org/log\n" + public).digest()[:4].hex()
    line = f"exams.example.org/log+{own}+{base64.b64encode(public).decode()}\n"
    (walk / "board.vkey").write_text(line, encoding="utf-8")


def hold_another_checkpoint(walk: Path) -> None:
    """Hold a checkpoint of a history that is not this one."""
    note = (walk / "held.txt").read_text(encoding="utf-8")
    root = note.split("\n")[2]
    (walk / "held.txt").write_text(note.replace(root, base64.b64encode(bytes(32)).decode()), encoding="utf-8")


def edit_a_document(walk: Path) -> None:
    """Change a rule by which applications were judged."""
    file = next((walk / "export" / "schemes").iterdir())
    file.write_text(file.read_text(encoding="utf-8").replace("pass_mark: 60", "pass_mark: 50"), encoding="utf-8")


def remove_a_document(walk: Path) -> None:
    """Leave out the rules by which applications were judged."""
    next((walk / "export" / "schemes").iterdir()).unlink()


def exchange_the_key_for_openssl(walk: Path) -> None:
    """Give another key to whoever checks a checkpoint by hand."""
    file = walk / "export" / "key.pem"
    der = bytes.fromhex("302a300506032b6570032100") + bytes(range(32))
    file.write_text(file.read_text().split("\n")[0] + f"\n{base64.b64encode(der).decode()}\n-----END PUBLIC KEY-----\n")


def remove_the_first_checkpoint(walk: Path) -> None:
    """Leave out an early checkpoint."""
    (walk / "export" / "checkpoints" / "000001.txt").unlink()


def spoil_what_stands_under_a_checkpoint(walk: Path) -> None:
    """Put something under a checkpoint that is no signature."""
    file = walk / "export" / "checkpoints" / "000001.txt"
    file.write_text(file.read_text(encoding="utf-8") + "signed, the board\n", encoding="utf-8")


def change_bits_that_mean_nothing(walk: Path) -> None:
    """Write the newest signature in another way: the last character of its base64 holds bits that are not used."""
    file = walk / "export" / "checkpoints" / "000002.txt"
    note = file.read_text(encoding="utf-8")
    assert note.endswith("=\n")
    assert not note.endswith("==\n")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = alphabet[alphabet.index(note[-3]) ^ 1]
    file.write_text(f"{note[:-3]}{other}=\n", encoding="utf-8")


def nest_too_deep(walk: Path) -> None:
    """Put a line into the events that no parser follows to its end."""
    rewrite(walk, ["[" * 100_000, *lines_of(walk)])


SPOIL: list[Callable[[Path], None]] = [
    edit_a_document,
    remove_a_document,
    exchange_the_key_for_openssl,
    remove_the_first_checkpoint,
    spoil_what_stands_under_a_checkpoint,
    nest_too_deep,
    change_a_line,
    change_the_last_line_of_a_history,
    remove_a_line,
    remove_a_history,
    swap_two_histories,
    truncate,
    truncate_by_lines,
    add_a_line,
    edit_a_checkpoint,
    edit_an_early_checkpoint,
    remove_the_newest_checkpoint,
    spoil_the_signature,
    use_another_key,
    hold_another_checkpoint,
    change_bits_that_mean_nothing,
]


@needs_openssl
@pytest.mark.parametrize("spoil", SPOIL, ids=lambda spoil: spoil.__name__)
def test_whatever_is_changed_is_found(walk: Path, spoil: Callable[[Path], None]) -> None:
    """An export that differs from what was sealed, or is signed by somebody else, fails with a reason."""
    spoil(walk)
    code, said = verify(walk, *WHOLE)
    assert code == 1
    assert said.startswith("FAILED: ")


@pytest.mark.parametrize("spoil", SPOIL[:17], ids=lambda spoil: spoil.__name__)
def test_the_tree_tells_without_any_signature(walk: Path, spoil: Callable[[Path], None]) -> None:
    """Every change of the events is found even where signatures cannot be checked."""
    spoil(walk)
    code, said = verify(walk, *WHOLE, "--no-signature")
    assert (code, said[:8]) == (1, "FAILED: ")


BEYOND_THE_SHORT_ONE: list[Callable[[Path], None]] = [
    edit_a_document,
    remove_a_document,
    exchange_the_key_for_openssl,
    remove_the_first_checkpoint,
    spoil_what_stands_under_a_checkpoint,
    hold_another_checkpoint,
    change_bits_that_mean_nothing,
]


def verify_shortly(walk: Path, *arguments: str) -> tuple[int, str]:
    """Run the verifier that is short enough to be read first."""
    key = (walk / "board.vkey").read_text(encoding="utf-8").strip()
    program = Path(__file__).parents[2] / "docs" / "verify_short.py"
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(program), "export", key, *arguments],
        cwd=walk, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


@needs_openssl
def test_the_short_verifier_says_the_same_of_what_holds(walk: Path) -> None:
    """It counts the same events, and shows the same lines of a case."""
    code, said = verify_shortly(walk, CASE)
    assert code == 0, said
    *shown, last = said.splitlines()
    assert (
        last == f"OK: {len(lines_of(walk))} events of {len(set(map(case_of, lines_of(walk))))} applications are sealed"
    )
    assert shown == [line for line in lines_of(walk) if case_of(line) == CASE]


def case_of(line: str) -> str:
    """Give the application of an event."""
    return str(json.loads(line)["application"])


@needs_openssl
@pytest.mark.parametrize("spoil", [x for x in SPOIL if x not in BEYOND_THE_SHORT_ONE], ids=lambda spoil: spoil.__name__)
def test_the_short_verifier_finds_every_change_of_events_roots_and_signature(
    walk: Path, spoil: Callable[[Path], None]
) -> None:
    """Whatever concerns events, roots and the newest signature does not get past it either."""
    spoil(walk)
    code, said = verify_shortly(walk)
    assert (code, said[:8]) == (1, "FAILED: "), said


@needs_openssl
def test_openssl_alone_verifies_a_checkpoint(walk: Path) -> None:
    """The signature is a plain Ed25519 signature over the note's text, under the key that was exported as PEM."""
    point = read_checkpoint((walk / "export" / "checkpoints" / "000002.txt").read_text(encoding="utf-8"))
    (walk / "text").write_text(point.text, encoding="utf-8")
    (walk / "signature").write_bytes(point.signatures[0][2])
    call = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "export/key.pem", "-rawin"]
    done = subprocess.run(
        [*call, "-in", "text", "-sigfile", "signature"], cwd=walk, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "Success" in done.stdout) == (0, True), done.stderr


def test_the_files_of_an_export(walk: Path, board: Path) -> None:
    """The checkpoints are the seals, the rules lie under their digests, and the program is the documented one."""
    names = sorted(str(p.relative_to(walk / "export")) for p in (walk / "export").rglob("*") if p.is_file())
    schemes = [name for name in names if name.startswith("schemes/")]
    plain = ["README.txt", "checkpoints/000001.txt", "checkpoints/000002.txt", "events.jsonl", "key.pem", "key.vkey"]
    assert names == sorted([*plain, *schemes, "verify.py"])
    for name in schemes:
        content = (walk / "export" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == Path(name).stem
    pinned = {json.loads(line)["data"]["digest"] for line in lines_of(walk) if '"type":"Submitted"' in line}
    assert pinned == {Path(name).stem for name in schemes}
    assert (walk / "export" / "checkpoints" / "000001.txt").read_text() == (board / "held.txt").read_text()
