"""Addresses that are not Bitbucket's: what a process outside may ask the fake about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketgraph.demo.wire import Endpoint, json_reply

if TYPE_CHECKING:
    from bucketgraph.demo.wire import Call, Reply

CONTROL = "control"
"""Requests to endpoints of this name are neither recorded nor made to fail."""


def _counts(call: Call) -> Reply:
    return json_reply(dict(call.fake.counts()))


def _reset(call: Call) -> Reply:
    call.fake.reset()
    return json_reply({})


ENDPOINTS = (
    Endpoint(CONTROL, "/__fake__/counts", _counts, open=True),
    Endpoint(CONTROL, "/__fake__/reset", _reset, method="POST", open=True),
)
