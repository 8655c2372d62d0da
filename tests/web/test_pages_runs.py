"""The page of a run: how it stands, its steps, what it changed and could not see, its log, and its live progress."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from web.consolekit import Console, words

from bucketgraph.graph.schema import RelationshipType
from bucketgraph.integrations.events import EventLog
from bucketgraph.store.base import Counts, NewEvent, Problem, Run, RunReport, Tally
from bucketgraph.web.views.runs import Told, view

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def going(pages: Console) -> Iterator[Run]:
    """Return a run that goes on, with a step under way."""
    store = pages.house.app.store
    run = store.start_run(pages.house.acme.id, {}, trigger="manual")
    store.add_events(
        run.id,
        run.integration_id,
        [
            NewEvent("info", "run_start", "The run begins."),
            NewEvent("info", "step_start", "Workspaces", "fetch-workspaces", {"total": 1}),
            NewEvent(
                "info",
                "step_end",
                "Workspaces",
                "fetch-workspaces",
                {"done": 1, "total": 1, "entities_created": 1},
            ),
            NewEvent("info", "step_start", "Members", "fetch-members", {"total": 4}),
            NewEvent(
                "debug",
                "progress",
                "Members",
                "fetch-members",
                {"done": 2, "total": 4, "calls": 7, "left": 990},
            ),
        ],
    )
    yield run
    if store.run(run.id) == run:
        store.end_run(run.id, "FAILED", RunReport())


def first(pages: Console) -> Run:
    """Return the run that collected the graph."""
    return pages.house.app.store.runs(pages.house.acme.id)[-1]


def test_a_run_that_ended_tells_what_it_did(pages: Console) -> None:
    run = first(pages)
    said = words(pages.as_("viewer").get(f"/runs/{run.id}"))
    calls = sum(run.report.calls.values())
    assert f"Run {run.id} of test" in said
    assert "complete" in said
    assert f"Calls {calls:,} " in said
    assert "Everything that was asked for was seen." in said
    assert "bitbucket_pull_request 12 0 0" in said
    assert "Pull requests 2 " in said
    assert "step_start" not in said


def test_what_changed_leads_to_a_query_that_finds_it(pages: Console) -> None:
    run, edges = first(pages), pages.house.app.store.catalogue.relationships
    shown = view(run, Told(), None, off=frozenset(), left=None, edges=edges, now=run.started_on)
    rows = (*shown.entities, *shown.relationships)
    assert len(rows) > 10
    for row in rows:
        for address, number in ((row.created_at, row.created), (row.updated_at, row.updated)):
            query = parse_qs(urlsplit(address).query)["q"][0]
            answer = pages.house.admin.post("/query", {"query": query, "page": 100})
            assert len(answer["data"]) == number, query
    words_shown = words(pages.as_("viewer").get(f"/runs/{run.id}"))
    assert all(f"{row.name} {row.created:,} {row.updated:,} {row.deleted:,}" in words_shown for row in rows)


def test_a_run_under_way_tells_steps_progress_and_calls(pages: Console, going: Run) -> None:
    shown = pages.as_("viewer").get(f"/runs/{going.id}")
    said = words(shown)
    assert "in progress" in said
    assert "Members 2 of 4" in said
    assert "Calls 7 " in said
    assert "1 created" in said
    assert '<progress max="100" value="50"' in shown
    assert f'hx-sse:connect="/runs/{going.id}/events?level=info"' in shown
    assert "Stop the run" not in said


def test_a_wait_for_the_hourly_limit_is_told_with_its_end(pages: Console, going: Run) -> None:
    store = pages.house.app.store
    until = store.now() / 1000 + 840
    wait = NewEvent(
        "warning", "rate_limit_wait", "The limit is reached.", "", {"until": until, "seconds": 840}
    )
    store.add_events(going.id, going.integration_id, [wait])
    browser = pages.as_("viewer")
    assert re.search(
        "Waiting 1[34] min \\d+ s for Bitbucket's hourly limit", words(browser.get(f"/runs/{going.id}"))
    )
    store.add_events(
        going.id, going.integration_id, [NewEvent("info", "rate_limit_resumed", "The wait is over.")]
    )
    assert "Waiting" not in words(browser.get(f"/runs/{going.id}"))


def test_the_stream_ends_with_the_run_and_tells_its_end(pages: Console, going: Run) -> None:
    store = pages.house.app.store
    store.end_run(going.id, "COMPLETED", RunReport())
    answer = pages.as_("viewer").client.get(f"/runs/{going.id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    told, end = [one for one in answer.text.split("\n\n") if "data:" in one]
    assert "complete" in words(told)
    # What has a name is an event for scripts; only what has none is put into the page.
    assert not re.search("^event: .", told, re.MULTILINE)
    assert end.splitlines()[0] == "event: done"


def test_the_stream_follows_a_run_and_says_only_what_is_new(pages: Console, going: Run) -> None:
    store, browser = pages.house.app.store, pages.as_("viewer")
    ending = threading.Timer(1.5, store.end_run, (going.id, "COMPLETED", RunReport()))
    ending.start()
    answer = browser.client.get(f"/runs/{going.id}/events?level=error")
    ending.join()
    parts = [one for one in answer.text.split("\n\n") if "data:" in one]
    assert "in progress" in words(parts[0])
    assert "complete" in words(parts[-2])
    assert parts[-1].startswith("event: done")
    assert len(parts) == len(set(parts))


def test_what_was_updated_or_deleted_is_counted_and_relationships_are_named_by_their_ends() -> None:
    edge = RelationshipType("repo", "HAS", "pull", "")
    report = RunReport(
        Counts({"repo": Tally(0, 3, 2)}, {edge.name: Tally(1), "unheard_of": Tally(0, 0, 4), "same": Tally()})
    )
    run = Run(1, "i", 1000, 2000, "COMPLETED", {}, report)
    shown = view(run, Told(), None, off=frozenset(), left=None, edges=[edge], now=3000)
    (repo,), (has, other) = shown.entities, shown.relationships
    assert (repo.created, repo.updated, repo.deleted) == (0, 3, 2)
    assert "_beginOn+%3E%3D+1000" in repo.updated_at
    assert (has.name, has.created) == ("repo HAS pull", 1)
    assert (other.name, other.deleted, other.created_at, other.updated_at) == ("unheard_of", 4, "", "")


def test_a_stream_does_not_last_for_ever(pages: Console, going: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bucketgraph.web.pages.runs.LONGEST_SECONDS", 0.05)
    monkeypatch.setattr("bucketgraph.web.pages.runs.EVERY_SECONDS", 0.01)
    answer = pages.as_("viewer").client.get(f"/runs/{going.id}/events")
    assert "event: done" not in answer.text
    assert "in progress" in words(answer.text)


def test_an_editor_stops_a_run_and_a_viewer_cannot(pages: Console, going: Run) -> None:
    viewer, editor = pages.as_("viewer"), pages.as_("editor")
    viewer.get(f"/runs/{going.id}")
    viewer.post(f"/runs/{going.id}/cancel", status=403)
    assert "Stop the run" in words(editor.get(f"/runs/{going.id}"))
    assert "cancelled" in words(editor.post(f"/runs/{going.id}/cancel"))
    assert "has ended already" in words(editor.post(f"/runs/{going.id}/cancel", status=409))


def test_what_could_not_be_seen_is_told_with_why_and_what_to_do(pages: Console, going: Run) -> None:
    problems = [
        Problem(f"{HOSTILE} repo {n}", "denied", f"{HOSTILE} refused.", "Tick Read.") for n in range(203)
    ]
    pages.house.app.store.end_run(going.id, "COMPLETED_WITH_ERRORS", RunReport(problems=problems))
    shown = pages.as_("viewer").get(f"/runs/{going.id}")
    said = words(shown)
    assert "partial" in said
    assert "repo 199" in said
    assert "repo 200 " not in said
    assert "And 3 more" in said
    assert "→ Tick Read." in said
    assert "<script>alert" not in shown


def test_a_run_that_failed_leaves_its_steps_unfinished(pages: Console, going: Run) -> None:
    pages.house.app.store.end_run(going.id, "FAILED", RunReport())
    said = words(pages.as_("viewer").get(f"/runs/{going.id}"))
    assert "failed" in said
    assert "was not finished" in said
    assert "did not begin" in said


def test_the_log_is_read_by_level_and_page(pages: Console, going: Run) -> None:
    store, browser = pages.house.app.store, pages.as_("viewer")
    many = [NewEvent("info" if n % 2 else "debug", "tick", f"Entry {n}.") for n in range(900)]
    bad = [NewEvent("error", "step_failure", f"{HOSTILE} {'x' * 10_000}")]
    store.add_events(going.id, going.integration_id, many + bad)
    newest = browser.get(f"/runs/{going.id}")
    assert "Entry 899." in newest
    assert "Entry 1." not in newest
    assert "Older" in words(newest)
    oldest = browser.get(f"/runs/{going.id}?level=debug&page=0")
    assert "Entry 2." in oldest
    assert "1 - 200 of 906" in words(oldest)
    assert f"/runs/{going.id}/events?level=debug&amp;page=0" in oldest
    errors = browser.get(f"/runs/{going.id}?level=error")
    assert "1 entry" in words(errors)
    assert "<script>alert" not in errors
    assert "x" * 2001 not in errors
    for wrong in ("level=nothing&page=-1", "page=99999999999999999999", "page=%00"):
        assert "Entry 899." in browser.get(f"/runs/{going.id}?{wrong}")


def test_a_run_in_this_process_is_told_from_memory(pages: Console, going: Run) -> None:
    app = pages.house.app
    with EventLog(app.store) as log:
        log.run_started(going, resumed=False)
        log.step_started("fetch-members", "Members", 40)
        log.called(25, 500)
        app._logs[going.integration_id] = log  # what a run in this process does
        said = words(pages.as_("viewer").get(f"/runs/{going.id}"))
    del app._logs[going.integration_id]
    assert "Members 0 of 40" in said
    assert "Calls 25 " in said
    assert "Left of this hour 500 of" in said


@pytest.mark.parametrize("run", ["999999", "0", "-1", "x", "9" * 40, "%F0%9D%9F%99", "1%0A"])
def test_a_run_that_is_none_is_a_page_that_says_so(pages: Console, run: str) -> None:
    browser = pages.as_("editor")
    assert "no such run" in words(browser.get(f"/runs/{run}", status=404)).lower()
    browser.get(f"/runs/{run}/events", status=404)
    browser.post(f"/runs/{run}/cancel", status=404)
