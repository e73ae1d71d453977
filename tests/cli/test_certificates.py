"""Certificates from the command line: standing, lists, papers, verification, and amended persons."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

from storage.sheets import read_sheet
from tests.cli.conftest import document, run_on

NUMBER = "S000000000000263000001"
UNKNOWN = f"{NUMBER[:-1]}9"
WHY = ("--reason", "inquiry", "--authority", "minute 14")


@pytest.fixture
def awarded(run):
    """Give the board after it has certified A1."""
    assert run("certificate", "award", "--all", "--on", "2026-11-20", "--authority", "minute 11").code == 0
    return run


def text_of(file: Path) -> str:
    """Read the text of a paper's first page, without its blanks."""
    page = pypdfium2.PdfDocument(file)[0]
    return "".join(page.get_textpage().get_text_range().split())


def test_standing_changes_by_decisions(awarded):
    """Suspended, restored, revoked and restored again: each from a day, with reason and authority, by number or key."""
    assert awarded("certificate", "suspend", NUMBER, *WHY, "--on", "2026-11-20").code == 0
    said = awarded("certificate", "suspend", "A1", *WHY)
    assert said.code == 3
    assert "the certificate is suspended; this is possible while it is valid" in said.err
    assert awarded("certificate", "replace", NUMBER, *WHY).code == 3
    assert awarded("certificate", "restore", "A1", *WHY, "--on", "2026-11-21").code == 0
    said = awarded("certificate", "revoke", "A1", *WHY, "--json")
    assert said.row["events"][0]["type"] == "CertificateRevoked"
    row = awarded("certificate", "show", NUMBER, "--json").row
    assert (row["standing"], row["since"]) == ("revoked", "2026-11-22")
    assert [t["what"] for t in row["turns"]] == ["CertificateSuspended", "CertificateRestored", "CertificateRevoked"]
    assert "CertificateRevoked" in awarded("certificate", "show", NUMBER).out


def test_the_award_names_the_number_of_the_paper(run):
    """A certificate's number looks like a person's and is none: who awards it reads it in full."""
    said = run("certificate", "award", "A1", "--on", "2026-11-20")
    assert f"A1: CertificateAwarded {NUMBER} on 2026-11-20" in said.out


def test_what_was_true_before_a_revocation_stays_true(awarded):
    """Asked for an earlier day or an earlier knowledge, the certificate is as it was; before its award it is not."""
    assert awarded("certificate", "revoke", NUMBER, *WHY, "--on", "2026-11-21").code == 0
    for question, standing in (
        (("--as-of", "2026-11-20"), "valid"),
        (("--as-of", "2026-11-21"), "revoked"),
        ((), "revoked"),
    ):
        assert awarded("certificate", "show", NUMBER, "--json", *question).row["standing"] == standing
        assert [r["standing"] for r in awarded("certificate", "list", *question).rows] == [standing]
    assert awarded("certificate", "show", NUMBER, "--as-of", "2026-11-19").code == 4
    assert awarded("certificate", "show", NUMBER, "--known-at", "2026-11-21T12:30").code == 4
    assert awarded("certificate", "list", "--as-of", "2026-11-19").rows == []


@pytest.mark.parametrize("verb", ["suspend", "restore", "revoke", "replace"])
def test_a_decision_needs_reason_and_authority(awarded, verb):
    """Without either it is a usage error; on a number that is not there, not found; on the uncertified, refused."""
    assert awarded("certificate", verb, NUMBER, "--reason", "x").code == 2
    assert awarded("certificate", verb, NUMBER, "--authority", "x").code == 2
    assert awarded("certificate", verb, "S1", *WHY).code == 4
    said = awarded("certificate", verb, "A2", *WHY)
    assert (said.code, "it has led to no certificate; it is refused" in said.err) == (3, True)
    assert awarded("certificate", verb, NUMBER, *WHY, "--on", "2027-01-01").code == 3
    said = awarded("certificate", verb, NUMBER, "--reason", document(1), "--authority", "x")
    assert (said.code, document(1) in said.err) == (2, False)


def test_a_replacement_keeps_the_number(awarded, tmp_path):
    """The paper bears the remark, the record the sheet's serial number; the number stays."""
    assert awarded("certificate", "replace", NUMBER, *WHY, "--stationery", "P0004711").code == 0
    row = awarded("certificate", "show", NUMBER, "--json").row
    assert (row["standing"], row["remarks"]) == ("valid", ["2026年11月22日补发"])
    assert row["turns"][0]["stationery"] == "P0004711"
    assert awarded("certificate", "pdf", NUMBER, "--out", tmp_path / "c.pdf").code == 0
    assert "2026年11月22日补发" in text_of(tmp_path / "c.pdf")
    assert awarded("certificate", "replace", NUMBER, *WHY, "--remark", "姓名更正后换发").code == 0
    assert awarded("certificate", "show", NUMBER, "--json").row["remarks"][1] == "姓名更正后换发"
    assert len(awarded("certificate", "list").rows) == 1


