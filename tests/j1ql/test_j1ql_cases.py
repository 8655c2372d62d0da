"""Every case file says what is true. `pytest tests/j1ql --update` rewrites them; read the difference."""

from __future__ import annotations

from pathlib import Path

import pytest
from j1ql import casefile
from j1ql.casefile import Case
from j1ql.casegraph import case_store
from j1ql.grammar import belongs
from j1ql.oracle import alike, oracle_answer

from bucketgraph.errors import QueryError
from bucketgraph.j1ql.diagnostics import position, render
from bucketgraph.j1ql.parser import parse, parse_all
from bucketgraph.j1ql.printer import to_text


def test_a_case_gives_what_its_file_says(case: Case) -> None:
    assert casefile.actual(case) == case.sections


def test_the_grammar_takes_a_case_exactly_if_the_parser_does(case: Case) -> None:
    assert belongs(case.text) == ("error" not in case.sections)


def test_what_a_case_prints_is_the_same_query(case: Case) -> None:
    if "error" in case.sections:
        with pytest.raises(QueryError) as caught:
            parse(case.text)
        _assert_placed(case, caught.value)
        assert render(case.text, caught.value) == case.sections["error"].split("\n\nError parsing")[0]
    else:
        query = parse(case.text)
        assert parse(case.sections.get("printed", to_text(query))) == query


def test_the_naive_interpreter_answers_what_a_case_says(case: Case) -> None:
    if case.is_refused:
        with pytest.raises(QueryError) as caught:
            oracle_answer(case_store(), case.request)
        _assert_placed(case, caught.value)
    elif case.is_asked:
        expected = oracle_answer(case_store(), case.request)
        assert alike(case_store().ask(case.request).data, expected.data)


def _assert_placed(case: Case, error: QueryError) -> None:
    assert (error.line, error.column) == position(case.text, error.span[0])


def test_a_case_file_is_written_the_way_update_writes_it(
    case_file: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if request.config.getoption("--update", default=False):
        casefile.rewrite(case_file)
    copy = tmp_path / case_file.name
    copy.write_text(case_file.read_text(encoding="utf-8"), encoding="utf-8")
    assert not casefile.rewrite(copy)


def test_no_two_cases_have_one_name() -> None:
    names = [case.name for path in casefile.files() for case in casefile.read(path)[1]]
    assert len(names) == len(set(names)) > 100


def test_update_fills_an_empty_case_and_mends_a_wrong_one(tmp_path: Path) -> None:
    path = tmp_path / "new.j1ql"
    path.write_text("Words.\n\n=== New\nfind User\n\n=== Wrong\nfind X\n-- printed\nnonsense\n")
    assert casefile.rewrite(path)
    new, wrong = casefile.read(path)[1]
    assert new.sections == {
        "ast": "Query\n  start: Selector\n    members: Member kind='class' name='User'",
        "printed": "FIND User",
    }
    assert wrong.sections == {"printed": "FIND X"}
    assert not casefile.rewrite(path)


def test_every_error_of_a_text_is_told_at_once_and_in_order() -> None:
    _, errors = parse_all("FIND User WITH a LIKE 'b' THAT << HAS C WHERE d.e == 1 RETURN LOWER(x), y LIMIT 0")
    assert [error.column for error in errors] == [18, 32, 51, 63, 81]
