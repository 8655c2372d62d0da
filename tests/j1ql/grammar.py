"""The normative grammar as a judge: does a text belong to the language? Knows nothing of our parser."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from bucketgraph.j1ql.dates import parse_date
from bucketgraph.j1ql.functions import FUNCTIONS
from bucketgraph.j1ql.patterns import problem

Node = Tree[Token] | Token
TAKES_REGEX = {"=", "!=", "~=", "!~="}


@cache
def grammar() -> Lark:
    """Return the grammar, built once."""
    source = Path(__file__).with_name("j1ql.lark").read_text()
    return Lark(source, parser="lalr", lexer="contextual", propagate_positions=True)


def belongs(text: str) -> bool:
    """Tell whether a text is a query: by the grammar, and by what stands above it in words."""
    try:
        tree = grammar().parse(text)
    except UnexpectedInput:
        return False
    return not any(objections(tree))


def objections(tree: Tree[Token]) -> Iterator[str]:
    """Yield what the grammar's opening comment refuses."""
    for one in tree.iter_subtrees():
        match str(one.data):
            case "with" | "edge_with":
                yield from _two_properties(one)
            case "comparison" | "edge_comparison":
                yield from _misplaced_regex(one)
            case "limit" | "skip":
                yield from _bad_count(one)
            case "number" | "duration":
                yield from _bad_number(one)
            case "call":
                yield from _bad_arity(one)
    for token in _tokens(tree):
        yield from _bad_token(token)


def _two_properties(tree: Tree[Token]) -> Iterator[str]:
    for one in tree.iter_subtrees():
        if one.data in {"comparison", "edge_comparison"} and all(map(_names_property, _sides(one))):
            yield "two properties"


def _sides(comparison: Tree[Token]) -> tuple[list[Node], list[Node]]:
    children = comparison.children
    at = next(n for n, child in enumerate(children) if isinstance(child, Tree) and child.data == "operator")
    return children[:at], children[at + 1 :]


def _names_property(side: list[Node]) -> bool:
    return any(isinstance(one, Tree) and any(one.find_data("path")) for one in side)


def _misplaced_regex(comparison: Tree[Token]) -> Iterator[str]:
    operator = next(comparison.find_data("operator")).children[0]
    values = _sides(comparison)[1]
    regex = any(token.type == "REGEX" for one in values for token in _tokens(one))
    if regex and str(operator) not in TAKES_REGEX:
        yield "regex"


def _bad_count(clause: Tree[Token]) -> Iterator[str]:
    least = 1 if clause.data == "limit" else 0
    if any(not least <= int(one) <= 2**53 - 1 for one in _tokens(clause) if one.type == "INT"):
        yield "count"


def _bad_number(number: Tree[Token]) -> Iterator[str]:
    if any(int(one) > 2**63 - 1 for one in _tokens(number) if one.type == "INT"):
        yield "number"


def _bad_arity(call: Tree[Token]) -> Iterator[str]:
    name, *arguments = call.children
    if not FUNCTIONS[str(name).upper()].takes(len(arguments)):
        yield "arity"


def _bad_token(token: Token) -> Iterator[str]:
    if token.type == "DATE" and parse_date(token[token.index("(") + 1 : -1].strip()) is None:
        yield "date"
    if token.type == "REGEX" and problem(token[1 : token.rindex("/")]):
        yield "pattern"


def _tokens(node: Node) -> Iterator[Token]:
    if isinstance(node, Token):
        yield node
    else:
        yield from node.scan_values(lambda value: isinstance(value, Token))
