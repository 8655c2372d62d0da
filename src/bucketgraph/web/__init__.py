"""The server's edge: the JSON API under `/api/v1`, health and metrics.

In: HTTP requests with bearer tokens. Out: JSON, one envelope for errors, an OpenAPI document.
May import `app` and all below it; never `cli`.

Example::

    site = create(app)
    uvicorn.run(site, host="127.0.0.1", port=8321)
"""
