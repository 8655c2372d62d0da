"""Integrations in the console: the list, the form with its complaints, tests, runs by hand, and removal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from support.workbench import KEY, SECRET
from web.consolekit import HTMX, Browser, Console, words
from web.sitekit import NOWHERE

from bucketgraph.demo import create_app, generate_world, serve
from bucketgraph.integrations.configuration import Changes, Polling
from bucketgraph.web.pages import PAGES

ENTERED = "s3cr3t-ThatIsShownNowhere"
HOSTILE = "<script>alert(1)</script>\u202e\"'><img src=x onerror=alert(2)> 🚀"
OURS = ("/integrations", "/runs")


@pytest.fixture(scope="module")
def bitbucket() -> Iterator[tuple[str, str]]:
    """Serve a small fake Bitbucket; return its address and its workspace."""
    world = generate_world(repositories=2, pull_requests=4, members=2, projects=1)
    with serve(create_app(world)) as url:
        yield url, world.workspaces[0].slug


def form(**changes: str) -> dict[str, str]:
    """Return a form as a browser sends it."""
    fields = {
        "name": "Acme",
        "description": "What we build.",
        "workspaces": "acme-rockets, second",
        "key-0": "k",
        "secret-0": ENTERED,
        "interval": "ONE_WEEK",
        "hour": "3",
        "weekday": "0",
        "source-members": "on",
        "source-projects": "on",
        "tag_account_name": "on",
        "tag-name-0": "Production",
        "tag-value-0": "true",
        "since": "2026-01-31",
        "api_url": NOWHERE,
        "oauth_url": NOWHERE,
    }
    return fields | changes


def complaint(html: str, field: str) -> str:
    """Return what is said of a field, which its control names."""
    found = re.search(rf'id="{field}-c">(.*?)</span></span>', html, re.DOTALL)
    assert found, words(html)
    assert f'aria-describedby="{field}-c"' in html or field in {"polling", "sources"}
    return words(found[1])


def test_the_list_tells_schedule_last_run_and_size_of_each(pages: Console) -> None:
    entities = pages.house.app.store.counts(pages.house.acme.id)[0].total()
    said = words(pages.as_("viewer").get("/integrations"))
    assert re.search(rf"test complete .* {entities:,}$", said)
    assert "never ran" in said
    assert "every day at" in said


def test_an_integration_is_added_by_the_form_and_shown(pages: Console) -> None:
    browser = pages.as_("admin")
    browser.get("/integrations/new")
    shown = browser.post("/integrations/new", form())
    said = words(shown)
    assert "Acme was added" in said
    assert "every Sunday at 03:" in said
    assert "tag.AccountName: Acme" in said
    assert "tag.Production: true" in said
    assert ENTERED not in shown
    one = pages.house.app.registry.find("Acme")
    assert one.config.workspaces == ("acme-rockets", "second")
    assert one.config.sources == {"members": True, "projects": True, "pull_requests": False}
    assert (one.config.since, one.config.polling) == ("2026-01-31", Polling("ONE_WEEK", 3, 0))
    assert [c.secret for c in pages.house.app.registry.consumers("Acme")] == [ENTERED]


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"name": " "}, "name", "1 to 100"),
        ({"name": "test"}, "name", "already an integration"),
        ({"description": "x" * 1001}, "description", "longer than 1000"),
        ({"workspaces": ""}, "workspaces", "A workspace is needed"),
        ({"workspaces": "https://bitbucket.org/acme"}, "workspaces", "no workspace name"),
        ({"key-0": "", "secret-0": ""}, "consumers", "An OAuth consumer is needed"),
        ({"secret-0": ""}, "consumers", "The secret of k is missing"),
        ({"key-0": "a b"}, "consumers", "blanks"),
        ({"key-1": "k", "secret-1": "x"}, "consumers", "given twice"),
        ({"interval": "SOMETIMES"}, "polling", "no polling interval"),
        ({"hour": "soon"}, "polling", "is no hour"),
        ({"hour": "99"}, "polling", "99"),
        (
            {"interval": "TEN_SECONDS", "api_url": "https://api.example"},
            "polling",
            "only for a Bitbucket on this",
        ),
        ({"tag-name-1": "Production", "tag-value-1": "x"}, "tags", "given twice"),
        ({"tag-name-0": "AccountName"}, "tags", "already"),
        ({"since": "2999-01-01"}, "since", "in the future"),
        ({"since": "yesterday"}, "since", "is no date"),
        ({"api_url": "http://evil.example"}, "api_url", "plain http"),
        ({"oauth_url": "https://a:b@evil.example"}, "oauth_url", "credentials do not belong"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(
    pages: Console, changes: dict[str, str], field: str, said: str
) -> None:
    browser = pages.as_("admin")
    browser.get("/integrations/new")
    sent = form(**changes)
    shown = browser.post("/integrations/new", sent, status=422)
    told = complaint(shown, field)
    assert said in told
    assert "--" not in told
    assert ENTERED not in shown
    assert "Acme" not in [one.name for one in pages.house.app.registry.all()]
    if field != "workspaces":
        assert 'value="acme-rockets, second"' in shown
    if field != "tags":
        assert 'value="Production"' in shown


def test_several_complaints_are_told_at_once(pages: Console) -> None:
    browser = pages.as_("admin")
    browser.get("/integrations/new")
    shown = browser.post("/integrations/new", form(name="", workspaces="a/b", since="x"), status=422)
    assert [bool(complaint(shown, field)) for field in ("name", "workspaces", "since")] == [True] * 3
    assert "3 fields need another look" in words(shown)


def test_an_edit_keeps_the_secret_that_was_not_entered(pages: Console) -> None:
    browser, app = pages.as_("admin"), pages.house.app
    address = f"/integrations/{pages.house.acme.id}/edit"
    shown = browser.get(address)
    assert "stored (empty: unchanged)" in shown
    assert SECRET not in shown
    before = app.registry.find("test").config
    origin = {"api_url": before.api_url, "oauth_url": before.oauth_url}
    more = {"key-1": "second", "secret-1": ENTERED}
    changed = browser.post(address, form(name="test", **{"key-0": KEY, "secret-0": ""}, **origin, **more))
    assert "Saved." in words(changed)
    assert [(c.key, c.secret) for c in app.registry.consumers("test")] == [(KEY, SECRET), ("second", ENTERED)]
    for text in (changed, browser.get(address), browser.get("/integrations")):
        assert SECRET not in text
        assert ENTERED not in text


def test_stored_secrets_never_follow_to_another_address(pages: Console) -> None:
    browser = pages.as_("admin")
    address = f"/integrations/{pages.house.acme.id}/edit"
    browser.get(address)
    elsewhere = form(name="test", **{"key-0": KEY, "secret-0": "", "api_url": "https://evil.example"})
    assert "entered again" in complaint(browser.post(address, elsewhere, status=422), "consumers")
    tested = browser.post(f"{address}/test", elsewhere, headers=HTMX)
    assert "entered again" in words(tested)
    assert pages.house.app.registry.find("test").config.api_url == pages.house.acme.config.api_url


def test_a_connection_is_tested_before_it_is_saved(pages: Console, bitbucket: tuple[str, str]) -> None:
    url, workspace = bitbucket
    browser = pages.as_("admin")
    browser.get("/integrations/new")
    sent = form(workspaces=workspace, api_url=url, oauth_url=url, **{"key-0": KEY, "secret-0": SECRET})
    said = words(browser.post("/integrations/new/test", sent, headers=HTMX))
    assert "Everything can be read." in said
    assert f"repositories of {workspace}" in said
    refused = browser.post("/integrations/new/test", sent | {"secret-0": ENTERED}, headers=HTMX)
    assert "Not everything can be read." in words(refused)
    assert "key and secret" in words(refused)
    assert ENTERED not in refused
    whole = browser.post("/integrations/new/test", sent)
    assert "Everything can be read." in words(whole)
    assert SECRET not in whole
    assert f'value="{workspace}"' in whole
    assert "Acme" not in [one.name for one in pages.house.app.registry.all()]


def test_a_stored_connection_is_tested_with_its_stored_secret(pages: Console) -> None:
    browser = pages.as_("editor")
    address = f"/integrations/{pages.house.other.id}"
    browser.get(address)
    assert "fails" in words(browser.post(f"{address}/test", headers=HTMX))
    assert "Not everything can be read." in words(browser.post(f"{address}/test"))


def test_a_run_is_begun_once_and_its_page_opens_when_it_begins(pages: Console) -> None:
    browser, store = pages.as_("editor"), pages.house.app.store
    acme, other = pages.house.acme.id, pages.house.other.id
    browser.get(f"/integrations/{acme}")
    assert "queued" in words(browser.post(f"/integrations/{acme}/run"))
    assert pages.house.jobs.asked == [(acme, "manual", {"full": False})]
    assert "A run is queued." in words(browser.post(f"/integrations/{acme}/run", status=409))
    begun = store.start_run(other, {}, trigger="manual", workflow_id="workflow-2")
    assert f"Run {begun.id} of other" in words(browser.post(f"/integrations/{other}/run"))
    assert "interrupted run was ended" in words(browser.post(f"/integrations/{other}/cancel"))
    assert "cancelled" in words(browser.get("/integrations"))


def test_a_schedule_is_paused_and_resumed(pages: Console) -> None:
    browser, registry = pages.as_("admin"), pages.house.app.registry
    address = f"/integrations/{pages.house.acme.id}"
    browser.get(address)
    assert "is paused" in words(browser.post(f"{address}/pause"))
    assert registry.find("test").config.paused
    assert "Resume the schedule" in words(browser.get(address))
    assert "by its schedule again" in words(browser.post(f"{address}/resume"))
    assert not registry.find("test").config.paused


def test_a_removal_says_what_goes_and_its_history_can_be_erased_later(pages: Console) -> None:
    browser, app = pages.as_("admin"), pages.house.app
    acme = pages.house.acme.id
    entities, relationships = app.store.counts(acme)
    said = words(browser.get(f"/integrations/{acme}/remove"))
    assert f"Remove configuration and {entities.total():,} entities" in said
    assert f"Relationships {relationships.total():,}" in said
    assert f"{entities['bitbucket_repo']:,} bitbucket_repo" in said
    removed = words(browser.post(f"/integrations/{acme}/remove", {"purge": "no"}))
    assert f"{entities.total():,} entities" in removed
    assert app.store.counts(acme)[0].total() == 0
    assert "test (removed" in words(browser.get("/integrations/removed"))
    address = f"/integrations/removed/{acme}/purge"
    assert "1 run with" in words(browser.get(address))
    browser.post(address, status=400)
    assert len(app.store.removed_integrations()) == 1
    assert "was erased" in words(browser.post(address, {"sure": "on"}))
    assert app.store.removed_integrations() == []
    browser.get(address, status=404)


def test_erasing_at_once_needs_the_tick(pages: Console) -> None:
    browser, app = pages.as_("admin"), pages.house.app
    address = f"/integrations/{pages.house.acme.id}/remove"
    browser.get(address)
    browser.post(address, {"purge": "yes"}, status=400)
    browser.post(address, status=400)
    assert app.registry.find("test")
    assert "all of its history" in words(browser.post(address, {"purge": "yes", "sure": "on"}))
    assert app.store.removed_integrations() == []
    browser.get(address, status=404)


def test_what_is_imported_has_a_name_and_a_description_to_change(pages: Console) -> None:
    browser, app = pages.as_("admin"), pages.house.app
    one = app.registry.find_import("folder")
    address = f"/integrations/{one.id}"
    said = words(browser.get(address))
    assert "imported folder" in said
    assert "Run now" not in said
    assert "Polling" not in words(browser.get(f"{address}/edit"))
    browser.post(f"{address}/edit", {"name": "test", "description": ""}, status=422)
    assert "Saved." in words(browser.post(f"{address}/edit", {"name": "papers", "description": "by hand"}))
    assert app.registry.find("papers").description == "by hand"
    browser.post(f"{address}/run", status=400)


def test_hostile_names_are_text_everywhere(pages: Console) -> None:
    app, browser = pages.house.app, pages.as_("admin")
    name = HOSTILE.replace("\u202e", "")
    app.registry.update(
        "test", Changes(name=name, description=HOSTILE.replace("\u202e", "") * 8, tags={name[:50]: name})
    )
    acme = pages.house.acme.id
    run = app.store.runs(acme)[0].id
    paths = ("", f"/{acme}", f"/{acme}/edit", f"/{acme}/remove")
    for path in (*(f"/integrations{path}" for path in paths), f"/runs/{run}"):
        shown = browser.get(path)
        assert "alert(1)" in words(shown), path
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
    browser.post(f"/integrations/{acme}/remove", {"purge": "no"})
    for path in ("/integrations/removed", f"/integrations/removed/{acme}/purge", f"/runs/{run}"):
        shown = browser.get(path)
        assert "alert(1)" in words(shown), path
        assert "<script>alert" not in shown


def _addresses(pages: Console) -> Iterator[tuple[str, str, str]]:
    """Yield method, role and address of every page of ours."""
    for one in PAGES:
        if one.path.startswith(OURS):
            id_ = "1" if one.path.startswith("/runs") else pages.house.acme.id
            yield one.method, str(one.role), one.path.replace("{id}", id_)


def test_a_viewer_sees_no_button_and_every_changing_route_refuses(pages: Console) -> None:
    browser = pages.as_("viewer")
    tried = 0
    for method, role, path in _addresses(pages):
        if method == "POST":
            assert role in {"editor", "admin"}
            browser.get("/integrations")
            browser.post(path, form(), status=403)
            tried += 1
        elif role == "viewer" and not path.endswith("/events"):
            shown = browser.get(path)
            main = shown[shown.index("<main") :]
            assert "<form" not in main, path
            assert not re.search(r'href="[^"]*/(edit|remove|new|purge|removed)"', main), path
    assert tried == 12
    assert [one.name for one in pages.house.app.registry.all()] == ["other", "test"]
    assert pages.house.jobs.asked == []


def test_an_editor_runs_and_an_admin_alone_configures(pages: Console) -> None:
    browser: Browser = pages.as_("editor")
    shown = browser.get("/integrations")
    assert "/run" in shown
    assert "/pause" not in shown
    for method, role, path in _addresses(pages):
        if role == "admin":
            ask: Any = browser.get if method == "GET" else browser.post
            ask(path, status=403)


def test_strangers_are_led_to_sign_in(pages: Console) -> None:
    browser = pages.stranger()
    for method, _role, path in _addresses(pages):
        if method == "GET":
            answer = browser.client.get(path, follow_redirects=False)
            assert answer.headers["location"].startswith("/signin"), path


def test_an_integration_that_is_gone_is_a_page_that_says_so(pages: Console) -> None:
    browser = pages.as_("admin")
    assert "no such integration" in words(browser.get("/integrations/nothing", status=404))
    browser.post("/integrations/nothing/pause", status=404)
