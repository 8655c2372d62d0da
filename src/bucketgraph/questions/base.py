"""A question, its parameters, and what is asked when it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bucketgraph.j1ql.results import Parameter

ParameterKind: TypeAlias = Literal["string", "number", "boolean", "list"]


@dataclass(frozen=True, slots=True)
class QuestionParameter:
    """What may be chosen when a question is run; without a default it must be."""

    name: str
    kind: ParameterKind = "string"
    meaning: str = ""
    default: Parameter | None = None


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """One query of a question. `${name}` and `{{name}}` stand for parameters."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question in plain words with the queries that answer it.

    `empty` says what it means when nothing is found, `theme` what its file is about, `source` where it stands.
    """

    name: str
    title: str
    queries: tuple[NamedQuery, ...]
    description: str = ""
    tags: tuple[str, ...] = ()
    parameters: tuple[QuestionParameter, ...] = ()
    empty: str = ""
    theme: str = ""
    source: str = field(default="", compare=False)

    def mentions(self, words: str) -> bool:
        """Tell whether all the words stand in its name, title, description or tags, in any letter case."""
        told = " ".join((self.name, self.title, self.description, *self.tags)).casefold()
        return all(word in told for word in words.casefold().split())


@dataclass(frozen=True, slots=True)
class Asked:
    """A query that is ready to be asked: placeholders filled, `${name}` left to its variables."""

    name: str
    text: str
    variables: Mapping[str, Parameter]
