"""The query language J1QL, from text to syntax tree and back.

In: the text of a query. Out: a `syntax.Query`, or `QueryError`s that know where they happened. Imports
`errors` and `graph` only; pure: no event loop, no database, no socket.

Example::

    query = parser.parse("find bitbucket_repo with public = true as r return r.name")
    assert query.start.members[0].name == "bitbucket_repo"
    assert printer.to_text(query).startswith("FIND bitbucket_repo WITH public = true AS r")
    whole, errors = parser.parse_all("FIND User WITH name LIKE 'a' AND state IN ('b')")
    assert [error.suggestions[0] for error in errors] == ["~=", '= ("..." OR "...")']
"""
