"""All pages of the console: one file a page or a small group, each with its `PAGES`."""

from __future__ import annotations

from bucketgraph.web.pages import (
    account,
    assets,
    changes,
    entities,
    find,
    graphs,
    home,
    integration_form,
    integration_removal,
    integrations,
    people,
    people_import,
    provider,
    query,
    questions,
    runs,
    saved,
    settings,
    setup,
    signin,
    tokens,
    users,
)
from bucketgraph.web.visit import Page

PAGES: tuple[Page, ...] = (
    *assets.PAGES,
    *changes.PAGES,
    *entities.PAGES,
    *graphs.PAGES,
    *home.PAGES,
    *query.PAGES,
    *questions.PAGES,
    *saved.PAGES,
    *people.PAGES,
    *people_import.PAGES,
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
