"""The shell's loop, and what it lends the prompt: completion, colours, and where a query ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.output import Output
from prompt_toolkit.styles import Style

from bucketgraph.cli.answers import Format
from bucketgraph.cli.asking import Askable, show_query_error
from bucketgraph.cli.output import console, plain, show_error
from bucketgraph.cli.query import answer_one, request_of
from bucketgraph.cli.schema import show_schema
from bucketgraph.errors import BucketgraphError, ConfigError, QueryError
from bucketgraph.graph.schema import Catalogue
from bucketgraph.j1ql.complete import complete
from bucketgraph.j1ql.functions import FUNCTIONS
from bucketgraph.j1ql.known import KnownGraph
from bucketgraph.j1ql.operators import OPERATORS
from bucketgraph.j1ql.tokens import RESERVED, Kind, Token, tokenize

HELP: Final = r"""
FIND …;            ask; a query ends with a semicolon or an empty line
\schema [NAME]     what can be asked about
\format [FORMAT]   table, tree, json, csv or graphml
\explain QUERY;    plan and SQL of a query
\quit              end (or Ctrl-D)
""".strip()

STYLE: Final = Style.from_dict(
    {
        "keyword": "bold ansiblue",
        "function": "ansicyan",
        "operator": "ansimagenta",
        "string": "ansigreen",
        "number": "ansiyellow",
        "bad": "ansired",
    }
)
_COLOURED: Final = {
    Kind.STRING: "class:string",
    Kind.REGEX: "class:string",
    Kind.NUMBER: "class:number",
    Kind.DATE: "class:number",
    Kind.PARAMETER: "class:number",
    Kind.PLACEHOLDER: "class:number",
    Kind.BAD: "class:bad",
    Kind.FOREIGN: "class:bad",
}
_WORDS: Final = RESERVED | {"UNIQUE", "TREE", "ASC", "DESC"}


class QueryCompleter(Completer):
    """Completion of J1QL for the prompt."""

    def __init__(self, known: Callable[[], KnownGraph], catalogue: Catalogue) -> None:
        """Take who knows the graph; it is asked again each time, because a run may go on beside."""
        self._known = known
        self._catalogue = catalogue

    def get_completions(self, document: Document, _complete_event: CompleteEvent) -> Iterable[Completion]:
        """Yield what may be typed next."""
        text, offset = document.text, document.cursor_position
        if text.startswith("\\"):
            return
        for one in complete(text, offset, self._known(), self._catalogue):
            yield Completion(
                plain(one.text), start_position=one.replace.start - offset, display_meta=plain(one.detail)
            )


class QueryLexer(Lexer):
    """Colours of J1QL, from our own tokens."""

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """Return the coloured pieces of a line, by its number."""
        lines: list[StyleAndTextTuples] = [[]]
        for style, text in coloured(document.text):
            first, *others = text.split("\n")
            lines[-1].append((style, first))
            lines += [[(style, other)] for other in others]
        return lambda number: lines[number] if number < len(lines) else []


def coloured(text: str) -> Iterator[tuple[str, str]]:
    """Yield the whole text in pieces, each with its style."""
    end = 0
    for token in tokenize(text):
        if token.start > end:
            yield "", text[end : token.start]
        yield _style(token), token.text
        end = token.end


def _style(token: Token) -> str:
    if token.kind is Kind.NAME:
        if token.word in FUNCTIONS:
            return "class:function"
        return "class:keyword" if token.word in _WORDS else ""
    return "class:operator" if token.word in OPERATORS else _COLOURED.get(token.kind, "")


def is_whole(text: str) -> bool:
    """Tell whether what was typed is to be run: a command, a query with its semicolon, or an empty line."""
    stripped = text.strip()
    if not stripped or (stripped.startswith("\\") and not stripped.startswith("\\explain")):
        return True
    tokens = tokenize(stripped)
    ended = len(tokens) > 1 and tokens[-2].word == ";"
    return ended or text.endswith("\n")


def prompt_session(
    known: Callable[[], KnownGraph],
    catalogue: Catalogue,
    history: Path | None,
    *,
    given: Input | None = None,
    shown: Output | None = None,
) -> PromptSession[str]:
    """Return the prompt; `given` and `shown` stand in for the terminal."""
    return PromptSession(
        "j1ql> ",
        completer=QueryCompleter(known, catalogue),
        complete_while_typing=False,
        lexer=QueryLexer(),
        style=STYLE,
        history=_history(history),
        multiline=True,
        prompt_continuation="  ... ",
        key_bindings=_keys(),
        input=given,
        output=shown,
    )


def _history(file: Path | None) -> History:
    """Keep what was asked in a file that only its owner may read; in memory where that is not possible."""
    if file is None:
        return InMemoryHistory()
    try:
        os.close(os.open(file, os.O_CREAT | os.O_APPEND, 0o600))
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(file))


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if is_whole(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    return keys


class Repl:
    """The loop. Errors are shown, never its end."""

    def __init__(self, store: Askable, catalogue: Catalogue) -> None:
        """Take who answers."""
        self._store = store
        self._catalogue = catalogue
        self._form = Format.TABLE

    def known(self) -> KnownGraph:
        """Return what is known of the graph."""
        return self._store.known()

    def run(self, session: PromptSession[str]) -> None:
        """Ask until the person has enough."""
        while True:
            try:
                text = session.prompt().strip()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            if not self.handle(text):
                return

    def handle(self, text: str) -> bool:
        """Do what was typed; returns False when that is to end."""
        text = text.strip().removesuffix(";").strip()
        try:
            if text.startswith("\\"):
                return self._command(text)
            if text:
                self._ask(text)
        except QueryError as error:
            show_query_error(error, text)
        except BucketgraphError as error:
            show_error(error)
        except KeyboardInterrupt:
            console().print("Stopped.", style="dim")
        return True

    def _ask(self, text: str, *, explain: bool = False) -> None:
        try:
            answer_one(self._store, request_of(text, {}, form=self._form), self._form, explain=explain)
        except QueryError as error:
            show_query_error(error, text)

    def _command(self, text: str) -> bool:
        name, _, rest = text[1:].partition(" ")
        rest = rest.strip()
        if name in {"quit", "q", "exit"}:
            return False
        if name in {"help", "h", "?"}:
            console().print(HELP, markup=False, highlight=False)
        elif name == "schema":
            show_schema(self._store.known(), self._catalogue, rest or None)
        elif name == "explain":
            self._ask(rest, explain=True)
        elif name == "format":
            self._choose(rest)
        else:
            raise ConfigError(f"There is no command \\{name}.", hint="\\help lists them.")
        return True

    def _choose(self, name: str) -> None:
        names = [one.value for one in Format]
        if name and name not in names:
            raise ConfigError(f"There is no format {name!r}.", hint=f"There are {', '.join(names)}.")
        self._form = Format(name) if name else self._form
        console().print(f"Answers are written as {self._form.value}.", highlight=False)
