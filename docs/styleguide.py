"""Serves the style guide: every component of the console with made-up data, under the console's own strict policy.

Run: `uv run python docs/styleguide.py`, then open the address that it prints. For people who change the looks.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

import bucketgraph.web
from bucketgraph.web.bundle import Bundle

POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
PAGE = Path(bucketgraph.web.__file__).parent / "assets" / "styleguide.html"
HOSTILE = "<img src=x onerror=alert(1)>\u202etxt.exe" + "🚀" * 40


def node(id_: str, type_: str, label: str, *relationships: tuple[str, str, str, int]) -> dict[str, Any]:
    """Return an entity in the form of the contract."""
    keys = ("verb", "direction", "type", "count")
    told = [dict(zip(keys, one, strict=True)) for one in relationships]
    return {"id": id_, "key": f"key:{id_}", "type": type_, "class": [], "label": label, "relationships": told}


def edge(from_: str, verb: str, to: str) -> dict[str, str]:
    """Return a relationship in the form of the contract."""
    return {"id": f"{from_}-{verb}-{to}", "from": from_, "to": to, "verb": verb}


def beginning() -> dict[str, Any]:
    """Return a workspace with projects, repositories, people, and names that mean no good."""
    nodes = [
        node("w", "bitbucket_workspace", "acme-rockets", ("HAS", "out", "bitbucket_user", 212)),
        node("h", "bitbucket_repo", HOSTILE),
    ]
    edges = [edge("w", "OWNS", "h")]
    for p, project in enumerate(["Payments", "Telemetry", "Web shop"]):
        nodes.append(node(f"p{p}", "bitbucket_project", project))
        edges.append(edge("w", "HAS", f"p{p}"))
        for r in range(4):
            hidden = ("HAS", "out", "bitbucket_pull_request", 1240 if r == 0 else 3 + r)
            nodes.append(node(f"r{p}{r}", "bitbucket_repo", f"{project.lower()}-service-{r}", hidden))
            edges.append(edge(f"p{p}", "HAS", f"r{p}{r}"))
    for u, name in enumerate(["Ada Lovelace", "Ben", "Fay", "عمر"]):
        nodes.append(node(f"u{u}", "bitbucket_user", name))
        nodes.append(node(f"e{u}", "employee", f"{name} (employee)"))
        edges += [
            edge(f"u{u}", "IS", f"e{u}"),
            edge(f"u{u}", "ALLOWED", f"r{u % 3}{u}"),
            edge(f"u{u}", "ALLOWED", "r01"),
        ]
    return {"nodes": nodes, "edges": edges}


def expanded(asked: Any) -> dict[str, Any]:
    """Return the pull requests of a repository, all of a few or a page of many."""
    id_, skip = asked["expand"], int(asked.get("skip", 0))
    count = 25 if "verb" in asked else 6
    many = [(f"{id_}-pr{n}", f"#{n} Change {n}") for n in range(skip, skip + count)]
    nodes = [node(one, "bitbucket_pull_request", title) for one, title in many]
    return {"nodes": nodes, "edges": [edge(id_, "HAS", one) for one, _ in many]}


async def graph(request: Request) -> Response:
    """Answer as the console does."""
    asked = request.query_params
    if "from" in asked:
        return JSONResponse({"nodes": [], "edges": []})
    return JSONResponse(expanded(asked) if "expand" in asked else beginning())


async def complete(request: Request) -> Response:
    """Offer types for the word before the cursor."""
    form = parse_qs((await request.body()).decode())
    text = form["query"][0][: int(form["at"][0])]
    begun = re.search(r"\w*$", text)
    types = [("bitbucket_user", 212), ("bitbucket_repo", 1240), ("bitbucket_pull_request", 18300)]
    options = [{"label": name, "detail": "type", "kind": "type", "count": count} for name, count in types]
    return JSONResponse({"from": begun.start() if begun else len(text), "to": len(text), "options": options})


async def check(request: Request) -> Response:
    """Complain about one misspelt name."""
    text = parse_qs((await request.body()).decode())["query"][0]
    at = text.find("displayNme")
    if at < 0:
        return JSONResponse({"errors": []})
    error = {
        "message": 'Nothing has a property "displayNme".', "hint": "", "start": at, "end": at + len("displayNme"),
        "suggestions": ["displayName"],
    }  # fmt: skip
    return JSONResponse({"errors": [error]})


async def panel(request: Request) -> Response:
    """Answer a part for the side panel."""
    shown = request.query_params.get("id", "412").replace("<", "&lt;")
    return HTMLResponse(
        f"<h2>Entity {shown}</h2><p class='muted'>Pull request</p>"
        "<dl class='facts'><dt>State</dt><dd>MERGED</dd><dt>Author</dt><dd>Ada Lovelace</dd></dl>"
    )


def create() -> Starlette:
    """Return the application."""
    bundle = Bundle()

    async def page(request: Request) -> Response:  # noqa: ARG001
        html = re.sub(r"\{(\w+\.(?:css|js|svg))\}", lambda name: bundle.asset(name[1]), PAGE.read_text())
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY})

    routes = [
        Route("/", page),
        Route("/styleguide", page),
        Route("/graph.json", graph),
        Route("/complete", complete, methods=["POST"]),
        Route("/check", check, methods=["POST"]),
        Route("/panel", panel),
        bundle.route(),
    ]
    return Starlette(routes=routes)


if __name__ == "__main__":
    uvicorn.run(create(), host="127.0.0.1", port=8399, log_level="warning")
