"""Filling parameters in: typed values for `${name}`, and text for `{{name}}` that cannot break out.

Inside quotes a placeholder becomes escaped text. Outside, it becomes a literal of its kind; where an entity or
a verb is named, it must be a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from bucketgraph.errors import ConfigError
from bucketgraph.j1ql import given as checking
from bucketgraph.j1ql import variables as named
from bucketgraph.j1ql.complete_place import Place, Reader
from bucketgraph.j1ql.results import Parameter
from bucketgraph.j1ql.tokens import NAME, RESERVED, Kind, Token, tokenize
from bucketgraph.j1ql.values import text_of
from bucketgraph.j1ql.vocabulary import Vocabulary
from bucketgraph.questions.base import Asked, Question, QuestionParameter

PLACEHOLDER: Final = re.compile(r"\{\{([^{}\n]*)\}\}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_NAMING: Final = {Place.ENTITY, Place.AFTER_VERB, Place.VERB}
_QUOTES: Final = {"'": "'\\", '"': '"\\'}
_TYPOGRAPHIC: Final = '“”"\\'


def asked(question: Question, given: Mapping[str, Parameter]) -> tuple[Asked, ...]:
    """Return the queries of a question with parameters by name: texts are read as a person types them.

    Raises ConfigError for a parameter that is unknown, missing, or not of its kind.
    """
    values = _values(question, given)
    return tuple(
        Asked(
            query.name,
            fill(query.text, values),
            {name: values[name] for name in variables(query.text) if name in values},
        )
        for query in question.queries
    )


def variables(text: str) -> frozenset[str]:
    """Return the names in `${name}`."""
    return frozenset(named.variables(text))


def placeholders(text: str) -> frozenset[str]:
    """Return the names in `{{name}}`, inside quotes and outside."""
    tokens = [t for t in tokenize(text) if t.kind in {Kind.STRING, Kind.PLACEHOLDER}]
    return frozenset(found[1].strip() for t in tokens for found in PLACEHOLDER.finditer(t.text))


def fill(text: str, values: Mapping[str, Parameter]) -> str:
    """Return the text with every `{{name}}` filled; raises ConfigError when one has no value."""
    return "".join(_pieces(text, values))


def _pieces(text: str, values: Mapping[str, Parameter]) -> Iterator[str]:
    reader, end = Reader(Vocabulary({}, ())), 0
    for token in tokenize(text):
        yield text[end : token.start]
        if token.kind is Kind.STRING:
            yield _in_quotes(token, values)
        elif token.kind is Kind.PLACEHOLDER:
            name = token.text[2:-2].strip()
            value = _value(name, values)
            yield _name(name, value) if reader.place in _NAMING else literal(name, value)
        else:
            yield token.text
        reader.read(token)
        end = token.end


def _in_quotes(token: Token, values: Mapping[str, Parameter]) -> str:
    special = _QUOTES.get(token.text[0], _TYPOGRAPHIC)

    def escaped(found: re.Match[str]) -> str:
        value = text_of(_value(found[1].strip(), values))
        return "".join(f"\\{letter}" if letter in special else letter for letter in value)

    return PLACEHOLDER.sub(escaped, token.text)


def _value(name: str, values: Mapping[str, Parameter]) -> Parameter:
    if name not in values:
        raise ConfigError(
            f"{{{{{name}}}}} has no value.", hint="A placeholder is filled by a parameter of a question."
        )
    return values[name]


def _name(name: str, value: Parameter) -> str:
    plain = isinstance(value, str) and NAME.fullmatch(value) and value.upper() not in RESERVED
    if not plain and value != "*":
        raise ConfigError(
            f"{name} is {value!r}, which is no name of a class, type or verb.", hint="Give a name."
        )
    return str(value)


def literal(name: str, value: Parameter) -> str:
    """Write a value as a literal of the language."""
    if isinstance(value, list):
        if not value:
            raise ConfigError(f"{name} is an empty list.", hint="Give at least one value.")
        return f"({' OR '.join(literal(name, one) for one in value)})"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return format(Decimal(repr(value)), "f")


def _values(question: Question, given: Mapping[str, Parameter]) -> dict[str, Parameter]:
    known = {one.name: one for one in question.parameters}
    for name in given:
        if name not in known:
            names = ", ".join(known) or "none"
            raise ConfigError(f"{question.name} has no parameter {name!r}.", hint=f"Its parameters: {names}.")
    values = {name: one.default for name, one in known.items()}
    values |= {
        name: typed(known[name], one) if isinstance(one, str) else _checked(known[name], one)
        for name, one in given.items()
    }
    missing = [name for name, value in values.items() if value is None]
    if missing:
        raise ConfigError(f"{question.name} needs {', '.join(missing)}.", hint=f"Add --param {missing[0]}=….")
    return {name: value for name, value in values.items() if value is not None}


def typed(parameter: QuestionParameter, text: str) -> Parameter:
    """Read what a person typed for a parameter; raises ConfigError when it is not of its kind."""
    if parameter.kind == "string":
        return _unquoted(text)
    if parameter.kind == "boolean" and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if parameter.kind == "number" and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    if parameter.kind == "list" and (several := _list(text)):
        return [*several]
    raise _not_of_its_kind(parameter, repr(text))


def _checked(parameter: QuestionParameter, value: Parameter) -> Parameter:
    """Return a value that a program gave; raises ConfigError when it is not of the parameter's kind."""
    kind = "boolean" if isinstance(value, bool) else "list" if isinstance(value, list) else "number"
    if kind != parameter.kind:
        raise _not_of_its_kind(parameter, repr(value))
    checking.check_value(parameter.name, value)
    return value


def _not_of_its_kind(parameter: QuestionParameter, shown: str) -> ConfigError:
    wanted = {
        "string": "a text",
        "boolean": "true or false",
        "number": "a number",
        "list": "a list: a,b or a JSON list",
    }
    return ConfigError(f"{parameter.name}={shown} is not {wanted[parameter.kind]}.")


def _list(text: str) -> Sequence[str | int | float | bool]:
    if not text.startswith("["):
        return [one.strip() for one in text.split(",") if one.strip()]
    try:
        return msgspec.json.decode(text, type=list[str | int | float | bool])
    except msgspec.DecodeError:
        return []


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text
