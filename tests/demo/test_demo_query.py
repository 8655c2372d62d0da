"""The filter language."""

from __future__ import annotations

import pytest

from bucketgraph.demo.fields import OMIT, Shape, Thing
from bucketgraph.demo.query import BadQueryError, compile_query

_ROW = Shape(
    {
        "id": lambda _: 7,
        "state": lambda _: "MERGED",
        "draft": lambda _: False,
        "author": lambda _: None,
        "parent": lambda _: OMIT,
        "updated_on": lambda _: "2026-05-01T10:00:00.500000+00:00",
        "source": lambda _: {"branch": {"name": "feature/Retry-limit"}},
        "reviewers": lambda _: [{"uuid": "{a}"}, {"uuid": "{b}"}],
    }
)
ROW = Thing(_ROW, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id = 7", True),
        ("id != 7", False),
        ("id >= 7 AND id < 7.5", True),
        ("id > 7 OR id <= 6", False),
        ('state = "MERGED"', True),
        ('state IN ("OPEN", "MERGED")', True),
        ('state NOT IN ("OPEN", "MERGED")', False),
        ("id IN (1, 7)", True),
        ("draft = false", True),
        ("draft = 0", False),
        ("author = null", True),
        ("author != null", False),
        ("parent = null", True),
        ("author.uuid = null", True),
        ('author.uuid = "{a}"', False),
        ('source.branch.name ~ "retry"', True),
        ('source.branch.name !~ "retry"', False),
        ('reviewers.uuid = "{b}"', True),
        ('reviewers.uuid = "{c}"', False),
        ("updated_on >= 2026-05-01T10:00:00.500Z", True),
        ("updated_on > 2026-05-01T10:00:00.500000+00:00", False),
        ('updated_on > "2026-05-01T11:00:00+02:00"', True),
        ("updated_on < 2026-05-02", True),
        ('(id = 1 OR id = 7) AND state = "MERGED"', True),
        ('id = 1 OR id = 7 AND state = "OPEN"', False),
    ],
)
def test_filters(text: str, expected: bool) -> None:
    assert compile_query(text)(ROW) is expected


@pytest.mark.parametrize(
    "text",
    ["id =", "id = 7 AND", "= 7", "(id = 7", "id = 7)", "id ? 7", "id = nothing", "nope = 1", 'id > "x"'],
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(BadQueryError):
        compile_query(text)(ROW)
