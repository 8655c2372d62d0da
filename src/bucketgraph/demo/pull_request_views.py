"""How pull requests look in lists and alone."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from bucketgraph.demo.fields import OMIT, Shape, Thing
from bucketgraph.demo.views import ACCOUNT, API, WEB, account, hrefs, instant, repository_short

if TYPE_CHECKING:
    from bucketgraph.demo.fields import Build
    from bucketgraph.demo.world import MergeCommit, Participant, PullRequest, PullRequestEnd

_ACTIONS = ("decline", "commits", "comments", "merge", "activity", "diff", "approve", "statuses")


def _links(pull_request: PullRequest) -> dict[str, object]:
    name, number = pull_request.home.full_name, pull_request.id
    base = f"{API}/repositories/{name}/pullrequests/{number}"
    return hrefs(
        self=base,
        html=f"{WEB}/{name}/pull-requests/{number}",
        **{action: f"{base}/{action}" for action in _ACTIONS},
    )


def _text(raw: str | None) -> dict[str, object]:
    shown = raw or ""
    html = f"<p>{escape(shown)}</p>" if shown else ""
    return {"type": "rendered", "raw": shown, "markup": "markdown", "html": html}


def _rendered(pull_request: PullRequest) -> dict[str, object]:
    return {"title": _text(pull_request.title), "description": _text(pull_request.description)}


def _commit_links(full_name: str | None, commit: str) -> dict[str, object]:
    if full_name is None:
        return {}
    return hrefs(
        self=f"{API}/repositories/{full_name}/commit/{commit}",
        html=f"{WEB}/{full_name}/commits/{commit}",
    )


def _end_commit(end: PullRequestEnd) -> Thing | None:
    return Thing(END_COMMIT, end) if end.commit else None


def _end_commit_links(end: PullRequestEnd) -> dict[str, object]:
    shown = end.repository.full_name if end.repository and not end.repository.deleted else None
    return _commit_links(shown, end.commit or "")


def _merge_links(pair: tuple[PullRequest, MergeCommit]) -> dict[str, object]:
    return _commit_links(pair[0].home.full_name, pair[1].hash)


def _merge_commit(pull_request: PullRequest) -> object:
    merged = pull_request.merge_commit
    return Thing(MERGE_COMMIT, (pull_request, merged)) if merged else None


def _participants(pull_request: PullRequest) -> list[Thing]:
    return [Thing(PARTICIPANT, part) for part in pull_request.participants]


def _reviewers(pull_request: PullRequest) -> list[Thing]:
    return [Thing(ACCOUNT, reviewer) for reviewer in pull_request.reviewers]


def _participated_on(part: Participant) -> str | None:
    return None if part.participated_on is None else instant(part.participated_on)


BRANCH = Shape({"name": lambda end: end.branch})
END_COMMIT = Shape(
    {"type": lambda _: "commit", "hash": lambda end: end.commit, "links": _end_commit_links},
)
END = Shape(
    {
        "branch": lambda end: Thing(BRANCH, end),
        "commit": _end_commit,
        "repository": lambda end: repository_short(end.repository),
    },
)
MERGE_COMMIT = Shape(
    {"type": lambda _: "commit", "hash": lambda pair: pair[1].hash, "links": _merge_links},
    {"date": lambda pair: instant(pair[1].date)},
)
PARTICIPANT = Shape(
    {
        "type": lambda _: "participant",
        "user": lambda part: account(part.user),
        "role": lambda part: part.role,
        "approved": lambda part: part.approved,
        "state": lambda part: part.state if part.has_state else OMIT,
        "participated_on": _participated_on,
    },
)
_LISTED: dict[str, Build] = {
    "type": lambda _: "pullrequest",
    "id": lambda pr: pr.id,
    "title": lambda pr: pr.title,
    "description": lambda pr: pr.description,
    "summary": lambda pr: _text(pr.description),
    "state": lambda pr: pr.state,
    "draft": lambda pr: pr.draft,
    "queued": lambda _: False,
    "author": lambda pr: account(pr.author),
    "source": lambda pr: Thing(END, pr.source),
    "destination": lambda pr: Thing(END, pr.destination),
    "merge_commit": _merge_commit,
    "closed_by": lambda pr: account(pr.closed_by),
    "close_source_branch": lambda pr: pr.close_source_branch,
    "comment_count": lambda pr: pr.comment_count,
    "task_count": lambda pr: pr.task_count,
    "reason": lambda pr: pr.reason,
    "created_on": lambda pr: instant(pr.created_on),
    "updated_on": lambda pr: instant(pr.updated_on),
    "links": _links,
}
_ALONE: dict[str, Build] = {
    "reviewers": _reviewers,
    "participants": _participants,
    "rendered": _rendered,
}
PULL_REQUEST_LISTED = Shape(_LISTED, _ALONE)
PULL_REQUEST = Shape({**_LISTED, **_ALONE})
