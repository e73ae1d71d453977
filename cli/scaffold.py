"""New scheme documents to be filled in: sound as they are written, with comments, worked cases and completion."""

from __future__ import annotations

import json
import re
from importlib import resources
from string import Template
from typing import Any, Final

from workflow.cases.worked import CasesFile
from workflow.language.described import json_schema
from workflow.scheme import Scheme

SCHEME_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
SCHEME_SCHEMA: Final = "scheme.schema.json"
CASES_SCHEMA: Final = "cases.schema.json"


def scaffold(scheme: str, title: str, base: str = "") -> dict[str, str]:
    """
    Give the files of a new scheme, by name.

    Args:
        scheme: Its id.
        title: Its name for people.
        base: The scheme that it extends; empty: it stands by itself.
    """
    words = {"id": scheme, "title": _quoted(title), "base": base, "code": _quoted(scheme.upper())}
    if base:
        return {f"{scheme}.yaml": _filled("policy.yaml", words)}
    return {f"{scheme}.yaml": _filled("scheme.yaml", words), f"{scheme}.cases.yaml": _filled("cases.yaml", words)}


def schemas() -> dict[str, str]:
    """Give the JSON Schemas by which an editor completes documents and cases, by the name of their files."""
    return {SCHEME_SCHEMA: schema_text(), CASES_SCHEMA: schema_text(cases=True)}


def schema_text(cases: bool = False) -> str:
    """Write the JSON Schema of scheme documents, or of files of worked cases."""
    if cases:
        schema = json_schema(CasesFile, "Worked cases of Examboard")
    else:
        schema = _with_extending(json_schema(Scheme, "Scheme document of Examboard"))
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _with_extending(schema: dict[str, Any]) -> dict[str, Any]:
    """Let a document that extends another leave out what the other one says."""
    must = schema.pop("required")
    extends = {"type": "string", "description": "Id or file of the scheme whose rules a board's own policy extends."}
    schema["properties"]["extends"] = extends
    return {
        **schema,
        "if": {"required": ["extends"]},
        "then": {"required": ["extends", "scheme", "version"]},
        "else": {"required": must},
    }


def _filled(name: str, words: dict[str, str]) -> str:
    text = (resources.files("cli") / "templates" / name).read_text(encoding="utf-8")
    return Template(text).substitute(words)


def _quoted(text: str) -> str:
    is_plain = re.fullmatch(r"[A-Za-z\u4e00-\u9fff][\w \u4e00-\u9fff-]*", text)
    return text if is_plain else json.dumps(text, ensure_ascii=False)
