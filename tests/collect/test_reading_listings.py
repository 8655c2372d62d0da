"""What a walk through a listing proves, and what it does not."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from bucketgraph.bitbucket.client import Page
from bucketgraph.collect.reading import Reading, read_listing
from bucketgraph.collect.step import RepositoryFacts, Step, Unit, Window, WorkspaceFacts
from bucketgraph.collect.steps.pull_requests import PULL_REQUESTS
from bucketgraph.errors import BudgetSpent, NotFound, Rejected

UNIT = Unit(WorkspaceFacts("{w}", "acme"), RepositoryFacts("{r}", "repo", None, "{w}"))


def item(number: int) -> bytes:
    """Return a pull request as Bitbucket would send it."""
    return f'{{"id": {number}, "title": "t", "updated_on": "2026-01-0{number}T00:00:00+00:00"}}'.encode()


def step_of(*walks: Sequence[Page | Exception]) -> Step[Any]:
    """Return the pull request step, its source replaced by prepared walks."""
    left = list(walks)

    async def fetch(_client: object, _unit: Unit, _window: Window) -> AsyncIterator[Page]:
        for page in left.pop(0) if len(left) > 1 else left[0]:
            if isinstance(page, Exception):
                raise page
            yield page

    return dataclasses.replace(PULL_REQUESTS, fetch=fetch)


def read(*walks: Sequence[Page | Exception]) -> Reading:
    """Read prepared walks."""
    client: Any = None
    return asyncio.run(read_listing(step_of(*walks), client, UNIT, Window()))


def page(*numbers: int, size: int | None = None, server_ms: int | None = None) -> Page:
    """Return a page of pull requests."""
    return Page(tuple(item(n) for n in numbers), size, server_ms)


def test_a_list_read_to_its_end_is_complete() -> None:
    reading = read([page(1, 2, size=3), page(3, size=3)])
    assert reading.complete
    assert sorted(reading.records) == [f"{{r}}/pullrequests/{n}" for n in (1, 2, 3)]


def test_a_list_that_does_not_say_its_size_is_believed_at_its_end() -> None:
    assert read([page(1)]).complete


def test_an_empty_page_in_the_middle_ends_nothing() -> None:
    assert len(read([page(1), page(), page(2)]).records) == 2


def test_repeated_items_do_not_hide_a_missing_one() -> None:
    reading = read([page(1, 2, size=3), page(2, size=3)])
    assert not reading.complete
    assert "2 came" in reading.problems[0].message


def test_a_list_that_shrank_while_it_was_read_is_read_once_more() -> None:
    reading = read([page(1, 2, size=3), page(2, size=3)], [page(1, 2, 3, size=3)])
    assert reading.complete
    assert len(reading.records) == 3


def test_a_list_that_loses_an_item_while_it_is_read_proves_nothing_until_it_is_read_again() -> None:
    # 1 left after page one, so 3 slipped to page one: as many came as the last page says, yet 3 did not.
    reading = read([page(1, 2, size=4), page(4, size=3)], [page(2, 3, size=3), page(4, size=3)])
    assert reading.complete
    assert "{r}/pullrequests/3" in reading.records


def test_a_list_that_grows_while_it_is_read_still_proves_what_was_there_before() -> None:
    assert read([page(1, 2, size=3), page(2, 3, size=4)]).complete


def test_nulls_among_people_cost_nothing_but_the_nulls() -> None:
    odd = (
        b'{"id": 1, "reviewers": [null, {"uuid": "{a}", "display_name": "Ann"}], "participants": [null,'
        b' {"user": null, "approved": true}]}'
    )
    reading = read([Page((odd,), 1, None)])
    assert reading.complete
    assert list(reading.people) == ["{a}"]


def test_more_items_than_announced_are_no_problem() -> None:
    assert read([page(1, 2, 3, size=2)]).complete


def test_an_error_keeps_what_was_seen_and_is_told() -> None:
    reading = read([page(1), NotFound("no page two")])
    assert not reading.complete
    assert list(reading.records) == ["{r}/pullrequests/1"]
    assert [problem.code for problem in reading.problems] == ["not-found"]


def test_one_unreadable_item_spoils_the_completeness_not_the_others() -> None:
    broken = Page((item(1), b'{"title": "no id"}', b'{"id": "abc"}', item(2)), 4, None)
    reading = read([broken])
    assert len(reading.records) == 2
    assert not reading.complete
    assert [problem.code for problem in reading.problems] == ["unreadable", "unreadable"]


def test_unknown_fields_states_and_loose_types_are_taken_as_they_come() -> None:
    odd = b'{"id": 1, "state": "QUEUED", "new": {"deep": []}, "comment_count": "3", "reviewers": null}'
    reading = read([Page((odd,), 1, None)])
    assert reading.complete
    properties = reading.records["{r}/pullrequests/1"].properties
    assert '"state":"QUEUED"' in properties
    assert '"open":false' in properties
    assert '"commentCount":3' in properties


def test_a_spent_budget_is_not_swallowed() -> None:
    with pytest.raises(BudgetSpent):
        read([page(1), BudgetSpent("spent", until=0.0)])


def test_the_newest_change_and_the_servers_first_time_are_kept() -> None:
    reading = read([page(3, 1, server_ms=111), page(2, server_ms=222)])
    assert reading.newest == 1_767_398_400_000
    assert reading.began == 111
    assert read([page(1)]).began is not None, "our own clock, where the server does not say"


def test_a_refused_filter_is_told_as_rejected_and_not_as_unreadable() -> None:
    assert [p.code for p in read([Rejected("bad q")]).problems] == ["rejected"]
