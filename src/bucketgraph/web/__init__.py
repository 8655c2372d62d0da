"""The server's edge: the console's pages, the JSON API under `/api/v1`, health and metrics.

In: HTTP requests, with sessions of people or bearer tokens of programs. Out: HTML; JSON with one envelope for errors
and an OpenAPI document. May import `app` and all below it; never `cli`.

Example::

    site = create(app)
    uvicorn.run(site, host="127.0.0.1", port=8321)
"""
