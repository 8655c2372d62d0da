"""`bucketgraph backup` and `restore`: the graph as one file, and back again, while others use it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Self

import msgspec
import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bucketgraph.cli.output import console, messages, number, show_json, table, when
from bucketgraph.errors import ConfigError

if TYPE_CHECKING:
    from bucketgraph.exchange.archive import Manifest
    from bucketgraph.exchange.backups import Replacement, Restored
    from bucketgraph.store.backup import Holdings

Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")]

_PHASES = {
    "copy": "copying the graph",
    "pack": "writing the archive",
    "unpack": "checking the archive",
    "restore": "putting it back",
}


def backup(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file to write, such as bucketgraph-2026-11-24.tar.gz.")
    ],
    with_key: Annotated[
        bool,
        typer.Option(
            "--with-key", help="Put the secret key in, too. Whoever has the file then has the credentials."
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE when it exists.")] = False,
    as_json: Json = False,
) -> None:
    """Back up the graph with all its history, and config.toml, into one file.

    It may be running all the while: the copy is of one moment, checked, and there as a whole or not at all. The
    secret key that stored credentials are encrypted with is left out unless you ask for it; keep a copy of it
    elsewhere. The database of jobs is not in it either: jobs are made anew from the configurations.
    """
    from bucketgraph.app import open_app  # noqa: PLC0415  # keeps --help quick
    from bucketgraph.exchange.archive import CONFIG  # noqa: PLC0415
    from bucketgraph.exchange.home_files import where_key_is  # noqa: PLC0415

    with open_app() as opened, _Bars() as bars:
        manifest = opened.backup(file, with_key=with_key, force=force, progress=bars)
        key = where_key_is(opened.settings)
        left_out = (opened.settings.home / CONFIG).exists() and CONFIG not in manifest.members
    if as_json:
        show_json(_plain(file, manifest) | {"key": key, "configLeftOut": left_out})
        return
    _say(f"Wrote {file} ({file.stat().st_size / 1e6:,.1f} MB): {_in_words(manifest.holdings)}.")
    if left_out:
        _say("config.toml is not in it, because it holds the secret key (--with-key takes both).")
    if with_key:
        _say("It holds the secret key: keep it as safe as the credentials themselves.")
    elif key:
        _say(
            f"Stored credentials can be read only with the secret key, which is not in it: keep a copy of {key}."
        )


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `bucketgraph backup` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    with_config: Annotated[bool, typer.Option("--with-config", help="Restore config.toml, too.")] = False,
    with_key: Annotated[bool, typer.Option("--with-key", help="Restore the secret key, too.")] = False,
    no_safety: Annotated[
        bool, typer.Option("--no-safety", help="Do not back up the present graph beside itself first.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Put a backup in the place of the present graph.

    The file is checked as a whole first; then you see what it replaces and are asked. The present graph is backed
    up beside itself. A running server goes on with the restored graph at once; while a run is under way,
    restoring is refused. Integrations, tokens of the API and parameters are those of the backup afterwards.
    """
    from bucketgraph.app import open_app  # noqa: PLC0415

    def allowed(replacement: Replacement) -> bool:
        bars.stop()
        return yes or _confirmed(replacement)

    with open_app() as opened:
        bars = _Bars()
        with bars:
            done = opened.restore(
                file,
                allowed=allowed,
                with_config=with_config,
                with_key=with_key,
                safety=not no_safety,
                progress=bars,
            )
        locked_out = opened.locked_out()
    if as_json:
        show_json(_restored(file, done, locked_out))
    else:
        _tell(file, done, locked_out, restart=with_config or with_key)


class _Bars:
    """Shows on a terminal how far each part of the work is."""

    def __init__(self) -> None:
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=messages(),
            disable=not sys.stderr.isatty(),
        )
        self._tasks: dict[str, int] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        """Move a part's bar."""
        self._bars.start()
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(f"{_PHASES[what]:<20}", total=total)
        self._bars.update(self._tasks[what], completed=done, total=total)  # type: ignore[arg-type]

    def stop(self) -> None:
        """Stop drawing until something moves again."""
        self._bars.stop()

    def __enter__(self) -> Self:
        """Begin drawing."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing."""
        self._bars.stop()


def _confirmed(replacement: Replacement) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError(
            "Nobody is there to confirm the restoring.", hint="Add --yes to restore without asking."
        )
    messages().print(_comparison(replacement))
    return typer.confirm("Replace the present graph?", err=True)


def _comparison(replacement: Replacement) -> object:
    before, after = replacement.before, replacement.after
    rows = [
        ("entities", number(before.entities), number(after.entities)),
        ("relationships", number(before.relationships), number(after.relationships)),
        ("integrations", number(before.integrations), number(after.integrations)),
        ("publications", number(before.publications), number(after.publications)),
        ("last change (UTC)", when(before.last_published_on), when(after.last_published_on)),
    ]
    title = f"Backup of {when(replacement.manifest.created_on)} UTC"
    return table(title, ["", "present#", "backup#"], rows)


def _tell(file: Path, done: Restored, locked_out: list[str], *, restart: bool) -> None:
    console().print(_comparison(done.replaced))
    _say(f"Restored {file}.")
    for name, path in done.kept.items():
        _say(f"The {name} before is kept in {path}.")
    if done.replaced.returning_tokens:
        names = ", ".join(done.replaced.returning_tokens)
        _say(f"Tokens of the API that are valid again: {names}. Remove those you had removed.")
    if locked_out:
        _say(
            f"The present secret key cannot read the credentials of: {', '.join(locked_out)}. "
            "Restore the key that was in use then, or enter them again."
        )
    if restart:
        _say("Restart a running server: it reads settings and key when it starts.")


def _restored(file: Path, done: Restored, locked_out: list[str]) -> dict[str, object]:
    replaced = done.replaced
    return {
        "file": str(file),
        "createdOn": replaced.manifest.created_on,
        "before": replaced.before,
        "after": replaced.after,
        "kept": {name: str(path) for name, path in done.kept.items()},
        "returningTokens": replaced.returning_tokens,
        "unreadableCredentials": locked_out,
    }


def _plain(file: Path, manifest: Manifest) -> dict[str, object]:
    body = msgspec.to_builtins(manifest)
    return {"file": str(file), "bytes": file.stat().st_size, **body}


def _in_words(holdings: Holdings) -> str:
    return (
        f"{holdings.entities:,} entities and {holdings.relationships:,} relationships "
        f"of {holdings.integrations:,} integrations, with all history"
    )


def _say(text: str) -> None:
    console().print(text, markup=False, highlight=False)
