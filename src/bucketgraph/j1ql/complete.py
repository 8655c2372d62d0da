"""What may be typed next in a query, be it whole, broken or half-written. Never raises.

Candidates that begin with what is typed come first, then those of which a later word does:
`repo` finds `bitbucket_repo`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from bucketgraph.graph.schema import Catalogue
from bucketgraph.j1ql.complete_place import Named, Place, Reader, Types
from bucketgraph.j1ql.dates import UNITS
from bucketgraph.j1ql.functions import ROWS as FUNCTION_ROWS
from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.operators import ROWS as OPERATOR_ROWS
from bucketgraph.j1ql.syntax import Span
from bucketgraph.j1ql.tokens import NAME, RESERVED, Kind, Token, tokenize
from bucketgraph.j1ql.vocabulary import PropertyWord, Vocabulary

CompletionKind: TypeAlias = Literal[
    "keyword", "class", "type", "verb", "property", "operator", "value", "alias", "function", "unit"
]


@dataclass(frozen=True, slots=True)
class Completion:
    """One candidate: what to write over `replace`, of which kind it is, and a few words about it."""

    text: str
    kind: CompletionKind
    detail: str
    replace: Span


@dataclass(frozen=True, slots=True)
class _Candidate:
    text: str
    kind: CompletionKind
    detail: str = ""


_MEANINGS: Final = {
    "FIND": "begins a query",
    "UNIQUE": "drops rows that are equal",
    "WITH": "filters by properties",
    "AS": "gives a name",
    "THAT": "goes over a relationship",
    "(THAT": "an optional part: (THAT …)?",
    "WHERE": "filters whole paths",
    "RETURN": "chooses columns",
    "TREE": "the graph of all that matched",
    "HAVING": "filters finished rows",
    "ORDER BY": "sorts",
    "ASC": "the least first",
    "DESC": "the greatest first",
    "SKIP": "leaves out the first rows",
    "LIMIT": "ends after so many rows",
    "AND": "both hold",
    "OR": "one of them holds",
    "NOT": "the opposite of what stands in parentheses",
    "RELATES TO": "any relationship",
    ">>": "only along the relationship",
    "<<": "only against the relationship",
    "*": "any entity",
}
_AFTER: Final = {
    "FIND": ("WHERE", "RETURN", "ORDER BY", "SKIP", "LIMIT"),
    "WHERE": ("RETURN", "ORDER BY", "SKIP", "LIMIT"),
    "RETURN": ("HAVING", "ORDER BY", "SKIP", "LIMIT"),
    "HAVING": ("ORDER BY", "SKIP", "LIMIT"),
    "ORDER": ("SKIP", "LIMIT"),
    "SKIP": ("LIMIT",),
    "LIMIT": (),
}
_BEGUN_OPERATORS: Final = frozenset({"!", "~", "^", "$", "!~", "!^", "!$"})
_PARTS: Final = re.compile(r"(?<=_)|(?<=[a-z0-9])(?=[A-Z])|(?<=\.)")


def complete(
    text: str, offset: int, known: KnownGraph, catalogue: Catalogue | None = None
) -> list[Completion]:
    """Return what may stand at an offset of a text, the likeliest first."""
    offset = max(0, min(offset, len(text)))
    tokens = tokenize(text[:offset])[:-1]
    if _inside_quiet(text[:offset], tokens):
        return []
    before, path, word = _split(tokens, offset)
    reader = Reader(Vocabulary.of(known, catalogue))
    for token in before:
        reader.read(token)
    start = word.start if word else offset
    replace = Span(start, _end_of_word(text, offset))
    typed = text[start:offset]
    return _fitting(_candidates(reader, path), typed, replace)


def _inside_quiet(head: str, tokens: list[Token]) -> bool:
    """Tell whether the place is inside a quoted text, a number, a parameter or a comment: nothing to offer."""
    if not tokens:
        return head.lstrip().startswith("//")
    last = tokens[-1]
    if last.end == len(head) and last.kind in {Kind.STRING, Kind.NUMBER, Kind.REGEX, Kind.DATE, Kind.BAD}:
        return last.text not in _BEGUN_OPERATORS
    return head[last.end :].rpartition("\n")[2].lstrip().startswith("//") and "\n" in head[last.end :]


def _split(tokens: list[Token], offset: int) -> tuple[list[Token], tuple[str, ...], Token | None]:
    """Return the tokens in front, the segments of a path up to its last dot, and the word being typed."""
    end = len(tokens)
    word = tokens[-1] if tokens and tokens[-1].end == offset and _is_word(tokens[-1]) else None
    end -= word is not None
    segments: list[str] = []
    while end > 1 and tokens[end - 1].word == "." and tokens[end - 2].kind in {Kind.NAME, Kind.BRACKET}:
        segments.insert(0, tokens[end - 2].text.strip("[]"))
        end -= 2
    return tokens[:end], tuple(segments), word


def _is_word(token: Token) -> bool:
    return token.kind is Kind.NAME or token.text in _BEGUN_OPERATORS


def _end_of_word(text: str, offset: int) -> int:
    found = re.compile(r"[A-Za-z0-9_]*").match(text, offset)
    return found.end() if found else offset


def _fitting(candidates: Iterable[_Candidate], typed: str, replace: Span) -> list[Completion]:
    wanted = typed.casefold()
    ranked: dict[str, tuple[int, _Candidate]] = {}
    for one in candidates:
        rank = _rank(one.text, wanted)
        if rank is not None:
            ranked.setdefault(one.text, (rank, one))
    chosen = sorted(ranked.values(), key=lambda pair: pair[0])
    return [Completion(one.text, one.kind, one.detail, replace) for _, one in chosen]


def _rank(text: str, wanted: str) -> int | None:
    folded = text.casefold()
    if folded.startswith(wanted):
        return 0
    parts = {match.start() for match in _PARTS.finditer(text)}
    return 1 if any(folded.startswith(wanted, part) for part in parts) else None


# what stands where -----------------------------------------------------------------------------------


def _candidates(reader: Reader, path: tuple[str, ...]) -> Iterator[_Candidate]:
    if path:
        yield from _behind_dot(reader, path)
        return
    yield from _OFFERS[reader.place](reader)


def _keywords(*words: str) -> Iterator[_Candidate]:
    for word in words:
        yield _Candidate(word, "keyword", _MEANINGS[word])


def _next_clauses(reader: Reader) -> Iterator[_Candidate]:
    yield from _keywords(*_AFTER[reader.clause])


def _start(_reader: Reader) -> Iterator[_Candidate]:
    yield from _keywords("FIND")


def _entities(reader: Reader) -> Iterator[_Candidate]:
    if reader.last is not None and reader.last.word == "FIND":
        yield from _keywords("UNIQUE")
    words = reader.words
    near = _reached(reader) if reader.clause == "FIND" and reader.place is not Place.START else frozenset()
    ranked = sorted(words.types.values(), key=lambda one: (one.name not in near, one.name))
    classes = words.classes()
    order = sorted(classes, key=lambda name: (not any(one.name in near for one in classes[name]), name))
    for connected in (True, False):
        for one in ranked:
            if (one.name in near) == connected:
                yield _Candidate(one.name, "type", one.meaning or ", ".join(one.classes))
        for name in order:
            members = classes[name]
            if any(one.name in near for one in members) == connected:
                yield _Candidate(name, "class", ", ".join(sorted(one.name for one in members)))
    yield from _keywords("*")


def _reached(reader: Reader) -> frozenset[str]:
    """Return the types that the hop being written can lead to; none in front of the first hop."""
    if reader.verbs == frozenset():
        return frozenset()
    found: set[str] = set()
    for edge in reader.words.edges:
        if reader.verbs is not None and edge.verb not in reader.verbs:
            continue
        if reader.direction != "<<" and (reader.left is None or edge.from_type in reader.left):
            found.add(edge.to_type)
        if reader.direction != ">>" and (reader.left is None or edge.to_type in reader.left):
            found.add(edge.from_type)
    return frozenset(found)


def _after_entity(reader: Reader) -> Iterator[_Candidate]:
    yield from _keywords("WITH", "THAT", "AS", "(THAT")
    yield from _next_clauses(reader)


def _verbs(reader: Reader) -> Iterator[_Candidate]:
    near = {one.verb for one in reader.words.touching(reader.left)}
    for name, edges in sorted(reader.words.verbs().items(), key=lambda pair: (pair[0] not in near, pair[0])):
        told = sorted(f"{one.from_type} to {one.to_type}" for one in edges)
        yield _Candidate(name, "verb", "; ".join(told))
    yield from _keywords("RELATES TO")


def _after_verb(reader: Reader) -> Iterator[_Candidate]:
    yield from _entities(reader)
    yield from _keywords(">>", "<<", "AS", "WITH")


def _properties(reader: Reader) -> Iterator[_Candidate]:
    if reader.clause == "WHERE":
        yield from _aliases(reader)
    elif reader.clause == "HAVING":
        yield from (_Candidate(_quoted(name), "alias", "a column") for name in reader.columns)
    elif reader.edge_filter:
        yield from _written(reader.words.edge_properties(reader.verbs or None))
    else:
        yield from _written(reader.words.properties(reader.current or None))
    yield from _keywords("NOT")


def _behind_dot(reader: Reader, path: tuple[str, ...]) -> Iterator[_Candidate]:
    if path == ("date",) and reader.place in {Place.VALUE, Place.PROPERTY, Place.ITEM}:
        yield _Candidate("now", "value", "the moment of asking")
    if reader.clause == "FIND":
        prefix, named = ".".join(path), Named(reader.edge_filter, _subject_types(reader))
    else:
        prefix, named = ".".join(path[1:]), reader.names.get(path[0], Named(edge=False, of=None))
    start = f"{prefix}." if prefix else ""
    offered = _of(reader, named)
    rest = {n.removeprefix(start): word for n, word in offered.items() if n.startswith(start)}
    yield from _written(rest)
    if reader.clause == "RETURN" and not prefix:
        yield _Candidate("*", "property", "a column for every property")


def _subject_types(reader: Reader) -> Types:
    return (reader.verbs if reader.edge_filter else reader.current) or None


def _of(reader: Reader, named: Named) -> dict[str, PropertyWord]:
    words = reader.words
    return words.edge_properties(named.of or None) if named.edge else words.properties(named.of or None)


def _written(properties: dict[str, PropertyWord]) -> Iterator[_Candidate]:
    for name, word in properties.items():
        plain = all(NAME.fullmatch(part) for part in name.split("."))
        told = f"{word.kind} · {word.meaning}" if word.meaning else word.kind
        yield _Candidate(name if plain else f"[{name}]", "property", told)


def _operators(reader: Reader) -> Iterator[_Candidate]:
    for row in OPERATOR_ROWS:
        yield _Candidate(row.text, "operator", row.meaning)
    if not reader.subject:
        yield from _keywords("AND", "OR")


def _values(reader: Reader) -> Iterator[_Candidate]:
    kind = _kind_of_subject(reader)
    if kind in {"boolean", ""}:
        yield _Candidate("true", "value")
        yield _Candidate("false", "value")
    if kind in {"time", "number", ""}:
        yield _Candidate("date.now", "value", "the moment of asking; date.now - 30 days")
    yield _Candidate("undefined", "value", "no such property")
    if reader.clause == "WHERE":
        yield from _aliases(reader)


def _kind_of_subject(reader: Reader) -> str:
    """Return the kind of the property in front of the operator; empty where it is not known."""
    subject = reader.subject
    if not subject:
        return ""
    if reader.clause == "FIND":
        offered, name = _of(reader, Named(reader.edge_filter, _subject_types(reader))), ".".join(subject)
    elif subject[0] in reader.names:
        offered, name = _of(reader, reader.names[subject[0]]), ".".join(subject[1:])
    else:
        return ""
    kind = offered[name].kind if name in offered else ""
    return kind if kind in {"boolean", "time", "number", "string", "list"} else ""


def _after_value(reader: Reader) -> Iterator[_Candidate]:
    if reader.last is not None and reader.last.kind is Kind.NUMBER:
        for spelling in dict.fromkeys(UNITS.values()):
            yield _Candidate(f"{spelling}s", "unit", "added to or taken from a date")
    yield from _keywords("AND", "OR")
    if reader.clause == "FIND" and not reader.lists:
        yield from _keywords("THAT", "AS", "(THAT")
    if not reader.lists:
        yield from _next_clauses(reader)


def _aliases(reader: Reader) -> Iterator[_Candidate]:
    for name, named in reader.names.items():
        told = ", ".join(sorted(named.of)) if named.of else "anything"
        yield _Candidate(_quoted(name), "alias", f"{'relationship' if named.edge else 'entity'}: {told}")


def _quoted(name: str) -> str:
    return name if NAME.fullmatch(name) and name.upper() not in RESERVED else f"[{name}]"


def _items(reader: Reader) -> Iterator[_Candidate]:
    if reader.clause == "ORDER":
        yield from (_Candidate(_quoted(name), "alias", "a column") for name in reader.columns)
    yield from _aliases(reader)
    for row in FUNCTION_ROWS:
        yield _Candidate(row.name, "function", row.meaning)
    if reader.last is not None and reader.last.word == "RETURN":
        yield from _keywords("TREE")


def _after_item(reader: Reader) -> Iterator[_Candidate]:
    yield from _keywords("ASC", "DESC") if reader.clause == "ORDER" else _keywords("AS")
    yield from _next_clauses(reader)


def _by(_reader: Reader) -> Iterator[_Candidate]:
    yield _Candidate("BY", "keyword", "sorts")


def _nothing(_reader: Reader) -> Iterator[_Candidate]:
    return iter(())


_OFFERS: Final[dict[Place, Callable[[Reader], Iterator[_Candidate]]]] = {
    Place.START: _start,
    Place.ENTITY: _entities,
    Place.MORE_ENTITIES: _nothing,
    Place.AFTER_ENTITY: _after_entity,
    Place.VERB: _verbs,
    Place.MORE_VERBS: _nothing,
    Place.AFTER_VERB: _after_verb,
    Place.NEW_NAME: _nothing,
    Place.PROPERTY: _properties,
    Place.OPERATOR: _operators,
    Place.VALUE: _values,
    Place.AFTER_VALUE: _after_value,
    Place.ITEM: _items,
    Place.AFTER_ITEM: _after_item,
    Place.AFTER_COLUMN: _next_clauses,
    Place.BY: _by,
    Place.COUNT: _nothing,
    Place.AFTER_COUNT: _next_clauses,
}
