"""An integration's configuration: every field is checked before anything is stored or asked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketgraph.bitbucket.oauth import Consumer
from bucketgraph.bitbucket.origins import API_URL, OAUTH_URL, Origins
from bucketgraph.errors import ConfigError
from bucketgraph.integrations.configuration import Config, NewIntegration
from bucketgraph.integrations.validity import valid_config

SECRET = "s3cr3t-3f"
CONSUMER = Consumer("key", SECRET)


def new(**fields: Any) -> NewIntegration:
    """Return a good new integration with some fields changed."""
    return NewIntegration(**{"name": "acme", "workspaces": ["acme"], "consumers": [CONSUMER], **fields})


def test_a_good_integration_becomes_a_configuration_without_secrets() -> None:
    config = valid_config(
        new(workspaces=["acme", "beta_2.x-y", "acme"], consumers=[CONSUMER, Consumer("k2", "s2")])
    )
    assert config == Config(("acme", "beta_2.x-y"), ("key", "k2"), API_URL, OAUTH_URL)
    assert SECRET.encode() not in msgspec.json.encode(config)
    assert config.origins == Origins()


def test_a_stored_configuration_comes_back_the_same() -> None:
    config = valid_config(new(api_url="https://proxy.example:8443/", oauth_url="http://localhost:9000"))
    assert msgspec.json.decode(msgspec.json.encode(config), type=Config) == config
    assert config.origins == Origins("https://proxy.example:8443", "http://localhost:9000")


def test_a_workspace_may_be_given_by_uuid() -> None:
    uuid = "{15e3fbc8-0b12-4b8d-9b3b-0a1b2c3d4e5f}"
    assert valid_config(new(workspaces=[uuid])).workspaces == (uuid,)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"name": ""}, "name"),
    "blank name": ({"name": "  "}, "name"),
    "long name": ({"name": "x" * 101}, "name"),
    "name with a line end": ({"name": "a\nb"}, "name"),
    "no workspace": ({"workspaces": []}, "workspace"),
    "empty workspace": ({"workspaces": [""]}, "workspace"),
    "workspace with a slash": ({"workspaces": ["acme/repo"]}, "acme/repo"),
    "workspace as address": ({"workspaces": ["https://bitbucket.org/acme"]}, "workspace"),
    "climbing workspace": ({"workspaces": [".."]}, "workspace"),
    "standing workspace": ({"workspaces": ["."]}, "workspace"),
    "workspace with a line end": ({"workspaces": ["acme\n"]}, "workspace"),
    "braces only": ({"workspaces": ["{}"]}, "workspace"),
    "no consumer": ({"consumers": []}, "consumer"),
    "empty key": ({"consumers": [Consumer("", SECRET)]}, "key"),
    "key with a line end": ({"consumers": [Consumer("key\n", SECRET)]}, "key"),
    "key with a blank inside": ({"consumers": [Consumer("a b", SECRET)]}, "key"),
    "empty secret": ({"consumers": [Consumer("key", "")]}, "secret"),
    "secret with a blank": ({"consumers": [Consumer("key", f" {SECRET}")]}, "secret"),
    "secret with a blank inside": ({"consumers": [Consumer("key", f"{SECRET} {SECRET}")]}, "secret"),
    "secret with a control character": ({"consumers": [Consumer("key", f"{SECRET}\x00")]}, "secret"),
    "same key twice": ({"consumers": [CONSUMER, Consumer("key", "other")]}, "twice"),
    "open API address": ({"api_url": "http://api.bitbucket.org"}, "--api-url"),
    "OAuth address with a path": ({"oauth_url": "https://bitbucket.org/site"}, "--oauth-url"),
}


@pytest.mark.parametrize(("fields", "named"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_field_is_named_with_advice_and_without_secrets(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        valid_config(new(**fields))
    assert named in caught.value.message
    assert caught.value.hint
    assert SECRET not in caught.value.paragraph()


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_any_input_is_accepted_or_refused_by_a_config_error(
    name: str, slug: str, key: str, secret: str
) -> None:
    try:
        config = valid_config(new(name=name, workspaces=[slug], consumers=[Consumer(key, secret)]))
    except ConfigError:
        return
    assert "/" not in config.workspaces[0]
    assert config.consumer_keys[0].strip()
