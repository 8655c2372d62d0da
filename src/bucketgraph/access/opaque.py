"""Random texts that open something: what a cookie or a one-time link holds. The store knows their hashes alone.

Each is a prefix and 43 random characters (256 bits), so SHA-256 needs neither salt nor slow hashing, and the log
knows them by their prefix and strikes them out.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Final

_FORM: Final = re.compile(r"bg[a-z]_[A-Za-z0-9_-]{43}")
_BYTES: Final = 32

SESSION: Final = "bgs_"
VISIT: Final = "bgv_"
LINK: Final = "bgl_"


def make(prefix: str) -> str:
    """Return a new random text with a prefix."""
    return prefix + secrets.token_urlsafe(_BYTES)


def digest(text: str | None, prefix: str) -> str | None:
    """Return the hash that the store knows a text by; None for what cannot be one of a prefix."""
    if text is None or not text.startswith(prefix) or not _FORM.fullmatch(text):
        return None
    return hashlib.sha256(text.encode()).hexdigest()
