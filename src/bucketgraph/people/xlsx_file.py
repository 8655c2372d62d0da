"""People in a spreadsheet: the first sheet, or a named one."""

from __future__ import annotations

import io
import zipfile
from typing import Final

from bucketgraph.errors import ConfigError
from bucketgraph.people.table import Row, Table, text_of, unique_headings

_MOST_UNPACKED: Final = 500_000_000
_HINT: Final = "Open it in a spreadsheet program and save it again as XLSX or CSV."


def read(data: bytes, name: str, sheet: str | None = None) -> Table:
    """Read a sheet; rows have the numbers the spreadsheet shows. Raises ConfigError for what is no XLSX file."""
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415  # who reads no XLSX does without

    _check_size(data, name)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        chosen = _chosen(book.sheet_names, sheet, name)
        found = book.get_sheet_by_name(chosen).to_python(skip_empty_area=False)
    except CalamineError as error:
        raise ConfigError(f"{name} is no XLSX file ({error}); nothing was changed.", hint=_HINT) from None
    cells = [(number, [text_of(one) for one in row]) for number, row in enumerate(found, start=1)]
    said = [one for one in cells if any(one[1])]
    if not said:
        return Table((), ())
    headings = unique_headings(said[0][1])
    rows = (Row(number, dict(zip(headings, texts, strict=True))) for number, texts in said[1:])
    return Table(headings, tuple(rows))


def _check_size(data: bytes, name: str) -> None:
    """Refuse what would fill the memory, and what is no zip file at all."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            unpacked = sum(one.file_size for one in packed.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise ConfigError(f"{name} is no XLSX file ({error}); nothing was changed.", hint=_HINT) from None
    if unpacked > _MOST_UNPACKED:
        raise ConfigError(f"{name} would take {unpacked:,} bytes unpacked.", hint="Split it, or use CSV.")


def _chosen(sheets: list[str], wanted: str | None, name: str) -> str:
    if wanted is None and sheets:
        return sheets[0]
    if wanted in sheets:
        return str(wanted)
    known = ", ".join(sheets) or "none"
    raise ConfigError(
        f"{name} has no sheet {wanted or ''!r} (there are: {known}).", hint="Give --sheet NAME."
    )
