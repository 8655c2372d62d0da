"""Reading what people type: moments, property filters and parameters of queries."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bucketgraph.errors import ConfigError
from bucketgraph.graph.written import filters, moment, typed
from bucketgraph.j1ql.results import Parameter

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


def parameter(text: str, *, name: str) -> Parameter:
    """Read a parameter's value: true, false, a number, a JSON list, a text in quotes, or the text itself.

    An error names the parameter and does not repeat its value, which may be a secret.
    """
    if not text.startswith("["):
        return typed(text)
    try:
        return msgspec.json.decode(text, type=list[str | int | float | bool])
    except msgspec.DecodeError:
        raise ConfigError(
            f"{name} begins with [ and is no JSON list of texts, numbers and booleans.",
            hint="""Write '["a", "b"]', or put a text that begins with [ in quotes.""",
        ) from None