def test_the_list_is_chosen(awarded):
    """By scheme, level, standing and days of the award, both ends included."""
    for choice, count in (
        (("--scheme", "lrc-2019"), 1),
        (("--scheme", "other"), 0),
        (("--level", "3"), 1),
        (("--level", "4"), 0),
        (("--standing", "valid"), 1),
        (("--standing", "revoked"), 0),
        (("--awarded-from", "2026-11-20", "--awarded-until", "2026-11-20"), 1),
        (("--awarded-from", "2026-11-21"), 0),
        (("--awarded-until", "2026-11-19"), 0),
    ):
        assert len(awarded("certificate", "list", *choice).rows) == count, choice


def test_the_list_as_a_file(awarded, tmp_path):
    """CSV and workbook hold the holders, masked unless revealed, and the number as it is."""
    files = (tmp_path / "l.csv", tmp_path / "l.xlsx")
    for reveal, name, paper in (
        ((), "王**", f"{document(1)[:6]}********{document(1)[-4:]}"),
        (("--reveal", "--reason", "asked"), "王A1", document(1)),
    ):
        said = awarded("certificate", "list", "--csv", files[0], "--xlsx", files[1], *reveal)
        assert said.out.startswith("1 certificates written to ")
        for file in files:
            sheet = read_sheet(file)
            ((_line, cells),) = sheet.rows
            row = dict(zip(sheet.header, (str(c).strip() for c in cells), strict=True))
            assert (row["证书编号"], row["姓名"], row["证件号码"], row["等级"]) == (NUMBER, name, paper, "三级/高级工")
            assert (row["发证日期"], row["状态"]) == ("2026-11-20", "valid")


def test_a_certificate_is_printed(awarded, tmp_path, monkeypatch):
    """The paper says what the record says; its code is read back, and verifies; again it is the same file."""
    monkeypatch.setenv("EXAMBOARD_VERIFY_URL", "https://exam.example.org/v/")
    monkeypatch.setenv("EXAMBOARD_BOARD", "某省职业技能评价中心")
    one, two = tmp_path / "1.pdf", tmp_path / "2.pdf"
    assert awarded("certificate", "pdf", NUMBER, "--out", one).code == 0
    said = awarded("certificate", "pdf", "A1", "--out", two, "--json")
    assert one.read_bytes() == two.read_bytes()
    assert said.row["sha256"] == hashlib.sha256(one.read_bytes()).hexdigest()
    text = text_of(one)
    for value in (NUMBER, "王A1", "三级/高级工", "2026年11月20日", "某省职业技能评价中心", "劳动关系协调员"):
        assert value in text
    assert document(1) not in text
    (code,) = zxingcpp.read_barcodes(pypdfium2.PdfDocument(one)[0].render(scale=2).to_pil())
    assert code.text == "https://exam.example.org/v/" + awarded("certificate", "show", "A1", "--json").row["code"]
    answer = awarded("certificate", "verify", "--code", code.text, "--json").row
    assert (answer["answer"], answer["certificate"]) == ("valid", NUMBER)
    monkeypatch.setenv("EXAMBOARD_FULL_NUMBERS", "true")
    assert awarded("certificate", "pdf", NUMBER, "--out", one).code == 0
    assert document(1) in text_of(one)


def test_what_does_not_count_is_not_printed(awarded, tmp_path):
    """A revoked certificate alone is refused; of many it is left out and named."""
    assert awarded("certificate", "revoke", NUMBER, *WHY).code == 0
    said = awarded("certificate", "pdf", NUMBER, "--out", tmp_path / "c.pdf")
    assert (said.code, "it is revoked since 2026-11-22" in said.err) == (3, True)
    assert awarded("certificate", "pdf", "--all", "--out", tmp_path / "papers").code == 4
    assert list(tmp_path.glob("**/*.pdf")) == []


def test_pdf_asks_what_to_print(awarded, tmp_path):
    """A number, or --all, or a choice; none or both is a usage error, and a folder that is a file is told."""
    assert awarded("certificate", "pdf", "--out", tmp_path).code == 2
    assert awarded("certificate", "pdf", NUMBER, "--all", "--out", tmp_path).code == 2
    assert awarded("certificate", "pdf", NUMBER, "--out", tmp_path).code == 8
    (tmp_path / "file").write_text("x")
    assert awarded("certificate", "pdf", "--all", "--out", tmp_path / "file").code == 8
    assert awarded("certificate", "print-batch", "--out", tmp_path / "b").code == 2


