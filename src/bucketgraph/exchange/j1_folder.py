"""The `.j1-integration` folder on disk: finding it, walking it tolerantly, writing it whole or not at all.

::

    summary.json                                  steps, and the types that are known only in part
    graph/<step>/entities/<uuid>.json             {"entities": [...]}
    graph/<step>/relationships/<uuid>.json        {"relationships": [...]}

Readers depend neither on the names below `graph` nor on how objects are spread over files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from bucketgraph.errors import ConfigError
from bucketgraph.store.base import Problem

Element: TypeAlias = Literal["entities", "relationships"]
ELEMENTS: Final[tuple[Element, ...]] = ("entities", "relationships")
FOLDER: Final = ".j1-integration"
GRAPH: Final = "graph"
SUMMARY: Final = "summary.json"
_TEXT = "utf-8-sig"
"""UTF-8, with a byte order mark or without."""
_COMPLETE: Final = "success"
"""The one status of a step that looked at everything, just now. A `disabled` one did not look, and what a
`cached` one brings was seen earlier, maybe before what is stored."""


_MOST_NAMED = 5
"""As many steps are named in one problem."""


@dataclass(frozen=True, slots=True)
class Found:
    """One object of a file: which kind of array it stands in, where, and its JSON."""

    element: Element
    place: str
    json: msgspec.Raw


class StepResult(msgspec.Struct, rename="camel"):
    """What one step of an integration did. Readers need none of it; tools show it."""

    id: str = ""
    name: str = ""
    declared_types: list[str] = []
    partial_types: list[str] = []
    encountered_types: list[str] = []
    encountered_type_counts: dict[str, int] = {}
    status: str = ""

    @property
    def complete(self) -> bool:
        """Say whether it ran to its end and saw everything but its partial types."""
        return self.status == _COMPLETE


class PartialDatasets(msgspec.Struct):
    """The `_type`s of which the folder may lack objects that still exist."""

    types: list[str] = []


class Metadata(msgspec.Struct, rename="camel"):
    """What is said of the run as a whole."""

    partial_datasets: PartialDatasets = msgspec.field(default_factory=PartialDatasets)


class Summary(msgspec.Struct, rename="camel"):
    """The folder's `summary.json`."""

    integration_step_results: list[StepResult] = []
    metadata: Metadata = msgspec.field(default_factory=Metadata)

    def partial_types(self) -> set[str]:
        """Return the types that may lack objects: those named so, and all that an incomplete step makes."""
        found = set(self.metadata.partial_datasets.types)
        for step in self.integration_step_results:
            found.update(step.partial_types)
            if not step.complete:
                found.update(step.declared_types, step.encountered_types)
        return found

    def silent_steps(self) -> list[str]:
        """Return the ids of incomplete steps that do not declare what they make: it may be of any type."""
        return [one.id for one in self.integration_step_results if not (one.complete or one.declared_types)]


def locate(path: Path) -> Path:
    """Return the folder that holds `graph/`: the given one, or `.j1-integration` in it."""
    for folder in (path, path / FOLDER):
        if (folder / GRAPH).is_dir():
            return folder
    if not path.is_dir():
        raise ConfigError(
            f"There is no folder {path}.", hint=f"Give the {FOLDER} folder that an integration wrote."
        )
    raise ConfigError(
        f"The folder {path} holds no `{GRAPH}` folder.",
        hint=f"Give the {FOLDER} folder that an integration wrote, or the folder around it.",
    )


