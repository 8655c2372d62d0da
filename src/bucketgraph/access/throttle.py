"""Slowing down who guesses passwords, by account and by address, over all processes that share the store.

After a few failures each further one doubles the wait, up to a quarter of an hour; a try within the wait is not
looked at and makes it no longer. A day later a failure is forgotten, so no account is ever locked for good, and
one-time links (`bucketgraph user reset`) pass by all this. Every try is counted before the password is looked at, and
taken back when it was right, so many at once gain nothing.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from bucketgraph.errors import SignInRefused, TooManyTries
from bucketgraph.store.store import Store

KEEP_MS: Final = 86_400_000
LONGEST_MS: Final = 900_000
_FIRST_MS: Final = 1000
_MOST_DOUBLINGS: Final = 20
_A_HOME: Final = 64
"""Bits of an IPv6 address that say whose it is; the others are free to choose."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many failures are free."""

    account: int = 5
    address: int = 20


def delay_ms(failures: int, free: int) -> int:
    """Return how long to wait after so many failures, of which some are free."""
    if failures < free:
        return 0
    return min(LONGEST_MS, _FIRST_MS << min(failures - free, _MOST_DOUBLINGS))


@contextmanager
def attempt(store: Store, name: str, address: str, limits: Limits = Limits()) -> Iterator[None]:
    """Hold a try to sign in as `name` from a network address; SignInRefused from inside counts as a failure.

    Raises TooManyTries, which says how long to wait. `address` may be empty where it is not known.
    """
    account, origin = _key("account", name.strip().casefold()), _key("address", _home_of(address))
    free = {account: limits.account} | ({origin: limits.address} if address else {})
    wait = store.book_attempt(free, KEEP_MS, lambda failures, now: _wait_ms(failures, free, now))
    if wait > 0:
        raise _too_many(wait)
    try:
        yield
    except SignInRefused:
        raise
    except BaseException:
        store.unbook_attempt(forgive=(), take_back=tuple(free))
        raise
    store.unbook_attempt(forgive=(account,), take_back=(origin,) if address else ())


def forgive(store: Store, name: str) -> None:
    """Forget the failures of an account, as when an admin resets it."""
    store.forgive_attempts(_key("account", name.strip().casefold()))


def _wait_ms(failures: Mapping[str, tuple[int, int]], free: Mapping[str, int], now: int) -> int:
    """Return the longest wait that any key still asks for; a clock that was set back prolongs none."""
    waits = [
        min(delay_ms(number, free[key]), last + delay_ms(number, free[key]) - now)
        for key, (number, last) in failures.items()
    ]
    return max(waits, default=0)


def _key(kind: str, text: str) -> str:
    """Return what the store knows a name or address by: somebody may have typed a password for a name."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), person=kind.encode(), digest_size=16).hexdigest()


def _home_of(address: str) -> str:
    """Return an address, of IPv6 only the part that others gave it."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _A_HOME), strict=False))


def _too_many(wait_ms: int) -> TooManyTries:
    seconds = -(-wait_ms // 1000)
    return TooManyTries(
        f"Signing in failed too often; the next try counts in {_in_words(seconds)}.",
        hint="Wait, or ask an admin for a one-time link.",
        wait_seconds=seconds,
    )


def _in_words(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    if minutes == 0:
        return f"{rest} second{'s' if rest != 1 else ''}"
    minutes += rest > 0
    return f"{minutes} minute{'s' if minutes != 1 else ''}"
