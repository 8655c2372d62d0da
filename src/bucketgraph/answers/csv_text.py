"""Answers as CSV, as RFC 4180 writes it."""

from __future__ import annotations

import csv
import io
from typing import Any, Final

from bucketgraph.answers.tabular import exact, full
from bucketgraph.errors import ConfigError
from bucketgraph.j1ql.results import Answer

BEGINS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What spreadsheets take for the beginning of a formula, full-width forms included."""


def as_csv(answer: Answer, *, guarded: bool = False) -> str:
    """Return a list or table, a header first; raises ConfigError for a tree, which is no table.

    Data is not altered, unless `guarded`: then an apostrophe stands before texts that a spreadsheet would compute.
    Numbers stay as they are.
    """
    if answer.type == "tree":
        raise ConfigError("A tree is no table.", hint="Use --format json, tree or graphml for RETURN TREE.")
    columns, rows = full(answer)
    text = io.StringIO()
    writer = csv.writer(text)
    written = _guarded if guarded else exact
    writer.writerow([written(one) for one in columns])
    writer.writerows([written(value) for value in row] for row in rows)
    return text.getvalue()


def _guarded(value: Any) -> str:
    text = exact(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(BEGINS_FORMULA) else text
