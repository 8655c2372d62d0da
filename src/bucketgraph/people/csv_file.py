"""People in a CSV file: its encoding and delimiter are found out."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from typing import Final

from bucketgraph.errors import ConfigError
from bucketgraph.people.table import Row, Table, text_of, unique_headings

DELIMITERS: Final = (",", ";", "\t", "|")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE: Final = 4_000
_BINARY_HINT: Final = "Save it as CSV (UTF-8), JSON or XLSX."


def read(data: bytes, name: str) -> Table:
    """Read a CSV file; raises ConfigError for one that is none or whose quotes do not fit."""
    text, warnings = decoded(data, name)
    separated, skipped, text = _separator(text)
    rows = _numbered(text, separated, name, skipped)
    first = next(rows, None)
    if first is None:
        return Table((), (), warnings)
    headings = unique_headings([text_of(cell) for cell in first[1]])
    return Table(headings, tuple(_row(number, headings, cells) for number, cells in rows), warnings)


def decoded(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """Return the text and what is to be said of its encoding; raises ConfigError for what is no text."""
    encoding = next((code for mark, code in _MARKS if data.startswith(mark)), None) or _unmarked_wide(data)
    if encoding is None and b"\0" in data:
        raise ConfigError(f"{name} is no text.", hint=_BINARY_HINT)
    try:
        return data.decode(encoding or "utf-8"), ()
    except UnicodeDecodeError as error:
        if encoding is not None:
            raise ConfigError(
                f"{name} says it is {encoding} and is not (byte {error.start}).", hint=_BINARY_HINT
            ) from None
    return _of_windows(data, name)


def _of_windows(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """Read what is no UTF-8 as Windows wrote it, or byte by byte where it did not."""
    for encoding in ("cp1252", "latin-1"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        said = f"{name} is not in UTF-8 and was read as {encoding}: check names with accents."
        return text, (said,)
    raise AssertionError  # latin-1 reads every byte


def _unmarked_wide(data: bytes) -> str | None:
    """Return the encoding of UTF-16 without a mark: every other byte of Latin text is zero."""
    sample = data[:_SAMPLE]
    odd, even = sample[1::2], sample[::2]
    if odd and odd.count(0) > len(odd) * 0.6 and even.count(0) < len(even) * 0.1:
        return "utf-16-le"
    if even and even.count(0) > len(even) * 0.6 and odd.count(0) < len(odd) * 0.1:
        return "utf-16-be"
    return None


def _separator(text: str) -> tuple[str, int, str]:
    """Return the delimiter, how many lines said so, and the text after them."""
    first, newline, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and newline:
        return first.strip()[4:5] or "\t", 1, rest
    lines = (line for line in text[:_SAMPLE].splitlines() if line.strip())
    heading = next(lines, "")
    outside = "".join(heading.split('"')[::2])
    return max(DELIMITERS, key=outside.count), 0, text


def _numbered(text: str, delimiter: str, name: str, skipped: int) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield each row with content and the line it begins in; raises ConfigError where quotes do not fit."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1 + skipped
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1 + skipped
    except csv.Error as error:
        raise ConfigError(
            f"{name} cannot be read from line {begins} on ({error}); nothing was changed.",
            hint="A quote there is not closed, or a quote inside quotes is not doubled.",
        ) from None


def _row(number: int, headings: Sequence[str], cells: Sequence[str]) -> Row:
    texts = [text_of(cell) for cell in cells]
    more = len(texts) - len(headings)
    broken = ""
    if more < 0 or any(texts[len(headings) :]):
        broken = f"it has {len(texts)} fields, and there are {len(headings)} headings"
    return Row(number, dict(zip(headings, texts, strict=False)), broken)
