"""Names and numbers of persons: what is taken, what is refused and why, and that no message gives them away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from tests.bulk import HEADERS, bad, changed, good, read, reason
from workflow.bulk.columns import locate
from workflow.bulk.intake import ApplicationRow
from workflow.identity import mask_email


def resident(first: str) -> str:
    """Complete 17 digits of an identity number with the right check character."""
    return first + ric.calc_check_digit(first + "0")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("110101190206022319", "check character is wrong"),
        ("110101020602231", "15 digits"),
        ("11010119020602231", "has 17 characters"),
        ("1101011902060223188", "has 19 characters"),
        (resident("11010119020230231"), "birth date that does not exist"),
        (resident("11010118990602231"), "impossible birth date"),
        (resident("11010120240316231"), "impossible birth date"),  # the day after filing
        ("11010119020602231A", "letters or signs"),
        ("X10101190206022318", "letters or signs"),
        ("1.10101E+17", "a spreadsheet rounded it"),
        ("1.10101190206022e17", "a spreadsheet rounded it"),
        ("110101190206023000", "a spreadsheet rounded it"),
        (1.101011902060223e17, "a spreadsheet rounded it"),
        (110101190206022318, "a spreadsheet rounded it"),
        (110101020602231.0, "a spreadsheet rounded it"),
        (resident("81000019020602231"), "change the document type"),
        ("", "is blank"),
        ("'", "is blank"),
    ],
)
def test_wrong_identity_number_has_its_own_reason(cell, text):
    """Each way in which an identity number goes wrong is told apart."""
    assert text in reason("applications", document_number=cell)


def test_rounded_number_that_fits_by_chance_is_refused_beside_others():
    """One rounded number in eleven has a right check character: it is refused where others of the file are rounded."""
    chance = changed("applications", document_number="110101190206022000")
    rounded = changed("applications", application="A2", document_number="110101190206023000")
    right = changed("applications", application="A3")
    assert len(read("applications", chance, right).rows) == 2
    parsed = read("applications", chance, rounded, right)
    assert [row.line for row in parsed.rows] == [4]
    assert [row.line for row in parsed.problems] == [2, 3]
    assert "may be rounded" in parsed.problems[0].problems[0].text
    assert parsed.problems[0].problems[0].value == "110101********2000"


@pytest.mark.parametrize(
    "cell",
    ["１１０１０１１９０２０６０２２３１８", " 110101 19020602 2318 ", "'110101190206022318", '="110101190206022318"'],
)
def test_identity_number_is_cleaned(cell):
    """Full-width digits, blanks and a spreadsheet's marks for text do not change a number."""
    assert good("applications", document_number=cell) == good("applications")


def test_check_character_may_be_a_small_x():
    """A small or full-width x is the capital X."""
    number = next(n for n in (resident(f"11010119020602{i:03}") for i in range(100)) if n.endswith("X"))
    for cell in (number.lower(), number[:-1] + "ｘ"):
        row = good("applications", document_number=cell)
        assert isinstance(row, ApplicationRow)
        assert row.document_number == number


@pytest.mark.parametrize(
    ("kind", "number", "text"),
    [
        ("护照", "e12345678", ""),
        ("Passport", "E123", "5 to 20"),
        ("护照", "E1234/5678", "5 to 20"),
        ("护照", 12345678.0, "came as a number"),
        ("港澳居民居住证", resident("81000019020602231"), ""),
        ("台湾居民居住证", resident("83000019020602231"), ""),
        ("台湾居民居住证", "110101190206022318", "81, 82 or 83"),
        ("台湾居民居住证", "830000190206022300", "check character"),
        ("外国人永久居留身份证", "ABC110102030405", ""),
        ("外国人永久居留身份证", "ABC1101020304", "has 13 characters"),
        ("居民户口簿", "110101190206022318", "is not a word known here"),
    ],
)
def test_other_documents_have_their_own_numbers(kind, number, text):
    """Every type of document is held to its own form."""
    if text:
        assert text in reason("applications", document_type=kind, document_number=number)
    else:
        row = good("applications", document_type=kind, document_number=number)
        assert isinstance(row, ApplicationRow)
        assert row.document_number == str(number).upper()


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (" 欧阳　娜娜 ", "欧阳 娜娜"),
        ("阿依古丽•买买提", "阿依古丽·买买提"),
        ("阿依古丽·买买提", "阿依古丽·买买提"),
        ("Anna  Maria", "Anna Maria"),
        ("王\u200b芳\ufeff", "王芳"),
    ],
)
def test_name_keeps_what_belongs_to_it(cell, name):
    """Single blanks and the middle dot stay in a name; invisible characters do not."""
    row = good("applications", name=cell)
    assert isinstance(row, ApplicationRow)
    assert row.name == name


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("  ", "is blank"),
        ("王" * 101, "longer than 100"),
        ("王\x07芳", "U+0007"),
        ("王\n芳", "U+000A"),
        ("王\u202e芳", "U+202E"),
        ("王\ud800芳", "U+D800"),
        ("王�芳", "earlier conversion lost"),
        (12345.0, "no letter"),
    ],
)
def test_what_is_no_name_is_told(cell, text):
    """A name is there, has a letter, and holds nothing that deceives a reader or breaks a database."""
    assert text in reason("applications", name=cell)


