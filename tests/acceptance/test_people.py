"""People end to end through the command line: import, changes on either side, ambiguity, removal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.inprocess import CommandLine
from support.workbench import KEY, SECRET

from bucketgraph.demo import World, create_app, generate_world, mutations, serve
from bucketgraph.demo.fake import FakeConsumer

HEAD = "Employee ID,First name,Last name,E-mail,Bitbucket nickname"


@dataclass
class Office:
    """A world of Bitbucket, a home, and a list of people."""

    world: World
    line: CommandLine
    staff: Path

    def account(self, number: int) -> Any:
        """Return a member of the workspace who is a person."""
        found = [m.account for m in self.world.workspaces[0].members.values() if m.account.type == "user"]
        return found[number]

    def write(self, *rows: str) -> None:
        """Write the list anew."""
        self.staff.write_text("\n".join((HEAD, *rows)) + "\n")

    def load(self, *options: str) -> Any:
        """Import the list."""
        return self.line.fine("people", "import", str(self.staff), "--json", *options).json

    def sync(self) -> None:
        """Collect the workspace."""
        self.line.fine("sync", "acme", "--json")

    def who(self) -> set[tuple[str, str]]:
        """Ask who is who: account ids and employee ids."""
        query = "FIND bitbucket_user AS u THAT IS Person AS p RETURN u.accountId AS u, p.employeeId AS p"
        found = {(row["u"], row["p"]) for row in self.line.fine("query", query, "--json").json["data"]}
        turned = "FIND Person AS p THAT IS bitbucket_user AS u RETURN u.accountId AS u, p.employeeId AS p"
        again = {(row["u"], row["p"]) for row in self.line.fine("query", turned, "--json").json["data"]}
        assert again == found
        return found

    def told(self) -> list[tuple[str, str]]:
        """Return the newest changes of the mapping: kind and names."""
        changes = self.line.fine("changes", "--json", "--limit", "1000").json
        return [
            (one["change"], one["name"]) for one in changes if one["_type"] == "bitbucket_user_is_employee"
        ]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    world = generate_world(repositories=2, pull_requests=12, members=8, projects=1, clean=True)
    slug = world.workspaces[0].slug
    with serve(create_app(world, consumers=(FakeConsumer(KEY, SECRET),))) as url:
        line = CommandLine(tmp_path / "home", monkeypatch, url)
        made = Office(world, line, tmp_path / "staff.csv")
        for number, name in enumerate(("Ada", "Bob", "Cy")):
            mutations.rename_user(
                world, made.account(number), display_name=name, nickname=f"{name.lower()}-x"
            )
        origin = ("--api-url", url, "--oauth-url", url)
        line.fine("integration", "add", "acme", "-w", slug, "--oauth-key", KEY, *origin)
        made.sync()
        yield made


def test_users_are_people_right_after_each_change_of_either_side(office: Office) -> None:
    ada, bob, cy = (office.account(number) for number in range(3))
    office.write("1,Ada,A,ada@x.example,ada-x", "2,Bob,B,bob@x.example,bob-x")
    done = office.load()
    assert (done["status"], done["mapping"]["links"]) == ("COMPLETED", 2)
    assert office.who() == {(ada.account_id, "1"), (bob.account_id, "2")}

    mutations.rename_user(office.world, ada, display_name="Ada", nickname="countess")
    office.sync()
    assert office.who() == {(bob.account_id, "2")}
    assert office.told()[-1] == ("deleted", "Ada IS Ada A")

    office.write("1,Ada,A,ada@x.example,countess", "2,Bob,B,bob@x.example,bob-x")
    assert office.load()["mapping"]["created"] == 1
    assert office.who() == {(ada.account_id, "1"), (bob.account_id, "2")}
    assert office.told()[-1] == ("created", "Ada IS Ada A")

    office.line.fine("people", "edit", "1", "--set", "bitbucketNickname=cy-x")
    assert office.who() == {(cy.account_id, "1"), (bob.account_id, "2")}
    office.load()
    assert office.who() == {(ada.account_id, "1"), (bob.account_id, "2")}


def test_ambiguity_is_told_and_everybody_is_linked(office: Office) -> None:
    ada, bob = office.account(0), office.account(1)
    office.write("1,Ada,A,,ada-x", "2,Other,Ada,,ada-x")
    (doubt,) = office.load()["mapping"]["ambiguous"]
    assert (doubt["kind"], len(doubt["candidates"])) == ("user-of-several-people", 2)
    assert office.who() == {(ada.account_id, "1"), (ada.account_id, "2")}

    mutations.rename_user(office.world, bob, display_name="Bob", nickname="ada-x")
    office.sync()
    assert office.who() == {(who.account_id, of) for who in (ada, bob) for of in "12"}
    found = office.line.fine("people", "unmapped", "--json").json
    kinds = sorted(one["kind"] for one in found["ambiguous"])
    assert kinds == ["person-of-several-users"] * 2 + ["user-of-several-people"] * 2


def test_whoever_goes_takes_the_relationship_along(office: Office) -> None:
    ada, bob, cy = (office.account(number) for number in range(3))
    office.write("1,Ada,A,,ada-x", "2,Bob,B,,bob-x", "3,Cy,C,,cy-x")
    office.load()
    office.line.fine("people", "add", "--employee-id", "9", "--nickname", "cy-x")
    assert len(office.who()) == 4

    office.line.fine("people", "remove", "employee:people:3", "--yes")
    office.write("1,Ada,A,,ada-x", "2,Bob,B,,somebody")
    office.load()
    assert office.who() == {(ada.account_id, "1"), (cy.account_id, "9")}
    assert office.told()[-2:] == [("deleted", "Cy IS Cy C"), ("deleted", "Bob IS Bob B")]

    office.line.fine("integration", "remove", "people", "--yes")
    assert office.who() == {(cy.account_id, "9")}
    office.line.fine("integration", "remove", "acme", "--yes")
    assert office.who() == set()
    assert [one["name"] for one in office.line.fine("people", "list", "--json").json] == ["9"]
    assert bob.account_id not in office.line.fine("people", "unmapped", "--json").out


def test_a_mapped_user_who_left_without_a_trace_is_retired_like_any_other(office: Office) -> None:
    workspace = office.world.workspaces[0]
    di = mutations.add_member(office.world, workspace, "Diana Unique")
    office.sync()
    office.write(f"4,Di,D,,{di.nickname}", "1,Ada,A,,ada-x")
    office.load()
    assert (di.account_id, "4") in office.who()
    mutations.remove_member(office.world, workspace, di)
    office.sync()
    assert {person for _, person in office.who()} == {"1"}
    query = f"FIND bitbucket_user WITH _key = '{di.uuid}'"
    assert office.line.fine("query", query, "--json").json["data"] == []


def test_the_table_shows_who_is_who(office: Office) -> None:
    office.write("1,Ada,A,ada@x.example,ada-x", ",Eve,E,broken,eve")
    done = office.line.run("people", "import", str(office.staff))
    assert done.code == 3
    assert "'broken' is no e-mail address" in done.out
    assert "COMPLETED_WITH_ERRORS: 2 rows: 1 people new" in done.out
    listed = office.line.fine("people", "list").out
    assert "Ada A" in listed
    assert "ada@x.example" in listed
    shown = office.line.fine("people", "show", "ada@x.example").out
    assert "Bitbucket user" in shown
