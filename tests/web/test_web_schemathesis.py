"""The API keeps what its OpenAPI document says, whatever is sent: schemathesis asks every operation.

Cases go through the site in process, with an admin's token, on a small collected graph; half of what is addressed by
path is really there. What fits the document may still be refused (a text that is no query), but only as documented.
"""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from web.sitekit import House

from bucketgraph.web.api import ROUTES
from bucketgraph.web.openapi import document

load_all_checks()
DOCUMENT = schemathesis.openapi.from_dict(document() | {"security": []})
"""Without its security, so that nothing but what is sent is varied; what comes of no token is tested by itself."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FEW = settings(
    max_examples=16,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def sent(site: House, case: Any) -> Any:
    """Send a case to the site and return the response."""
    kwargs = case.as_transport_kwargs(base_url=str(site.client.base_url))
    kwargs = {name: value for name, value in kwargs.items() if value is not None}
    kwargs.pop("cookies", None)
    if "data" in kwargs:
        kwargs["content"] = kwargs.pop("data")
    method, url = kwargs.pop("method"), kwargs.pop("url")
    headers = dict(kwargs.pop("headers", {})) | {"Authorization": f"Bearer {site.tokens['admin']}"}
    try:
        return site.client.request(method, url, headers=headers, **kwargs)
    except httpx2.InvalidURL:  # longer than the client sends
        reject()


def addressed(site: House) -> dict[str, Any]:
    """Return what is there to be named in a path: somebody, and a removed integration, are made for it."""
    site.app.people.add({"employeeId": "1", "firstName": "Ada"})
    site.app.remove("other")
    run = site.app.store.runs(site.acme.id)[0].id
    return {
        "integration": site.acme.id,
        "run": run,
        "name": "User",
        "who": "1",
        "rule": "nickname",
        "id": site.other.id,
    }


@pytest.mark.parametrize("route", ROUTES, ids=lambda one: f"{one.method} {one.path}")
def test_what_fits_the_document_is_answered_as_it_says(site: House, route: Any) -> None:
    operation = DOCUMENT[route.path][route.method]
    there = addressed(site)

    @FEW
    @given(case=operation.as_strategy(), really=st.booleans())
    def ask(case: Any, really: bool) -> None:
        if really:
            case.path_parameters = {name: there[name] for name in case.path_parameters or {}}
        case.validate_response(sent(site, case), checks=CHECKS)

    ask()


@pytest.mark.parametrize(
    "route",
    [one for one in ROUTES if one.body is not None or DOCUMENT[one.path][one.method].query],
    ids=lambda one: f"{one.method} {one.path}",
)
def test_what_does_not_fit_the_document_is_refused_as_it_says(site: House, route: Any) -> None:
    operation = DOCUMENT[route.path][route.method]

    @FEW
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def ask(case: Any) -> None:
        case.validate_response(sent(site, case), checks=[*CHECKS, negative_data_rejection])

    ask()
