"""All pages of the console: one file a page or a small group, each with its `PAGES`."""

from __future__ import annotations

from bucketgraph.web.pages import assets, changes, entities, graphs, home, people, people_import, signin
from bucketgraph.web.visit import Page

PAGES: tuple[Page, ...] = (
    *assets.PAGES,
    *changes.PAGES,
    *entities.PAGES,
    *graphs.PAGES,
    *home.PAGES,
    *people.PAGES,
    *people_import.PAGES,
    *signin.PAGES,
)
