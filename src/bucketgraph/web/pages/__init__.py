"""All pages of the console: one file a page or a small group, each with its `PAGES`."""

from __future__ import annotations

from bucketgraph.web.pages import (
    account,
    find,
    home,
    integration_form,
    integration_removal,
    integrations,
    provider,
    runs,
    settings,
    setup,
    signin,
    tokens,
    users,
)
from bucketgraph.web.visit import Page

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *find.PAGES,
    *signin.PAGES,
    *setup.PAGES,
    *provider.PAGES,
    *account.PAGES,
    *tokens.PAGES,
    *settings.PAGES,
    *users.PAGES,
    *integrations.PAGES,
    *integration_form.PAGES,
    *integration_removal.PAGES,
    *runs.PAGES,
)
