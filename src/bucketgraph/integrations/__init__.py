"""Integrations: which Bitbucket is collected, with which credentials, when, and by which durable jobs.

In: names, workspaces, consumers, polling intervals. Out: stored configurations (secrets encrypted), clients, test
reports, runs that begin by themselves, their event logs.
May import `collect` and all below it.

Example::

    integration = registry.add(NewIntegration(name="acme", workspaces=("acme",), consumers=(consumer,)))
    report = await check(registry.clients(integration))
"""
