"""Signed notes and verifier keys are those of the C2SP formats."""

from __future__ import annotations

import base64

import pytest

from storage.keys import verify
from workflow.sealing.notes import PublicKey, checkpoint_text, read_checkpoint, read_vkey, signed_by, split_note

# The example of the Go package golang.org/x/mod/sumdb/note, which has the same format.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# The example of the checkpoint format; its key is not published.
CHECKPOINT = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)


def test_a_foreign_note_is_verified():
    """A note that other software has signed holds under its key, and under no other text."""
    key = read_vkey(VKEY)
    assert (key.vkey, key.id.hex()) == (VKEY, "c74f20a3")
    text, signatures = split_note(NOTE)
    assert signed_by(text, signatures, [key], verify) == (key,)
    with pytest.raises(ValueError, match="PeterNeumann"):
        signed_by(text + "x", signatures, [key], verify)
    other = PublicKey("PeterNeumann", bytes(32))
    assert signed_by(text, signatures, [other], verify) == ()


def test_a_foreign_checkpoint_is_read_and_written_the_same():
    """The format's own example comes out as it went in."""
    point = read_checkpoint(CHECKPOINT)
    assert (point.origin, point.size, len(point.root)) == ("example.com/behind-the-sofa", 20852163, 32)
    assert checkpoint_text(point.origin, point.size, point.root) == point.text
    assert f"{point.text}\n" == CHECKPOINT[: len(point.text) + 1]


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace("20852163", "020852163"),
        lambda note: note.replace("20852163", "-1"),
        lambda note: note.replace("q2I=", "q2I"),
        lambda note: note.replace("CsUYapGG", ""),
        lambda note: note.replace("— ", "- "),
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note.removesuffix("\n"),
        lambda note: "",
    ],
)
def test_what_is_no_checkpoint_is_refused(change):
    """Each part of the form is asked for."""
    with pytest.raises(ValueError, match="is no"):
        read_checkpoint(change(CHECKPOINT))


@pytest.mark.parametrize(
    "line",
    ["", "name", "name+00000000+AAAA", VKEY.replace("c74f", "c74e"), VKEY.replace("Peter", "Petra"), VKEY + "!"],
)
def test_what_is_no_key_is_refused(line):
    """A key line that was mistyped anywhere does not pass for a key."""
    with pytest.raises(ValueError, match=r"is no verifier key|does not fit itself"):
        read_vkey(line)


def test_a_key_of_another_kind_is_refused():
    """Only Ed25519 is signed and checked here."""
    name, own, key = VKEY.split("+", 2)
    raw = b"\x02" + base64.b64decode(key)[1:]
    with pytest.raises(ValueError, match="Ed25519"):
        read_vkey(f"{name}+{own}+{base64.b64encode(raw).decode()}")
