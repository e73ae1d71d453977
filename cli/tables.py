"""
Tables of figures and of rows, given as text, JSON, CSV and XLSX.

Owns the form alone: what may be shown is decided before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import click

from cli.output import aligned, json_line, listing
from workflow.figures.table import SMALL_NOTE, Line

_WIDTH: Final = 120
_BLANKS: Final = {"session": "never admitted", "cohort": "no cohort"}
SUFFIXES: Final = (".csv", ".xlsx")


def sheet_path(ctx: click.Context, param: click.Parameter, value: str | None) -> Path | None:
    """Read the name of a file to write; its ending must be that of its form."""
    if value is None:
        return None
    path = Path(value)
    allowed = [f".{param.name.removesuffix('_file')}"] if param.name and param.name.endswith("_file") else SUFFIXES
    if path.suffix.lower() not in allowed:
        raise click.BadParameter(f"{value!r} must end in {' or '.join(allowed)}", ctx, param)
    return path


def show_lines(
    lines: Sequence[Line],
    by: Sequence[str],
    *,
    as_json: bool,
    csv_file: Path | None,
    xlsx_file: Path | None,
    notes: Sequence[str],
) -> None:
    """
    Give a table of figures in the forms that were asked for; as text where none was.

    Args:
        lines: Its lines, all with the same figures.
        by: By what it groups.
        as_json: Whether to print JSON.
        csv_file: A file to write.
        xlsx_file: A file to write.
        notes: What its words mean.
    """
    small = [SMALL_NOTE] if any(line.hidden for line in lines) else []
    notes = [*notes, *small]
    figures = list(lines[0].values) if lines else []
    rows = [[*(line.group.get(x) for x in by), *(line.shown(x) for x in figures)] for line in lines]
    for path in filter(None, (csv_file, xlsx_file)):
        write_sheet(path, [*by, *figures], rows, notes)
    if as_json:
        for line in lines:
            json_line(line.as_json())
    elif csv_file or xlsx_file:
        for path in filter(None, (csv_file, xlsx_file)):
            click.echo(f"{len(rows)} rows written to {path}")
    else:
        _print_table(lines, by, figures, notes)
        return
    for note in small:
        click.echo(f"note: {note}", err=True)


def _print_table(lines: Sequence[Line], by: Sequence[str], figures: Sequence[str], notes: Sequence[str]) -> None:
    """Print the figures below each other and the groups side by side, as many as fit; a figure of zeros is left out."""
    if not lines:
        click.echo("no applications")
        return
    filled = [x for x in figures if any(line.shown(x) not in (0, None) for line in lines)]
    first = max(len(x) for x in [*filled, *by])
    columns = [[*(_head(line, x) for x in by), *(_cell(x, line.shown(x)) for x in filled)] for line in lines]
    block: list[list[str]] = []
    width = first
    for column in columns:
        room = max(map(len, column)) + 2
        if block and width + room > _WIDTH:
            _print_block([*by, *filled], block)
            block, width = [], first
        block.append(column)
        width += room
    _print_block([*by, *filled], block)
    for note in notes:
        click.echo(note)


def _print_block(names: Sequence[str], columns: Sequence[Sequence[str]]) -> None:
    click.echo("\n".join(aligned(list(zip(names, *columns, strict=True)))) + "\n")


def _head(line: Line, name: str) -> str:
    if line.is_all:
        return "all" if name == next(iter(line.group)) else ""
    value = line.group.get(name)
    return _BLANKS.get(name, "") if value is None else str(value)


def _cell(name: str, value: int | float | str | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.1%}" if name.endswith("pass_rate") else f"{value:g}"
    return str(value)


def show_rows(
    rows: Iterable[Mapping[str, Any]], titles: Mapping[str, str], *, out: Path | None, as_json: bool, english: bool
) -> None:
    """
    Give a list: to a file where one is named, else as `listing` does.

    Args:
        rows: The rows, by key.
        titles: The keys in their order, with the Chinese title of each.
        out: The file to write.
        as_json: Whether to print JSON.
        english: Whether the file's titles are the keys.
    """
    if out is None:
        plain = ({key: _as_json(row.get(key)) for key in titles} for row in rows)
        listing(plain, {key: key for key in titles}, as_json)
        return
    cells = [[_as_cell(row.get(key)) for key in titles] for row in rows]
    write_sheet(out, list(titles) if english else list(titles.values()), cells)
    if as_json:
        json_line({"file": str(out), "rows": len(cells)})
    else:
        click.echo(f"{len(cells)} rows written to {out}")


def _as_cell(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _as_json(value: Any) -> Any:
    return str(value) if isinstance(value, date | Decimal) else value


def write_sheet(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]], notes: Sequence[str] = ()) -> None:
    """Write a file in the form of its ending."""
    from storage.sheets_out import write_csv, write_xlsx

    if path.suffix.lower() == ".csv":
        write_csv(path, header, rows, keeps_digits=True)
    else:
        write_xlsx(path, header, rows, notes=notes)
