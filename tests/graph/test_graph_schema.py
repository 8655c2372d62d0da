"""The catalogue of types and the names of relationships."""

from __future__ import annotations

import pytest

from bucketgraph.errors import Bug
from bucketgraph.graph.schema import (
    EntityType,
    Property,
    RelationshipType,
    catalogue,
    relationship_type_name,
)

USER = EntityType("x_user", ("User",), "A person.", (Property("name", "string", "Its name.", indexed=True),))
REPO = EntityType("x_repo", ("CodeRepo",), "A repository.", (Property("size", "number", "Its size."),))
OWNS = RelationshipType("x_user", "OWNS", "x_repo", "Who owns it.")


@pytest.mark.parametrize(
    ("triple", "name"),
    [
        (("bitbucket_workspace", "HAS", "bitbucket_user"), "bitbucket_workspace_has_user"),
        (
            ("bitbucket_user", "APPROVED", "bitbucket_pull_request"),
            "bitbucket_user_approved_pull_request",
        ),
        (("bitbucket_repo", "HAS", "bitbucket_repo"), "bitbucket_repo_has_repo"),
        (("bitbucket_pull", "HAS", "bitbucket_pull_request"), "bitbucket_pull_has_request"),
        (("bitbucket_user", "IS", "person"), "bitbucket_user_is_person"),
        (("person", "IS", "person"), "person_is_person"),
        (("person", "HAS", "person_badge"), "person_has_badge"),
        (("aws_user", "IS", "okta_user"), "aws_user_is_okta_user"),
    ],
)
def test_a_relationship_type_says_shared_words_once_and_keeps_the_targets_last(
    triple: tuple[str, str, str], name: str
) -> None:
    assert relationship_type_name(*triple) == name
    assert RelationshipType(*triple, "Meaning.").name == name


def test_an_entity_type_is_declared_once() -> None:
    with pytest.raises(Bug, match="x_user is declared twice"):
        catalogue([USER, REPO, USER], [])


def test_a_relationship_is_declared_once() -> None:
    with pytest.raises(Bug, match="declared twice"):
        catalogue([USER, REPO], [OWNS, OWNS])


@pytest.mark.parametrize("known", [USER, REPO])
def test_a_relationship_joins_declared_types_only(known: EntityType) -> None:
    with pytest.raises(Bug, match="undeclared type"):
        catalogue([known], [OWNS])


def test_everything_about_types_can_be_asked_of_the_catalogue() -> None:
    both = catalogue([USER, REPO], [OWNS])
    assert both.triples == {("x_user", "OWNS", "x_repo")}
    assert both.indexed() == (("x_user", "name"),)
    assert both.classes("x_repo") == ("CodeRepo",)
    assert both.classes("unheard_of") == ()
    assert USER.property_names() == {"name"}
