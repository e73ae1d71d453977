"""Papers: the same bytes on every run, every name on them, and a QR code that a telephone can read."""

from __future__ import annotations

import ast
import io
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from storage.papers import CertificatePaper, Ticket, TicketLine, certificate_pdf, tickets_pdf, write_paper
from workflow.errors import Misconfigured, Unavailable

ROOT = Path(__file__).parents[2]
PAPER = CertificatePaper(
    "职业技能等级证书",
    "S000000000000263000001",
    "王𬱖䶮",
    "resident_id",
    "110101********2318",
    "劳动关系协调员",
    "4-07-03-02",
    "三级/高级工",
    date(2026, 11, 20),
    "某省职业技能评价中心",
    "https://exam.example.org/v/0123456789abcdef",
)
TICKET = Ticket(
    "劳动关系协调员",
    "A00001",
    "王𬱖䶮",
    "resident_id",
    "110101********2318",
    "三级/高级工",
    "2024-26/1",
    "第一考点",
    (TicketLine("理论知识", date(2024, 5, 18), "09:00–10:30", "101", "07", "2024-26/1-theory-240518-0007"),),
    notes=("凭本证入场。",),
)


def text_of(pdf: bytes) -> list[str]:
    """Read the text of each page, without its blanks."""
    document = pypdfium2.PdfDocument(pdf)
    return ["".join(page.get_textpage().get_text_range().split()) for page in document]


def picture_of(pdf: bytes) -> Image.Image:
    """Draw the first page as a printer would, at 150 dots an inch."""
    drawn: Image.Image = pypdfium2.PdfDocument(pdf)[0].render(scale=150 / 72).to_pil()
    return drawn


def test_the_same_paper_is_the_same_bytes() -> None:
    """Made again, and by another process with another clock, zone and language, a paper is the same to the byte."""
    first = certificate_pdf(PAPER)
    assert first == certificate_pdf(PAPER)
    assert tickets_pdf([TICKET]) == tickets_pdf([TICKET])
    line = (
        "import sys, datetime; from storage.papers import CertificatePaper, certificate_pdf;"
        f"sys.stdout.buffer.write(certificate_pdf({PAPER!r}))"
    )
    environment = os.environ | {"TZ": "America/New_York", "LANG": "C", "SOURCE_DATE_EPOCH": "1"}
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, check=True, cwd=ROOT, env=environment)
    assert done.stdout == first


def test_another_day_name_or_remark_is_another_paper() -> None:
    """What a paper says stands in it: a change of any value changes it."""
    changed = [
        replace(PAPER, name="王𬱖"),
        replace(PAPER, awarded_on=date(2026, 11, 21)),
        replace(PAPER, remarks=("2027年1月5日补发",)),
        replace(PAPER, board=""),
    ]
    assert len({certificate_pdf(paper) for paper in (PAPER, *changed)}) == 5


def test_a_certificate_says_what_it_must() -> None:
    """One page A4 landscape with every value, rare characters of names as text that can be searched."""
    pdf = certificate_pdf(replace(PAPER, remarks=("2027年1月5日补发",)))
    (text,) = text_of(pdf)
    expected: tuple[str, ...] = (
        "职业技能等级证书",
        "王𬱖䶮",
        "居民身份证",
        "110101********2318",
        "劳动关系协调员（4-07-03-02）",
    )
    expected += ("三级/高级工", "S000000000000263000001", "2026年11月20日", "某省职业技能评价中心", "2027年1月5日补发")
    assert not [value for value in expected if value not in text]
    page = pypdfium2.PdfDocument(pdf)[0]
    assert (round(page.get_width()), round(page.get_height())) == (842, 595)


