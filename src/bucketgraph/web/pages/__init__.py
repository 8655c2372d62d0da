"""All pages of the console: one file a page or a small group, each with its `PAGES`."""

from __future__ import annotations

from bucketgraph.web.pages import home, integration_form, integration_removal, integrations, runs, signin
from bucketgraph.web.visit import Page

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *signin.PAGES,
    *integrations.PAGES,
    *integration_form.PAGES,
    *integration_removal.PAGES,
    *runs.PAGES,
)
