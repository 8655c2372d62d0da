"""The endpoint table: encoded paths, full field lists, page lengths that Bitbucket accepts."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketgraph.bitbucket import endpoints
from bucketgraph.bitbucket.endpoints import (
    Endpoint,
    Listing,
    pull_requests,
    repository_path,
    segment,
    workspace_path,
)
from bucketgraph.bitbucket.oauth import granted_scopes
from bucketgraph.bitbucket.origins import Origins
from bucketgraph.errors import Bug

TABLE = [value for value in vars(endpoints).values() if isinstance(value, Endpoint)]
"""Found by looking, to hold the registry to what there is."""
LISTS = [endpoint for endpoint in TABLE if endpoint.pagelen]


@given(st.text(min_size=1).filter(lambda text: text not in {".", ".."}))
def test_a_segment_is_one_path_segment_whatever_it_holds(text: str) -> None:
    encoded = segment(text)
    assert unquote(encoded) == text
    assert not set(encoded) & set("/?#{}+ \\")
    assert urlsplit(str(Origins().resolve(f"/2.0/a/{encoded}/b"))).path == f"/2.0/a/{encoded}/b"


@pytest.mark.parametrize("text", ["", ".", ".."])
def test_a_segment_that_would_hit_another_resource_is_a_bug(text: str) -> None:
    with pytest.raises(Bug):
        segment(text)


def test_workspaces_go_by_slug_and_repositories_by_encoded_uuid() -> None:
    assert workspace_path("acme") == "/2.0/workspaces/acme"
    assert repository_path("{a-1}", "{b-2}") == "/2.0/repositories/%7Ba-1%7D/%7Bb-2%7D"


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), max_size=3))
def test_filters_arrive_as_they_were_meant(query: list[tuple[str, str]]) -> None:
    listing = Listing(endpoints.PROJECTS, "/2.0/x", tuple(query))
    url = Origins().resolve(listing.first_url(7))
    pairs = parse_qsl(url.query.decode())
    assert pairs == [("pagelen", "7"), *query, ("fields", endpoints.PROJECTS.field_list)]
    assert b"+" not in url.query


def test_pull_requests_are_asked_for_in_all_states_beside_the_filter() -> None:
    pairs = parse_qsl(
        urlsplit(pull_requests("{w}", "{r}", q="updated_on>=2026-01-01T00:00:00+00:00").first_url(50)).query
    )
    assert [value for name, value in pairs if name == "state"] == ["OPEN", "MERGED", "DECLINED", "SUPERSEDED"]
    assert dict(pairs)["q"] == "updated_on>=2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize("endpoint", LISTS, ids=lambda endpoint: endpoint.name)
def test_every_field_list_keeps_next_and_needs_no_plus(endpoint: Endpoint) -> None:
    fields = endpoint.field_list.split(",")
    assert fields[:2] == ["next", "size"]
    assert all(field.startswith("values.") for field in fields[2:])
    assert len(fields) > 2
    assert "+" not in endpoint.field_list


def test_pull_request_lists_ask_for_reviewers_and_participants_which_the_default_leaves_out() -> None:
    fields = endpoints.PULL_REQUESTS.field_list
    assert "values.reviewers" in fields
    assert "values.participants" in fields


@pytest.mark.parametrize("endpoint", LISTS, ids=lambda endpoint: endpoint.name)
def test_no_page_is_longer_than_bitbucket_allows(endpoint: Endpoint) -> None:
    assert endpoint.pagelen <= (50 if endpoint.name.startswith("pullrequest") else 100)


@pytest.mark.parametrize("endpoint", TABLE, ids=lambda endpoint: endpoint.name)
def test_repository_calls_are_counted_apart_from_all_others(endpoint: Endpoint) -> None:
    below = endpoint.name.startswith(("repositor", "pullrequest"))
    assert endpoint.group == ("repositories" if below else "other")


def test_names_are_unique_because_page_lengths_are_remembered_by_name() -> None:
    assert len({endpoint.name for endpoint in TABLE}) == len(TABLE)


def test_the_registry_lists_every_endpoint() -> None:
    assert list(endpoints.ENDPOINTS) == TABLE


def test_the_scopes_we_ask_for_are_enough_for_every_endpoint_and_none_is_too_many() -> None:
    needed = {endpoint.scope for endpoint in TABLE if endpoint.scope}
    assert needed <= granted_scopes(" ".join(endpoints.REQUIRED_SCOPES))
    for scope in endpoints.REQUIRED_SCOPES:
        others = [one for one in endpoints.REQUIRED_SCOPES if one != scope]
        assert not needed <= granted_scopes(" ".join(others))
