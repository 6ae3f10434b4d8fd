"""JSON lines and CSV: which rows a file has, and in which line each begins."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from chatbot.knowledge.importing.rows import COLUMNS, WrongRow

if TYPE_CHECKING:
    import _csv

# The row, or why it is none.
Row = dict[str, Any] | WrongRow
Rows = Iterator[tuple[int, Row]]

_REQUIRED = ("id", "language", "question", "answer")
_BETWEEN_ALTERNATIVES = re.compile(r"[|\n]")


def json_lines(text: str) -> Rows:
    """One object a line; empty lines do not count."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, _json_object(line)


def csv_table(text: str) -> Rows:
    """With the names of the columns in the first line; between columns are commas, semicolons or tabs."""
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    names = [name.strip().lower() for name in next(lines, [])]
    missing = [name for name in _REQUIRED if name not in names]
    if missing:
        yield 1, WrongRow(f"no column {', '.join(missing)}: the first line must name {', '.join(COLUMNS)}")
        return
    yield from _csv_rows(lines, names)


READERS: dict[str, Callable[[str], Rows]] = {".jsonl": json_lines, ".csv": csv_table}


def _json_object(line: str) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return WrongRow(f"this is no JSON ({error}): write one object a line, without line breaks in it")
    if not isinstance(row, dict):
        return WrongRow('this is no object: write {"id": …, "language": …, "question": …, "answer": …}')
    return row


def _csv_rows(lines: "_csv.Reader", names: list[str]) -> Rows:
    while True:
        begins = lines.line_num + 1
        try:
            cells = next(lines, None)
        except csv.Error as error:
            yield begins, WrongRow(f"this cannot be read ({error}): check its quotation marks")
            return
        if cells is None:
            return
        if any(cells):
            yield begins, _csv_row(cells, names)


def _csv_row(cells: list[str], names: list[str]) -> Row:
    if len(cells) != len(names):
        return WrongRow(
            f"{len(cells)} columns instead of {len(names)}: put texts with separators or quotation marks in "
            'quotation marks, and double those within ("")'
        )
    row: dict[str, Any] = dict(zip(names, cells, strict=True))
    row["alternatives"] = _BETWEEN_ALTERNATIVES.split(row.get("alternatives", ""))
    return row
