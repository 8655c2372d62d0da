"""The error tree: what is drawn is what there is, and every error tells the caller what to do next."""

from __future__ import annotations

import re

import pytest

from bucketgraph import errors
from bucketgraph.errors import BucketgraphError, BudgetSpent, UserError

TREE = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, BucketgraphError)]


def test_the_drawing_names_every_error_below_its_parent() -> None:
    drawn: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"    (?P<lead>[│├└─ ]*)(?P<name>[A-Z][A-Za-z]+)\b", line):
            depth = len(found["lead"]) // 4
            path[depth:] = [found["name"]]
            drawn[found["name"]] = path[depth - 1] if depth else "Exception"
    assert drawn == {one.__name__: one.__bases__[0].__name__ for one in TREE}


def test_codes_are_unique() -> None:
    assert len({one.code for one in TREE}) == len(TREE)


def test_the_drawing_gives_the_exit_code_of_what_a_person_can_mend() -> None:
    assert {one.exit_code for one in TREE if issubclass(one, UserError)} == {errors.EXIT_USAGE}


@pytest.mark.parametrize("one", TREE, ids=lambda one: one.__name__)
def test_an_error_carries_message_and_hint_and_reads_as_one_paragraph(one: type[BucketgraphError]) -> None:
    extra = {"until": 5.0} if one is BudgetSpent else {}
    error = one("It broke.", hint="Mend it.", **extra)
    assert (str(error), error.message, error.hint) == ("It broke.", "It broke.", "Mend it.")
    assert error.paragraph() == "It broke. Mend it."
    assert one("It broke.", **extra).paragraph() == "It broke."
    assert 400 <= error.http_status < 600
    assert error.exit_code in {errors.EXIT_FAILED, errors.EXIT_USAGE, errors.EXIT_PARTIAL}
