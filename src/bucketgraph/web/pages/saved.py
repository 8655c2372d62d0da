"""What people keep of their asking: saved questions, and the history of what they asked."""

from __future__ import annotations

from urllib.parse import quote

from bucketgraph.access import notebook
from bucketgraph.errors import BucketgraphError, ConfigError, Conflict, Forbidden
from bucketgraph.web.answers import Answer
from bucketgraph.web.asking import example
from bucketgraph.web.visit import Page, Visit

_HISTORY = "/query/history"
_LISTED = 200


def new(visit: Visit) -> Answer:
    """Show the form that saves a query."""
    return _form(visit, query=visit.query.get("q", ""))


def edit(visit: Visit) -> Answer:
    """Show the form that changes a saved question; raises Unknown, Forbidden."""
    found = notebook.changeable(visit.app.store, visit.visitor, str(visit.path["id"]))
    return _form(
        visit,
        found.id,
        name=found.name,
        description=found.description,
        query=found.query,
        shared=found.shared,
    )


def create(visit: Visit) -> Answer:
    """Save a new question."""
    return _saved(visit, None)


def change(visit: Visit) -> Answer:
    """Save a question in place of what it was."""
    return _saved(visit, str(visit.path["id"]))


def remove(visit: Visit) -> Answer:
    """Delete a saved question; raises Unknown, Forbidden."""
    notebook.remove(visit.app.store, visit.visitor, str(visit.path["id"]))
    return visit.redirect("/questions", toast="The saved question is deleted.")


def history(visit: Visit) -> Answer:
    """Show what the visitor asked last."""
    words = visit.asked("search")
    return visit.page(
        "history.html",
        title="History",
        here="query",
        asked=notebook.history(visit.app.store, visit.visitor, containing=words, limit=_LISTED),
        words=words,
        address=example,
    )


def forget(visit: Visit) -> Answer:
    """Delete the visitor's history."""
    number = notebook.forget_history(visit.app.store, visit.visitor)
    return visit.redirect(_HISTORY, toast=f"{number:,} {'query' if number == 1 else 'queries'} forgotten.")


def _saved(visit: Visit, question_id: str | None) -> Answer:
    form = visit.form
    given = {
        "name": form.get("name", ""),
        "description": form.get("description", ""),
        "query": form.get("query", "").replace("\r\n", "\n").strip(),
        "shared": form.get("shared") == "1",
    }
    try:
        row = notebook.save(visit.app.store, visit.visitor, question_id=question_id, **given)  # type: ignore[arg-type]
    except (ConfigError, Conflict, Forbidden) as error:
        return _form(visit, question_id or "", error=error, **given)  # type: ignore[arg-type]
    return visit.redirect(example(row.query), toast=f"Saved as {row.name}.")


def _form(
    visit: Visit,
    question_id: str = "",
    *,
    name: str = "",
    description: str = "",
    query: str = "",
    shared: bool = False,
    error: BucketgraphError | None = None,
) -> Answer:
    return visit.page(
        "saved.html",
        title="Saved question" if question_id else "Save a question",
        here="query",
        status=error.http_status if error else 200,
        question_id=question_id,
        target=f"/saved/{quote(question_id, safe='')}" if question_id else "/saved/new",
        name=name,
        description=description,
        query=query,
        shared=shared,
        error=error,
    )


PAGES = (
    Page("GET", "/saved/new", "viewer", new),
    Page("POST", "/saved/new", "viewer", create),
    Page("GET", "/saved/{id}", "viewer", edit),
    Page("POST", "/saved/{id}", "viewer", change),
    Page("POST", "/saved/{id}/delete", "viewer", remove),
    Page("GET", _HISTORY, "viewer", history),
    Page("POST", f"{_HISTORY}/forget", "viewer", forget),
)
