"""Logging set-up: structlog to standard error, with secrets struck out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_NAMES = r"(?:access_|refresh_)token|(?:client_|oauth_)?secret(?:_key)?|password|authorization"
_NAMED = re.compile(rf"{_NAMES}|(?:\w+_)?token", re.IGNORECASE)
_SECRET = re.compile(
    rf"""(?:{_NAMES})["']?\s*[:=,]\s*(?:b(?=["']))?(?:"[^"]*"|'[^']*'|(?:(?:Bearer|Basic)\s+)?[^\s&"'),}}\]]+)"""
    r"""|(?:Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+"""
    r"""|bg[a-z]?_[A-Za-z0-9_-]{43}"""
    r"""|(?<=://)[^/\s:@"']*:[^/\s@"']+(?=@)""",
    re.IGNORECASE,
)
_STRUCK_OUT = "[struck out]"


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
    """Replace tokens and secrets in everything logged; what holds one is logged as text."""
    for name, value in event.items():
        text = value if isinstance(value, str) else repr(value)
        struck = _STRUCK_OUT if _names_a_secret(name, value) else _SECRET.sub(_STRUCK_OUT, text)
        if struck != text:
            event[name] = struck
    return event


def _names_a_secret(name: str, value: Any) -> bool:
    return isinstance(value, str | bytes) and _NAMED.fullmatch(name) is not None


class _Forwarding(logging.Handler):
    """Hands what a library logs to structlog, where secrets are struck out."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record's message, with its traceback where it has one."""
        more = {"exc_info": record.exc_info} if record.exc_info and record.exc_info[0] else {}
        structlog.get_logger().log(record.levelno, record.getMessage(), logger=record.name, **more)


def adopt(name: str, level: int = logging.WARNING) -> None:
    """Let a library that logs by the standard module, under a name, do so through ours, from a level on."""
    logger = logging.getLogger(name)
    if not any(isinstance(handler, _Forwarding) for handler in logger.handlers):
        logger.addHandler(_Forwarding())
    logger.propagate = False
    logger.setLevel(level)
