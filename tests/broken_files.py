"""Files that are not what they should be: sheets, workbooks, archives and documents, each broken in one way."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import xlsxwriter

HEADER: Final = "application,name,sex,document_type,document_number,phone,occupation,level,submitted_on\n"
_ROW: Final = "B1,王一,male,resident_id,110101190206022318,19900000001,4-07-03-02,3,2024-03-15\n"
_SHEET: Final = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</worksheet>'


def sheets() -> dict[str, bytes]:
    """Give broken CSV files, by their names."""
    good = HEADER + _ROW
    return {
        "utf16.csv": good.encode("utf-16"),
        "utf16-no-mark.csv": good.encode("utf-16-le"),
        "utf32.csv": good.encode("utf-32"),
        "mixed.csv": good.encode() + "B2,李二,".encode("gb18030") + b"\n",
        "latin.csv": HEADER.encode() + b"B1,M\xfcller\xff\xfe,male\n",
        "two-marks.csv": b"\xef\xbb\xbf\xef\xbb\xbf" + good.encode(),
        "mark-inside.csv": (HEADER + "\ufeff" + _ROW).encode(),
        "nul.csv": good.replace("王", "\x00").encode(),
        "surrogate.csv": good.replace("王", "\ud800").encode("utf-8", "surrogatepass"),
        "open-quote.csv": (HEADER + '"B1,王一,male\n' + _ROW * 5).encode(),
        "quote-inside.csv": (HEADER + 'B1,"王"一,male\n').encode(),
        "long-cell.csv": (HEADER + '"' + "x" * 200_000 + '"\n').encode(),
        "ragged.csv": (HEADER + "B1\n" + _ROW.strip() + ",more,and,more\n,,,,,\n").encode(),
        "no-newline.csv": good.strip().encode(),
        "old-mac.csv": good.replace("\n", "\r").encode(),
        "only-header.csv": HEADER.encode(),
        "blank.csv": b" \r\n\t\r\n",
        "commas.csv": b",,,,\n,,,,\n",
        "semicolons.csv": good.replace(",", ";").encode(),
        "twice.csv": ("application,application\n" + "B1,B1\n").encode(),
        "unknown.csv": (HEADER.replace("sex", "frob") + _ROW).encode(),
        "wide.csv": (",".join(f"c{n}" for n in range(5000)) + "\n").encode(),
        "directions.csv": (HEADER + _ROW.replace("王一", "\u202e一王")).encode(),
        "overlong.csv": (HEADER + _ROW.replace("王一", "王" * 3000)).encode(),
        "year-one.csv": (HEADER + _ROW.replace("2024-03-15", "0001-01-01") + _ROW.replace("2024", "9999")).encode(),
        "sql.csv": (
            HEADER + _ROW.replace("B1", "B1'; DROP TABLE event; --").replace("王一", "$(touch pwned)")
        ).encode(),
        "formula.csv": (HEADER + _ROW.replace("王一", "=cmd|' /C calc'!A0")).encode(),
        "digits.csv": (HEADER + _ROW.replace(",3,", "," + "9" * 5000 + ",")).encode(),
        "old-office.csv": b"\xd0\xcf\x11\xe0" + b"\x00" * 600,
        "noise.csv": bytes((n * 7919 + n // 251) % 256 for n in range(4096)),
        "zip.csv": archive({"a.txt": b"x"}),
    }


def workbooks() -> dict[str, bytes]:
    """Give broken XLSX files, by their names."""
    formulas = io.BytesIO()
    with xlsxwriter.Workbook(formulas, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER.strip().split(","))
        sheet.write_row(1, 0, _ROW.strip().split(","))
        sheet.write_formula(1, 1, '=HYPERLINK("http://example.org/?"&A2,"x")', value="")
        sheet.write_formula(1, 2, "=1/0", value="#DIV/0!")
    good = formulas.getvalue()
    row = '<row r="{0}"><c r="{1}{0}"><v>1</v></c></row>'
    zeros = b'<?xml version="1.0"?>' + b" " * 60_000_000
    return {
        "formulas.xlsx": good,
        "cut.xlsx": good[: len(good) // 2],
        "tail.xlsx": good[-200:],
        "empty.xlsx": b"",
        "text.xlsx": HEADER.encode(),
        "no-book.xlsx": archive({"a.txt": b"x"}),
        "old.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 4096,
        "bomb.xlsx": workbook(zeros),
        "far-row.xlsx": workbook(_SHEET.format(f"<sheetData>{row.format(1_048_576, 'XFD')}</sheetData>").encode()),
        "declared.xlsx": workbook(_SHEET.format('<dimension ref="A1:XFD1048576"/><sheetData/>').encode()),
        "beyond.xlsx": workbook(_SHEET.format(f"<sheetData>{row.format(999_999_999, 'A')}</sheetData>").encode()),
        "entities.xlsx": workbook(_entities()),
        "no-sheet.xlsx": archive({"xl/workbook.xml": b"<workbook/>"}),
        "locked.xlsx": _locked(good),
        "noise.xlsx": b"PK\x03\x04" + bytes(n * 31 % 256 for n in range(2000)) + b"PK\x05\x06" + b"\xff" * 18,
        "many.xlsx": archive({f"xl/{n}.xml": b"" for n in range(20_000)}),
    }


def documents() -> dict[str, bytes]:
    """Give broken YAML and JSON files, by their names."""
    lines = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))
    deep = 5_000
    return {
        "aliases.yaml": f"a0: &a0 [x]\n{lines}\n".encode(),
        "merge.yaml": b"a: &a {b: 1}\nc:\n  <<: *a\n",
        "itself.yaml": b"a: &a [*a]\n",
        "deep.yaml": b"[" * deep + b"]" * deep,
        "deep-block.yaml": "\n".join(" " * n + "a:" for n in range(1500)).encode(),
        "deep-flow.yaml": b"{a: " * deep + b"1" + b"}" * deep,
        "scalar.yaml": b"scheme: " + b"x" * 1_900_000,
        "number.yaml": b"version: " + b"9" * 100_000,
        "hex.yaml": b"version: 0x" + b"f" * 100_000,
        "sexagesimal.yaml": b"version: 190:20:30\nfrom: !!timestamp 2001-99-99\n",
        "twice.yaml": b"work: []\nwork: []\n",
        "tag.yaml": b'work: !!python/object/apply:os.system ["touch pwned"]\n',
        "own-tag.yaml": b"work: !frob [1]\n",
        "set.yaml": b"? {a: b}\n: c\n",
        "list-key.yaml": b"? [a, b]\n: c\n",
        "null-key.yaml": b"~: 1\n1: 2\n1.5: 3\n2020-01-01: 4\ntrue: 5\n",
        "two.yaml": b"work: []\n---\nwork: []\n",
        "nothing.yaml": b"---\n...\n",
        "directive.yaml": b"%YAML 9.9\n---\nwork: []\n",
        "surrogate.yaml": b'work: "\\ud800"\n',
        "surrogate.json": b'{"work": "\\ud800", "\\udfff": 1}',
        "nul.yaml": b"work: []\x00\n",
        "nul.json": b'{"work": "\\u0000"}',
        "utf16.yaml": "work: []\n".encode("utf-16"),
        "tabs.yaml": b"work:\n\t- a\n",
        "days.yaml": b"work: [{occupation: same, from: 0001-01-01, to: 9999-12-31}]\n",
        "float.yaml": b"work: [.nan, .inf, 1e999999999]\n",
        "deep.json": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        "deep-list.json": b"[" * 100_000 + b"]" * 100_000,
        "nan.json": b'{"a": NaN, "b": Infinity, "c": -Infinity, "tree_size": NaN}',
        "number.json": b'{"a": ' + b"9" * 100_000 + b"}",
        "exponent.json": b'{"size": 1e999999999, "seal": 1e400}',
        "twice.json": b'{"a": 1, "a": 2}',
        "scalar.json": b"42",
        "null.json": b"null",
        "text.json": b'"x"',
        "empty.json": b"",
        "wrong-types.json": json.dumps(
            {name: [] for name in ("application", "events", "seal", "keys", "size")}
        ).encode(),
    }


def archive(members: dict[str, bytes]) -> bytes:
    """Pack files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return packed.getvalue()


