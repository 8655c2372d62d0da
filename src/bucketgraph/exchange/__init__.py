"""Exchange: graphs come from and go to folders in JupiterOne's `.j1-integration` layout, and backups.

In: a folder, an archive, or a store. Out: a run of an import, a folder, or an archive. A room beside `integrations`: it
asks no source and knows no credentials. May import `collect.steps`, `store`, `graph`, `errors`.

Example::

    graph = read_graph(Path("github/.j1-integration"))
    run = publish(store, "import-id", graph)
    print(run.status, run.report.problems)
    export(store, Path("out"), ["import-id"])
"""
