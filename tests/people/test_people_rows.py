"""From tables to people: columns by their headings, doubtful rows rejected, nobody changed by them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketgraph.errors import ConfigError
from bucketgraph.people import columns, rows
from bucketgraph.people.columns import choose
from bucketgraph.people.reading import read_bytes
from bucketgraph.people.rows import Checked, check, protected

HEAD = "Employee ID,First name,Last name,E-mail,Active,Bitbucket nickname\n"


def checked(text: str, *told: str, keep: bool = False) -> Checked:
    """Read a CSV text for the source `s`."""
    table = read_bytes(text.encode(), "x.csv")
    return check(table, choose(table.headings, told, keep=keep), "s")


def facts(found: Checked) -> dict[str, Any]:
    return {one.identity: dict(one.facts) for one in found.people.values()}


def why(found: Checked) -> dict[int, str]:
    return {one.row: one.why for one in found.rejected}


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Employee ID", "employeeId"),
        ("EMPLOYEE_NUMBER", "employeeId"),
        ("E-Mail", "email"),
        ("e mail address", "email"),
        ("Given Name", "firstName"),
        ("surname", "lastName"),
        ("Full  Name", "displayName"),
        ("Job Title", "title"),
        ("Reports to", "manager"),
        ("Employment Status", "active"),
        ("Bitbucket nickname", "bitbucketNickname"),
        ("bitbucketNickname", "bitbucketNickname"),
        ("Atlassian account ID", "bitbucketAccountId"),
    ],
)
def test_usual_headings_are_understood(heading: str, name: str) -> None:
    also = "Employee ID" if name != "employeeId" else "Nickname"
    assert choose([heading, also]).properties[heading] == name


def test_unknown_columns_are_ignored_or_kept_or_told() -> None:
    headings = ["E-Mail", "Cost centre", "名前", "Login"]
    assert choose(headings).ignored == ("Cost centre", "名前", "Login")
    kept = choose(headings, keep=True)
    assert (kept.properties["Cost centre"], kept.ignored) == ("costCentre", ("名前",))
    told = choose(headings, ["login=bitbucketNickname", "E-Mail=", "名前=name"])
    assert dict(told.properties) == {"Login": "bitbucketNickname", "名前": "displayName"}
    assert told.ignored == ("E-Mail", "Cost centre")


@pytest.mark.parametrize(
    ("headings", "told", "said"),
    [
        (["Name", "Title"], [], "No column says who somebody is (found: Name, Title)"),
        ([], [], "No column says who somebody is (found: no heading)"),
        (["E-Mail", "Title", "Job title"], [], "'Title' and 'Job title' are both read as title"),
        (["E-Mail"], ["Login=title"], "--map 'Login=title' does not name a column"),
        (["E-Mail"], ["E-Mail"], "--map 'E-Mail' does not name a column"),
        (["E-Mail", "X"], ["X=_key"], "'_key' is no name for a property"),
    ],
)
def test_columns_that_cannot_be_used_are_said(headings: list[str], told: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        choose(headings, told)
    assert said in error.value.message
    assert error.value.hint


def test_a_person_is_known_by_id_then_e_mail_then_nickname() -> None:
    found = checked(
        HEAD + "7,Ada,Abara,Ada@X.example; a2@x.example,yes,ada\n,Bob,,BOB@x.example,no,\n,,,,,Cy\n"
    )
    assert facts(found) == {
        "7": {
            "employeeId": "7",
            "firstName": "Ada",
            "lastName": "Abara",
            "email": ["ada@x.example", "a2@x.example"],
            "active": True,
            "bitbucketNickname": "ada",
        },
        "bob@x.example": {"firstName": "Bob", "email": ["bob@x.example"], "active": False},
        "Cy": {"bitbucketNickname": "Cy"},
    }
    assert set(found.people) == {"employee:s:7", "employee:s:bob@x.example", "employee:s:Cy"}
    names = [one.sealed().name for one in found.people.values()]
    assert names == ["Ada Abara", "Bob", "Cy"]


def test_bad_rows_are_rejected_with_their_number_and_reason() -> None:
    found = checked(HEAD + f",Ada,,,,\n1,,,no-address,,\n2,,,a@b@c,,\n3,{'x' * 3000},,,,\n4,Eve\n5,,,,,e\n")
    assert facts(found) == {"5": {"employeeId": "5", "bitbucketNickname": "e"}}
    assert why(found) == {
        2: "it has no employee id, e-mail address or nickname",
        3: "'no-address' is no e-mail address",
        4: "'a@b@c' is no e-mail address",
        5: "firstName has more than 2,000 characters",
        6: "it has 2 fields, and there are 6 headings",
    }


def test_rows_that_say_the_same_count_once_and_rows_that_differ_not_at_all() -> None:
    same = "1,Ada,,a@x.example,,\n"
    found = checked(HEAD + same + same + "2,Bob,,b@x.example,,\n2,Rob,,,,\n3,,,B@x.example,,\n4,,,,,dd\n")
    assert set(facts(found)) == {"1", "4"}
    assert why(found) == {
        3: "it says the same as row 2",
        4: "it and row 5 have the same employeeId '2', and differ",
        5: "it and row 4 have the same employeeId '2', and differ",
        6: "it and row 4 have the same email 'b@x.example', and differ",
    }


def test_people_may_share_a_nickname_but_not_be_known_by_it_alone() -> None:
    assert why(checked(HEAD + "1,,,,,ada\n2,,,,,ada\n")) == {}
    assert set(why(checked(HEAD + ",Ada,,,,ada\n,Eva,,,,ada\n"))) == {2, 3}


def test_a_status_that_nobody_understands_is_left_out_and_told() -> None:
    found = checked(HEAD + "1,,,,on leave,\n2,,,,on leave,\n3,,,,Terminated,\n")
    assert [one.facts.get("active") for one in found.people.values()] == [None, None, False]
    assert "2 rows have a status" in found.warnings[0]
    assert "'on leave'" in found.warnings[0]


def test_objects_in_json_are_rejected_only_where_they_are_used() -> None:
    table = read_bytes(b'[{"email": {"x": 1}, "id": 1}, {"email": "a@b.c", "other": {"x": 1}}]', "x.json")
    found = check(table, choose(table.headings), "s")
    assert why(found) == {1: "email is an object"}
    assert set(facts(found)) == {"a@b.c"}


def test_control_characters_of_a_terminal_never_come_in() -> None:
    (person,) = checked(HEAD + "1,A\x1b[31mda\x07,\u009b2J,,,\n").people.values()
    assert person.facts["firstName"] == "A [31mda"
    assert person.facts["lastName"] == "2J"


STORED = {
    "employee:s:1": {"employeeId": "1", "displayName": "Ada Abara", "email": ["ada@x.example"]},
    "employee:s:b@x.example": {"displayName": "Bob", "email": ["b@x.example"]},
    "employee:s:cy": {"bitbucketNickname": "cy", "displayName": "Cy Young"},
}


@pytest.mark.parametrize(
    ("row", "keys"),
    [
        ("1,,,broken,,", {"employee:s:1"}),
        (",,,broken,,cy", {"employee:s:cy"}),
        ("1,x", {"employee:s:1"}),
        (",Cy,Young,broken,,", {"employee:s:cy"}),
        (",ada,abara,,,", {"employee:s:1"}),
        ("9,Nobody,Known,broken,,", set()),
    ],
)
def test_a_rejected_row_protects_whom_it_stands_for(row: str, keys: set[str]) -> None:
    found = checked(HEAD + row + "\n")
    assert len(found.rejected) == 1
    assert protected(found.rejected, STORED, "s") == keys


def test_conflicting_rows_protect_everybody_they_name() -> None:
    found = checked(HEAD + "1,,,b@x.example,,\n1,,,,,cy\n")
    assert protected(found.rejected, STORED, "s") == set(STORED)


texts = st.text(st.sampled_from("ab@.1 ,"), max_size=6)
lines = st.lists(st.tuples(texts, texts, texts), max_size=8)


@given(lines)
def test_whatever_the_rows_say_nobody_shares_an_id_or_address(
    given_lines: list[tuple[str, str, str]],
) -> None:
    text = "Employee ID\tE-Mail\tNickname\n" + "".join("\t".join(one) + "\n" for one in given_lines)
    table = read_bytes(text.encode(), "x.csv")
    found = check(table, choose(table.headings), "s")
    told = [token for one in found.people.values() for token in rows.tokens(one.facts, "employeeId")]
    assert len(told) == len(set(told))
    assert len(found.people) + len(found.rejected) == len(table.rows)
    assert all(one.why for one in found.rejected)


def test_ten_thousand_rows_that_share_all_are_checked_at_once() -> None:
    text = HEAD + "".join(f"{i},N{i},,same@x.example,yes,n\n" for i in range(10_000))
    begun = time.process_time()
    found = checked(text)
    assert time.process_time() - begun < 5
    assert (len(found.people), len(found.rejected)) == (0, 10_000)


def test_every_telling_property_has_a_heading() -> None:
    assert set(columns.TELLING) <= columns.USUAL.keys()
