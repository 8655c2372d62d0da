"""Queries and questions, asked as a person asks them, of the demo's company."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from support.command import Shell

MERGED = "FIND bitbucket_pull_request WITH merged = true"
BY_REPOSITORY = (
    "FIND CodeRepo AS r THAT HAS PR AS pr RETURN r.name AS repository, COUNT(pr) AS n ORDER BY n DESC"
)
MOMENT = "2000-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Return the home into which the demo's company was collected."""
    home = tmp_path_factory.mktemp("demo") / "home"
    assert Shell(home.parent / "unused").run("demo", "--once", "--keep", str(home), "--json").code == 0
    return Shell(home)


def test_a_table_is_shown_and_what_is_left_out_is_said(company: Shell) -> None:
    ended = company.run("query", BY_REPOSITORY, "--limit", "3")
    assert ended.code == 0
    assert ended.out.splitlines()[0].split() == ["repository", "n"]
    assert len(ended.out.splitlines()) == 4
    paged = company.run("query", MERGED)
    assert "--all shows every one" in paged.said
    assert len(paged.out.splitlines()) >= 251
    assert "--all" not in company.run("query", MERGED, "--all").err


def test_json_is_the_envelope_and_pages_by_cursor(company: Shell) -> None:
    first = company.run("query", MERGED, "--json").json
    assert (first["type"], len(first["data"])) == ("list", 250)
    assert first["totalCount"] > 1000
    second = company.run("query", MERGED, "--format", "json", "--cursor", first["cursor"]).json
    assert {one["id"] for one in first["data"]}.isdisjoint(one["id"] for one in second["data"])
    everything = company.run("query", MERGED, "--json", "--all").json
    assert everything["cursor"] is None
    assert len(everything["data"]) == first["totalCount"]


def test_csv_and_graphml_hold_everything(company: Shell) -> None:
    rows = list(csv.DictReader(io.StringIO(company.run("query", MERGED, "--format", "csv").out)))
    assert len(rows) > 1000
    assert {row["state"] for row in rows} == {"MERGED"}
    tree = "FIND bitbucket_project THAT HAS bitbucket_repo RETURN TREE"
    root = ET.fromstring(company.run("query", tree, "--format", "graphml").out)  # noqa: S314  # our own
    assert len(root.findall(".//{*}node")) == 68
    assert len(root.findall(".//{*}edge")) == 60
    assert "HAS →" in company.run("query", tree, "--all").out
    refused = company.run("query", tree, "--format", "csv")
    assert refused.code == 2
    assert "A tree is no table" in refused.said


def test_a_query_comes_from_a_file_or_standard_input(company: Shell, tmp_path: Path) -> None:
    file = tmp_path / "q.j1ql"
    file.write_text("FIND bitbucket_workspace\n")
    assert "Northwind Robotics" in company.run("query", "--file", str(file)).out
    assert "Northwind Robotics" in company.run("query", given="FIND bitbucket_workspace").out
    assert "Northwind Robotics" in company.run("query", "-", given="FIND bitbucket_workspace").out
    for wrong in (
        ("FIND *", "--file", str(file)),
        ("--file", str(tmp_path / "none")),
        ("--file", str(tmp_path)),
    ):
        assert company.run("query", *wrong).code == 2


def test_variables_are_values_and_never_text(company: Shell) -> None:
    text = "FIND bitbucket_pull_request WITH state = ${s} RETURN COUNT(bitbucket_pull_request) AS n"
    assert company.run("query", text, "--param", "s=OPEN", "--json").json["data"][0]["n"] > 100
    several = company.run("query", text, "--param", 's=["OPEN", "MERGED"]', "--json").json["data"][0]["n"]
    assert several > 1000
    assert company.run("query", text, "--param", "s=' OR state != '", "--json").json["data"] == [{"n": 0}]
    assert company.run("query", text).code == 2


def test_errors_point_at_the_place(company: Shell) -> None:
    text = "FIND bitbucket_repo\n  WITH name LIKE 'api'"
    ended = company.run("query", text)
    assert ended.code == 2
    assert "\n    WITH name LIKE 'api'\n              ^^^^\n" in ended.err
    for arguments in (("--json",), ("--format", "json")):
        error = json.loads(company.run("query", text, *arguments).err)["error"]
        assert (error["code"], error["line"], error["column"]) == ("query", 2, 13)
        assert error["suggestions"][0] == "~="
        assert error["span"] == [32, 36]


def test_unknown_names_are_told_and_match_nothing(company: Shell) -> None:
    ended = company.run("query", "FIND bitbucket_repoo")
    assert ended.code == 0
    assert "bitbucket_repoo" in ended.said
    assert "Nothing was found." in ended.said
    assert company.run("query", "FIND bitbucket_repoo", "--json").json["messages"] != []


def test_checking_and_explaining_ask_nothing(company: Shell) -> None:
    assert "can be asked" in company.run("query", MERGED, "--check").out
    assert company.run("query", MERGED, "--check", "--json").json == {"ok": True, "messages": []}
    assert company.run("query", "FIND", "--check").code == 2
    assert "SELECT" in company.run("query", MERGED, "--explain").out.upper()


