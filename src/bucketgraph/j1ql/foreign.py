"""What people write who know another query language, and how J1QL says it."""

from __future__ import annotations

from typing import Final, NamedTuple


class Advice(NamedTuple):
    """What to write instead, and why or how in a sentence."""

    instead: str
    hint: str = ""


_LIST: Final = '= ("..." OR "...")'
_NO_LIST: Final = '!= ("..." OR "...")'

OPERATORS: Final = {
    "LIKE": Advice("~=", "~= contains, ^= starts with, $= ends with; there is no wildcard."),
    "ILIKE": Advice("~=", "~= /text/i finds a text in any letter case."),
    "RLIKE": Advice("~=", "~= /text/i finds a text in any letter case."),
    "CONTAINS": Advice("~="),
    "INCLUDES": Advice("~="),
    "MATCHES": Advice("~=", "A regular expression is written ~= /text/i."),
    "STARTS": Advice("^="),
    "STARTSWITH": Advice("^="),
    "ENDS": Advice("$="),
    "ENDSWITH": Advice("$="),
    "IN": Advice(_LIST),
    "NOT": Advice("!=", 'The negated operators are !=, !~=, !^= and !$=; "not in" is != ("..." OR "...").'),
    "NOT IN": Advice(_NO_LIST),
    "NOT LIKE": Advice("!~="),
    "NOT CONTAINS": Advice("!~="),
    "IS": Advice("= undefined"),
    "IS NOT": Advice("!= undefined"),
    "ISNULL": Advice("= undefined"),
    "EXISTS": Advice("!= undefined"),
    "BETWEEN": Advice(">=", "A range is two comparisons: x >= 1 AND x <= 5."),
    "EQUALS": Advice("="),
    "EQ": Advice("="),
    "NEQ": Advice("!="),
    "NE": Advice("!="),
    "GT": Advice(">"),
    "GTE": Advice(">="),
    "LT": Advice("<"),
    "LTE": Advice("<="),
}
"""Where an operator is expected."""

MARKS: Final = {
    "==": Advice("="),
    "===": Advice("="),
    "!==": Advice("!="),
    "<>": Advice("!="),
    "=>": Advice(">="),
    "=<": Advice("<="),
    "=~": Advice("~="),
    "!~": Advice("!~="),
    "&&": Advice("AND"),
    "||": Advice("OR"),
    "->": Advice(">>", "A direction stands behind the verb: THAT HAS >> Group."),
}
"""Signs that no query holds."""

VALUES: Final = {
    "NULL": Advice("undefined"),
    "NIL": Advice("undefined"),
    "NONE": Advice("undefined"),
}
"""Where a value is expected."""

CLAUSES: Final = {
    "SELECT": Advice("FIND"),
    "MATCH": Advice("FIND"),
    "GET": Advice("FIND"),
    "SHOW": Advice("FIND"),
    "DISTINCT": Advice("FIND UNIQUE"),
    "UNIQUE": Advice("FIND UNIQUE"),
    "FILTER": Advice("WITH"),
    "WHICH": Advice("THAT"),
    "WHO": Advice("THAT"),
    "OFFSET": Advice("SKIP"),
    "TOP": Advice("LIMIT"),
    "FETCH": Advice("LIMIT"),
    "SORT": Advice("ORDER BY"),
    "ORDERBY": Advice("ORDER BY"),
    "GROUP BY": Advice(
        "RETURN", "Columns without an aggregate are the grouping keys: RETURN p.name, COUNT(r)."
    ),
    "COLLECT": Advice("RETURN"),
    "OPTIONAL": Advice("(THAT ...)?", "An optional part is written (THAT HAS Group)?."),
}
"""Where a clause or a hop is expected."""

MISPLACED: Final = {
    "WITH": "Conditions are joined by AND, in one WITH behind what they filter.",
    "THAT": "Hops stand in front of all clauses.",
    "AS": "There is one name for a thing, behind AS.",
    ",": "A comma parts columns, keys, arguments and values.",
    "/": "A comment inside a line is written /* ... */.",
    ")": "No parenthesis is open here.",
    "?": "A question mark stands behind the parenthesis of an optional part: (THAT HAS Group)?.",
    "(": "An optional part begins with THAT: (THAT HAS Group)?.",
}
"""What to say of marks and keywords that are right elsewhere."""

WHOLE_COUNT: Final = Advice("COUNT(alias)", "COUNT takes the name of what is counted: COUNT(u).")
