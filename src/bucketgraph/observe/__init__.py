"""Logging: what the program says of itself, on standard error, never with a secret in it.

In: a level. Out: configured structlog. May import `errors` only.

Example::

    configure("info")
    structlog.get_logger().info("run started", integration="acme")
"""
