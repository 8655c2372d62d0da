"""From a YAML node to a question, and everything that may be wrong with one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, get_args

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import LiteralScalarString

from bucketgraph.errors import ConfigError, QueryError
from bucketgraph.j1ql.diagnostics import closest
from bucketgraph.j1ql.parser import parse
from bucketgraph.j1ql.results import Parameter
from bucketgraph.questions.base import NamedQuery, ParameterKind, Question, QuestionParameter
from bucketgraph.questions.fill import fill, placeholders, variables

_FIELDS: Final = ("name", "title", "description", "tags", "parameters", "query", "queries", "empty")
_FOREIGN_FIELDS: Final = ("id", "variables", "compliance", "showTrend", "pollingInterval", "sourceId")
"""What JupiterOne's question packs have besides; taken for what it means here, or passed over."""

_QUERY_FIELDS: Final = ("name", "query", "resultsAre", "version")
_PARAMETER_FIELDS: Final = ("name", "kind", "default", "meaning", "required")
_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_KINDS: Final[tuple[ParameterKind, ...]] = get_args(ParameterKind)
_SPECIMENS: Final[dict[str, Parameter]] = {"string": "x", "number": 1, "boolean": True, "list": ["x"]}


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands; lines count from 1."""

    source: str
    line: int = 1

    def item(self, several: Any, number: int) -> Place:
        """Return the place of an item of a list."""
        return replace(self, line=several.lc.item(number)[0] + 1)

    def of(self, mapping: CommentedMap, name: str) -> Place:
        """Return the place of a field."""
        return replace(self, line=mapping.lc.key(name)[0] + 1) if name in mapping else self

    def error(self, what: str, mapping: CommentedMap | None = None, name: str = "") -> ConfigError:
        """Return the error that says what is wrong here, or at a field."""
        here = self if mapping is None else self.of(mapping, name)
        return ConfigError(f"{here.source}:{here.line}: {what}", hint="See docs/questions.md.")

    def refuse_unknown(self, mapping: CommentedMap, fields: Iterable[str]) -> None:
        """Raise for a field that means nothing."""
        known = tuple(fields)
        for name in mapping:
            if name not in known:
                near = closest(str(name), known)
                meant = f"Did you mean `{near[0]}`?" if near else f"Known: {', '.join(known)}."
                raise self.error(f"There is no field `{name}` here. {meant}", mapping, name)


def read_question(node: Any, place: Place, theme: str) -> Question:
    """Return the question of a node. Raises ConfigError."""
    if not isinstance(node, CommentedMap):
        raise place.error("A question is a mapping with name, title and query.")
    place.refuse_unknown(node, _FIELDS + _FOREIGN_FIELDS)
    foreign = "id" in node
    name = _text(node, "id" if foreign else "name", place, required=True)
    if not foreign and not _SLUG.fullmatch(name):
        raise place.error(
            f"The name {name!r} is not of small letters, digits and single dashes.", node, "name"
        )
    queries = _queries(node, place)
    parameters = _parameters(node, place)
    if foreign:
        parameters += _implied(queries, parameters)
    question = Question(
        name,
        _text(node, "title", place, required=True),
        tuple(query for query, _ in queries),
        " ".join(_text(node, "description", place).split()),
        tuple(tag.casefold() for tag in _texts(node, "tags", place)),
        parameters,
        " ".join(_text(node, "empty", place).split()),
        theme,
        f"{place.source}:{place.line}",
    )
    _check_parameters(question, place)
    for query, where in queries:
        _check_query(query, question, where)
    return question


def _queries(node: CommentedMap, place: Place) -> list[tuple[NamedQuery, Place]]:
    """Return the queries, each with the place in front of its first line."""
    if "query" in node:
        text = _text(node, "query", place, required=True)
        return [(NamedQuery("answer", text), _before(node, place))]
    listed = node.get("queries")
    if not isinstance(listed, CommentedSeq) or not listed:
        raise place.error("A question has a `query` or a list of `queries`.", node, "queries")
    found: list[tuple[NamedQuery, Place]] = []
    for number, one in enumerate(listed):
        here = place.item(listed, number)
        if not isinstance(one, CommentedMap):
            raise here.error("A query of a list is a mapping with name and query.")
        here.refuse_unknown(one, _QUERY_FIELDS)
        name = _text(one, "name", here) or f"query{number + 1}"
        found.append((NamedQuery(name, _text(one, "query", here, required=True)), _before(one, here)))
    return found


def _before(node: CommentedMap, place: Place) -> Place:
    """Return the line above the query's first: a block begins below its key."""
    line = node.lc.value("query")[0]
    return replace(place, line=line + isinstance(node["query"], LiteralScalarString))


