"""The vocabulary of the graph: values, entities, records, the schema catalogue and the diff.

In: plain Python values. Out: sealed records and changes. Imports `errors` only; pure: no event loop, no
database, no socket.

Example::

    entity = Entity("{uuid}", "bitbucket_repo", {"displayName": "payments-api"})
    sealed = seal(Record(entity.key, entity))
    changes = diff({}, {sealed.key: sealed.digest}, whole=True)
    assert changes.created == {"{uuid}"}
"""
