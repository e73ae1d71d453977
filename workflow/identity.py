"""
Identity: names, identity documents, telephone and application numbers, e-mail addresses, and how they are hidden.

Pure. The only module that judges a personal value; what it raises never repeats one (design.md, section 5).
Source: domain.md, section 4; GB 11643-1999.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final, Literal

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from workflow.cells import ROUNDED, clean, compact, is_scientific, refuse_harmful
from workflow.document import FIRST_DAY

DocumentType = Literal["resident_id", "passport", "residence_permit", "permanent_residence"]

_MOST_NAME: Final = 100
_MOST_SHOWN: Final = 80
_DOTS: Final = str.maketrans(dict.fromkeys("\u2022\u2027\u22c5\u30fb", "·"))
_APPLICATION: Final = re.compile(r"[\w./-]{1,64}")
_PHONE: Final = re.compile(r"[0-9+-]{1,20}")
_MOST_EMAIL: Final = 254
_MOST_END: Final = 10
# What mail servers take without quotes, but for ?, with which a mail's header could be made to name someone else.
_EMAIL: Final = re.compile(r"[!#-'*+\-/-9=A-Z^-~.]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
_OTHER_DOCUMENT: Final = re.compile(r"[A-Z0-9]{5,20}")
_RESIDENT: Final = re.compile(r"[0-9]{17}[0-9X]")
_LIKE_RESIDENT: Final = re.compile(r"(?:\d[\s-]?){17}[\dXxＸｘ]")  # any script's digits, blanks between them
_PERMIT_PREFIXES: Final = ("81", "82", "83")
_PERMIT_NAME: Final = "residence permit of Hong Kong, Macao or Taiwan residents"


def mask(text: str) -> str:
    """Hide a number: of 15 characters or more the first six and last four stay, of fewer the first two."""
    first, last = (6, 4) if len(text) >= 15 else (2, 0) if len(text) >= 5 else (0, 0)
    return text[:first] + "*" * min(len(text) - first - last, 20) + text[len(text) - last :]


def mask_name(text: str) -> str:
    """Hide a name: its first character stays, unless it has no other."""
    return text[: min(1, len(text) - 1)] + "*" * min(max(len(text) - 1, 1), 20) if text else ""


def mask_phone(text: str) -> str:
    """Hide a telephone number: its last four characters stay, unless it has no others."""
    return "*" * max(len(text) - 4, 0) + text[-4:] if len(text) > 4 else "*" * len(text)


def mask_email(text: str) -> str:
    """Hide an e-mail address: the first character of the box, that of the domain and the end of the domain stay."""
    box, at, domain = text.partition("@")
    host, dot, end = domain.rpartition(".")
    is_end = dot and end.isascii() and end.isalpha() and len(end) <= _MOST_END
    return mask_name(box) + at + (f"{mask_name(host)}.{end}" if is_end else mask_name(domain))


def shown(text: str) -> str:
    """Show a value in a message: at most 80 characters, nothing that moves a cursor, no identity number."""
    text = _LIKE_RESIDENT.sub(lambda found: mask(found[0]), text[: _MOST_SHOWN + 18])[:_MOST_SHOWN]
    return text if text.isprintable() else repr(text)[1:-1]


def shown_number(text: str) -> str:
    """Show a personal number in a message, hidden."""
    return shown(mask(compact(text)))


def shown_name(text: str) -> str:
    """Show a name in a message, hidden."""
    return shown(mask_name(clean(text)))


def shown_email(text: str) -> str:
    """Show an e-mail address in a message, hidden."""
    return shown(mask_email(clean(text)))


def name(text: str) -> str:
    """
    Read a name; single blanks and the middle dot of minority names stay.

    Raises:
        ValueError: longer than 100 characters, without a letter, or holds harmful characters.
    """
    text = re.sub(" +", " ", clean(text)).translate(_DOTS)
    if len(text) > _MOST_NAME:
        raise ValueError(f"is longer than {_MOST_NAME} characters")
    refuse_harmful(text)
    if not any(character.isalpha() for character in text):
        raise ValueError("has no letter, so it is no name")
    return text


def phone(text: str) -> str:
    """
    Read a telephone number: at most 20 of digits, + and -.

    Raises:
        ValueError: anything else.
    """
    text = compact(text)
    if is_scientific(text):
        raise ValueError(ROUNDED)
    if not _PHONE.fullmatch(text) or not any(character.isdigit() for character in text):
        raise ValueError("must be at most 20 digits, with + and - allowed")
    return text


def email(text: str) -> str:
    """
    Read an e-mail address.

    Raises:
        ValueError: not one address of the form name@example.org, or longer than 254 characters.
    """
    text = clean(text)
    if len(text) > _MOST_EMAIL:
        raise ValueError(f"is longer than {_MOST_EMAIL} characters")
    if any(character.isspace() for character in text):
        raise ValueError("holds a blank; give one address such as name@example.org")
    if text.count("@") != 1:
        raise ValueError(f"holds {text.count('@') or 'no'} @ instead of one; give one address such as name@example.org")
    if not text.isascii():
        raise ValueError("holds letters that not every mail server can carry; give an address in Latin letters")
    if not _EMAIL.fullmatch(text):
        raise ValueError("is no address such as name@example.org")
    return text


def application_number(text: str) -> str:
    """
    Read the board's own number of an application; blanks inside are not cleaned, since `A1 2` may be two numbers.

    Raises:
        ValueError: not 1 to 64 letters, digits and - _ / . (a blank inside included), or an identity number, which
            must not become the key of anything.
    """
    text = clean(text)
    if is_scientific(text):
        raise ValueError(ROUNDED)
    if not _APPLICATION.fullmatch(text):
        raise ValueError("must be 1 to 64 letters, digits and the signs - _ / . without blanks")
    if is_resident_number(text):
        raise ValueError("is an identity number; applications need a number of the board's own")
    return text


def is_resident_number(text: str) -> bool:
    """Tell whether a text is a resident identity number with the right check character, in digits of any script."""
    text = unicodedata.normalize("NFKC", text).upper()
    return bool(_RESIDENT.fullmatch(text)) and ric.calc_check_digit(text) == text[-1]


def document_number(text: str) -> str:
    """
    Read the number of an identity document, in capitals; `document_fault` judges it by its type.

    Raises:
        ValueError: a spreadsheet rounded it, or it holds harmful characters.
    """
    text = compact(text).upper()
    if is_scientific(text):
        raise ValueError(ROUNDED)
    refuse_harmful(text)
    return text


def document_fault(kind: DocumentType, number: str, filed_on: date | None) -> str:
    """
    Tell what is wrong with the number of an identity document; empty where nothing is.

    Args:
        kind: The document's type.
        number: The number as `document_number` gives it.
        filed_on: Day of filing, before which its holder must have been born; None where it is not known.
    """
    if kind == "resident_id":
        if number[:2] in _PERMIT_PREFIXES and len(number) == 18:
            return f"is the number of a {_PERMIT_NAME}; change the document type"
        return _resident_fault(number, filed_on)
    if kind == "residence_permit":
        fault = _resident_fault(number, filed_on)
        if not fault and number[:2] not in _PERMIT_PREFIXES:
            return f"does not begin with 81, 82 or 83 as the number of a {_PERMIT_NAME} does"
        return fault
    if not _OTHER_DOCUMENT.fullmatch(number):
        return "must be 5 to 20 letters A-Z and digits"
    if kind == "permanent_residence" and len(number) not in (15, 18):
        return f"has {len(number)} characters; a permanent residence card has 15 or 18"
    return ""


def _resident_fault(number: str, filed_on: date | None) -> str:
    """Tell what is wrong with an 18-character number: form, birth date, then check character, the likeliest reason."""
    if re.fullmatch(r"[0-9]{15}", number):
        return "has 15 digits, as on first-generation cards, which are no longer valid; give the 18-digit number"
    if not re.fullmatch(r"[0-9]*[0-9X]", number):
        return "holds letters or signs; it has 18 digits, of which the last may be X"
    if len(number) != 18:
        return f"has {len(number)} characters; it has 18"
    try:
        # Not ric.validate: its list of places lacks some that were in use, and fails on others with a KeyError.
        born = ric.get_birth_date(number)
    except ValidationError:
        return "holds a birth date that does not exist in its characters 7 to 14"
    if born < FIRST_DAY or (filed_on is not None and born > filed_on):
        return "holds an impossible birth date in its characters 7 to 14"
    if ric.calc_check_digit(number) == number[-1]:
        return ""
    return ROUNDED if number.endswith("000") else "its check character is wrong: a character of the number is mistaken"


def name_key(name: str) -> str:
    """Give the form of a name by which persons are looked up: width, case, blanks and middle dots make no other one."""
    return re.sub(r"[\s·]", "", unicodedata.normalize("NFKC", name.translate(_DOTS))).casefold()


def document_key(kind: str, number: str) -> tuple[str, str]:
    """Give the form of an identity document by which it is known: width, case and blanks make no other one."""
    return kind, re.sub(r"\s", "", unicodedata.normalize("NFKC", number)).upper()