def _parameters(node: CommentedMap, place: Place) -> tuple[QuestionParameter, ...]:
    field = "variables" if "variables" in node else "parameters"
    listed = node.get(field, [])
    if not isinstance(listed, list):
        raise place.error(f"`{field}` is no list.", node, field)
    return tuple(_parameter(one, place.item(listed, number)) for number, one in enumerate(listed))


def _parameter(node: Any, place: Place) -> QuestionParameter:
    if not isinstance(node, CommentedMap):
        raise place.error("A parameter is a mapping with name and kind.")
    place.refuse_unknown(node, _PARAMETER_FIELDS)
    wanted = _text(node, "kind", place) or "string"
    kind = next((one for one in _KINDS if one == wanted), None)
    if kind is None:
        raise place.error(f"The kind {wanted!r} is none of {', '.join(_KINDS)}.", node, "kind")
    default = node.get("default")
    if default is not None and not _fits(default, kind):
        raise place.error(f"The default {default!r} is no {kind}.", node, "default")
    name = _text(node, "name", place, required=True)
    return QuestionParameter(name, kind, _text(node, "meaning", place), _plain(default))


def _fits(value: object, kind: ParameterKind) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    wanted = {"string": str, "number": int | float, "list": list}
    return kind in wanted and isinstance(value, wanted[kind])


def _plain(value: Any) -> Parameter | None:
    """Return a YAML value without what the library adds to remember its form."""
    if isinstance(value, list):
        return [_scalar(one) for one in value]
    return None if value is None else _scalar(value)


def _scalar(value: Any) -> str | int | float | bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    return float(value) if isinstance(value, float) else str(value)


def _implied(
    queries: list[tuple[NamedQuery, Place]], declared: tuple[QuestionParameter, ...]
) -> tuple[QuestionParameter, ...]:
    """Return the parameters that a foreign question uses without declaring them."""
    used = sorted({name for query, _ in queries for name in placeholders(query.text)})
    known = {one.name for one in declared}
    return tuple(QuestionParameter(name) for name in used if name not in known)


def _check_parameters(question: Question, place: Place) -> None:
    names = [one.name for one in question.parameters]
    if len(set(names)) != len(names):
        raise place.error(f"{question.name} declares a parameter twice.")
    used = {n for query in question.queries for n in variables(query.text) | placeholders(query.text)}
    for name in sorted(used - set(names)):
        if not name.startswith("param."):
            raise place.error(f"{question.name} uses the parameter {name!r}, which it does not declare.")
    for name in names:
        if name not in used:
            raise place.error(f"{question.name} declares the parameter {name!r}, which no query uses.")


def _check_query(query: NamedQuery, question: Question, before: Place) -> None:
    specimens = {
        one.name: _SPECIMENS[one.kind] if one.default is None else one.default for one in question.parameters
    }
    try:
        parse(fill(query.text, specimens))
    except QueryError as error:
        where = replace(before, line=before.line + error.line)
        raise where.error(f"The query {query.name!r} of {question.name}: {error.paragraph()}") from None


def _text(node: CommentedMap, name: str, place: Place, *, required: bool = False) -> str:
    value = node.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or not value.strip():
        missing = f"`{name}` is missing." if value is None else f"`{name}` is no text."
        raise place.error(missing, node, name)
    return value.rstrip("\n") if name == "query" else value.strip()


def _texts(node: CommentedMap, name: str, place: Place) -> list[str]:
    value = node.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise place.error(f"`{name}` is no list of texts.", node, name)
    return [str(one) for one in value]
