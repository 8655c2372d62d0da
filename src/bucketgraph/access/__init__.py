"""Who may do what: bearer tokens of the API and roles.

In: tokens. Out: who asks, with which role. May import `store` and all below it.

Example::

    shown_once, row = create("ci", role="viewer")
    allowed(find(store, shown_once), "viewer")
"""