def test_a_print_batch_has_an_index(awarded, tmp_path):
    """The folder holds the PDFs and an index with their digests that names no person."""
    out = tmp_path / "batch"
    said = awarded("certificate", "print-batch", "--awarded-on", "2026-11-20", "--out", out)
    assert said.out == f"1 certificates printed to {out}\n"
    assert sorted(file.name for file in out.iterdir()) == [f"{NUMBER}.pdf", "index.csv", "index.xlsx"]
    for index in ("index.csv", "index.xlsx"):
        sheet = read_sheet(out / index)
        ((_line, cells),) = sheet.rows
        assert sheet.header == ("number", "application", "file", "sha256")
        digest = hashlib.sha256((out / f"{NUMBER}.pdf").read_bytes()).hexdigest()
        assert [str(c).strip() for c in cells] == [NUMBER, "A1", f"{NUMBER}.pdf", digest]
    assert "王" not in (out / "index.csv").read_text("utf-8-sig")
    assert awarded("certificate", "print-batch", "--awarded-on", "2026-11-19", "--out", out).code == 4


def test_verification_by_name(awarded):
    """The right name is answered; a wrong one gets, to the letter, the answer that a number not there gets."""
    said = awarded("certificate", "verify", NUMBER, "--name", " 王a1 ")
    assert said.code == 0
    for value in ("valid: it counts", NUMBER, "职业技能等级证书", "2026-11-20"):
        assert value in said.out
    for secret in (document(1), document(1)[-4:], "王A1", "A1\n"):
        assert secret not in said.out
    wrong = awarded("certificate", "verify", NUMBER, "--name", "王A2")
    blank = awarded("certificate", "verify", NUMBER, "--name", "")
    nowhere = awarded("certificate", "verify", "S000000000000263000002", "--name", "王A1")
    assert (wrong.code, wrong.out, wrong.err) == (nowhere.code, nowhere.out, nowhere.err)
    assert (wrong.code, wrong.out, wrong.err) == (blank.code, blank.out, blank.err)
    assert nowhere.code == 4
    rows = [awarded("certificate", "verify", n, "--name", "x", "--json") for n in (NUMBER, "S9")]
    assert [r.row for r in rows] == [{"answer": "not_found", "counts": False}] * 2


@pytest.mark.parametrize(
    ("verb", "answer", "code"),
    [("suspend", "suspended", 3), ("revoke", "revoked", 3), ("replace", "replaced", 0)],
)
def test_verification_tells_the_standing(awarded, verb, answer, code):
    """What does not count ends with 3; a replaced paper counts, and the answer says that only the newest is good."""
    assert awarded("certificate", verb, NUMBER, *WHY).code == 0
    said = awarded("certificate", "verify", NUMBER, "--name", "王A1", "--json")
    assert (said.code, said.row["answer"], said.row["since"]) == (code, answer, "2026-11-22")
    assert said.row["counts"] is (code == 0)
    assert "inquiry" not in said.out


def test_every_verification_is_logged(awarded):
    """Found, wrongly named and not found: the log has all of them, without a name or an identity number."""
    code = awarded("certificate", "show", NUMBER, "--json").row["code"]
    awarded("certificate", "verify", NUMBER, "--name", "王A1")
    awarded("--actor", "web", "certificate", "verify", NUMBER, "--name", "王A2")
    awarded("certificate", "verify", "--code", code)
    awarded("certificate", "verify", UNKNOWN, "--name", "王A1")
    rows = awarded("certificate", "verifications", NUMBER).rows
    assert [row["outcome"] for row in rows] == ["valid", "wrong_name", "valid"]
    assert rows[1]["asked_by"] == "web (command line)"
    assert "王" not in str(rows)
    assert [row["outcome"] for row in awarded("certificate", "verifications", UNKNOWN).rows] == ["not_found"]
    # An identity number in place of the certificate's is refused at the door, and so in no log.
    mistaken = awarded("certificate", "verify", document(1), "--name", "王A1")
    assert mistaken.code == 2
    assert document(1) not in mistaken.out + mistaken.err
    assert awarded("certificate", "verifications", "S9").code == 4


def test_verify_asks_one_question(awarded, alone):
    """Number and name, or the code alone; without a database nothing is made."""
    assert awarded("certificate", "verify", NUMBER).code == 2
    assert awarded("certificate", "verify", "--name", "x").code == 2
    assert awarded("certificate", "verify", NUMBER, "--name", "x", "--code", "y").code == 2
    assert awarded("certificate", "verify", "--code", "0" * 16).code == 4
    assert awarded("certificate", "verify", "--code", "").code == 4
    assert alone("certificate", "verify", NUMBER, "--name", "x").code == 4
    assert alone("application", "list").code == 4


