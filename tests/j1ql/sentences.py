"""Hypothesis strategies for query texts: whole sentences of the grammar, spoilt ones, and rubbish."""

from __future__ import annotations

import re
from functools import cache

from hypothesis import strategies as st
from j1ql.grammar import grammar
from lark.lexer import PatternStr

BLANKS = st.sampled_from([" ", " ", " ", "\n", "\t ", " /* note */ ", "\n// note\n"])

_WORDS = {
    "NAME": "User bitbucket_user CodeRepo u pr x _class tag count date tree days min asd",
    "ANY_NAME": "name order limit _type x find now count",
    "FUNCTION": "COUNT count Sum CONCAT merge Coalesce ROUND",
    "FIXED_UNIT": "hours hr Days day minutes min weeks",
    "CALENDAR_UNIT": "month mos YEAR yrs",
    "INT": "0 1 7 24 3600000",
    "DECIMAL": "0.02 1.5 99.9",
}
_TEXTS = {
    "STRING": ["'a'", '"b c"', r"'it\'s'", r'"\d"', "“typo”", "''", "'{{x}}'", '"//"', "'/* */'"],
    "BRACKET": ["[tag.cost-center]", "[a b]", "[x]", "[order]"],
    "REGEX": ["/a/", "/^b\\//i", "/[/]x+/", "/(a|b)$/gi"],
    "DATE": ["date(2026)", "date( 2026-11 )", "DATE(2026-11-23)", "date(2026-11-23T10:20:30.5+01:00)"],
    "DATE_NOW": ["date.now", "Date.Now", "date . now"],
    "PARAMETER": ["${p}", "${ param.owner }"],
    "PLACEHOLDER": ["{{p}}", "{{ two words }}"],
}
_SAMPLES = {name: words.split() for name, words in _WORDS.items()} | _TEXTS


@cache
def _terminals() -> dict[str, list[str]]:
    """Return how each terminal may be written: from the samples, a literal mark, or a keyword."""
    written: dict[str, list[str]] = {"OPTION": ["("]}
    for terminal in grammar().terminals:
        pattern = terminal.pattern
        if isinstance(pattern, PatternStr):
            written[terminal.name] = [pattern.value]
        else:  # the pattern of a keyword is the word and a border
            word = pattern.value.split("\\b")[0]
            written.setdefault(terminal.name, _SAMPLES.get(terminal.name, [word, word.upper(), word.title()]))
    return written


Expansion = tuple[str, ...]


@cache
def _rules() -> dict[str, list[Expansion]]:
    """Return the expansions of every rule of the grammar."""
    rules: dict[str, list[Expansion]] = {}
    for rule in grammar().grammar.compile(["start"], ())[1]:
        rules.setdefault(rule.origin.name, []).append(tuple(symbol.name for symbol in rule.expansion))
    return rules


@cache
def _costs() -> dict[str, int]:
    """Return for every symbol how many tokens it takes at least."""
    costs = dict.fromkeys(_terminals(), 1)
    while len(costs) < len(_terminals()) + len(_rules()):
        for name, expansions in _rules().items():
            known = [
                sum(costs[one] for one in each) for each in expansions if all(one in costs for one in each)
            ]
            if known:
                costs[name] = min(known)
    return costs


def _cost(expansion: Expansion) -> int:
    return sum(_costs()[one] for one in expansion)


@st.composite
def sentences(draw: st.DrawFn, start: str = "start") -> str:
    """Return a text that the grammar derives, with blanks and comments between tokens.

    `hypothesis.extra.lark` does the same without a bound, and most of what it begins grows too large.
    """
    pieces: list[str] = []
    room = draw(st.integers(4, 60))
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in _terminals():
            pieces += draw(st.sampled_from(_terminals()[name])), draw(BLANKS)
            room -= 1
            continue
        left = room - sum(_costs()[one] for one in waiting)
        fitting = [each for each in _rules()[name] if _cost(each) <= left]
        waiting += reversed(draw(st.sampled_from(fitting or [min(_rules()[name], key=_cost)])))
    return "".join(pieces)


_PIECES = """
FIND UNIQUE User bitbucket_user * 'text' "text" # ( ) | ? ! THAT HAS RELATES TO >> << AS u WITH WHERE
name u.x [a-b] = != ~= !~= ^= $= > < >= <= 5 1.5 - + / ^ 'a' /re/i undefined true AND OR NOT , . days
date.now date(2026) RETURN TREE COUNT( u.* HAVING ORDER BY DESC SKIP LIMIT ${p} {{q}} ; null LIKE == <>
&& @ ' " [ { /* */ // \\ \u00e9 \U0001f600 \u201c date( date(x) -> 9999999999999999999999 in is (THAT )?
"""
PIECES = st.sampled_from([*_PIECES.split(), "\n"])
"""Tokens and half tokens of this language and of others."""


@st.composite
def soups(draw: st.DrawFn) -> str:
    """Return tokens thrown together, mostly behind a good beginning."""
    start = draw(st.sampled_from(["FIND User ", "FIND User WITH ", "FIND User THAT HAS x RETURN ", ""]))
    return start + draw(st.sampled_from([" ", ""])).join(draw(st.lists(PIECES, max_size=25)))


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """Return a sentence with a few tokens dropped, doubled, swapped or replaced."""
    tokens = re.findall(r"\s+|'[^']*'|\"[^\"]*\"|\[[^\]]*\]|[\w.]+|[!~^$<>]?=|>>|<<|.", draw(sentences()))
    for _ in range(draw(st.integers(1, 3))):
        if not tokens:
            break
        at = draw(st.integers(0, len(tokens) - 1))
        match draw(st.sampled_from(["drop", "double", "swap", "replace", "cut"])):
            case "drop":
                del tokens[at]
            case "double":
                tokens.insert(at, tokens[at])
            case "swap":
                tokens[at], tokens[-1] = tokens[-1], tokens[at]
            case "replace":
                tokens[at] = f" {draw(PIECES)} "
            case _:
                del tokens[at:]
    return "".join(tokens)
