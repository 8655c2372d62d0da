"""The shell, typed into through a pipe."""

from __future__ import annotations

from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from support.answers import Answerer

from bucketgraph.cli.repl import QueryCompleter, QueryLexer, Repl, is_whole, prompt_session
from bucketgraph.collect.steps import CATALOGUE


def typed(keys: str, store: Answerer, history: Path | None = None) -> None:
    """Type into a shell until it ends."""
    repl = Repl(store, CATALOGUE)
    with create_pipe_input() as given:
        given.send_text(keys)
        repl.run(prompt_session(store.known, CATALOGUE, history, given=given, shown=DummyOutput()))


def texts(store: Answerer) -> list[str]:
    """Return what was asked."""
    return [one.text for one in store.asked]


def test_a_query_ends_with_a_semicolon_or_an_empty_line() -> None:
    store = Answerer()
    typed("FIND bitbucket_user\rTHAT OPENED PR;\rFIND *\r\r\\quit\r", store)
    assert texts(store) == ["FIND bitbucket_user\nTHAT OPENED PR", "FIND *"]


def test_a_semicolon_inside_quotes_ends_nothing() -> None:
    assert not is_whole("FIND User WITH name = 'a;")
    assert not is_whole("FIND User WITH name = 'a;'")
    assert is_whole("FIND User WITH name = 'a;';")
    assert is_whole("\\help")
    assert not is_whole("\\explain FIND *")


def test_completion_writes_over_the_word_being_typed() -> None:
    completer = QueryCompleter(Answerer().known, CATALOGUE)
    text = "FIND bitbucket_proj THAT HAS PR"
    (first, *_) = completer.get_completions(Document(text, 19), CompleteEvent())
    assert (first.text, first.start_position) == ("bitbucket_project", -14)
    assert "group of repositories" in first.display_meta_text
    assert list(completer.get_completions(Document("\\sch"), CompleteEvent())) == []


def test_errors_are_shown_and_the_shell_goes_on(capfd: pytest.CaptureFixture[str]) -> None:
    store = Answerer()
    typed("FIND User WIT name = 'x';\rFIND *;\r\\nope\r\\quit\r", store)
    err = capfd.readouterr().err
    assert "^^^" in err
    assert "There is no command \\nope" in err
    assert texts(store) == ["FIND *"]


def test_commands_help_show_the_schema_choose_a_format_and_explain(capfd: pytest.CaptureFixture[str]) -> None:
    store = Answerer()
    typed(
        "\\help\r\\schema bitbucket_repo\r\\format json\rFIND *;\r\\format\r\\format xml\r\\format table\r"
        "\\explain FIND CodeRepo;\r\\schema Nope\r\x04",
        store,
    )
    out, err = capfd.readouterr()
    assert "a query ends with a semicolon" in out
    assert "mainBranch" in out
    assert '"totalCount"' in out
    assert "written as json" in out
    assert "Scan of FIND CodeRepo" in out
    assert "no format 'xml'" in err
    assert "no class, type or verb 'Nope'" in err


def test_history_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    history = tmp_path / "history"
    typed("FIND CodeRepo;\r\x04", Answerer(), history)
    assert "FIND CodeRepo;" in history.read_text()
    assert history.stat().st_mode & 0o077 == 0
    typed("\x1b[A\r\x04", store := Answerer(), history)
    assert texts(store) == ["FIND CodeRepo"]


def test_a_history_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    typed("FIND *;\r\x04", store := Answerer(), tmp_path / "missing" / "history")
    assert texts(store) == ["FIND *"]


def test_every_character_is_coloured_once() -> None:
    text = "FIND User\n  WITH name = 'x' /* c */ AND n > 5 'open\nend"
    line = QueryLexer().lex_document(Document(text))
    assert ["".join(piece[1] for piece in line(n)) for n in range(3)] == text.split("\n")
    assert line(0)[0][0] == "class:keyword"
    assert line(9) == []
