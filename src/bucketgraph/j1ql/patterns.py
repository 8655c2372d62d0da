"""Regular expressions of a query. RE2 runs them, in time linear in the text, whatever the pattern.

So there is no look-ahead and no back-reference, and no pattern that runs away.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import re2  # type: ignore[import-untyped]  # the wheel carries no types

KNOWN_FLAGS: Final = frozenset("gimsu")
"""Flags that may be written; `g` and `u` change nothing here, because a search is global and Unicode."""

_KEPT = frozenset("ims")
_MEMORY = 4 << 20


class Pattern(Protocol):
    """A compiled expression."""

    def search(self, text: str) -> Any:
        """Return a truthy match if it occurs anywhere in the text, else None."""


def normal_flags(flags: str) -> str:
    """Return the flags that matter, each once, in alphabetical order."""
    return "".join(sorted(_KEPT & set(flags)))


def problem(pattern: str) -> str:
    """Say what is wrong with a pattern; empty when it is fine."""
    try:
        compile_pattern(pattern, "")
    except re2.error as error:
        what = error.args[0]
        return what.decode(errors="replace") if isinstance(what, bytes) else str(what)
    return ""


def compile_pattern(pattern: str, flags: str) -> Pattern:
    """Compile a pattern that has no `problem`."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    compiled: Pattern = re2.compile(f"(?{flags}){pattern}" if flags else pattern, options)
    return compiled
