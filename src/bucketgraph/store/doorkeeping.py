"""What the store keeps of the people who sign in: accounts, sessions, links, failed tries, their notebooks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager

from sqlalchemy import Connection

from bucketgraph.errors import Conflict
from bucketgraph.store import accounts, notebook, sessions, tokens
from bucketgraph.store.rows import AccountRow, AskedQuery, LinkRow, Purpose, SavedQuestion, SessionRow


class Doorkeeping(ABC):
    """The part of the store that knows who may come in. The store itself says how to read and write.

    A `link` is the hash of a one-time link that is used up in the same transaction as what it allows: if the one
    fails, so does the other. SpentLink is raised for one that is used, over or for something else.
    """

    _clock: Callable[[], int]

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Connection]:
        """Hold the write lock in one transaction."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Connection]:
        """Read in one transaction."""

    def now(self) -> int:
        """Return the time by the store's clock, in epoch ms."""
        return self._clock()

    def accounts(self) -> list[AccountRow]:
        """Return all accounts by name."""
        with self._reading() as connection:
            return accounts.read(connection)

    def account(self, account_id: str) -> AccountRow | None:
        """Return an account, or None."""
        with self._reading() as connection:
            return accounts.find(connection, account_id)

    def account_named(self, name: str) -> AccountRow | None:
        """Return the account of a name, in whatever case, or None."""
        with self._reading() as connection:
            return accounts.named(connection, name)

    def account_of_identity(self, issuer: str, subject: str) -> AccountRow | None:
        """Return the account of who an identity provider says somebody is, or None."""
        with self._reading() as connection:
            return accounts.of_identity(connection, issuer, subject)

    def has_accounts(self) -> bool:
        """Tell whether anybody can be known here at all."""
        with self._reading() as connection:
            return accounts.number(connection) > 0

    def add_account(self, row: AccountRow) -> None:
        """Insert an account; raises Conflict when its name is taken."""
        with self._writing() as connection:
            accounts.add(connection, row)

    def add_first_account(self, row: AccountRow, *, link: str) -> None:
        """Insert the very first account by a link for that; raises Conflict when there is another by now."""
        with self._writing() as connection:
            accounts.spend(connection, link, ("setup",), self._clock())
            if accounts.number(connection):
                raise Conflict("There is an account here already.", hint="Sign in with it, or ask its owner.")
            accounts.add(connection, row)

    def set_role(self, account_id: str, role: str) -> AccountRow | None:
        """Give an account another role; None for one that is not there. Raises Conflict for the last admin."""
        with self._writing() as connection:
            return accounts.change(connection, account_id, self._clock(), role=role)

    def set_email(self, account_id: str, email: str) -> AccountRow | None:
        """Give an account another address; None for one that is not there."""
        with self._writing() as connection:
            return accounts.change(connection, account_id, self._clock(), email=email)

    def set_disabled(self, account_id: str, *, disabled: bool) -> AccountRow | None:
        """Close an account, ending its sessions and links, or open it again. Raises Conflict for the last admin."""
        with self._writing() as connection:
            now = self._clock()
            if disabled:
                _end_all(connection, account_id)
                accounts.void_links(connection, account_id)
            return accounts.change(connection, account_id, now, disabled_on=now if disabled else None)

    def set_password(self, account_id: str, digest: str, *, but: str = "") -> AccountRow | None:
        """Store a password's hash and end all sessions of the account but one; void its links."""
        with self._writing() as connection:
            return self._set_password(connection, account_id, digest, but=but)

    def set_password_by_link(self, link: str, digest: str) -> AccountRow | None:
        """Do the same by a link that invites to an account or resets it; None when the account is gone."""
        with self._writing() as connection:
            found = accounts.spend(connection, link, ("invite", "reset"), self._clock())
            return self._set_password(connection, found.account_id or "", digest)

    def renew_password(self, account_id: str, old: str, new: str) -> None:
        """Store the same password's hash of better parameters, unless the password was changed meanwhile."""
        with self._writing() as connection:
            found = accounts.find(connection, account_id)
            if found is not None and found.password_hash == old:
                accounts.change(connection, account_id, self._clock(), password_hash=new)

    def remove_account(self, account_id: str) -> bool:
        """Delete an account with sessions, links, tokens and what it kept for itself; tell whether there was one.

        Raises Conflict for the last admin.
        """
        with self._writing() as connection:
            sessions.remove_all(connection, account_id)
            notebook.forget_account(connection, account_id)
            tokens.remove_all(connection, account_id)
            return accounts.remove(connection, account_id)

    def add_link(self, row: LinkRow) -> None:
        """Store a one-time link in place of the unused ones for the same."""
        with self._writing() as connection:
            accounts.add_link(connection, row)

    def find_link(self, digest: str) -> LinkRow | None:
        """Return the link of a hash, whether used or not, or None."""
        with self._reading() as connection:
            return accounts.find_link(connection, digest)

    def spend_link(self, digest: str, *purposes: Purpose) -> LinkRow:
        """Use a link up and return it."""
        with self._writing() as connection:
            return accounts.spend(connection, digest, purposes, self._clock())

    def use_once(self, digest: str, *, expires_on: int) -> bool:
        """Note that something which holds until a moment (epoch ms) was used; tell whether it is the first time."""
        with self._writing() as connection:
            now = self._clock()
            accounts.forget_links(connection, now)
            if accounts.find_link(connection, digest) is not None:
                return False
            accounts.add_link(connection, LinkRow(digest, "oidc", "", None, now, expires_on, now))
            return True

    def add_session(self, row: SessionRow, *, idle_ms: int, instead_of: str = "") -> None:
        """Store a session in place of another one, and note that its account signed in."""
        with self._writing() as connection:
            sessions.remove(connection, instead_of)
            sessions.add(connection, row, idle_ms=idle_ms)
            accounts.signed_in(connection, row.account_id, row.created_on)

    def find_session(self, digest: str) -> tuple[SessionRow, AccountRow] | None:
        """Return the session of a hash with its account; None where the account ended it, or there is none."""
        with self._reading() as connection:
            return sessions.find(connection, digest)

    def sessions_of(self, account_id: str) -> list[SessionRow]:
        """Return an account's sessions, the last seen first."""
        with self._reading() as connection:
            return sessions.of_account(connection, account_id)

    def touch_session(self, digest: str) -> None:
        """Note that a session was used just now."""
        with self._writing() as connection:
            sessions.touch(connection, digest, self._clock())

    def remove_session(self, digest: str) -> bool:
        """Delete a session; tell whether there was one."""
        with self._writing() as connection:
            return sessions.remove(connection, digest)

    def end_sessions(self, account_id: str) -> int:
        """End all sessions of an account, those that are just beginning too, and return how many there were."""
        with self._writing() as connection:
            return _end_all(connection, account_id)

    def book_attempt(
        self, keys: Collection[str], keep_ms: int, decide: Callable[[dict[str, tuple[int, int]], int], int]
    ) -> int:
        """Count a failed sign-in for each key, if `decide` says that nobody has to wait, in one transaction.

        `decide` is given by key how many failed within `keep_ms` and when the last one did, and the time; it and
        this return how long to wait, in ms.
        """
        with self._writing() as connection:
            now = self._clock()
            wait = decide(sessions.failures(connection, keys, now - keep_ms), now)
            if wait <= 0:
                sessions.fail(connection, keys, now, keep_ms=keep_ms)
            return wait

    def attempts(self, keys: Collection[str], keep_ms: int) -> dict[str, tuple[int, int]]:
        """Return by key how many sign-ins failed within `keep_ms`, and when the last one did (epoch ms)."""
        with self._reading() as connection:
            return sessions.failures(connection, keys, self._clock() - keep_ms)

    def forgive_attempts(self, key: str) -> None:
        """Forget the failed sign-ins of a key."""
        with self._writing() as connection:
            sessions.forgive(connection, key)

    def unbook_attempt(self, *, forgive: Collection[str], take_back: Collection[str]) -> None:
        """A sign-in that was counted did not fail: forget all failures of some keys, and one of the others."""
        with self._writing() as connection:
            for key in forgive:
                sessions.forgive(connection, key)
            for key in take_back:
                sessions.take_back(connection, key)

    def save_question(self, row: SavedQuestion) -> None:
        """Store a question anew or for the first time; raises Conflict when its owner has one of the same name."""
        with self._writing() as connection:
            notebook.save(connection, row)

    def saved_questions(self, account_id: str) -> list[SavedQuestion]:
        """Return an account's questions and the shared ones, by name."""
        with self._reading() as connection:
            return notebook.saved(connection, account_id)

    def saved_question(self, question_id: str) -> SavedQuestion | None:
        """Return a saved question, or None."""
        with self._reading() as connection:
            return notebook.find(connection, question_id)

    def remove_question(self, question_id: str) -> bool:
        """Delete a saved question; tell whether there was one."""
        with self._writing() as connection:
            return notebook.remove(connection, question_id)

    def remember_query(self, account_id: str, query: str, *, rows: int | None, took_ms: int) -> None:
        """Note what an account asked; `rows` is None where no answer came."""
        with self._writing() as connection:
            notebook.remember(
                connection, account_id, now=self._clock(), query=query, rows=rows, took_ms=took_ms
            )

    def asked_queries(self, account_id: str, *, containing: str = "", limit: int = 50) -> list[AskedQuery]:
        """Return the queries of an account that contain a text, the newest first."""
        with self._reading() as connection:
            return notebook.asked(connection, account_id, containing=containing, limit=limit)

    def forget_queries(self, account_id: str) -> int:
        """Delete an account's history of queries, and return how many there were."""
        with self._writing() as connection:
            return notebook.forget_asked(connection, account_id)

    def _set_password(
        self, connection: Connection, account_id: str, digest: str, *, but: str = ""
    ) -> AccountRow | None:
        found = accounts.find(connection, account_id)
        if found is None:
            return None
        sessions.remove_all(connection, account_id, but=but)
        accounts.void_links(connection, account_id)
        epoch = found.session_epoch + 1
        sessions.carry_over(connection, but, epoch)
        return accounts.change(
            connection, account_id, self._clock(), password_hash=digest, session_epoch=epoch
        )


def _end_all(connection: Connection, account_id: str) -> int:
    accounts.raise_epoch(connection, account_id)
    return sessions.remove_all(connection, account_id)
