"""Logging set-up: structlog to standard error, with secrets struck out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET = re.compile(
    r"(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+|(access_token|secret|password)=[^&\s]+", re.IGNORECASE
)


def configure(level: str) -> None:
    """Log to standard error from the given level on (`debug`, `info`, `warning`, `error`)."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            strike_out,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def strike_out(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace tokens and secrets in every logged text."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _SECRET.sub("[struck out]", value)
    return event
