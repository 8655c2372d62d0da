"""Integrations: which Bitbucket is collected, what of it, with which credentials, when, and by which durable jobs.

In: what a person enters. Out: stored configurations (secrets encrypted), clients, reports of tests, costs, freshness,
runs that begin by themselves, their event logs.
May import `collect` and all below it.

Example::

    integration = registry.add(NewIntegration(name="acme", workspaces=("acme",), consumers=(consumer,)))
    report = await check(registry.clients(integration))
"""
