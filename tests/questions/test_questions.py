"""The library of questions: all of it can be asked; what is wrong in a file is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.known import known_graph

from bucketgraph.errors import ConfigError
from bucketgraph.j1ql import syntax
from bucketgraph.j1ql.parser import parse
from bucketgraph.j1ql.printer import to_text
from bucketgraph.j1ql.resolve import resolve
from bucketgraph.j1ql.syntax import Call, Compare, Literal, Selector, walk
from bucketgraph.questions.base import Question
from bucketgraph.questions.fill import asked, fill
from bucketgraph.questions.loader import load, read

LIBRARY = load()
KNOWN = known_graph(count=3)
AGGREGATES = {"COUNT", "SUM", "AVG", "MIN", "MAX"}

MINIMAL = "questions:\n  - name: a\n    title: A?\n    query: FIND *\n"


def specimens(question: Question) -> dict[str, str]:
    """Return values for the parameters that have no default."""
    return {one.name: "1" for one in question.parameters if one.default is None}


def test_there_are_questions_for_auditors_and_leads() -> None:
    assert len(LIBRARY.questions) >= 36
    for tag in ("review", "people", "repository", "project", "flow", "change", "audit", "hygiene"):
        assert len(LIBRARY.chosen(tag=tag)) >= 3, tag


@pytest.mark.parametrize("question", LIBRARY.questions, ids=lambda question: question.name)
def test_every_question_can_be_asked_and_every_name_in_it_is_declared(question: Question) -> None:
    assert question.title.endswith("?")
    assert question.tags
    for one in asked(question, specimens(question)):
        resolved = resolve(parse(one.text), text=one.text, known=KNOWN, now=1, variables=one.variables)
        assert list(resolved.messages) == [], one.text


@pytest.mark.parametrize("question", LIBRARY.questions, ids=lambda question: question.name)
def test_people_of_one_name_are_never_counted_together(question: Question) -> None:
    for one in asked(question, specimens(question)):
        query = parse(one.text)
        if not isinstance(query.returns, tuple):
            continue
        nodes = [item.expression for item in query.returns]
        if not any(isinstance(node, Call) and node.name.upper() in AGGREGATES for node in nodes):
            continue
        people = {
            node.alias
            for node in walk(query)
            if isinstance(node, Selector) and any(member.name == "bitbucket_user" for member in node.members)
        }
        columns = {node.segments for node in nodes if isinstance(node, syntax.Path)}
        named = {segments[0] for segments in columns if segments[0] in people and segments[1:] == ("name",)}
        assert all((person, "_key") in columns for person in named), one.text


def test_commits_that_a_late_comment_hides_are_still_told() -> None:
    """An old pull request is updated by a comment, and then still was not merged lately."""
    (one,) = asked(LIBRARY.find("pushed-without-pull-requests"), {})
    merged = one.text[one.text.index("bitbucket_pull_request") :]
    assert "mergedOn > date.now" in merged
    assert "updatedOn > date.now" not in merged


def test_parameters_are_typed_and_missing_ones_asked_for() -> None:
    question = LIBRARY.find("most-opened")
    (one,) = asked(question, {"days": "30", "most": "5"})
    assert "date.now - 30 days" in one.text
    assert one.variables == {"most": 5}
    with pytest.raises(ConfigError, match="is not a number"):
        asked(question, {"most": "many"})
    with pytest.raises(ConfigError, match="no parameter 'least'"):
        asked(question, {"least": "1"})
    with pytest.raises(ConfigError, match="needs name"):
        asked(LIBRARY.find("what-somebody-did"), {})
    assert asked(LIBRARY.find("odd-main-branches"), {"usual": "a, b"})[0].variables == {"usual": ["a", "b"]}


@given(st.text())
def test_a_placeholder_in_quotes_cannot_break_out(value: str) -> None:
    value = value.encode(errors="ignore").decode()
    for quotes in ("'{}'", '"{}"', "“{}”"):
        query = parse(fill(f"FIND User WITH name = {quotes.format('{{x}}')}", {"x": value}))
        assert [n.right for n in walk(query) if isinstance(n, Compare)] == [Literal(value)]


@given(st.text() | st.integers(-(2**53), 2**53) | st.booleans() | st.floats(0.001, 1e15))
def test_a_bare_placeholder_becomes_a_literal_of_its_kind(value: str | float | bool) -> None:
    value = value.encode(errors="ignore").decode() if isinstance(value, str) else value
    query = parse(fill("FIND User WITH name = {{x}}", {"x": value}))
    assert [n.right for n in walk(query) if isinstance(n, Compare)] == [Literal(value)]


@pytest.mark.parametrize(
    ("text", "value", "filled"),
    [
        ("FIND {{x}}", "bitbucket_user", "FIND bitbucket_user"),
        ("FIND ({{x}}|Host)", "User", "FIND (User|Host)"),
        ("FIND User THAT {{x}} Host", "HAS", "FIND User THAT HAS Host"),
        ("FIND User THAT HAS {{ x }}", "*", "FIND User THAT HAS *"),
        ("FIND User WITH a = {{x}}", ["b", 1], 'FIND User WITH a = ("b" OR 1)'),
        ("FIND User WITH a > date.now - {{x}} days", 30, "FIND User WITH a > date.now - 30 days"),
        ("FIND User WITH a = '{{x}}-{{x}}'", True, "FIND User WITH a = 'true-true'"),
        ("FIND User /* {{y}} */ LIMIT {{x}}", 5, "FIND User /* {{y}} */ LIMIT 5"),
    ],
)
def test_placeholders_stand_for_values_and_names(text: str, value: object, filled: str) -> None:
    assert fill(text, {"x": value}) == filled  # type: ignore[dict-item]  # a table of several kinds


@pytest.mark.parametrize("value", ["User WITH a = 1", "that", "", "a|b", 5])
def test_a_name_must_be_a_name(value: object) -> None:
    with pytest.raises(ConfigError, match="no name"):
        fill("FIND {{x}}", {"x": value})  # type: ignore[dict-item]  # a table of several kinds


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "f.yaml:1: A file of questions"),
        ("- a\n", "f.yaml:1: A file of questions"),
        ("questions: x\n", "f.yaml:1: `questions` is no list"),
        ("qestions: []\n", "f.yaml:1: There is no field `qestions` here. Did you mean `questions`?"),
        ("questions:\n  - x\n", "f.yaml:2: A question is a mapping"),
        (MINIMAL + "    tgas: [a]\n", "f.yaml:5: There is no field `tgas` here. Did you mean `tags`?"),
        (MINIMAL.replace("name: a", "name: A b"), "f.yaml:2: The name 'A b'"),
        (MINIMAL.replace("    title: A?\n", ""), "f.yaml:2: `title` is missing"),
        (MINIMAL.replace("title: A?", "title: [A]"), "f.yaml:3: `title` is no text"),
        (MINIMAL.replace("    query: FIND *\n", ""), "f.yaml:2: A question has a `query`"),
        (MINIMAL.replace("FIND *", "FIND * WIT"), "f.yaml:4: The query 'answer' of a: Error parsing query."),
        (
            MINIMAL.replace("FIND *", "|\n      FIND *\n      THAT HAS\n"),
            "f.yaml:6: The query 'answer' of a: Error parsing query.",
        ),
        (MINIMAL.replace("FIND *", "FIND * LIMIT ${n}"), "f.yaml:2: a uses the parameter 'n'"),
        (MINIMAL.replace("FIND *", "FIND * WITH a = '{{n}}'"), "f.yaml:2: a uses the parameter 'n'"),
        (MINIMAL + "    parameters: [{name: n}]\n", "f.yaml:2: a declares the parameter 'n', which no query"),
        (
            MINIMAL + "    parameters:\n      - {name: n, kind: date}\n",
            "f.yaml:6: The kind 'date' is none of",
        ),
        (
            MINIMAL + "    parameters:\n      - {name: n, kind: number, default: x}\n",
            "f.yaml:6: The default 'x' is no number",
        ),
        (MINIMAL + "    tags: a\n", "f.yaml:5: `tags` is no list of texts"),
        (MINIMAL + "    queries: [x]\n    title: again\n", "f.yaml:6:"),
        ("questions: [\n", "f.yaml:2:"),
        ("questions:\n\t- a\n", "f.yaml:2:"),
        ("a: &a [*a]\nquestions: !!python/object:os.system x\n", "f.yaml"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(text: str, why: str) -> None:
    with pytest.raises(ConfigError) as told:
        read(text, "f.yaml")
    assert told.value.message.startswith(why)


def test_ones_own_questions_are_read_beside_ours(tmp_path: Path) -> None:
    folder = tmp_path / "questions"
    folder.mkdir()
    (folder / "mine.yaml").write_text(MINIMAL)
    library = load(tmp_path)
    assert library.find("a").theme == "Mine"
    assert len(library.questions) == len(LIBRARY.questions) + 1
    (folder / "second.yml").write_text(MINIMAL)
    with pytest.raises(
        ConfigError, match=r"second\.yml:2: There is a question 'a' already, in .*mine\.yaml:2"
    ):
        load(tmp_path)


def test_a_question_pack_of_jupiterone_is_understood() -> None:
    (question,) = read(
        "integrationDefinitionId: x\nquestions:\n- id: managed.question_1\n  title: Whose?\n  tags: [Access]\n"
        "  queries:\n  - name: good\n    query: FIND {{kind}} WITH email = '{{email}}'\n    resultsAre: GOOD\n",
        "pack.yaml",
    )
    assert question.tags == ("access",)
    (one,) = asked(question, {"kind": "User", "email": "a'b"})
    assert to_text(parse(one.text)) == to_text(parse("FIND User WITH email = 'a\\'b'"))


def test_a_wrong_name_is_guessed() -> None:
    with pytest.raises(ConfigError) as told:
        LIBRARY.find("self-aproved")
    assert "self-approved" in told.value.hint


def test_questions_are_found_by_words_and_tags() -> None:
    found = [one.name for one in LIBRARY.chosen(tag="Leavers", search="OPEN pull")]
    assert "left-with-open-pull-requests" in found
    assert LIBRARY.chosen(search="no such words at all") == []
