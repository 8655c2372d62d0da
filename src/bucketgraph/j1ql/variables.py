"""Values of a query's variables as people type them, and back."""

from __future__ import annotations

import msgspec

from bucketgraph.errors import ConfigError
from bucketgraph.graph.written import typed
from bucketgraph.j1ql.results import Parameter
from bucketgraph.j1ql.tokens import Kind, tokenize

STORED = "param."
"""What stands in front of the names of stored parameters: `${param.name}`."""


def variables(text: str) -> tuple[str, ...]:
    """Return the names in `${name}` of a query, each once, in their order; those of stored parameters too."""
    found = (t.text[2:-1].strip() for t in tokenize(text) if t.kind is Kind.PARAMETER)
    return tuple(dict.fromkeys(found))


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


def written(value: Parameter) -> str:
    """Write a value so that `parameter` reads the same."""
    if not isinstance(value, str):
        return msgspec.json.encode(value).decode()
    plain = not value.startswith("[") and typed(value) == value and value == value.strip()
    return value if plain else f'"{value}"'
