"""Handing an integration's tags to the store."""

from __future__ import annotations

from collections.abc import Mapping

from bucketgraph.integrations.configuration import TagValue
from bucketgraph.store.store import Store


def set_tags(store: Store, integration_id: str, tags: Mapping[str, TagValue]) -> None:
    """Have every entity of an integration carry these properties; those written before follow with the next run."""
    setter = getattr(store, "set_tags", None)
    if setter is not None:
        setter(integration_id, tags)
