"""Logging: to standard error, from the level asked for, and never a secret, whatever shape it comes in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bucketgraph.observe.log import configure, strike_out

SECRET = "h9Xq-2.z_~+/="
LEVELS = ["debug", "info", "warning", "error"]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("level", LEVELS)
def test_only_events_of_the_level_and_above_are_logged_and_only_to_standard_error(
    level: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(level)
    for name in LEVELS:
        getattr(structlog.get_logger(), name)(f"an {name} event")
    out, err = capsys.readouterr()
    assert out == ""
    assert re.findall(r"an (\w+) event", err) == LEVELS[LEVELS.index(level) :]


def test_an_event_is_one_line_with_time_level_and_facts(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info")
    structlog.get_logger().info("run started", integration="a\nb", calls=3)
    (line,) = capsys.readouterr().err.splitlines()
    assert re.match(r"timestamp='\d{4}-\d\d-\d\dT[\d:.]+Z' level='info' event='run started'", line)
    assert r"integration='a\nb'" in line
    assert "calls=3" in line


SHAPES: dict[str, dict[str, Any]] = {
    "bearer": {"event": f"sent Bearer {SECRET}"},
    "bearer in lower case": {"event": f"sent bearer {SECRET}"},
    "basic": {"event": f"Authorization: Basic {SECRET}"},
    "header": {"header": f"Authorization: Bearer {SECRET}"},
    "headers in a dict": {"headers": {"Authorization": f"Bearer {SECRET}"}},
    "headers in pairs": {"headers": [("authorization", f"Basic {SECRET}")]},
    "bytes": {"headers": (b"authorization", f"Bearer {SECRET}".encode())},
    "nested": {"a": [{"b": ({"c": f"Bearer {SECRET}"},)}]},
    "an exception": {"error": ValueError(f"Bearer {SECRET}")},
    "query": {"url": f"https://h/x?access_token={SECRET}&page=2"},
    "form": {"body": f"grant_type=x&client_secret={SECRET}"},
    "json": {"body": f'{{"access_token": "{SECRET}", "refresh_token":"{SECRET}", "scopes": "x"}}'},
    "a dict of a token": {"token": {"access_token": SECRET, "scopes": "x"}},
    "named access_token": {"access_token": SECRET},
    "named secret": {"secret": SECRET},
    "named client_secret": {"client_secret": SECRET},
    "named secret_key": {"secret_key": SECRET},
    "named password": {"password": SECRET},
    "named authorization": {"Authorization": SECRET},
    "password in text": {"event": f"password={SECRET}"},
    "password in a dict": {"options": {"password": SECRET}},
    "database address": {"url": f"postgresql://me:{SECRET.replace('/', '')}@host/db"},
}


@pytest.mark.parametrize("facts", SHAPES.values(), ids=SHAPES.keys())
def test_secrets_are_struck_out_in_whatever_shape_they_are_logged(
    facts: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    configure("debug")
    facts = dict(facts)
    structlog.get_logger().warning(facts.pop("event", "something"), **facts)
    line = capsys.readouterr().err
    assert "[struck out]" in line
    assert "h9Xq" not in line
    assert "2.z_" not in line


def test_a_traceback_is_struck_out_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure("debug")
    try:
        raise ValueError(f"Bearer {SECRET}")  # noqa: TRY301  # a real traceback is wanted
    except ValueError:
        structlog.get_logger().exception("it failed")
    line = capsys.readouterr().err
    assert "ValueError" in line
    assert "h9Xq" not in line


def test_bound_context_is_struck_out_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure("debug")
    with structlog.contextvars.bound_contextvars(header=f"Bearer {SECRET}"):
        structlog.get_logger().info("x")
    assert "h9Xq" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "facts",
    [
        {"event": "run started", "calls": 3, "share": 0.5, "ok": True, "none": None},
        {"url": "https://api.bitbucket.org/2.0/repositories/a/b?page=2", "what": ["a", "b"]},
        {"event": "the token is renewed", "scopes": "account project", "basics": "ok"},
    ],
)
def test_what_is_no_secret_stays_as_it_is(facts: dict[str, Any]) -> None:
    assert strike_out(None, "info", dict(facts)) == facts
