"""Passwords: which are good enough, and their Argon2id hashes."""

from __future__ import annotations

import re
import secrets
import string
import threading
import unicodedata
from functools import cached_property
from itertools import pairwise
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bucketgraph.errors import ConfigError

SHORTEST: Final = 12
LONGEST: Final = 1024
_FEWEST_DIFFERENT: Final = 5
_AT_ONCE: Final = 4
_LONG_ENOUGH_TO_NOTICE: Final = 4
_MIB: Final = 1024
_ROWS: Final = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm",
                "qwertzuiop", "azertyuiop")  # fmt: skip
_NO_LETTERS: Final = re.compile(r"[\W\d_]+")
_ABOUT: Final = string.digits + string.punctuation + " "
_LEET: Final = str.maketrans("013457@$!", "oieastasi")
_COMMON: Final = frozenset(
    {
        "password", "passwort", "passw", "motdepasse", "contrasena", "welcome", "willkommen",
        "bienvenue", "admin", "administrator", "root", "user", "login", "letmein",
        "changeme", "changeit", "secret", "default", "temp", "temporary", "test",
        "testing", "demo", "guest", "master", "access", "trustno", "iloveyou",
        "sunshine", "princess", "dragon", "monkey", "football", "baseball", "superman",
        "batman", "qwerty", "qwertyuiop", "azerty", "qwertz", "asdfgh", "asdfghjkl",
        "zxcvbnm", "summer", "winter", "spring", "autumn", "monday", "january",
        "company", "internet", "computer", "starwars", "whatever", "correcthorsebatterystaple", "bucketgraph",
        "bitbucket", "atlassian", "jira", "security", "service", "account",
    }
)  # fmt: skip
"""Words that, with figures and signs about them or twice, make the commonest of long passwords."""


class Passwords:
    """Makes and checks hashes. Safe for several threads; only a few are worked on at once, for the memory's sake."""

    def __init__(self, *, time_cost: int = 3, memory_mib: float = 64, parallelism: int = 4) -> None:
        """Take Argon2id's parameters; the defaults are RFC 9106's second choice."""
        self._hasher = PasswordHasher(time_cost, int(memory_mib * _MIB), parallelism)
        self._turn = threading.BoundedSemaphore(_AT_ONCE)

    def hash(self, password: str) -> str:
        """Return the hash to be stored of a password."""
        with self._turn:
            return self._hasher.hash(_bytes(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Tell whether a password is that of a hash.

        Where there is no hash, as much work is done, so that the time tells nobody which names exist.
        """
        with self._turn:
            decoy = self._decoy
            if len(password) > LONGEST:
                stored, password = None, ""
            try:
                self._hasher.verify(decoy if stored is None else stored, _bytes(password))
            except (VerificationError, InvalidHashError):
                return False
            return stored is not None

    def outdated(self, stored: str) -> bool:
        """Tell whether a hash was made with other parameters than these."""
        return self._hasher.check_needs_rehash(stored)

    @cached_property
    def _decoy(self) -> str:
        return self._hasher.hash(secrets.token_hex())


def check_strength(password: str, *, about: tuple[str, ...] = ()) -> None:
    """Raise ConfigError for a password that is too short, too long, among the commonest or made of known names.

    `about` holds what others know of its owner: name, e-mail address.
    """
    text = _canonical(password)
    if len(text) < SHORTEST:
        raise ConfigError(
            f"The password is too short: {SHORTEST} characters are the least.",
            hint="A few words that do not belong together make a good one.",
        )
    if len(text) > LONGEST:
        raise ConfigError(
            f"The password is too long: {LONGEST} characters are the most.", hint="Choose a shorter one."
        )
    if _is_common(text):
        raise ConfigError(
            "The password is among the first that anybody would try.",
            hint="A few words that do not belong together make a good one.",
        )
    if any(_names(text, known) for known in about):
        raise ConfigError(
            "The password holds the account's name or address.", hint="Choose one that says nothing of you."
        )


def _canonical(password: str) -> str:
    """Return a password as it is hashed: the same, however a keyboard composes its characters."""
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    return _canonical(password).encode("utf-8", "surrogatepass")


def _is_common(text: str) -> bool:
    lower = text.casefold()
    if len(set(lower)) < _FEWEST_DIFFERENT or _is_run(lower):
        return True
    undone = lower.strip(_ABOUT).translate(_LEET)
    cores = {_NO_LETTERS.sub("", lower), _NO_LETTERS.sub("", undone)}
    return any(_is_made_of(core, _COMMON) for core in cores if core)


def _is_run(text: str) -> bool:
    """Tell whether a text goes along a keyboard's row, the alphabet or the figures all the way."""
    known = {pair for row in _ROWS for line in (row, row[::-1]) for pair in pairwise(line)}
    breaks = sum((a, b) not in known for a, b in pairwise(text))
    return breaks <= len(text) // 6


def _is_made_of(core: str, words: frozenset[str]) -> bool:
    """Tell whether a text is nothing but such words, one after the other."""
    reached = {0}
    for end in range(1, min(len(core), LONGEST) + 1):
        if any(end - len(word) in reached and core.endswith(word, 0, end) for word in words):
            reached.add(end)
    return len(core) in reached


def _names(text: str, known: str) -> bool:
    """Tell whether a name, or what stands before an address's @, makes out much of a password."""
    name = known.casefold().partition("@")[0]
    if len(name) < _LONG_ENOUGH_TO_NOTICE:
        return text.casefold() == known.casefold()
    return name in text.casefold() or name in text.casefold().translate(_LEET)