def test_no_character_is_missing_from_the_font() -> None:
    """The rare characters are drawn, not replaced by a box: with another name the picture differs in ink."""
    drawn = {name: certificate_pdf(replace(PAPER, name=name), form="png") for name in ("王𬱖", "王䶮", "王\U000e0000")}
    ink = {name: sum(Image.open(io.BytesIO(png)).convert("L").histogram()[:128]) for name, png in drawn.items()}
    assert len(set(ink.values())) == 3


@pytest.mark.parametrize("address", [PAPER.address, "examboard:verify/0123456789abcdef"])
def test_the_qr_code_is_read_back(address: str) -> None:
    """A reader of another make finds exactly one code on the printed page, and in it the address."""
    (code,) = zxingcpp.read_barcodes(picture_of(certificate_pdf(replace(PAPER, address=address))))
    assert (code.text, code.format) == (address, zxingcpp.BarcodeFormat.QRCode)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "阿卜杜热合曼·阿卜杜热合曼·买买提吐尔逊江·艾力"},
        {"name": "A" * 100},
        {"title": "Certificate of Competence in First Aid and Emergency Care", "level": "basic"},
        {"remarks": tuple(f"remark {n} of many, all of them rather long" for n in range(6))},
        {"board": "", "occupation_code": "", "document_type": "seaman's book"},
        {"name": '#"\\[x]$y$*_<b>', "board": "@label #let"},
    ],
)
def test_unusual_values_stay_on_one_page(change: dict[str, object]) -> None:
    """Long names, foreign titles, many remarks and signs that mean something to the typesetter are only text."""
    (text,) = text_of(certificate_pdf(replace(PAPER, **change)))
    assert PAPER.number in text
    for value in change.values():
        if isinstance(value, str) and len(value) < 60:
            assert "".join(value.split()) in text


def test_tickets_are_a_page_each() -> None:
    """Each candidate gets a page with number, room, seat, day and time."""
    pages = text_of(tickets_pdf([TICKET, replace(TICKET, name="李四", application="A00002")]))
    assert len(pages) == 2
    for value in ("准考证", "王𬱖䶮", "A00001", "理论知识", "2024年5月18日", "09:00–10:30", "101", "2024-26/1-theory"):
        assert value in pages[0]
    assert "李四" in pages[1]
    assert "王𬱖䶮" not in pages[1]


def test_a_paper_is_its_owners_alone(tmp_path: Path) -> None:
    """A file with a name in it is readable for its owner only, and a folder that is not there is told."""
    write_paper(tmp_path / "a.pdf", b"%PDF")
    assert (tmp_path / "a.pdf").stat().st_mode & 0o777 == 0o600
    with pytest.raises(Unavailable, match="cannot be written"):
        write_paper(tmp_path / "nowhere" / "a.pdf", b"%PDF")
    assert [file.name for file in tmp_path.iterdir()] == ["a.pdf"]


def test_without_the_extra_the_user_is_told_what_to_install() -> None:
    """Where typst is missing, nothing but papers fails, and the message names the extra."""
    line = (
        "import sys; sys.modules['typst'] = None\n"
        "from tests.storage.test_papers import PAPER, certificate_pdf\n"
        "from workflow.errors import Misconfigured\n"
        "try: certificate_pdf(PAPER)\n"
        "except Misconfigured as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, check=True, cwd=ROOT, text=True)
    assert done.stdout == "papers need typst, which is not installed; run: pip install 'examboard[certificates]'\n"
    assert Misconfigured.exit_code == 7


def test_the_templates_are_in_the_wheel(tmp_path: Path) -> None:
    """What is installed holds the templates."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"storage/papers/certificate.typ", "storage/papers/ticket.typ", "storage/papers/__init__.py"} <= set(names)


def test_papers_import_nothing_heavy_before_they_are_made() -> None:
    """The module can be imported without typst, segno or the fonts: they are asked for when a paper is made."""
    tree = ast.parse((ROOT / "storage/papers/__init__.py").read_text(encoding="utf-8"))
    top = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    assert not top & {"typst", "segno", "pylopdf_fonts_zh_cn"}
