"""What a request may see: everything, or the one integration that its token is bound to."""

from __future__ import annotations

from typing import Any

from bucketgraph.errors import Unknown
from bucketgraph.integrations.configuration import Integration
from bucketgraph.store.base import Run
from bucketgraph.web.routing import Call


def visible(call: Call[Any, Any]) -> list[Integration]:
    """Return the integrations that may be seen, by name, imports and sources of people among them."""
    bound = call.identity.integration_id
    found = [one for one in call.app.registry.everything() if one.config.kind != "mapper"]
    return [one for one in found if bound in {None, one.id}]


def integration(call: Call[Any, Any], text: str) -> Integration:
    """Return an integration by its id, or else by its name; raises Unknown, also for one that may not be seen."""
    found = visible(call)
    for one in (*(i for i in found if i.id == text), *(i for i in found if i.name == text)):
        return one
    known = ", ".join(one.name for one in found) or "none yet"
    raise Unknown(f"There is no integration {text!r} (known: {known}).", hint="Give its id or its name.")


def owner(call: Call[Any, Any], text: str | None) -> str | None:
    """Return the id of the integration that is asked about; None: of all of them."""
    return call.identity.integration_id if text is None else integration(call, text).id


def run(call: Call[Any, Any], number: int) -> Run:
    """Return a run; raises Unknown, also for one that may not be seen."""
    found = call.app.store.run(number)
    if found is None or call.identity.integration_id not in {None, found.integration_id}:
        raise Unknown(
            f"There is no run {number}.", hint="GET /api/v1/integrations/{integration}/runs lists them."
        )
    return found
