"""A store with a clock that stands still, and passwords whose hashes cost next to nothing."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from bucketgraph.access import accounts, sessions
from bucketgraph.access.passwords import Passwords
from bucketgraph.access.roles import Role
from bucketgraph.access.sessions import Limits, Started
from bucketgraph.collect.steps import CATALOGUE
from bucketgraph.store.rows import AccountRow
from bucketgraph.store.store import Store

A_SECOND, A_MINUTE, AN_HOUR, A_DAY = 1000, 60_000, 3_600_000, 86_400_000
GOOD = "violet-otter-harvest-29"
OTHER = "granite lantern mosaic"
CHEAP = {"time_cost": 1, "memory_mib": 8 / 1024, "parallelism": 1}


@dataclass
class Clock:
    """A clock that goes when it is told to."""

    now: int = 1_790_000_000_000

    def __call__(self) -> int:
        """Return the time in epoch ms."""
        return self.now


@functools.cache
def _empty() -> bytes:
    """Return an empty database: making one for each test would take most of the time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.db"
        Store.open(f"sqlite:///{path}", CATALOGUE).close()
        return path.read_bytes()


@dataclass
class House:
    """A store on a real file, with what is needed to come in."""

    path: Path
    clock: Clock = field(default_factory=Clock)
    limits: Limits = field(default_factory=lambda: Limits(8 * AN_HOUR, 14 * A_DAY))
    passwords: Passwords = field(default_factory=lambda: Passwords(**CHEAP))

    def __post_init__(self) -> None:
        """Make the file, and open it."""
        if not self.path.exists():
            self.path.write_bytes(_empty())
        self.store = Store.open(f"sqlite:///{self.path}", CATALOGUE, clock=self.clock)

    def account(self, name: str, role: Role = "viewer", *, password: str | None = GOOD) -> AccountRow:
        """Add an account."""
        return accounts.create(self.store, name, role, password=password, passwords=self.passwords)

    def sign_in(self, account: AccountRow, **options: str) -> Started:
        """Begin a session."""
        return sessions.start(self.store, account, self.limits, **options)

    def check(self, name: str, password: str = GOOD, address: str = "192.0.2.1") -> AccountRow:
        """Check a name and password."""
        return accounts.check_password(self.store, name, password, address=address, passwords=self.passwords)

    def bytes(self) -> bytes:
        """Return all that the store has written anywhere."""
        return b"".join(file.read_bytes() for file in self.path.parent.glob(f"{self.path.name}*"))
