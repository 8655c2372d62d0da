"""The token endpoint: client credentials only, with Bitbucket's own error texts."""

from __future__ import annotations

import binascii
import secrets
from base64 import b64decode
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from bucketgraph.demo.wire import Endpoint, json_reply

if TYPE_CHECKING:
    from bucketgraph.demo.fake import FakeConsumer
    from bucketgraph.demo.wire import Call, Reply

_PUBLIC = (
    'Cannot use client_credentials with a consumer marked as "public". '
    "Calls for auto generated consumers should use urn:bitbucket:oauth2:jwt instead."
)
_NO_CALLBACK = "No callback uri defined for the OAuth client."
_UNAUTHENTICATED = "Requests must be authenticated using OAuth client credentials"


def _token(call: Call) -> Reply:
    consumer = _consumer(call)
    if consumer is None:
        return _failure(401, "unauthorized_client", _UNAUTHENTICATED)
    form = parse_qs(call.body.decode("utf-8", "replace"))
    if form.get("grant_type") != ["client_credentials"]:
        return _failure(400, "unsupported_grant_type", "Unsupported grant type")
    if not consumer.private:
        return _failure(400, "invalid_grant", _PUBLIC)
    if not consumer.callback:
        return _failure(400, "invalid_request", _NO_CALLBACK)
    return json_reply(call.fake.grant(consumer))


def _failure(status: int, error: str, description: str) -> Reply:
    return json_reply({"error": error, "error_description": description}, status)


def _consumer(call: Call) -> FakeConsumer | None:
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    consumer = call.fake.consumers.get(key)
    known = consumer is not None and secrets.compare_digest(consumer.secret, secret)
    return consumer if known else None


ENDPOINTS = (Endpoint("token", "/site/oauth2/access_token", _token, method="POST", open=True),)
