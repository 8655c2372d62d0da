"""Which part is asked for next, and how people are merged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketgraph.bitbucket.models.common import Account
from bucketgraph.collect.people import Directory
from bucketgraph.collect.reading import Reading
from bucketgraph.collect.step import Names, RepositoryFacts, Unit, Window, WorkspaceFacts
from bucketgraph.collect.steps.pull_requests import PULL_REQUESTS, refresh
from bucketgraph.collect.windows import OVERLAP_MS, state_after, window_for
from bucketgraph.graph.entity import Entity, Record
from bucketgraph.graph.values import parse_properties
from bucketgraph.store.base import ScopeState

DAY = 86_400_000
moments = st.integers(0, 2_000_000_000_000)
maybe = st.none() | moments


def test_the_first_walk_asks_for_everything() -> None:
    assert window_for(ScopeState(), full=False, since=None) == Window()
    assert window_for(ScopeState(), full=False, since=DAY) == Window(floor=DAY)


def test_a_later_walk_asks_from_before_the_watermark() -> None:
    state = ScopeState(whole_on=1, watermark=10 * DAY)
    assert window_for(state, full=False, since=None) == Window(changed_since=10 * DAY - OVERLAP_MS)


def test_full_asks_for_everything_again() -> None:
    assert window_for(ScopeState(whole_on=1, watermark=DAY), full=True, since=None).everything


def test_what_since_cut_off_is_asked_for_when_it_is_wanted() -> None:
    limited = ScopeState(whole_on=1, watermark=10 * DAY, floor=5 * DAY)
    assert window_for(limited, full=False, since=None) == Window()
    assert window_for(limited, full=False, since=4 * DAY) == Window(floor=4 * DAY)
    assert window_for(limited, full=False, since=6 * DAY).changed_since == 10 * DAY - OVERLAP_MS


@given(before=maybe, newest=maybe, began=maybe)
def test_the_watermark_only_grows_and_never_passes_the_beginning_of_the_walk(
    before: int | None, newest: int | None, began: int | None
) -> None:
    unit = Unit(WorkspaceFacts("{w}", "w"), RepositoryFacts("{r}", "r", None, "{w}"))
    reading = Reading(PULL_REQUESTS, unit, Window(), newest=newest, began=began)
    after = state_after(ScopeState(watermark=before), reading, run_id=1, now=5).watermark
    if before is not None:
        assert after is not None
        assert after >= before
    if newest is not None:
        assert after is not None
        seen = newest if began is None else min(newest, began)
        assert after == max(seen, before if before is not None else seen)


def test_a_limited_full_walk_forgets_nothing_that_was_known() -> None:
    unit = Unit(WorkspaceFacts("{w}", "w"), RepositoryFacts("{r}", "r", None, "{w}"))
    reading = Reading(PULL_REQUESTS, unit, Window(floor=5 * DAY), newest=9 * DAY)
    whole = ScopeState(whole_on=1, watermark=8 * DAY)
    assert state_after(whole, reading, run_id=1, now=5).floor is None
    assert state_after(ScopeState(), reading, run_id=1, now=5).floor == 5 * DAY


def account(key: str = "{u}", **facts: str | None) -> Account:
    """Return an account."""
    return Account(uuid=key, **({"display_name": "Ann", "type": "user"} | facts))


def test_a_person_seen_twice_alike_is_published_once() -> None:
    directory = Directory({}, {})
    directory.see([account(), account()])
    assert list(directory.take_changes().records) == ["{u}"]
    directory.see([account()])
    assert directory.take_changes().records == {}


def test_what_one_answer_leaves_out_is_kept_from_another() -> None:
    directory = Directory({}, {})
    directory.see([account(nickname="ann", account_id="557058:1", account_status="active")])
    directory.take_changes()
    directory.see([account()])
    assert directory.take_changes().records == {}


def test_an_answer_without_a_name_renames_nobody() -> None:
    directory = Directory({}, {})
    directory.see([account()])
    directory.take_changes()
    directory.see([account(display_name=None)])
    changes = directory.take_changes()
    assert (changes.records, changes.renamed) == ({}, {})
    directory.see([Account(uuid="{nameless}")])
    assert properties(directory)["displayName"] == "{nameless}"


def test_a_team_account_is_not_taken_for_the_workspace_whose_uuid_it_has() -> None:
    directory = Directory({}, {})
    directory.see([account("{w}", type="team", username="acme")])
    assert list(directory.take_changes().records) == ["team:{w}"]


def test_a_new_name_is_told_as_a_renaming_but_a_first_sight_is_none() -> None:
    directory = Directory({}, {})
    directory.see([account()])
    assert directory.take_changes().renamed == {}
    directory.see([account(display_name="Anna")])
    assert directory.take_changes().renamed == {"{u}": "Anna"}


def test_membership_is_what_whole_lists_say() -> None:
    directory = Directory({}, {})
    directory.set_members("{w}", ["{u}"], whole=True)
    directory.see([account()])
    assert properties(directory)["member"] is True
    directory.set_members("{w}", [], whole=False)
    assert directory.take_changes().records == {}, "an incomplete list proves nothing"
    directory.set_members("{w}", [], whole=True)
    assert properties(directory)["member"] is False


def test_a_member_of_one_of_two_workspaces_is_a_member() -> None:
    directory = Directory({}, {"{a}": frozenset({"{u}"}), "{b}": frozenset({"{u}"})})
    directory.see([account()])
    directory.take_changes()
    directory.set_members("{a}", [], whole=True)
    assert directory.take_changes().records == {}


def properties(directory: Directory) -> dict[str, object]:
    """Return the published properties of the one person that changed."""
    (record,) = directory.take_changes().records.values()
    return dict(parse_properties(record.properties))


@pytest.mark.parametrize(
    ("status", "active"), [("active", True), ("inactive", False), ("closed", False), (None, None)]
)
def test_active_is_what_the_account_says_and_missing_when_it_says_nothing(
    status: str | None, active: bool | None
) -> None:  # a table
    directory = Directory({}, {})
    directory.see([account(account_status=status)])
    assert properties(directory).get("active") == active


def test_an_account_without_uuid_is_known_by_its_account_id_and_without_both_not_at_all() -> None:
    directory = Directory({}, {})
    directory.see([Account(account_id="557058:1"), Account(display_name="Ghost")])
    assert list(directory.take_changes().records) == ["557058:1"]


def test_refreshing_writes_present_names_and_leaves_the_rest() -> None:
    facts = {
        "id": "7", "repoId": "{r}", "repository": "old", "displayName": "old/7", "webLink": "https://b/old/pull-requests/7",
        "authorId": "{a}", "author": "Ann", "reviewerIds": ["{a}", "{b}"], "reviewers": ["Ann", "Bob"],
        "approverIds": ["{b}"], "approvers": ["Bob"], "closedById": "{b}", "closedBy": "Bob", "title": "Ann's work",
    }  # fmt: skip
    record = Record("k", Entity("k", "bitbucket_pull_request", facts))
    names = Names({"{b}": "Bert"}, {"{r}": RepositoryFacts("{r}", "new", "https://b/new", "{w}")})
    after = refresh(record, names).entity
    assert after is not None
    assert after.properties == facts | {
        "repository": "new", "displayName": "new/7", "webLink": "https://b/new/pull-requests/7", "accountId": "{w}",
        "reviewers": ["Ann", "Bert"], "approvers": ["Bert"], "closedBy": "Bert",
    }  # fmt: skip
