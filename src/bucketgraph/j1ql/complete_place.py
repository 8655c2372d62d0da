"""Where a half-written query stands: which kind of word may come next, and what is named so far.

It reads tokens, not a tree, because what is being typed seldom parses. A word that makes no sense is passed
over; there is always a place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import ClassVar, Final

from bucketgraph.j1ql.functions import FUNCTIONS
from bucketgraph.j1ql.operators import OPERATORS
from bucketgraph.j1ql.tokens import RESERVED, Kind, Token
from bucketgraph.j1ql.vocabulary import Vocabulary

Types = frozenset[str] | None
"""Names of types; None: any."""


class Place(Enum):
    """Which kind of word may come next."""

    START = auto()
    ENTITY = auto()
    MORE_ENTITIES = auto()  # inside (A|B), behind a name
    AFTER_ENTITY = auto()
    VERB = auto()
    MORE_VERBS = auto()
    AFTER_VERB = auto()
    NEW_NAME = auto()
    PROPERTY = auto()
    OPERATOR = auto()
    VALUE = auto()
    AFTER_VALUE = auto()
    ITEM = auto()
    AFTER_ITEM = auto()
    AFTER_COLUMN = auto()  # behind its name
    BY = auto()
    COUNT = auto()
    AFTER_COUNT = auto()


@dataclass(frozen=True, slots=True)
class Named:
    """What an alias stands for: entities of types or, with `edge`, relationships by verbs (None: any)."""

    edge: bool
    of: Types


CLAUSES: Final = ("WHERE", "RETURN", "HAVING", "ORDER", "SKIP", "LIMIT")
_LITERALS: Final = frozenset(
    {Kind.STRING, Kind.NUMBER, Kind.REGEX, Kind.DATE, Kind.PARAMETER, Kind.PLACEHOLDER, Kind.BRACKET}
)


@dataclass
class Reader:
    """Reads the tokens in front of the word being typed, one by one.

    `clause` is FIND while selectors and hops are read, else the clause's word. `left` are the types that a
    hop begins at, `current` those of the selector being read, `verbs` the verbs of the hop being read, and
    `subject` the path in front of an operator.
    """

    words: Vocabulary
    clause: str = "FIND"
    place: Place = Place.START
    current: Types = None
    left: Types = None
    verbs: Types = None
    direction: str = ""
    edge_filter: bool = False
    fresh: bool = True
    lists: int = 0
    names: dict[str, Named] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)
    subject: tuple[str, ...] = ()
    last: Token | None = None
    _depth: list[bool] = field(default_factory=list)
    _groups: list[Types] = field(default_factory=list)
    _single: str = ""  # the one name of the selector being read, which names it by default
    _naming: str = "entity"

    def read(self, token: Token) -> None:
        """Take in the next token."""
        if token.word in CLAUSES and self.place is not Place.NEW_NAME:
            self._begin(token.word)
        elif token.word == "THAT" and self.clause == "FIND":
            self._hop(token)
        else:
            self._readers[self.place](self, token)
        self.last = token

    def _begin(self, word: str) -> None:
        self._name_default()
        self.clause, self.lists = word, 0
        self._depth.clear()
        self.place = {
            "RETURN": Place.ITEM,
            "ORDER": Place.BY,
            "SKIP": Place.COUNT,
            "LIMIT": Place.COUNT,
        }.get(word, Place.PROPERTY)

    def _hop(self, _token: Token) -> None:
        self._name_default()
        if self.last is not None and self.last.word == "(":
            self._groups.append(self.current)
        self.left = self.current
        self.verbs, self.direction, self.edge_filter = frozenset(), "", False
        self.lists = 0
        self._depth.clear()
        self.place = Place.VERB

    # selectors and hops ------------------------------------------------------------------------------

    def _start(self, token: Token) -> None:
        if token.word == "FIND":
            self.place = Place.ENTITY
        elif token.kind is Kind.STRING:
            self.current, self.place = None, Place.AFTER_ENTITY

    def _entity(self, token: Token) -> None:
        if token.word in {"UNIQUE", "(", "#"}:
            return
        if token.kind is Kind.NAME and token.word not in RESERVED:
            self._member(token.text)
        elif token.word == "*" or token.kind in {Kind.STRING, Kind.PLACEHOLDER}:
            self.current, self.fresh, self.place = None, False, Place.AFTER_ENTITY
        elif token.word in {"WITH", "AS"}:
            self._after_entity(token)

    def _member(self, name: str) -> None:
        smart = self.last is not None and self.last.word == "#"
        found = None if smart else self.words.named(name)
        several = self.last is not None and self.last.word in {"(", "|"}
        if self.fresh or self.current is None or found is None:
            self.current = found
        else:
            self.current |= found
        self._single = "" if several or smart else name
        self.fresh = False
        self.place = Place.MORE_ENTITIES if several else Place.AFTER_ENTITY

    def _more_entities(self, token: Token) -> None:
        if token.word == "|":
            self.place = Place.ENTITY
        elif token.word == ")":
            self.place = Place.AFTER_ENTITY
        else:
            self._after_entity(token)

    def _after_entity(self, token: Token) -> None:
        if token.word == "WITH":
            self.place, self.edge_filter = Place.PROPERTY, False
        elif token.word == "AS":
            self.place, self._naming = Place.NEW_NAME, "entity"
        elif token.word == "?" and self._groups:
            before = self._groups.pop()
            self._name_default()
            self.current = None if before is None or self.current is None else before | self.current
        elif token.kind is Kind.NAME and token.word not in RESERVED:
            self._member(token.text)

    def _verb(self, token: Token) -> None:
        if token.word in {"!", "("}:
            return
        if token.word == "RELATES":
            self.verbs, self.place = None, Place.AFTER_VERB
        elif token.kind is Kind.NAME and token.word not in RESERVED:
            self.verbs = None if self.verbs is None else self.verbs | {token.word}
            several = self.last is not None and self.last.word in {"(", "|"}
            self.place = Place.MORE_VERBS if several else Place.AFTER_VERB
        self.fresh = True

    def _more_verbs(self, token: Token) -> None:
        if token.word == "|":
            self.place = Place.VERB
        elif token.word == ")":
            self.place = Place.AFTER_VERB

    def _after_verb(self, token: Token) -> None:
        if token.word == "TO":
            return
        if token.word in {">>", "<<"}:
            self.direction = token.word
        elif token.word == "AS":
            self.place, self._naming = Place.NEW_NAME, "edge"
        elif token.word == "WITH":
            self.place, self.edge_filter = Place.PROPERTY, True
        else:
            if self.verbs is not None and len(self.verbs) == 1:
                self.names.setdefault(next(iter(self.verbs)), Named(edge=True, of=self.verbs))
            self.place = Place.ENTITY
            self._entity(token)

    def _new_name(self, token: Token) -> None:
        name = token.text[1:-1] if token.kind is Kind.STRING else token.text
        if self.clause == "RETURN":
            self.columns.append(name)
            self.place = Place.AFTER_COLUMN
        elif self._naming == "edge":
            self.names[name] = Named(edge=True, of=self.verbs)
            self.place = Place.AFTER_VERB
        else:
            self.names[name] = Named(edge=False, of=self.current)
            self._single = ""
            self.place = Place.AFTER_ENTITY

    def _name_default(self) -> None:
        if self._single and self.clause == "FIND":
            self.names.setdefault(self._single, Named(edge=False, of=self.current))
            self._single = ""

    # conditions --------------------------------------------------------------------------------------

    def _property(self, token: Token) -> None:
        if token.word in {"(", "NOT", "!", "-"} or token.word in {"AND", "OR"}:
            self._open(token, values=False)
        elif token.word == ")":
            self._close()
        elif token.kind in {Kind.NAME, Kind.BRACKET}:
            self.subject, self.place = (_segment(token),), Place.OPERATOR
        elif token.kind in _LITERALS:
            self.subject, self.place = (), Place.OPERATOR

    def _operator(self, token: Token) -> None:
        if token.word in OPERATORS:
            self.place = Place.VALUE
        elif self.last is not None and self.last.word == ".":
            self.subject += (_segment(token),)
        elif token.word in {"+", "-", "*", "/", "^"}:
            self.place = Place.PROPERTY
        elif token.word in {"AND", "OR", ")", "AS", "("}:
            self._after_value(token)

    def _value(self, token: Token) -> None:
        if token.word == "(":
            self._open(token, values=True)
        elif token.word == ")":
            self._close()
        elif token.word not in {"-", "NOT", "!"}:
            self.place = Place.AFTER_VALUE

    def _after_value(self, token: Token) -> None:
        if token.word in {"AND", "OR", ","}:
            self.place = Place.VALUE if self.lists else Place.PROPERTY
        elif token.word in {"+", "-", "*", "/", "^"}:
            self.place = Place.VALUE
        elif token.word == ")":
            self._close()
        elif token.word == "AS" and self.clause == "FIND":
            self.place, self._naming = Place.NEW_NAME, "edge" if self.edge_filter else "entity"
        elif self.clause == "FIND" and self.edge_filter and self._is_entity(token):
            self.place = Place.ENTITY
            self._entity(token)

    def _is_entity(self, token: Token) -> bool:
        named = token.kind is Kind.NAME and bool(self.words.named(token.text))
        return named or token.word == "*"

    def _open(self, token: Token, *, values: bool) -> None:
        if token.word == "(":
            self._depth.append(values)
            self.lists += values

    def _close(self) -> None:
        if self._depth:
            self.lists -= self._depth.pop()
            self.place = Place.AFTER_VALUE
        else:  # the end of an optional group
            self.place = Place.AFTER_ENTITY

    # columns and keys --------------------------------------------------------------------------------

    def _item(self, token: Token) -> None:
        if token.kind is Kind.NAME and token.word in FUNCTIONS:
            return
        if token.word in {"(", "-", ","}:
            return
        self.place = Place.AFTER_ITEM

    def _after_item(self, token: Token) -> None:
        if token.word in {",", "+", "-", "*", "/", "^", "("}:
            self.place = Place.ITEM
        elif token.word == "AS":
            self.place = Place.NEW_NAME

    def _by(self, token: Token) -> None:
        if token.word == "BY":
            self.place = Place.ITEM

    def _count(self, _token: Token) -> None:
        self.place = Place.AFTER_COUNT

    def _after_count(self, _token: Token) -> None:
        return

    _readers: ClassVar = {
        Place.START: _start,
        Place.ENTITY: _entity,
        Place.MORE_ENTITIES: _more_entities,
        Place.AFTER_ENTITY: _after_entity,
        Place.VERB: _verb,
        Place.MORE_VERBS: _more_verbs,
        Place.AFTER_VERB: _after_verb,
        Place.NEW_NAME: _new_name,
        Place.PROPERTY: _property,
        Place.OPERATOR: _operator,
        Place.VALUE: _value,
        Place.AFTER_VALUE: _after_value,
        Place.ITEM: _item,
        Place.AFTER_ITEM: _after_item,
        Place.AFTER_COLUMN: _after_item,
        Place.BY: _by,
        Place.COUNT: _count,
        Place.AFTER_COUNT: _after_count,
    }


def _segment(token: Token) -> str:
    return token.text[1:-1] if token.kind is Kind.BRACKET else token.text
