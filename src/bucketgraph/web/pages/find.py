"""The command box: to an entity by its name or key, or to the answer of a query."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlencode

from bucketgraph.store.overview import Found
from bucketgraph.web.answers import Answer
from bucketgraph.web.visit import Page, Visit

_QUERY: Final = re.compile(r"\s*(//.*\n\s*)*find\b.*\S", re.IGNORECASE | re.DOTALL)
_ENTITY: Final = "/entities/{id}"
_ASK: Final = "/query"
_LONGEST: Final = 200
_OFFERED: Final = 8
_SHOWN: Final = 50


def find(visit: Visit) -> Answer:
    """Show what bears a name; a script gets links below the box, a browser a page or what was meant."""
    text = visit.asked("q")
    query = f"{_ASK}?{urlencode({'q': text})}" if _QUERY.match(text) and _ASK in visit.frame.paths else ""
    if visit.htmx:
        return visit.fragment("parts/found.html", text=text, query=query, found=_found(visit, text, _OFFERED))
    if query:
        return visit.redirect(query)
    found = _found(visit, text, _SHOWN)
    if len(found) == 1 and _ENTITY in visit.frame.paths:
        return visit.redirect(f"/entities/{found[0].id}")
    return visit.page("find.html", title="Search", text=text, found=found, most=_SHOWN)


def _found(visit: Visit, text: str, limit: int) -> list[Found]:
    if not text or _QUERY.match(text):
        return []
    return visit.app.store.named(text[:_LONGEST], limit=limit)


PAGES = (Page("GET", "/find", "viewer", find),)