def test_an_amended_name_stands_on_papers_printed_afterwards(awarded, tmp_path):
    """The registry is corrected, the log says which field and why, and the paper bears the new name."""
    key = awarded("candidate", "find", "--name", "王A1").row["candidate"]
    why = ("--reason", "misspelt at registration", "--authority", "minute 18")
    assert awarded("candidate", "amend", key, "--name", "王𬱖", *why).out == f"{key}: name amended\n"
    assert awarded("candidate", "amend", key, "--name", "王𬱖", *why).out.endswith("the values are the same\n")
    assert awarded("certificate", "pdf", NUMBER, "--out", tmp_path / "c.pdf").code == 0
    assert "王𬱖" in text_of(tmp_path / "c.pdf")
    assert awarded("certificate", "verify", NUMBER, "--name", "王𬱖").code == 0
    assert awarded("certificate", "verify", NUMBER, "--name", "王A1").code == 4
    (row,) = awarded("candidate", "changes", key).rows
    assert (row["amended"], row["reason"], row["authority"]) == ("name", "misspelt at registration", "minute 18")
    assert "王" not in str(row)


def test_amending_is_strict_and_silent(awarded):
    """A bad or foreign number, a reason that repeats the name, or nothing to do is refused; no value is repeated."""
    key = awarded("candidate", "find", "--name", "王A1").row["candidate"]
    why = ("--reason", "wrong", "--authority", "minute 18")
    assert awarded("candidate", "amend", key, *why).code == 2
    assert awarded("candidate", "amend", key, "--name", "王B", "--reason", "wrong").code == 2
    assert awarded("candidate", "amend", "nobody", "--name", "王B", *why).code == 4
    said = awarded("candidate", "amend", key, "--document-number", document(2), *why)
    assert (said.code, document(2) in said.err) == (5, False)
    bad = document(1)[:-1] + ("0" if document(1)[-1] != "0" else "1")
    said = awarded("candidate", "amend", key, "--document-number", bad, *why)
    assert (said.code, "its check character is wrong" in said.err, bad in said.err) == (2, True, False)
    said = awarded("candidate", "amend", key, "--name", "王B", "--reason", "is 王B", "--authority", "x")
    assert (said.code, "王B" in said.err) == (2, False)
    assert awarded("candidate", "amend", key, "--document-number", document(88), *why).code == 0
    row = awarded("candidate", "show", key, "--reveal", "--reason", "asked", "--json").row
    assert (row["name"], row["document_number"]) == ("王A1", document(88))
    assert [r["amended"] for r in awarded("candidate", "changes", key).rows] == ["document_number"]


def test_tickets_are_printed(run, tmp_path):
    """Who is admitted and has still to sit gets a page; a sitting that is not there, or nobody in it, is told."""
    assert run("sitting", "create", "S9", "--part", "theory", "--part", "skills", "--on", "2026-12-20",
               "--centre", "第一考点").code == 0  # fmt: skip
    assert run("ticket", "pdf", "S9", "--out", tmp_path / "t.pdf").code == 4
    assert run("sitting", "admit", "S9", "A8").code == 0
    said = run("ticket", "pdf", "S9", "--out", tmp_path / "t.pdf", "--json")
    assert said.row["tickets"] == 1
    text = text_of(tmp_path / "t.pdf")
    for value in ("准考证", "王A8", "A8", "专业技能", "2026年12月20日", "第一考点"):
        assert value in text
    assert document(7) not in text
    assert run("ticket", "pdf", "S9", "--application", "A1", "--out", tmp_path / "t.pdf").code == 4
    assert run("ticket", "pdf", "nowhere", "--out", tmp_path / "t.pdf").code == 4


def test_the_whole_way_of_a_certificate_on_both_databases(database_url, round_folder, tmp_path):
    """On either database: awarded, suspended, restored, replaced, printed, verified, amended, revoked, listed."""
    assert run_on(database_url, "round", "import", round_folder).code == 0
    award = ("certificate", "award", "--all", "--on", "2026-11-20")
    assert run_on(database_url, *award).code == 0
    assert run_on(database_url, *award).out == "0 done, 0 refused\n"
    key = run_on(database_url, "candidate", "find", "--name", "王A1").row["candidate"]
    for line in (
        ("certificate", "suspend", NUMBER, *WHY),
        ("certificate", "restore", NUMBER, *WHY),
        ("candidate", "amend", key, "--name", "王䶮", *WHY),
        ("certificate", "replace", NUMBER, *WHY),
        ("certificate", "pdf", "--all", "--out", tmp_path / "papers"),
        ("certificate", "verify", NUMBER, "--name", "王䶮"),
        ("certificate", "revoke", NUMBER, *WHY),
    ):
        said = run_on(database_url, *line)
        assert said.code == 0, (line, said)
    assert [r["standing"] for r in run_on(database_url, "certificate", "list").rows] == ["revoked"]
    assert "王䶮" in text_of(tmp_path / "papers" / f"{NUMBER}.pdf")
    assert run_on(database_url, "db", "check").code == 0
