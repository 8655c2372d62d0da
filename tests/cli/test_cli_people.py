"""`bucketgraph people`: what it shows, asks and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.inprocess import CommandLine

STAFF = "Employee ID,Name,E-Mail,Cost centre\n1,Ada,ada@x.example,7\n2,Bob,bob@x.example,8\n3,Cy,,9\n"


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    return CommandLine(tmp_path / "home", monkeypatch)


@pytest.fixture
def staff(tmp_path: Path) -> Path:
    file = tmp_path / "staff.csv"
    file.write_text(STAFF)
    return file


def test_help_teaches_with_an_example(line: CommandLine) -> None:
    told = " ".join(line.fine("people", "import", "--help").out.split())
    assert "Employee ID,First name,Last name,E-mail" in told
    assert "1001,Ada,Abara,ada@acme.example" in told


def test_the_example_of_the_help_is_a_list(line: CommandLine, tmp_path: Path) -> None:
    lines = [one.strip() for one in line.fine("people", "import", "--help").out.splitlines()]
    begin = next(number for number, one in enumerate(lines) if one.startswith("Employee ID,"))
    (tmp_path / "example.csv").write_text("\n".join(lines[begin : begin + 3]))
    done = line.fine("people", "import", str(tmp_path / "example.csv"), "--json").json
    assert (len(done["created"]), done["rejected"], done["ignoredColumns"]) == (2, [], [])


def test_a_dry_run_shows_the_difference_and_changes_nothing(line: CommandLine, staff: Path) -> None:
    line.fine("people", "import", str(staff))
    staff.write_text(STAFF.replace("Bob", "Robert").replace("3,Cy", "4,Di"))
    shown = line.fine("people", "import", str(staff), "--dry-run").out
    assert "displayName: Bob → Robert" in shown
    assert (
        "Nothing was changed. 3 rows: 1 people new, 1 changed, 1 removed, 1 unchanged; 0 rows rejected."
        in shown
    )
    plain = line.fine("people", "import", str(staff), "--dry-run", "--json").json
    assert (plain["dryRun"], plain["run"]) == (True, None)
    assert plain["updated"][0]["before"]["displayName"] == "Bob"
    assert [one["name"] for one in line.fine("people", "list", "--json").json] == ["Ada", "Bob", "Cy"]


def test_nobody_at_the_keyboard_removes_nobody(line: CommandLine, staff: Path) -> None:
    line.fine("people", "import", str(staff))
    staff.write_text("Employee ID,Name\n1,Ada\n")
    refused = line.run("people", "import", str(staff))
    assert refused.code == 2
    assert "2 of the 3 people of 'people' are not in staff.csv" in refused.said
    assert "--dry-run" in refused.said
    shown = line.fine("people", "import", str(staff), "--dry-run").out
    assert "It would ask for --yes" in shown
    line.fine("people", "import", str(staff), "--yes")
    assert len(line.fine("people", "list", "--json").json) == 1
    assert line.run("people", "remove", "1").code == 2
    line.fine("people", "remove", "1", "--yes")
    assert "Nobody is known yet" in line.fine("people", "list").out


def test_unknown_columns_are_told_and_can_be_kept(line: CommandLine, staff: Path) -> None:
    assert "Ignored: Cost centre." in line.fine("people", "import", str(staff)).out
    line.fine("people", "import", str(staff), "--keep")
    assert line.fine("people", "show", "Ada", "--json").json["costCentre"] == "7"
    line.fine("people", "import", str(staff), "--map", "cost centre=room")
    shown = line.fine("people", "show", "1", "--json").json
    assert (shown["room"], "costCentre" in shown) == ("7", False)


def test_what_was_edited_comes_back_and_that_is_said(line: CommandLine, staff: Path) -> None:
    line.fine("people", "import", str(staff))
    said = line.fine("people", "edit", "ada@x.example", "--set", "title=Lead").out
    assert "The next import of people sets this person to what its file says" in " ".join(said.split())
    line.fine("people", "import", str(staff))
    assert "title" not in line.fine("people", "show", "1", "--json").json


def test_adding_and_editing_by_hand(line: CommandLine) -> None:
    added = line.fine(
        "people", "add", "--first-name", "Eve", "--email", "e@x.example", "--email", "f@x.example", "--json"
    )
    assert added.json["added"]["email"] == ["e@x.example", "f@x.example"]
    edited = line.fine("people", "edit", "Eve", "--set", "active=no", "--set", "room=4.02").out
    assert "next import" not in edited
    shown = line.fine("people", "show", "Eve", "--json").json
    assert (shown["active"], shown["room"], shown["source"]) == (False, "4.02", "manual")
    assert line.fine("people", "sources", "--json").json[0]["people"] == 1
    assert "manual" in line.fine("people", "sources").out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("edit", "Ada"), "There is nothing to change"),
        (("edit", "Ada", "--set", "title"), "sets nothing"),
        (("edit", "Nobody", "--set", "title=x"), "nobody known as 'Nobody'"),
        (
            ("add", "--first-name", "Eve"),
            "An employee id, an e-mail address or a Bitbucket nickname is needed",
        ),
        (("import", "/nowhere/staff.csv"), "cannot be read (No such file or directory)"),
        (("list", "--source", "hr"), "no source of people named 'hr'"),
        (("rules", "enable", "shoes"), "no mapping rule 'shoes'"),
    ],
)
def test_what_cannot_be_is_said_with_what_to_do(
    line: CommandLine, staff: Path, arguments: tuple[str, ...], told: str
) -> None:
    line.fine("people", "import", str(staff))
    done = line.run("people", *arguments)
    assert done.code == 2
    assert told in done.said
    as_json = line.run("people", *arguments, "--json")
    assert '"hint":""' not in as_json.err.replace(" ", "")


def test_rules_are_listed_and_switched(line: CommandLine) -> None:
    assert "bitbucket_user.nickname === Person.bitbucketNickname" in line.fine("people", "rules", "list").out
    line.fine("people", "rules", "enable", "account-id")
    on = {one["id"]: one["enabled"] for one in line.fine("people", "rules", "list", "--json").json}
    assert on == {"nickname": True, "account-id": True, "email": False}
    assert "is off now" in line.fine("people", "rules", "disable", "nickname").out


def test_a_source_stands_in_no_list_of_integrations_and_is_no_bitbucket(
    line: CommandLine, staff: Path
) -> None:
    line.fine("people", "import", str(staff))
    assert line.fine("integration", "list", "--json").json == []
    refused = line.run("sync", "people")
    assert "is a source of people" in refused.said
    assert line.fine("integration", "remove", "people", "--yes", "--json").json["entities"] == 3
    assert line.fine("people", "list", "--json").json == []
    assert "Every user is somebody" in line.fine("people", "unmapped").out
