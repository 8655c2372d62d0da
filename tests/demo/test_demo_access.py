"""Tokens, scopes, budgets, and the record of what was asked."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime

import httpx2
import pytest

from bucketgraph.demo import FakeConsumer, World, create_app, generate_world

Ask = Callable[..., httpx2.Response]
TOKEN = "/site/oauth2/access_token"
GRANT = {"grant_type": "client_credentials"}
MEMBERS = "/2.0/workspaces/acme-rockets/members"


def _world() -> World:
    return generate_world(workspaces=2, repositories=4, pull_requests=20)


@pytest.mark.parametrize(
    ("consumer", "password", "status", "error"),
    [
        (FakeConsumer("k", "s"), "wrong", 401, "unauthorized_client"),
        (FakeConsumer("k", "s", private=False), "s", 400, "invalid_grant"),
        (FakeConsumer("k", "s", callback=False), "s", 400, "invalid_request"),
    ],
)
def test_token_errors(
    request_raw: Ask, consumer: FakeConsumer, password: str, status: int, error: str
) -> None:
    app = create_app(_world(), consumers=[consumer])
    answer = request_raw(app, TOKEN, method="POST", data=GRANT, auth=("k", password))
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_only_client_credentials_are_granted(request_raw: Ask) -> None:
    app = create_app(_world())
    sign_in = ("demo-key", "demo-secret")
    assert request_raw(app, TOKEN, method="POST", data={}, auth=sign_in).status_code == 400
    assert request_raw(app, TOKEN, method="POST", data=GRANT).status_code == 401
    answer = request_raw(app, TOKEN, method="POST", data=GRANT, auth=sign_in).json()
    assert set(answer["scopes"].split()) == {"account", "pullrequest", "project"}
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 7200)
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert request_raw(app, MEMBERS, headers=headers).status_code == 200
    assert request_raw(app, f"{MEMBERS}?access_token={answer['access_token']}").status_code == 401
    headers = {"Authorization": f"Basic {answer['access_token']}"}
    assert request_raw(app, MEMBERS, headers=headers).status_code == 401


def test_scopes_come_in_changing_order() -> None:
    fake = create_app(_world()).state.fake
    consumer = fake.consumers["demo-key"]
    assert len({fake.grant(consumer)["scopes"] for _ in range(30)}) > 1


def test_tokens_end_with_time_and_on_demand(ask: Ask) -> None:
    world = _world()
    app = create_app(world, token_seconds=100)
    fake = app.state.fake
    token = fake.grant(fake.consumers["demo-key"])["access_token"]
    world.advance(99)
    assert ask(app, MEMBERS, token=token).status_code == 200
    world.advance(2)
    refused = ask(app, MEMBERS, token=token)
    assert refused.status_code == 401
    assert refused.json()["error"]["message"].startswith("Access token expired")
    token = fake.grant(fake.consumers["demo-key"])["access_token"]
    fake.expire_tokens()
    assert ask(app, MEMBERS, token=token).status_code == 401


def test_a_missing_scope_is_named(ask: Ask) -> None:
    app = create_app(_world(), consumers=[FakeConsumer("k", "s", scopes="pullrequest")])
    assert ask(app, "/2.0/repositories/acme-rockets").status_code == 200
    assert ask(app, "/2.0/workspaces/acme-rockets").status_code == 200
    refused = ask(app, MEMBERS)
    assert refused.status_code == 403
    assert refused.json()["error"]["detail"] == {"required": ["account"], "granted": ["pullrequest"]}
    assert refused.headers["x-oauth-scopes"] == "pullrequest"
    assert refused.headers["x-accepted-oauth-scopes"] == "account"


def test_a_consumer_sees_only_its_workspaces(ask: Ask) -> None:
    consumer = FakeConsumer("k", "s", workspaces=frozenset({"beta-works"}))
    world = _world()
    app = create_app(world, consumers=[consumer])
    assert ask(app, MEMBERS).status_code == 404
    hidden = next(iter(world.workspaces[0].repositories))
    assert ask(app, f"/2.0/repositories/%7B%7D/{hidden}").status_code == 404
    assert [row["workspace"]["slug"] for row in ask(app, "/2.0/user/workspaces").json()["values"]] == [
        "beta-works"
    ]


def test_the_hour_rolls_for_each_group(ask: Ask) -> None:
    world = _world()
    app = create_app(world, hourly_limit=2)
    statuses = []
    for _ in range(3):
        statuses.append(ask(app, "/2.0/repositories/acme-rockets").status_code)
        world.advance(10)
    assert statuses == [200, 200, 429]
    refused = ask(app, "/2.0/repositories/acme-rockets")
    assert refused.text == "Rate limit for this resource has been exceeded"
    assert refused.headers["content-type"] == "text/plain"
    assert "retry-after" not in refused.headers
    assert ask(app, MEMBERS).status_code == 200
    world.advance(3600 - 30)
    assert ask(app, "/2.0/repositories/acme-rockets").status_code == 200
    assert ask(app, "/2.0/repositories/acme-rockets").status_code == 429


def test_answers_carry_the_time_of_the_world(ask: Ask) -> None:
    world = _world()
    answer = ask(create_app(world), MEMBERS)
    assert parsedate_to_datetime(answer.headers["date"]).timestamp() == int(world.now())


def test_requests_are_recorded_without_their_secrets(ask: Ask, request_raw: Ask) -> None:
    app = create_app(_world())
    fake = app.state.fake
    ask(app, f"{MEMBERS}?pagelen=1")
    request_raw(app, "/2.0/repositories/acme-rockets")
    request_raw(app, TOKEN, method="POST", data=GRANT, auth=("demo-key", "demo-secret"))
    assert fake.counts() == {"members": 1, "repositories": 1, "token": 1}
    seen = [(r.endpoint, r.query, r.status, r.authorized, r.scheme) for r in fake.requests]
    assert seen == [
        ("members", "pagelen=1", 200, True, "Bearer"),
        ("repositories", "", 401, False, ""),
        ("token", "", 200, True, "Basic"),
    ]
    assert request_raw(app, "/__fake__/counts").json() == dict(fake.counts())
    request_raw(app, "/__fake__/reset", method="POST")
    assert not fake.counts()
    assert not fake.requests
