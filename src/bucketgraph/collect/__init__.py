"""Collecting: turns what Bitbucket answers into published snapshots, one step a resource.

In: clients, a store, what to collect. Out: a run with its report. May import `bitbucket`, `store` and all
below them.

Example::

    collection = Collection(store, clients, Plan("integration-id", workspaces=("acme",)))
    run = await collection.run()
    print(run.status, run.report.counts)
"""
