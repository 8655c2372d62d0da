"""The Bitbucket Cloud client: the only room that opens a socket to the source.

In: origins, consumers (key and secret), a call ledger. Out: wire structs and raw JSON bytes. May import
`errors`, `settings`, `observe` and `graph.values`.

Example::

    async with Client(origins, consumer, ledger=MemoryLedger()) as client:
        path, read = workspace_path("acme"), replies.decoder(Workspace)
        workspace = await client.get(path, read, endpoint=WORKSPACE, what="the workspace acme")
        listing = Listing(PROJECTS, f"{path}/projects")
        async for page in client.pages(listing, what="the projects of acme"):
            print(page.items)
"""
