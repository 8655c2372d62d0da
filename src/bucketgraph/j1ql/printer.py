"""From syntax tree to text, one way of writing for everything: `parse(to_text(query)) == query`.

A column without an alias keeps its author's words, because they are its name.
"""

from __future__ import annotations

from decimal import Decimal
from functools import singledispatch
from typing import Final

from bucketgraph.j1ql.syntax import (
    And,
    Arithmetic,
    Call,
    Compare,
    Condition,
    Count,
    DateLiteral,
    DateNow,
    Duration,
    Expression,
    Hop,
    Literal,
    Member,
    Negate,
    Node,
    Not,
    Optional,
    Or,
    OrderKey,
    Parameter,
    Path,
    Placeholder,
    Query,
    Regex,
    ReturnItem,
    Selector,
    Tree,
    Undefined,
    ValueList,
)
from bucketgraph.j1ql.tokens import NAME, RESERVED

_STRENGTH: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 3}
_ARROWS: Final = {"any": "", "right": ">>", "left": "<<"}
_NOT_FIRST: Final = RESERVED | {"TREE", "DATE"}
"""Words that would be taken for something else as the first of a path."""


@singledispatch
def to_text(node: Node) -> str:
    """Return the canonical text of a query or any part of it."""
    raise TypeError(f"{type(node).__name__} has no text.")


def quoted(text: str) -> str:
    """Return a string as the printer writes it."""
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))


def _words(*words: str) -> str:
    return " ".join(word for word in words if word)


def _alias(alias: str | None) -> str:
    if alias is None:
        return ""
    plain = NAME.fullmatch(alias) and alias.upper() not in RESERVED
    return f"AS {alias if plain else quoted(alias)}"


# expressions -----------------------------------------------------------------------------------------


@to_text.register
def _literal(node: Literal) -> str:
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    return quoted(node.value) if isinstance(node.value, str) else _number(node.value)