def read_summary(root: Path, problems: list[Problem]) -> Summary | None:
    """Read `summary.json`; None, with a problem, when it is missing or cannot be understood.

    A step that neither ran to its end nor declares what it makes is a problem too.
    """
    try:
        summary = msgspec.json.decode((root / SUMMARY).read_text(encoding=_TEXT), type=Summary)
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError, RecursionError) as error:
        problems.append(
            Problem(
                SUMMARY,
                "partial-folder",
                f"{SUMMARY} cannot be read ({_reason(error)}), so nobody says that the folder is complete: "
                "nothing was deleted.",
                "Import the folder as the integration wrote it.",
            )
        )
        return None
    silent = summary.silent_steps()
    if silent:
        problems.append(
            Problem(
                SUMMARY,
                "partial-folder",
                f"Of a step that did not run to its end ({', '.join(map(repr, silent[:_MOST_NAMED]))}) nobody "
                "says what it makes: nothing was deleted.",
                "Import again when the integration could run all of its steps.",
            )
        )
    return summary


def objects(root: Path, problems: list[Problem]) -> Iterator[Found]:
    """Yield the objects of every JSON file below `graph/`; what cannot be read becomes a problem."""
    for file in _files(root, problems):
        place = file.relative_to(root).as_posix()
        try:
            arrays = msgspec.json.decode(file.read_text(encoding=_TEXT), type=dict[str, msgspec.Raw])
            lists = [
                (element, msgspec.json.decode(arrays[element], type=list[msgspec.Raw]))
                for element in ELEMENTS
                if element in arrays
            ]
        except (OSError, UnicodeDecodeError, msgspec.MsgspecError, RecursionError) as error:
            problems.append(_unreadable(place, _reason(error)))
            continue
        if not lists:
            problems.append(_unreadable(place, "neither `entities` nor `relationships` stand in it"))
        for element, found in lists:
            for position, one in enumerate(found):
                yield Found(element, f"{place} {element}[{position}]", one)


def _files(root: Path, problems: list[Problem]) -> Iterator[Path]:
    """Yield the files in a fixed order, each once; links that lead out of the folder are not followed."""
    inside = root.resolve()
    for folder, folders, names in os.walk(
        root / GRAPH, onerror=lambda e: problems.append(_unreadable(str(e.filename), _reason(e)))
    ):
        here = Path(folder)
        folders.sort()
        for name in [name for name in folders if (here / name).is_symlink()]:
            _refuse_outside(here / name, root, inside, problems)
        for file in (here / name for name in sorted(names) if name.endswith(".json")):
            if file.is_symlink():
                target = _refuse_outside(file, root, inside, problems)
                if target is None or target.is_relative_to(inside / GRAPH):
                    continue  # refused, or met under its own name
            if _is_regular(file):
                yield file
            else:
                problems.append(_unreadable(file.relative_to(root).as_posix(), "it is no regular file"))


def _refuse_outside(link: Path, root: Path, inside: Path, problems: list[Problem]) -> Path | None:
    """Return what a link inside the folder leads to; None, with a problem, when it leads out or nowhere."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        target = None
    if target is None or not target.is_relative_to(inside):
        why = "it is a link to nothing" if target is None else "it is a link that leads out of the folder"
        problems.append(_unreadable(link.relative_to(root).as_posix(), why))
        return None
    return target


def _is_regular(file: Path) -> bool:
    with contextlib.suppress(OSError):
        return stat.S_ISREG(file.stat().st_mode)
    return False


def _unreadable(place: str, reason: str) -> Problem:
    return Problem(
        place,
        "unreadable-file",
        f"It cannot be read ({reason}), so the folder may lack something: nothing was deleted.",
        "Write the folder again with the integration that made it.",
    )


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    if isinstance(error, UnicodeDecodeError):
        return "it is no UTF-8"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give an empty folder to write into; it takes its place under `path` when all went well.

    Raises ConfigError when something is there already, or when it cannot be written; then nothing stays.
    """
    target = path.resolve()
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise ConfigError(
                f"{path} exists and is not an empty folder.", hint="Give a new or empty folder."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            yield made
            if target.exists():
                target.rmdir()
            made.rename(target)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise ConfigError(
            f"The folder {path} cannot be written ({error.strerror or error}).",
            hint="Give a folder that you may write to, with enough space.",
        ) from None
