"""`GET /workspaces/{workspace}` and its memberships."""

from __future__ import annotations

import msgspec

from bucketgraph.bitbucket.models.common import ACCOUNT_FIELDS, Account, Links, under


class Workspace(msgspec.Struct, frozen=True):
    """A workspace. `updated_on` is documented but was in no recorded answer."""

    uuid: str
    slug: str
    name: str | None = None
    is_private: bool | None = None
    created_on: str | None = None
    updated_on: str | None = None
    links: Links | None = None


class Membership(msgspec.Struct, frozen=True):
    """One member; `permission` (`owner` or `member`) only from `/workspaces/{workspace}/permissions`."""

    user: Account | None = None
    permission: str | None = None


MEMBERSHIP_FIELDS = ("permission", *under("user", ACCOUNT_FIELDS))
