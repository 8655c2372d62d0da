"""The home page: whether everything is all right, and what is new."""

from __future__ import annotations

from bucketgraph.web.answers import Answer
from bucketgraph.web.visit import Page, Visit


def home(visit: Visit) -> Answer:
    """Show what is in the graph."""
    entities, relationships = visit.app.store.counts()
    return visit.page("home.html", title="Home", here="home", entities=entities, relationships=relationships)


PAGES = (Page("GET", "/", "viewer", home),)
