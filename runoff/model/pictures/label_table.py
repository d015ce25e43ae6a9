"""The label file of pictures: a table with a picture's name and its label a row, in CSV, TSV or JSON lines."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from runoff.errors import LabelsUnusable
from runoff.model.inputs.decoding import SUFFIXES

FURTHER_SUFFIXES = (
    *(".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".rw2"),
    *(".avif", ".heic", ".heif", ".jfif", ".jp2", ".jpe", ".jxl", ".psd", ".svg", ".tga"),
)
"""How the names of further pictures end, in lower case; most can't be read, which is said of each."""
PICTURE = re.compile(rf".*({'|'.join(map(re.escape, [*SUFFIXES, *FURTHER_SUFFIXES]))})\s*", re.IGNORECASE | re.DOTALL)
"""A picture's name."""
INSIDE = re.compile(rf"\S({'|'.join(map(re.escape, SUFFIXES))})(?![\w.])", re.IGNORECASE)
"""Where a picture's name ends in a line that is of no columns that we know."""
DELIMITERS = {",": "commas", "\t": "tabs"}
LABEL_NAMES = ("label", "labels", "class", "class_name", "classname", "category", "target")
"""How the column of labels is headed where there are more than two columns, in lower case."""
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
SHOWN = 5
HOW = "expected a picture's name and its label a row, separated by commas or tabs, or JSON lines"


@dataclass(frozen=True)
class Row:
    """A row of a table: the number of its line, the picture's name with ``/`` between its parts, and its label."""

    line: int
    picture: str
    label: str


@dataclass(frozen=True)
class LabelTable:
    """What a label file says, row by row; every picture is named once."""

    rows: tuple[Row, ...]


Fields = tuple[int, Sequence[str]]
"""A line's number and its columns."""


def read_text(content: bytes, called: str) -> str:
    """Decode a text of UTF-8, with a byte-order mark or without.

    Raises LabelsUnusable.
    """
    if content.startswith(UTF_16):
        raise LabelsUnusable(f"{called} is in UTF-16; expected UTF-8: save it so (Excel calls it CSV UTF-8)")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LabelsUnusable(f"{called} is no text in UTF-8 ({error}); save it so") from error


def read_label_table(text: str, called: str, columns: str | None = None) -> LabelTable | None:
    """Read a label file; None where no line of it names a picture, so that it is no table of pictures.

    ``columns`` names the columns of pictures and labels, with a comma between, where the file's header does not tell.
    Raises LabelsUnusable.
    """
    if text.lstrip().startswith("{") and INSIDE.search(text):
        return table_of(*json_lines(text, called), called, columns)
    delimiter = delimiter_of(text, called)
    return None if delimiter is None else table_of(*split_lines(text, called, delimiter), called, columns)


def table_of(header: Sequence[str] | None, fields: Sequence[Fields], called: str, columns: str | None) -> LabelTable:
    """Return rows as a table; raises LabelsUnusable."""
    picture, label = chosen_columns(header, fields, called, columns)
    rows = tuple(Row(line, plain_name(row[picture]), row[label].strip()) for line, row in fields)
    refuse_rows(rows, called)
    return LabelTable(rows)


def plain_name(name: str) -> str:
    """Return a picture's name without blanks around it, with ``/`` between its parts as on every system but Windows."""
    name = name.strip().replace("\\", "/")
    return name.removeprefix("./")


def delimiter_of(text: str, called: str) -> str | None:
    """Return what separates the columns of a table of pictures; None where no line names a picture.

    Raises LabelsUnusable for a table of other columns, or one that can be read in two ways.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    fitting = [delimiter for delimiter in DELIMITERS if any(is_row(fields) for _, fields in split(text, delimiter))]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise LabelsUnusable(
            f"{called} can be read with columns between commas or between tabs; quote names with commas"
        )
    named = next((line for line in lines if INSIDE.search(line)), None)
    if named is None:
        return None
    found = "no second column" if PICTURE.fullmatch(named) else "another separator"
    raise LabelsUnusable(f"{called} names pictures, and {HOW}; found {found} in {named.strip()[:80]!r}")


def is_row(fields: Sequence[str]) -> bool:
    """Whether columns could be a picture's name and its label."""
    return len(fields) > 1 and any(PICTURE.fullmatch(field) for field in fields)


