"""The Bitbucket Cloud client: the only room that opens a socket to the source.

In: origins, consumers (key and secret), a call ledger. Out: wire structs and raw JSON bytes. May import
`errors`, `settings`, `observe` and `graph.values`.

Example::

    async with Client(origins, consumer, ledger=MemoryLedger()) as client:
        workspace = await client.get("/2.0/workspaces/acme", decode(Workspace), endpoint=WORKSPACE)
        async for page in client.pages(repositories("acme")):
            for item in page:
                print(item.raw)
"""
