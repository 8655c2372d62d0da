"""Files of people as they come: encodings, delimiters, JSON, spreadsheets, and what is none of them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketgraph.errors import ConfigError
from bucketgraph.people.reading import read_bytes, read_file
from bucketgraph.people.table import Table, Unusable

ROWS = [["Employee ID", "Name", "E-Mail"], ["1001", "José Łukasiewicz", "jose@acme.example"]]
TEXT = "\r\n".join(",".join(row) for row in ROWS)


def cells(table: Table) -> list[dict[str, Any]]:
    return [dict(row.cells) for row in table.rows]


def sheets(**content: list[list[Any]]) -> bytes:
    """Return a workbook with the given sheets."""
    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    for name, rows in content.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1250"]
)
def test_accents_survive_every_usual_encoding_or_a_warning_says_to_look(encoding: str) -> None:
    table = read_bytes(TEXT.encode(encoding), "staff.csv")
    assert table.headings == ("Employee ID", "Name", "E-Mail")
    (row,) = cells(table)
    assert row["E-Mail"] == "jose@acme.example"
    if encoding == "cp1250":
        assert "was read as cp1252: check names with accents" in table.warnings[0]
    else:
        assert (row["Name"], table.warnings) == ("José Łukasiewicz", ())


def test_what_windows_wrote_is_read_with_a_warning() -> None:
    table = read_bytes("Name;E-Mail\nJürgen Groß;j@x.example".encode("cp1252"), "staff.csv")
    assert cells(table) == [{"Name": "Jürgen Groß", "E-Mail": "j@x.example"}]
    assert len(table.warnings) == 1
    odd = read_bytes(b"Name;E-Mail\nJ\x81rgen;j@x.example", "staff.csv")
    assert "latin-1" in odd.warnings[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_though_others_stand_in_quotes(delimiter: str) -> None:
    text = delimiter.join(['"Name, or | ; what"', "E-Mail"]) + "\n" + delimiter.join(['"a ""b"" c"', "x@y.z"])
    assert cells(read_bytes(text.encode(), "x.csv")) == [{"Name, or | ; what": 'a "b" c', "E-Mail": "x@y.z"}]


def test_a_spreadsheets_own_line_about_the_delimiter_is_understood() -> None:
    table = read_bytes(b"sep=;\r\nE-Mail;Name\r\na@b.c;Ada, A.\r\n", "x.csv")
    assert [(row.number, row.cells["Name"]) for row in table.rows] == [(3, "Ada, A.")]


def test_rows_have_the_numbers_of_their_lines_and_blank_ones_do_not_count() -> None:
    text = 'E-Mail,Note\n\na@b.c,"two\nlines"\n,,\nd@e.f\ng@h.i,x,y\nj@k.l,x,\n'
    rows = read_bytes(text.encode(), "x.csv").rows
    assert [(row.number, row.broken != "") for row in rows] == [(3, False), (6, True), (7, True), (8, False)]
    assert rows[0].cells["Note"] == "two lines"
    assert rows[1].broken == "it has 1 fields, and there are 2 headings"


@pytest.mark.parametrize(
    ("data", "name", "told"),
    [
        (b'E-Mail,Name\na@b.c,"Ada\nd@e.f,Bob\n', "x.csv", "x.csv cannot be read from line 2 on"),
        (b"\x89PNG\x00\x01\x02\x00\xff", "x.csv", "x.csv is no text"),
        (b"\xff\xfeE", "x.csv", "says it is utf-16 and is not"),
        (b"[{", "x.json", "x.json is no JSON"),
        (b'[{"a": "\\ud800"}]', "x.json", "x.json is no JSON"),
        (b'{"staff": []}', "x.json", "holds no list of people"),
        (b"[" * 100_000, "x.json", "x.json is no JSON"),
        (b"PK\x03\x04 not really", "x.xlsx", "x.xlsx is no XLSX file"),
        (b"E-Mail\na@b.c", "x.xlsx", "x.xlsx is no XLSX file"),
    ],
)
def test_what_cannot_be_read_is_said(data: bytes, name: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_bytes(data, name)
    assert told in error.value.message
    assert error.value.hint


def test_json_is_a_list_or_an_object_around_one() -> None:
    people = (
        b'[{"email": ["a@b.c", "d@e.f"], "employeeId": 17, "active": true, "boss": {"x": 1}, "note": null}]'
    )
    for data in (people, b'{"people": ' + people + b"}", b"\xef\xbb\xbf" + people):
        (row,) = read_bytes(data, "x.json").rows
        assert row.cells == {
            "email": ("a@b.c", "d@e.f"),
            "employeeId": "17",
            "active": "true",
            "boss": Unusable("an object"),
            "note": "",
        }
    assert read_bytes(people, "no-ending").rows[0].number == 1
    assert read_bytes(b'["Ada"]', "x.json").rows[0].broken == "it is no object"


def test_a_spreadsheet_is_read_as_it_is_seen(tmp_path: Path) -> None:
    book = sheets(
        Staff=[[None, None], ["Employee ID", "Active"], [1001, True], [None, None], ["x7", False]],
        Other=[["E-Mail"], ["a@b.c"]],
    )
    (tmp_path / "staff.xlsx").write_bytes(book)
    table = read_file(tmp_path / "staff.xlsx")
    assert [(row.number, dict(row.cells)) for row in table.rows] == [
        (3, {"Employee ID": "1001", "Active": "true"}),
        (5, {"Employee ID": "x7", "Active": "false"}),
    ]
    assert cells(read_bytes(book, "staff.xlsx", "Other")) == [{"E-Mail": "a@b.c"}]
    with pytest.raises(ConfigError, match=r"no sheet 'None' \(there are: Staff, Other\)"):
        read_bytes(book, "staff.xlsx", "None")
    with pytest.raises(ConfigError, match="has no sheets"):
        read_bytes(b"E-Mail\na@b.c", "x.csv", "Other")


def test_headings_that_repeat_or_lack_stay_apart() -> None:
    table = read_bytes(b"E-Mail,E-Mail,,Name\na@b.c,d@e.f,x,Ada\n", "x.csv")
    assert table.headings == ("E-Mail", "E-Mail (2)", "column 3", "Name")


def test_a_file_that_is_not_there_or_too_large_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_file(tmp_path / "none.csv")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_file(tmp_path)
    with (tmp_path / "large.csv").open("wb") as large:
        large.truncate(50_000_001)
    with pytest.raises(ConfigError, match="more than 50,000,000 bytes"):
        read_file(tmp_path / "large.csv")


@given(st.binary(max_size=300), st.sampled_from(["x.csv", "x.json", "x.xlsx", "x"]))
def test_any_bytes_are_a_table_or_one_clear_error(data: bytes, name: str) -> None:
    try:
        table = read_bytes(data, name)
    except ConfigError as error:
        told = error.hint
    else:
        told = "read" if all(set(row.cells) <= set(table.headings) for row in table.rows) else ""
    assert told
