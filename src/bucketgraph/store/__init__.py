"""The store: keeps the graph with all its history in SQLite (PostgreSQL follows).

In: snapshots of sealed records. Out: rows, counts, the change feed. The only room that imports SQLAlchemy;
it never calls the source. May import `j1ql.known`, `graph`, `observe`, `settings`, `errors`.

Example::

    store = Store.open("sqlite:////home/me/.local/share/bucketgraph/graph.db", catalogue)
    with store.writing() as tx:
        report = tx.publish(Publication("integration-id", run_id=1, snapshots=(snapshot,)))
    print(store.counts())
"""
