"""The declared types of pull requests."""

from __future__ import annotations

from bucketgraph.collect.steps import members, repositories
from bucketgraph.graph.schema import EntityType, Property, RelationshipType

TYPE = "bitbucket_pull_request"

ENTITY = EntityType(
    TYPE,
    ("Review", "PR"),
    "A pull request, of any state and age.",
    (
        Property("id", "string", "Its number, as text (the data model's `id` is text)."),
        Property("number", "number", "Its number inside the repository."),
        Property("name", "string", "The title."),
        Property("title", "string", "The same."),
        Property("displayName", "string", "`<repository name>/<number>`."),
        Property("description", "string", "The full description; missing when empty."),
        Property("reason", "string", "Why it was declined; missing when empty."),
        Property(
            "state",
            "string",
            "`OPEN`, `MERGED`, `DECLINED`, `SUPERSEDED`, or what Bitbucket may add.",
            indexed=True,
        ),
        Property("open", "boolean", "The state is OPEN."),
        Property("merged", "boolean", "The state is MERGED."),
        Property("declined", "boolean", "The state is DECLINED."),
        Property("superseded", "boolean", "The state is SUPERSEDED."),
        Property("draft", "boolean", "It is a draft; missing in old pull requests."),
        Property("accountId", "string", "The workspace's uuid."),
        Property("repoId", "string", "The destination repository's uuid."),
        Property("repository", "string", "The destination repository's name."),
        Property("source", "string", "The source branch; `unknown` when it is gone."),
        Property("target", "string", "The destination branch."),
        Property(
            "sourceRepoId", "string", "The source repository's uuid; missing when the fork was deleted."
        ),
        Property("sourceCommit", "string", "The source's head, abbreviated to 12 characters."),
        Property("targetCommit", "string", "The destination's head, abbreviated to 12 characters."),
        Property("closeSourceBranch", "boolean", "Merging deletes the source branch."),
        Property("taskCount", "number", "Open tasks."),
        Property("commentCount", "number", "Comments."),
        Property(
            "authorId", "string", "The author's key; missing when the account was deleted.", indexed=True
        ),
        Property("author", "string", "The author's display name."),
        Property(
            "reviewerIds", "list", "Keys of requested reviewers and of everyone who acted as one, sorted."
        ),
        Property("reviewers", "list", "Their display names, in the same order."),
        Property("approverIds", "list", "Keys of those whose approval stands, sorted."),
        Property("approvers", "list", "Their display names, in the same order."),
        Property("changesRequestedByIds", "list", "Keys of those whose request for changes stands, sorted."),
        Property(
            "closedById", "string", "Key of who merged or declined it, where Bitbucket says.", indexed=True
        ),
        Property("closedBy", "string", "Their display name."),
        Property("mergedById", "string", "The same as `closedById`, of merged pull requests."),
        Property("mergedBy", "string", "Their display name."),
        Property("mergeCommit", "string", "The merge commit, abbreviated to 12 characters."),
        Property("mergedOn", "time", "The merge commit's date."),
        Property("webLink", "string", "The page a person opens."),
        Property("createdOn", "time", "When it was opened.", indexed=True),
        Property("updatedOn", "time", "When it was changed last; approvals need not move it.", indexed=True),
    ),
)

HAS_PULL_REQUEST = RelationshipType(
    repositories.TYPE, "HAS", TYPE, "The pull request is made to the repository."
)
OPENED_PULL_REQUEST = RelationshipType(members.TYPE, "OPENED", TYPE, "The user is its author.")
REVIEWED_PULL_REQUEST = RelationshipType(
    members.TYPE,
    "REVIEWED",
    TYPE,
    "The user was asked to review it, or approved it or requested changes without being asked.",
    (
        Property("requested", "boolean", "The review was asked for."),
        Property("state", "string", "`approved` or `changes_requested`; missing while neither."),
        Property("participatedOn", "time", "When the user last took part."),
    ),
)
APPROVED_PULL_REQUEST = RelationshipType(
    members.TYPE,
    "APPROVED",
    TYPE,
    "The user's approval stands.",
    (Property("approvedOn", "time", "When the user approved."),),
)
