"""The directory of people: merges what members lists and pull requests say into one user each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from bucketgraph.bitbucket.models.common import Account
from bucketgraph.collect.steps import members
from bucketgraph.graph.entity import Entity, Record, SealedRecord, seal
from bucketgraph.graph.values import Properties, present

SCOPE = "users/all"


@dataclass(frozen=True, slots=True)
class PeopleChanges:
    """Users to publish, and those of them whose display name is a new one (key → name)."""

    records: Mapping[str, SealedRecord]
    renamed: Mapping[str, str]


class Directory:
    """All users of an integration, by key.

    A person is seen in many answers with more or fewer fields; what an answer leaves out is kept from
    before, so a user never flickers between two descriptions.
    """

    def __init__(self, users: Mapping[str, Properties], memberships: Mapping[str, frozenset[str]]) -> None:
        """Begin with the stored users and the stored members of each workspace (uuid → user keys)."""
        self._known = dict(users)
        self._members = dict(memberships)
        self._asked = True
        self._pending: dict[str, SealedRecord] = {}
        self._renamed: dict[str, str] = {}

    def see(self, accounts: Iterable[Account]) -> None:
        """Take in what an answer says of people."""
        for account in accounts:
            if account.key:
                self._update(account.key, account)

    def set_members(self, workspace_uuid: str, keys: Iterable[str], *, whole: bool) -> None:
        """Take in who is a member of a workspace; an incomplete list only adds."""
        before = self._members.get(workspace_uuid, frozenset())
        now = frozenset(keys) | (frozenset() if whole else before)
        self._members[workspace_uuid] = now
        unknown = {key for key, known in self._known.items() if "member" not in known} if whole else set()
        for key in (before ^ now) | unknown:
            if key in self._known:
                self._update(key, None)

    def forget_members(self) -> None:
        """Take in that nobody asks for members any more: who is one is unknown, not false."""
        self._asked, self._members = False, {}
        for key, known in list(self._known.items()):
            if "member" in known:
                self._update(key, None)

    def take_changes(self) -> PeopleChanges:
        """Return what must be published since the last call, and forget it."""
        changes = PeopleChanges(self._pending, self._renamed)
        self._pending, self._renamed = {}, {}
        return changes

    def _update(self, key: str, account: Account | None) -> None:
        before = self._known.get(key)
        member = any(key in keys for keys in self._members.values()) if self._asked else None
        seen = members.user_properties(account, member=member) if account else present(member=member)
        label = account.label if account else key
        kept = {name: value for name, value in (before or {}).items() if name != "member"}
        after = {"name": label, "displayName": label, **kept, **seen}
        if after == before:
            return
        if before is not None and before.get("displayName") != after["displayName"]:
            self._renamed[key] = str(after["displayName"])
        self._known[key] = after
        raw = msgspec.json.encode(account) if account else None
        self._pending[key] = seal(Record(key, Entity(key, members.TYPE, after), raw=raw))
