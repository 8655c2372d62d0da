"""Integrations: which Bitbucket is collected, with which credentials.

In: names, workspaces, consumers. Out: stored configurations (secrets encrypted), clients, test reports.
May import `collect` and all below it.

Example::

    integration = registry.add(NewIntegration(name="acme", workspaces=("acme",), consumers=(consumer,)))
    report = await check(registry.clients(integration))
"""