def _number(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    digits = format(Decimal(repr(value)), "f")  # the language has no exponents
    return digits if "." in digits else f"{digits}.0"


@to_text.register
def _undefined(_: Undefined) -> str:
    return "undefined"


@to_text.register
def _regex(node: Regex) -> str:
    return f"/{node.pattern}/{node.flags}"


@to_text.register
def _date_now(_: DateNow) -> str:
    return "date.now"


@to_text.register
def _date_literal(node: DateLiteral) -> str:
    return f"date({node.text})"


@to_text.register
def _duration(node: Duration) -> str:
    return f"{_number(node.amount)} {node.unit}{'' if abs(node.amount) == 1 else 's'}"


@to_text.register
def _path(node: Path) -> str:
    first, *others = node.segments
    plain = NAME.fullmatch(first) and first.upper() not in _NOT_FIRST
    pieces = [first if plain else f"[{first}]"]
    pieces += [one if NAME.fullmatch(one) or _digits(one) else f"[{one}]" for one in others]
    return ".".join([*pieces, "*"] if node.star else pieces)


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


@to_text.register
def _parameter(node: Parameter) -> str:
    return f"${{{node.name}}}"


@to_text.register
def _placeholder(node: Placeholder) -> str:
    return f"{{{{{node.name}}}}}"


@to_text.register
def _negate(node: Negate) -> str:
    return f"-{_operand(node.operand)}"


def _operand(node: Expression) -> str:
    """Write what a minus stands in front of: a bare number would be taken for a negative one."""
    number = isinstance(node, Literal) and type(node.value) in {int, float}
    wrapped = number or isinstance(node, Arithmetic | Negate)
    return f"({to_text(node)})" if wrapped else to_text(node)


@to_text.register
def _arithmetic(node: Arithmetic) -> str:
    strength = _STRENGTH[node.op]
    left, right = _side(node.left, strength), _side(node.right, strength + 1)
    return f"{left} {node.op} {right}"


def _side(node: Expression, least: int) -> str:
    weaker = isinstance(node, Arithmetic) and _STRENGTH[node.op] < least
    return f"({to_text(node)})" if weaker else to_text(node)


@to_text.register
def _call(node: Call) -> str:
    return f"{node.name}({', '.join(to_text(one) for one in node.args)})"


# conditions ------------------------------------------------------------------------------------------


@to_text.register
def _value_list(node: ValueList) -> str:
    return f"({f' {node.op} '.join(to_text(one) for one in node.items)})"


@to_text.register
def _compare(node: Compare) -> str:
    return f"{to_text(node.left)} {node.op} {to_text(node.right)}"


@to_text.register
def _and(node: And) -> str:
    return " AND ".join(_grouped(one, (And, Or)) for one in node.items)


@to_text.register
def _or(node: Or) -> str:
    return " OR ".join(_grouped(one, (Or,)) for one in node.items)


def _grouped(node: Condition, kinds: tuple[type[Node], ...]) -> str:
    return f"({to_text(node)})" if isinstance(node, kinds) else to_text(node)


@to_text.register
def _not(node: Not) -> str:
    return f"NOT ({to_text(node.item)})"


# selectors, hops, query ------------------------------------------------------------------------------


@to_text.register
def _member(node: Member) -> str:
    return f"#{node.name}" if node.kind == "smart" else _bare_member(node)


def _bare_member(node: Member) -> str:
    return f"{{{{{node.name}}}}}" if node.kind == "placeholder" else node.name


@to_text.register
def _selector(node: Selector) -> str:
    smart = [f"#{name}" for name in node.smart_classes]
    condition = f"WITH {to_text(node.condition)}" if node.condition else ""
    return _words(*smart, _core(node), condition, _alias(node.alias))


def _core(node: Selector) -> str:
    if node.full_text is not None:
        return quoted(node.full_text)
    if not node.members:
        return "" if node.smart_classes else "*"
    joined = "|".join(to_text(one) for one in node.members)
    only = node.members[0]
    # A smart class alone would be a filter, and a type called `unique` the keyword.
    plain = len(node.members) == 1 and only.kind != "smart" and only.name.upper() != "UNIQUE"
    return joined if plain else f"({joined})"


@to_text.register
def _hop(node: Hop) -> str:
    verbs = "RELATES TO" if node.verbs is None else "|".join(node.verbs)
    if node.verbs is not None and len(node.verbs) > 1:
        verbs = f"({verbs})"
    # In parentheses a filter cannot run into the target behind it.
    condition = f"WITH ({to_text(node.condition)})" if node.condition else ""
    return _words(
        "THAT",
        f"!{verbs}" if node.negated else verbs,
        _ARROWS[node.direction],
        _alias(node.alias),
        condition,
        to_text(node.target),
    )


@to_text.register
def _optional(node: Optional) -> str:
    return _words(f"({' '.join(to_text(one) for one in node.steps)})?", _alias(node.alias))


@to_text.register
def _tree(_: Tree) -> str:
    return "TREE"


@to_text.register
def _return_item(node: ReturnItem) -> str:
    return node.text if node.alias is None else f"{to_text(node.expression)} {_alias(node.alias)}"


@to_text.register
def _order_key(node: OrderKey) -> str:
    return f"{to_text(node.expression)}{' DESC' if node.descending else ''}"


@to_text.register
def _query(node: Query) -> str:
    return _words(
        "FIND UNIQUE" if node.unique else "FIND",
        to_text(node.start),
        *(to_text(one) for one in node.steps),
        _clause("WHERE", node.where),
        _clause("RETURN", node.returns),
        _clause("HAVING", node.having),
        _clause("ORDER BY", node.order),
        _count("SKIP", node.skip),
        _count("LIMIT", node.limit),
    )


def _clause(keyword: str, content: Node | tuple[Node, ...] | None) -> str:
    if content is None or content == ():
        return ""
    nodes = content if isinstance(content, tuple) else (content,)
    return f"{keyword} {', '.join(to_text(one) for one in nodes)}"


def _count(keyword: str, count: Count | None) -> str:
    if count is None:
        return ""
    return f"{keyword} {count if isinstance(count, int) else to_text(count)}"
