"""All pages of the console: one file a page or a small group, each with its `PAGES`."""

from __future__ import annotations

from bucketgraph.web.pages import entities, graphs, home, signin
from bucketgraph.web.visit import Page

PAGES: tuple[Page, ...] = (
    *entities.PAGES,
    *graphs.PAGES,
    *home.PAGES,
    *signin.PAGES,
)
