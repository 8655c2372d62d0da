"""Signing in through the identity provider: there, and back again."""

from __future__ import annotations

import asyncio
from typing import Final

from bucketgraph.access import identity, oidc
from bucketgraph.access.oidc import Oidc
from bucketgraph.errors import Unknown
from bucketgraph.web import cookies
from bucketgraph.web.answers import Answer, Redirect
from bucketgraph.web.pages.signin import begin
from bucketgraph.web.visit import Page, Visit

PATH: Final = "/sign-in/provider"


def go(visit: Visit) -> Answer:
    """Send the browser to the provider."""
    begun = asyncio.run(_configured(visit).begin(visit.app.store.now(), visit.asked("next")))
    visit.cookies.put(cookies.PROVIDER, begun.cookie, oidc.COOKIE_SECONDS)
    return Redirect(begun.url)


def come_back(visit: Visit) -> Answer:
    """Begin a session for whom the provider vouches for."""
    kept = visit.cookies.get(cookies.PROVIDER)
    visit.cookies.drop(cookies.PROVIDER)
    store = visit.app.store
    finished = asyncio.run(_configured(visit).finish(store, kept, dict(visit.query)))
    begin(visit, identity.account_of(store, finished.identity))
    return visit.redirect(finished.next)


def _configured(visit: Visit) -> Oidc:
    found = visit.app.oidc
    if found is None:
        raise Unknown("No identity provider is configured here.", hint="Sign in with name and password.")
    return found


PAGES = (
    Page("GET", PATH, None, go),
    Page("GET", oidc.CALLBACK, None, come_back),
)
