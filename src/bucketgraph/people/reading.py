"""From a file to a table: by its name, or else by what it begins with."""

from __future__ import annotations

from pathlib import Path

from bucketgraph.errors import ConfigError
from bucketgraph.people import csv_file, json_file, xlsx_file
from bucketgraph.people.table import MOST_BYTES, Table

_PACKED = b"PK\x03\x04"


def read_file(path: Path, sheet: str | None = None) -> Table:
    """Read a CSV, JSON or XLSX file; raises ConfigError for what is none of them."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(
                f"{path} has more than {MOST_BYTES:,} bytes.", hint="Leave out columns that are not needed."
            )
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read ({error.strerror or error}); nothing was changed.",
            hint="Check path and permissions.",
        ) from None
    return read_bytes(data, path.name, sheet)


def read_bytes(data: bytes, name: str, sheet: str | None = None) -> Table:
    """Read the content of a file of the given name; raises ConfigError for what is none of them."""
    match kind_of(data, name):
        case "xlsx":
            return xlsx_file.read(data, name, sheet)
        case "json":
            table = json_file.read(data, name)
        case _:
            table = csv_file.read(data, name)
    if sheet is not None:
        raise ConfigError(f"{name} has no sheets.", hint="Leave --sheet out; it is for XLSX files.")
    return table


def kind_of(data: bytes, name: str) -> str:
    """Return `csv`, `json` or `xlsx`."""
    ending = Path(name).suffix.lower()
    if ending == ".xlsx" or data.startswith(_PACKED):
        return "xlsx"
    if ending == ".json":
        return "json"
    begins = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return "json" if ending != ".csv" and begins in {b"[", b"{"} else "csv"