def test_the_graph_is_asked_as_it_was(company: Shell) -> None:
    count = "FIND bitbucket_repo RETURN COUNT(bitbucket_repo) AS n"
    assert company.run("query", count, "--json").json["data"] == [{"n": 60}]
    assert company.run("query", count, "--json", "--as-of", MOMENT).json["data"] == [{"n": 0}]
    assert company.run("query", count, "--as-of", "someday").code == 2
    open_now = "FIND PR WITH createdOn > date.now RETURN COUNT(PR) AS n"
    assert company.run("query", open_now, "--now", MOMENT, "--json").json["data"] == [{"n": 1501}]


def test_a_batch_answers_line_by_line(company: Shell) -> None:
    lines = [
        "FIND bitbucket_workspace",
        "",
        "FIND",
        '{"query": "FIND PR WITH state = ${s} RETURN COUNT(PR) AS n", "variables": {"s": "MERGED"}}',
        MERGED,
    ]
    ended = company.run("query", "--batch", given="\n".join(lines))
    assert ended.code == 0
    told = [json.loads(line) for line in ended.out.splitlines()]
    assert [one.get("type", "error") for one in told] == ["list", "error", "table", "list"]
    assert told[1]["error"]["code"] == "query"
    assert len(told[3]["data"]) == told[2]["data"][0]["n"], "a batch gives whole answers"
    assert company.run("query", "FIND *", "--batch").code == 2


def test_a_batch_is_flushed_line_by_line(company: Shell) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bucketgraph", "query", "--batch"],
        env={**os.environ, "BUCKETGRAPH_HOME": str(company.home)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(3):
            process.stdin.write("FIND bitbucket_workspace\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["type"] == "list"
        process.stdin.close()
    assert process.returncode == 0


def test_the_schema_shows_counts_examples_and_both_directions(company: Shell) -> None:
    overview = company.run("schema", "--json").json
    counts = {one["name"]: one["count"] for one in overview["types"]}
    assert counts["bitbucket_pull_request"] == 1501
    (one,) = company.run("schema", "CodeRepo", "--json").json["types"]
    told = {p["name"]: p for p in one["properties"]}
    assert told["mainBranch"]["example"] == "main"
    assert told["createdOn"]["kind"] == "time"
    shown = company.run("schema", "bitbucket_repo").out
    assert "OWNS" in shown
    assert "bitbucket_pull_request" in shown
    assert "approvedOn" in company.run("schema", "approved").out
    wrong = company.run("schema", "bitbucket_rep")
    assert wrong.code == 2
    assert "Did you mean bitbucket_repo?" in wrong.said


def test_completion_answers_an_editor(company: Shell) -> None:
    found = company.run("complete", "FIND bitbucket_user THAT OP", "--json").json
    assert found[0]["text"] == "OPENED"
    assert found[0]["replace"] == [25, 27]
    assert company.run("complete", "FIND bitb", "--offset", "0", "--json").json[0]["text"] == "FIND"


def test_the_sins_of_the_demo_are_found_by_questions(company: Shell) -> None:
    expected = {
        "approved-by-author-only": 11,
        "approved-only-by-people-who-left": 7,
        "merged-with-changes-requested": 6,
        "merged-by-bot": 9,
        "public-repositories": 1,
    }
    for name, count in expected.items():
        told = company.run("question", "run", name, "--json", "--all").json
        assert len(told["results"][0]["data"]) == count, name
    unapproved = company.run(
        "question", "run", "merged-without-approval", "--param", "days=9999", "--format", "csv"
    )
    assert len(list(csv.DictReader(io.StringIO(unapproved.out)))) == 37


def test_questions_say_what_an_empty_answer_means_and_refuse_wrong_parameters(company: Shell) -> None:
    none = company.run("question", "run", "public-repositories", "--as-of", MOMENT)
    assert "Nobody outside can read" in none.said
    assert company.run("question", "run", "most-opened", "--param", "days=x").code == 2
    assert company.run("question", "run", "recently-public-repositories", "--format", "csv").code == 2
    one = company.run(
        "question",
        "run",
        "recently-public-repositories",
        "--query",
        "new",
        "--format",
        "csv",
        "--param",
        "days=1",
    )
    assert one.out.startswith("repository,firstSeenOn")


def test_a_long_answer_goes_through_a_pager_in_a_terminal(company: Shell) -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bucketgraph", "query", "FIND bitbucket_repo RETURN bitbucket_repo.name"],
        env={**os.environ, "BUCKETGRAPH_HOME": str(company.home), "PAGER": "sed s/^/paged:/", "TERM": "xterm"},
        stdin=follower, stdout=follower, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(follower)
    shown = b""
    try:
        while chunk := os.read(leader, 4096):
            shown += chunk
    except OSError:  # Linux says so when the other end is closed
        pass
    assert process.wait() == 0
    assert b"paged:fleet-dispatcher" in shown
