"""Partial responses."""

from __future__ import annotations

import pytest

from bucketgraph.demo.fields import Shape, Thing, select

_USER = Shape(
    {"uuid": lambda s: s, "links": lambda _: {"self": {"href": "x"}, "html": {"href": "y"}}},
    {"mail": lambda _: "m"},
)
_ITEM = Shape(
    {"id": lambda s: s, "author": lambda _: Thing(_USER, "a"), "closed_by": lambda _: None},
    {"reviewers": lambda _: [Thing(_USER, "r")]},
)
_PAGE = Shape(
    {"values": lambda _: [Thing(_ITEM, 1), Thing(_ITEM, 2)], "next": lambda _: "n", "size": lambda _: 2}
)
PAGE = Thing(_PAGE, None)
LINKS = {"self": {"href": "x"}, "html": {"href": "y"}}
USER = {"uuid": "a", "links": LINKS}


def _items(**changed: object) -> list[dict[str, object]]:
    return [{"id": number, "author": USER, "closed_by": None, **changed} for number in (1, 2)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("", {"values": _items(), "next": "n", "size": 2}),
        ("values.id", {"values": [{"id": 1}, {"id": 2}]}),
        ("next,values.id,nope,values.nope", {"values": [{"id": 1}, {"id": 2}], "next": "n"}),
        ("values.author.uuid", {"values": [{"author": {"uuid": "a"}}] * 2}),
        ("values.closed_by.uuid", {"values": [{"closed_by": None}] * 2}),
        ("values.author.mail", {"values": [{"author": {"mail": "m"}}] * 2}),
        ("values.author,-values.author.links", {"values": [{"author": {"uuid": "a"}}] * 2}),
        ("values.author.links.self.href", {"values": [{"author": {"links": {"self": {"href": "x"}}}}] * 2}),
        ("-values.author,-size", {"values": [{"id": n, "closed_by": None} for n in (1, 2)], "next": "n"}),
        (
            "+values.reviewers.uuid,-next,-size",
            {"values": _items(reviewers=[{"uuid": "r"}])},
        ),
        (
            "+values.author.mail,-next,-size",
            {"values": _items(author={**USER, "mail": "m"})},
        ),
        (
            "values.id,+values.reviewers.uuid",
            {"values": [{"id": n, "reviewers": [{"uuid": "r"}]} for n in (1, 2)]},
        ),
        ("values.*.uuid,-values.reviewers", {"values": [{"author": {"uuid": "a"}, "closed_by": None}] * 2}),
        (
            "values.*,-values.author",
            {
                "values": [
                    {"id": n, "closed_by": None, "reviewers": [{"uuid": "r", "links": LINKS}]} for n in (1, 2)
                ]
            },
        ),
    ],
)
def test_fields(fields: str, expected: object) -> None:
    assert select(PAGE, fields) == expected