def split(text: str, delimiter: str) -> Iterator[Fields]:
    """Yield the columns of each line that is not blank; nothing more after what is no table."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                yield reader.line_num, fields
    except csv.Error:
        return


def split_lines(text: str, called: str, delimiter: str) -> tuple[Sequence[str] | None, list[Fields]]:
    """Return a table's header, None where it has none, and its rows.

    Raises LabelsUnusable for rows of different lengths.
    """
    rows = list(split(text, delimiter))
    width = len(rows[0][1])
    for line, fields in rows:
        if len(fields) != width:
            raise LabelsUnusable(
                f"{called}, line {line}: expected {width} columns as in the first line, found {len(fields)}; quote "
                f"names that have {DELIMITERS[delimiter]} in them"
            )
    header = None if is_row(rows[0][1]) else [field.strip() for field in rows[0][1]]
    return header, rows[1:] if header else rows


def json_lines(text: str, called: str) -> tuple[Sequence[str], list[Fields]]:
    """Return the names of JSON lines' fields, and their values as texts.

    Raises LabelsUnusable.
    """
    header: list[str] = []
    fields: list[Fields] = []
    for line, content in enumerate(text.splitlines(), 1):
        if not content.strip():
            continue
        try:
            values = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise LabelsUnusable(f"{called}, line {line}: expected a JSON object, found {content[:40]!r}") from error
        header = header or (list(values) if isinstance(values, dict) else [])
        if not isinstance(values, dict) or set(values) != set(header):
            raise LabelsUnusable(f"{called}, line {line}: expected an object with {', '.join(header)}")
        if not all(isinstance(values[name], str | int) for name in header):
            raise LabelsUnusable(f"{called}, line {line}: expected texts or whole numbers in {content[:40]!r}")
        fields.append((line, [str(values[name]) for name in header]))
    return header, fields


def chosen_columns(
    header: Sequence[str] | None, rows: Sequence[Fields], called: str, columns: str | None
) -> tuple[int, int]:
    """Return the places of the columns of pictures and labels.

    Raises LabelsUnusable where they are not known.
    """
    remedy = f"name both columns: --labels {called}#PICTURE_COLUMN,LABEL_COLUMN"
    if not rows:
        raise LabelsUnusable(f"{called} has a header and no row; {HOW}")
    width = len(rows[0][1])
    if columns is not None:
        wanted = [name.strip() for name in columns.split(",")]
        if header is None or len(wanted) != 2 or not set(wanted) <= set(header):
            has = f"its columns are {', '.join(header)}" if header else "it has no header"
            raise LabelsUnusable(f"{called}: expected two columns named {columns}, and {has}")
        return header.index(wanted[0]), header.index(wanted[1])
    counts = [sum(PICTURE.fullmatch(row[place]) is not None for _, row in rows) for place in range(width)]
    best = max(counts)
    if width < 2 or best == 0 or counts.count(best) > 1:
        raise LabelsUnusable(f"{called}: it is not known which of {width} columns names the pictures; {remedy}")
    picture = counts.index(best)
    others = [place for place in range(width) if place != picture]
    if len(others) > 1:
        others = [place for place in others if header and header[place].lower() in LABEL_NAMES]
    if len(others) != 1:
        has = f" ({', '.join(header)})" if header else ""
        raise LabelsUnusable(f"{called}: it is not known which of {width} columns{has} has the labels; {remedy}")
    return picture, others[0]


def refuse_rows(rows: Sequence[Row], called: str) -> None:
    """Refuse rows without a picture or a label, and pictures that are named twice.

    Raises LabelsUnusable.
    """
    wrong = [f"line {row.line}: {row.picture!r} names no picture" for row in rows if not PICTURE.fullmatch(row.picture)]
    wrong += [f"line {row.line}: {row.picture} has no label" for row in rows if not row.label]
    first: dict[str, Row] = {}
    for row in rows:
        if (before := first.setdefault(row.picture, row)) is not row:
            wrong.append(f"lines {before.line} and {row.line} both label {row.picture}")
    if wrong:
        raise LabelsUnusable(f"{called}: {listed(wrong)}; each picture has one row with its name and its label")


def listed(texts: Sequence[str], most: int = SHOWN) -> str:
    """Join texts by commas, the first few of them, and say how many more there are."""
    more = f" and {len(texts) - most:,} more" if len(texts) > most else ""
    return f"{', '.join(islice(texts, most))}{more}"
