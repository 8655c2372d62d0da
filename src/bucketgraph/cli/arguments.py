"""Reading what people type: moments, property filters and parameters of queries."""

from __future__ import annotations

from collections.abc import Iterable

from bucketgraph.errors import ConfigError
from bucketgraph.graph.written import filters, moment
from bucketgraph.j1ql.results import Parameter
from bucketgraph.j1ql.variables import parameter

__all__ = ["filters", "moment", "parameter", "parameters"]


def parameters(texts: Iterable[str]) -> dict[str, Parameter]:
    """Read `name=value` parameters of a query; a value may also be a JSON list, or a text in quotes."""
    found: dict[str, Parameter] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise ConfigError(
                f"--param {text!r} is no parameter.", hint="Write name=value, for example days=30."
            )
        found[name.strip()] = parameter(value.strip(), name=name.strip())
    return found
