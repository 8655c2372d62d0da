"""Exchange: graphs come from and go to folders in the `.j1-integration` layout of JupiterOne's integrations.

In: a folder, or a store. Out: a run of an import, or a folder. A room beside `integrations`: it asks no source
and knows no credentials. May import `collect.steps`, `store`, `graph`, `errors`.

Example::

    graph = read_graph(Path("github/.j1-integration"))
    run = publish(store, "import-id", graph)
    print(run.status, run.report.problems)
    export(store, Path("out"), ["import-id"])
"""
