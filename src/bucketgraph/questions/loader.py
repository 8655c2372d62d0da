"""Reading question files. Whatever is wrong in one is told with its file and line."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bucketgraph.errors import ConfigError, Unknown
from bucketgraph.j1ql.diagnostics import closest
from bucketgraph.questions.base import Question
from bucketgraph.questions.reading import Place, read_question

FOLDER = "questions"
_FILE_FIELDS = ("theme", "questions", "integrationDefinitionId", "sourceId", "description")


@dataclass(frozen=True, slots=True)
class Library:
    """All questions, in the order of their files."""

    questions: tuple[Question, ...]

    def find(self, name: str) -> Question:
        """Return the question of a name; raises Unknown that knows what may have been meant."""
        for one in self.questions:
            if one.name == name:
                return one
        near = closest(name, (one.name for one in self.questions))
        hint = f"Did you mean {near[0]}?" if near else "`bucketgraph question list` shows all of them."
        raise Unknown(f"There is no question {name!r}.", hint=hint)

    def chosen(self, *, tag: str | None = None, search: str | None = None) -> list[Question]:
        """Return the questions with a tag whose text holds all words of a search."""
        return [
            one
            for one in self.questions
            if (tag is None or tag.casefold() in one.tags) and (search is None or one.mentions(search))
        ]


def load(home: Path | None = None) -> Library:
    """Return our library, and that of a home folder beside it. Raises ConfigError."""
    questions = list(_ours())
    if home is not None:
        questions += _of_folder(home / FOLDER)
    _refuse_duplicates(questions)
    return Library(tuple(questions))


def read(text: str, source: str) -> list[Question]:
    """Return the questions of a file's text; `source` names it in errors."""
    try:
        content = YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise ConfigError(f"{source}:{line}: {error.problem or 'no YAML'}.", hint="Mend the YAML.") from None
    except (YAMLError, ValueError) as error:
        raise ConfigError(f"{source}: {error}.", hint="Mend the YAML.") from None
    place = Place(source)
    if not isinstance(content, CommentedMap):
        raise place.error("A file of questions begins with `questions:`.")
    place.refuse_unknown(content, _FILE_FIELDS)
    listed = content.get("questions")
    if not isinstance(listed, CommentedSeq):
        raise place.error("`questions` is no list.", content, "questions")
    theme = str(content.get("theme") or Path(source).stem.replace("_", " ").capitalize())
    return [read_question(one, place.item(listed, number), theme) for number, one in enumerate(listed)]


@functools.cache
def _ours() -> tuple[Question, ...]:
    """Return the questions that come with the program; a server asks for them again and again."""
    folder = resources.files("bucketgraph.questions") / "library"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda one: one.name
    )
    return tuple(one for file in files for one in read(file.read_text(encoding="utf-8"), file.name))


def _of_folder(folder: Path) -> Iterator[Question]:
    if not folder.is_dir():
        return
    for file in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        yield from read(_text_of(file), str(file))


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror}).", hint="Check it.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is no UTF-8 text.", hint="Save it as UTF-8.") from None


def _refuse_duplicates(questions: Iterable[Question]) -> None:
    seen: dict[str, Question] = {}
    for one in questions:
        if (before := seen.setdefault(one.name, one)) is not one:
            raise ConfigError(
                f"{one.source}: There is a question {one.name!r} already, in {before.source}.",
                hint="Give it another name.",
            )