@pytest.mark.parametrize(
    ("cell", "email"),
    [
        ("", None),
        (" chen@example.org ", "chen@example.org"),
        ("ｃｈｅｎ＠ｅｘａｍｐｌｅ．ｏｒｇ", "chen@example.org"),
        ("'=chen+2@mail-1.example.org", "=chen+2@mail-1.example.org"),
        ("12345678@qq.com\u200b", "12345678@qq.com"),
        ("A" * 64 + "@example.org", "A" * 64 + "@example.org"),
    ],
)
def test_email_is_cleaned(cell, email):
    """An address loses full-width forms and stray blanks, keeps its case, may be absent, and never shows in a row."""
    row = good("applications", email=cell)
    assert row.email == email
    assert email is None or email not in repr(row)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("chen.example.org", "holds no @"),
        ("chen@@example.org", "holds 2 @"),
        ("chen@example.org;li@example.org", "holds 2 @"),
        ("chen li@example.org", "holds a blank"),
        ("chen@example.org\r\nBcc: x", "holds a blank"),
        ("陈@example.org", "Latin letters"),
        ("chen@qq", "is no address"),
        ("chen@example..org", "is no address"),
        ("<chen@example.org>", "is no address"),
        ("@example.org", "is no address"),
        ("=?utf-8?q?chen?=@example.org", "is no address"),
        ("a" * 65 + "@example.org", "is no address"),
        ("a@" + "b." * 130 + "cn", "longer than 254"),
    ],
)
def test_what_is_no_email_is_told(cell, text):
    """Each way in which an address goes wrong has its reason, and the message does not repeat the address."""
    (problem,) = bad("applications", email=cell).problems
    assert (problem.field, text in problem.text) == ("邮箱", True)
    assert "chen" not in problem.value + problem.text
    assert "example" not in problem.value


@pytest.mark.parametrize("title", ["邮箱", "电子邮箱", "email", "E-Mail", "e-mail", " Email* "])
def test_the_email_column_has_many_titles(title):
    """Chinese and English titles name the same column."""
    assert locate("applications", "a.csv", [*(t for t in HEADERS["applications"] if t != "邮箱"), title])["email"] == 10


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("wang@example.org", "w***@e******.org"),
        ("w@x.cn", "*@*.cn"),
        ("wang@mail.example.org", "w***@m***********.org"),
        ("wang@13800138000", "w***@1**********"),
        ("wang@x.13800138000", "w***@x************"),
        ("wang", "w***"),
        ("", ""),
    ],
)
def test_an_address_is_masked(text, masked):
    """The box and the domain show their first character alone: a domain of one's own is a name too."""
    assert mask_email(text) == masked


@pytest.mark.parametrize(
    ("cell", "phone"),
    [("+86 199-0000-0001", "+86199-0000-0001"), (19900000001.0, "19900000001"), ("", None), ("'+8619", "+8619")],
)
def test_phone_is_cleaned(cell, phone):
    """A telephone number keeps digits, + and -, and may be absent."""
    row = good("applications", phone=cell)
    assert isinstance(row, ApplicationRow)
    assert row.phone == phone


@pytest.mark.parametrize("cell", ["199a0000", "1" * 21, "+-", "1.99E+10"])
def test_what_is_no_phone_is_told(cell):
    """Anything but a short row of digits is refused as a telephone number."""
    assert bad("applications", phone=cell).problems[0].field == "手机号码"


@pytest.mark.parametrize("cell", ["A-1_b/2.c", "申报2024-001", 1001.0, "Ａ１"])
def test_application_number_may_be_of_any_script(cell):
    """Letters of any script, digits and - _ / . make an application number."""
    assert good("work", application=cell)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("", "is blank"),
        ("A 1", "without blanks"),
        ("A\x001", "without blanks"),
        ("A\u202e1", "without blanks"),
        ("A" * 65, "1 to 64"),
        ("A;1", "1 to 64"),
        (1e17, "a spreadsheet rounded it"),
        ("110101190206022318", "is an identity number"),
        ("x" * 3000, "longer than 2000"),
    ],
)
def test_what_is_no_application_number_is_told(cell, text):
    """A number that would be ambiguous, unprintable or personal cannot become an application's key."""
    row = bad("work", application=cell)
    assert text in row.problems[0].text
    assert row.application == ""


def test_personal_values_never_stand_in_full_in_messages():
    """Whatever is wrong with a row, its messages and reprs show names and numbers masked only."""
    row = bad("applications", name="司马相如" + "\x07", document_number="110101190206022319", phone="19900000001x")
    assert [p.value for p in row.problems] == ["司****", "19**********", "110101********2319"]
    misplaced = bad("applications", level="x" * 101, edition="一１１０１０１ 19020602 2318版\x07")
    text = repr(row) + repr(misplaced) + repr(good("applications"))
    text += "".join(str(p) for problem in (row, misplaced) for p in problem.problems)
    for secret in ("相如", "陈一", "0206022", "02060223", "0000001"):
        assert secret not in text


def test_number_in_a_column_where_it_does_not_belong_is_masked():
    """An identity number that slipped into another column is hidden in the message about that column."""
    assert bad("applications", submitted_on="110101190206022318").problems[0].value == "110101********2318"


def test_value_in_a_message_moves_no_cursor():
    """Control characters are written out, and a long value is cut."""
    value = bad("scores", score="\x1b[2J" + "9" * 500).problems[0].value
    assert value.startswith("\\x1b[2J9")
    assert len(value) <= 90


@given(st.integers(min_value=0, max_value=16), st.integers(min_value=1, max_value=9))
def test_mistyped_digit_of_an_identity_number_is_never_taken(place, shift):
    """Any single wrong digit is found."""
    number = "110101190206022318"
    digit = str((int(number[place]) + shift) % 10)
    assert bad("applications", document_number=number[:place] + digit + number[place + 1 :]).line == 2