def workbook(sheet: bytes) -> bytes:
    """Pack the smallest workbook around a sheet."""
    kind = "http://schemas.openxmlformats.org"
    return archive(
        {
            "[Content_Types].xml": f'<Types xmlns="{kind}/package/2006/content-types"/>'.encode(),
            "xl/workbook.xml": f'<workbook xmlns="{kind}/spreadsheetml/2006/main" xmlns:r="{kind}/officeDocument/2006/'
            'relationships"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>'.encode(),
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{kind}/package/2006/relationships"><Relationship '
            f'Id="r1" Type="{kind}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
            "</Relationships>".encode(),
            "xl/worksheets/sheet1.xml": sheet,
        }
    )


def _entities() -> bytes:
    """Give a sheet whose entities explode."""
    defined = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>&e11;</t></is></c></row>'
    sheet = _SHEET.format(f"<sheetData>{cell}</sheetData>")
    return f'<!DOCTYPE x [<!ENTITY e0 "x">{defined}]>{sheet}'.encode()


def _locked(good: bytes) -> bytes:
    """Set the bit of encryption in every header of an archive."""
    raw = bytearray(good)
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = raw.find(sign)
        while place >= 0:
            raw[place + at] |= 1
            place = raw.find(sign, place + 1)
    return bytes(raw)


def rows(count: int) -> Iterator[str]:
    """Give the lines of a long sheet of scores, one after the other."""
    yield "application,part,session,sat_on,announced_on,score\n"
    for number in range(count):
        yield f"Z{number},theory,S1,2024-05-18,2024-06-20,60\n"


def write(folder: Path, files: dict[str, bytes]) -> list[Path]:
    """Write files to a folder."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]
