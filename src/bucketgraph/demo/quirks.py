"""The unpleasant things real pull requests have, one function each.

A quirk changes a freshly made pull request in place so that it stays consistent: a requested
reviewer is a participant with role REVIEWER, a merged one has a merge commit, and so on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketgraph.demo import words
from bucketgraph.demo.people import new_hash
from bucketgraph.demo.world import MergeCommit, Participant

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from bucketgraph.demo.people import Crowd
    from bucketgraph.demo.world import Account, PullRequest, Role, State, Verdict

    Quirk = Callable[[PullRequest, Crowd, Random], None]


def be_merged(pull_request: PullRequest, closer: Account | None, rng: Random) -> None:
    """Make it merged by ``closer`` at its last update, whatever it was."""
    pull_request.state, pull_request.reason, pull_request.draft = "MERGED", "", False
    pull_request.closed_by = closer
    pull_request.merge_commit = MergeCommit(new_hash(rng), pull_request.updated_on)


def be_closed(pull_request: PullRequest, state: State, closer: Account | None) -> None:
    """Make it declined or superseded, whatever it was."""
    pull_request.state, pull_request.closed_by = state, closer
    pull_request.draft, pull_request.merge_commit = False, None


def be_open(pull_request: PullRequest) -> None:
    """Make it open, whatever it was."""
    pull_request.state, pull_request.closed_by = "OPEN", None
    pull_request.merge_commit, pull_request.reason = None, ""


def put(
    pull_request: PullRequest,
    user: Account,
    verdict: Verdict | None,
    role: Role = "REVIEWER",
) -> Participant:
    """Give the user this part in the pull request, replacing the one they had."""
    old = pull_request.participant(user)
    if old:
        pull_request.participants.remove(old)
    if role == "REVIEWER" and user not in pull_request.reviewers:
        pull_request.reviewers.append(user)
    if role == "PARTICIPANT" and user in pull_request.reviewers:
        pull_request.reviewers.remove(user)
    part = Participant(user, role, verdict == "approved", verdict)
    part.participated_on = pull_request.updated_on if verdict else None
    pull_request.participants.append(part)
    return part


def clear_reviews(pull_request: PullRequest) -> None:
    """Leave nobody's part in it."""
    pull_request.reviewers, pull_request.participants = [], []


def _null_author(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    del crowd, rng
    pull_request.author = None


def _null_description(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    del crowd, rng
    pull_request.description = None


def _lost_fork(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    del crowd, rng
    pull_request.source.repository = None


def _lost_commit(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    del crowd, rng
    pull_request.source.commit = None


def _merged_by_nobody(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    del crowd
    be_merged(pull_request, None, rng)


def _old_participants(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    put(pull_request, _other(pull_request, crowd.members, rng), "approved")
    for part in pull_request.participants:
        part.has_state, part.state = False, None


def _author_left(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    pull_request.author = rng.choice(crowd.leavers)


def _reviewer_left(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    put(pull_request, rng.choice(crowd.leavers), None)


def _approver_left(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    clear_reviews(pull_request)
    put(pull_request, rng.choice(crowd.leavers), "approved", "PARTICIPANT")


def _bot_author(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    pull_request.author = rng.choice(crowd.bots)


def _bot_merges(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    be_merged(pull_request, rng.choice(crowd.bots), rng)


def _team_author(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    pull_request.author = rng.choice(crowd.teams)


def _unasked_approver(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    put(pull_request, _other(pull_request, crowd.members, rng), "approved", "PARTICIPANT")


def _self_approval(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    author = rng.choice(crowd.members)
    pull_request.author = author
    put(pull_request, author, "approved", "PARTICIPANT")


def _ignored_objection(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    put(pull_request, _other(pull_request, crowd.members, rng), "changes_requested")
    be_merged(pull_request, pull_request.author, rng)


def _superseded(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    be_closed(pull_request, "SUPERSEDED", rng.choice(crowd.members))


def _declined(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    be_closed(pull_request, "DECLINED", rng.choice(crowd.members))
    pull_request.reason = words.REASONS[0]


def _long_text(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    del crowd, rng
    pull_request.title = 'Größere Änderung: 価格の計算 🚀 "quoted" & <escaped>'
    pull_request.description = words.LONG_DESCRIPTION


def _other(pull_request: PullRequest, people: list[Account], rng: Random) -> Account:
    others = [person for person in people if person is not pull_request.author]
    return rng.choice(others or people)


QUIRKS: tuple[Quirk, ...] = (
    _null_author,
    _null_description,
    _lost_fork,
    _lost_commit,
    _merged_by_nobody,
    _old_participants,
    _author_left,
    _reviewer_left,
    _approver_left,
    _bot_author,
    _bot_merges,
    _team_author,
    _unasked_approver,
    _self_approval,
    _ignored_objection,
    _superseded,
    _declined,
    _long_text,
)


def spoil(pull_request: PullRequest, crowd: Crowd, rng: Random) -> None:
    """Apply one quirk at random."""
    rng.choice(QUIRKS)(pull_request, crowd, rng)
