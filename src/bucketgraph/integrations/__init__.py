"""Integrations: which Bitbucket is collected, with which credentials, when, and what of it.

In: what a person enters. Out: stored configurations (secrets encrypted), clients, reports of tests, costs, freshness.
May import `collect` and all below it.

Example::

    integration = registry.add(NewIntegration(name="acme", workspaces=("acme",), consumers=(consumer,)))
    report = await check(registry.clients(integration))
"""
