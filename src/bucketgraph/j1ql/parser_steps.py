"""Selectors, hops and optional groups: all that stands between FIND and WHERE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from typing import Literal as OneOf

from bucketgraph.errors import QueryError
from bucketgraph.j1ql import foreign
from bucketgraph.j1ql.cursor import BORDERS, Cursor
from bucketgraph.j1ql.parser_conditions import property_condition
from bucketgraph.j1ql.parser_expressions import placeholder, string_value
from bucketgraph.j1ql.syntax import Condition, Hop, Member, Optional, Selector, Step
from bucketgraph.j1ql.tokens import RESERVED, Kind

_FILLER_HINT: Final = "An entity to find is expected: a class, a type, (A|B), #Name, a quoted text or *."
_ARROW_HINT: Final = "A direction stands behind the verb."
_RESUME: Final = BORDERS | {")"}
_BROKEN: Final = Selector()
"""Stands for a selector that could not be read; its error is reported, so no tree leaves the parser."""


# selectors -------------------------------------------------------------------------------------------


def selector(cursor: Cursor) -> Selector:
    """Read what to find, with its filter and alias in either order."""
    start = cursor.token.start
    smart = _smart_classes(cursor)
    members, full_text = _core(cursor, optional=bool(smart))
    condition, alias = _filter(cursor), _alias(cursor)
    if alias is not None and condition is None:
        condition = _filter(cursor)
    return Selector(members, full_text, smart, condition, alias, span=cursor.since(start))


def _smart_classes(cursor: Cursor) -> tuple[str, ...]:
    names: list[str] = []
    while cursor.accept("#"):
        names.append(_plain_name(cursor))
    return tuple(names)


def _core(cursor: Cursor, *, optional: bool) -> tuple[tuple[Member, ...], str | None]:
    """Read the members or the text; behind a smart class there may be neither."""
    token = cursor.token
    if token.kind is Kind.STRING:
        return (), string_value(cursor.advance())
    if cursor.accept("*"):
        return (), None
    if token.word == "(" and not cursor.next_at("THAT"):
        return _union(cursor), None
    is_name = token.kind is Kind.NAME and token.word not in RESERVED
    if optional and not is_name and token.kind is not Kind.PLACEHOLDER:
        return (), None
    single = (_member(cursor),)
    if cursor.at("|", ","):
        raise _bare_union(cursor)
    return single, None


def _bare_union(cursor: Cursor) -> QueryError:
    names = cursor.tokens[cursor.index - 1].text, cursor.peek().text
    union = f"({names[0]}|{names[1]})" if cursor.peek().kind is Kind.NAME else ""
    return cursor.unexpected(
        suggestions=(union,) if union else (), hint="Alternatives stand in parentheses: (A|B)."
    )


def _union(cursor: Cursor) -> tuple[Member, ...]:
    """Read `(A|b|#C)`; with a `*` among them anything will do, which is no member at all."""
    cursor.advance()
    members, anything = [_union_member(cursor)], False
    while cursor.accept("|"):
        members.append(_union_member(cursor))
    anything = None in members
    _close(cursor, "Alternatives are parted by |: (A|B).")
    return () if anything else tuple(one for one in members if one is not None)


def _close(cursor: Cursor, hint: str) -> None:
    if cursor.at(","):
        raise cursor.unexpected(suggestions=("|",), hint=hint)
    cursor.expect(")", hint=hint)


def _union_member(cursor: Cursor) -> Member | None:
    return None if cursor.accept("*") else _member(cursor)


def _member(cursor: Cursor) -> Member:
    start = cursor.token.start
    if cursor.accept("#"):
        return Member("smart", _plain_name(cursor), span=cursor.since(start))
    if cursor.token.kind is Kind.PLACEHOLDER:
        return Member("placeholder", placeholder(cursor).name, span=cursor.since(start))
    name = _plain_name(cursor)
    kind: OneOf["class", "type"] = "class" if name[0].isupper() else "type"
    return Member(kind, name, span=cursor.since(start))


def _plain_name(cursor: Cursor) -> str:
    if cursor.token.kind is not Kind.NAME or cursor.token.word in RESERVED:
        raise cursor.unexpected(hint=_FILLER_HINT)
    return cursor.advance().text


def _filter(cursor: Cursor) -> Condition | None:
    return property_condition(cursor) if cursor.accept("WITH") else None


def _alias(cursor: Cursor) -> str | None:
    return alias_name(cursor) if cursor.accept("AS") else None


def alias_name(cursor: Cursor) -> str:
    """Read the name behind AS."""
    token = cursor.token
    if token.kind is Kind.STRING:
        return string_value(cursor.advance())
    if token.word in RESERVED:
        cursor.advance()  # so that recovery does not take it for the clause
        hint = "A keyword as a name stands in quotes."
        raise cursor.unexpected(token, suggestions=(f"'{token.text}'",), hint=hint)
    if token.kind is not Kind.NAME:
        raise cursor.unexpected(hint="A name is expected behind AS.")
    return cursor.advance().text


# hops ------------------------------------------------------------------------------------------------


def steps(cursor: Cursor) -> tuple[Step, ...]:
    """Read hops and optional groups as long as there are any."""
    found: list[Step] = []
    while True:
        if cursor.at("THAT"):
            found.append(_guarded_hop(cursor))
        elif cursor.at("(") and cursor.next_at("THAT"):
            found.append(_optional(cursor))
        else:
            return tuple(found)


def _guarded_hop(cursor: Cursor) -> Hop:
    first = cursor.index
    try:
        return _hop(cursor)
    except QueryError as error:
        cursor.report(error)
        cursor.skip_to(_RESUME, since=first)
        return Hop(None, _BROKEN)


def _optional(cursor: Cursor) -> Optional:
    start = cursor.advance().start
    with cursor.nested():
        inside = steps(cursor)
    cursor.expect(")")
    cursor.expect("?", hint="A group of hops is optional, and says so by a question mark: (THAT HAS Group)?.")
    return Optional(inside, _alias(cursor), span=cursor.since(start))


@dataclass(slots=True)
class _Edge:
    """What stands between the verb and the target; each at most once, in any order."""

    filler: bool = False
    direction: OneOf["any", "right", "left"] = "any"
    alias: str | None = None
    condition: Condition | None = None


def _hop(cursor: Cursor) -> Hop:
    start = cursor.advance().start
    negated = cursor.accept("!") is not None
    verbs = _verbs(cursor)
    edge = _edge(cursor)
    target = selector(cursor)
    return Hop(verbs, target, negated, edge.direction, edge.alias, edge.condition, span=cursor.since(start))


def _edge(cursor: Cursor) -> _Edge:
    edge = _Edge()
    while True:
        if not edge.filler and cursor.accept("TO"):
            edge.filler = True
        elif edge.direction == "any" and (arrow := cursor.accept(">>", "<<")):
            edge.direction = "right" if arrow.word == ">>" else "left"
        elif edge.alias is None and cursor.accept("AS"):
            edge.alias = alias_name(cursor)
        elif edge.condition is None and cursor.accept("WITH"):
            edge.condition = _edge_filter(cursor)
        else:
            return edge


def _edge_filter(cursor: Cursor) -> Condition:
    cursor.on_edge = True
    try:
        return property_condition(cursor)
    finally:
        cursor.on_edge = False


def _verbs(cursor: Cursor) -> tuple[str, ...] | None:
    """Read one verb or several; None when RELATES TO, any verb, is among them."""
    if cursor.at(">>", "<<"):
        raise _arrow_too_early(cursor)
    if not cursor.accept("("):
        verb = _verb(cursor)
        return None if verb is None else (verb,)
    verbs = [_union_verb(cursor)]
    while cursor.accept("|"):
        verbs.append(_union_verb(cursor))
    _close(cursor, "Verbs are parted by |: (HAS|USES).")
    named = tuple(dict.fromkeys(one for one in verbs if one is not None))
    return named if None not in verbs else None


def _union_verb(cursor: Cursor) -> str | None:
    verb = _verb(cursor)
    cursor.accept("TO")
    return verb


def _verb(cursor: Cursor) -> str | None:
    if cursor.accept("RELATES"):
        cursor.expect("TO", hint="Any relationship is written RELATES TO.")
        return None
    token = cursor.token
    if token.word == "NOT":
        verb = cursor.peek()
        raise cursor.unexpected(suggestions=(f"!{verb.text}" if verb.kind is Kind.NAME else "!",))
    if token.kind is not Kind.NAME or token.word in RESERVED:
        raise cursor.unexpected(hint="A verb is expected, such as HAS, or RELATES TO for any.")
    return cursor.advance().word


def _arrow_too_early(cursor: Cursor) -> QueryError:
    verb = cursor.peek()
    meant = f"{verb.text} {cursor.token.text}"
    known = verb.kind is Kind.NAME and verb.word not in RESERVED
    return cursor.unexpected(suggestions=(meant,) if known else (), hint=_ARROW_HINT)


def missing_that(cursor: Cursor) -> QueryError:
    """Return the error for a token that no clause begins with, where a hop or clause may begin."""
    token = cursor.token
    if cursor.at(">>", "<<"):
        return cursor.unexpected(hint=_ARROW_HINT)
    if token.kind is not Kind.NAME or token.word in RESERVED:
        return cursor.unexpected(hint=foreign.MISPLACED.get(token.word, ""))
    known = ("WITH", "THAT", "WHERE", "RETURN", "HAVING", "ORDER BY", "SKIP", "LIMIT")
    error = cursor.advised(foreign.CLAUSES, known)
    if not error.suggestions and token.text.isupper() and len(token.text) > 1:
        return cursor.unexpected(suggestions=(f"THAT {token.text}",))
    return error
