"""Form tokens: a form is obeyed only from the browser whose session, or visit before it, it was made for.

The token is derived from the cookie, so nothing is stored, and masked anew for each form, so that no two answers
repeat it (which compression could give away). Before somebody is signed in, a *visit* cookie stands for the session:
so nobody can be made to sign in as somebody else.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Final

from bucketgraph.access import opaque
from bucketgraph.errors import StaleForm

FIELD: Final = "csrf"
"""The name of the form's field; programs in the page send the header `X-CSRF-Token`."""
_LENGTH: Final = hashlib.sha256().digest_size


def visit() -> str:
    """Return what the cookie of somebody who is not signed in holds."""
    return opaque.make(opaque.VISIT)


def is_visit(cookie: str | None) -> bool:
    """Tell whether a cookie can be one that `visit` made."""
    return opaque.digest(cookie, opaque.VISIT) is not None


def token(cookie: str) -> str:
    """Return a token for a form of this session or visit."""
    mask = secrets.token_bytes(_LENGTH)
    return base64.urlsafe_b64encode(mask + _xor(mask, _secret(cookie))).decode()


def check(cookie: str | None, given: str | None) -> None:
    """Raise StaleForm unless a token was made for this session or visit; compared in constant time."""
    if not cookie or not given or not hmac.compare_digest(_unmasked(given), _secret(cookie)):
        raise StaleForm(
            "This form is of another session, or too old.",
            hint="Load the page again and send it once more; nothing was changed.",
        )


def _secret(cookie: str) -> bytes:
    return hmac.digest(cookie.encode(), b"csrf", "sha256")


def _unmasked(given: str) -> bytes:
    try:
        raw = base64.b64decode(given.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
    return _xor(raw[:_LENGTH], raw[_LENGTH:]) if len(raw) == 2 * _LENGTH else b""


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
