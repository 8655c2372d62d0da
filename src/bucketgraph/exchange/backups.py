"""Backing up a home, and putting a backup in its place: checked first, the present graph kept beside it.

What a restore replaces is decided by whoever calls; the graph always, settings and key only where asked for.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bucketgraph import __version__
from bucketgraph.errors import ConfigError
from bucketgraph.exchange import archive
from bucketgraph.exchange.archive import FORMAT, GRAPH, Manifest, Progress
from bucketgraph.store.backup import Holdings
from bucketgraph.store.store import Store


@dataclass(frozen=True, slots=True)
class Replacement:
    """What a restore is about to replace, and what comes in its place."""

    manifest: Manifest
    before: Holdings
    after: Holdings
    returning_tokens: tuple[str, ...]
    """Names of tokens of the API that are in the backup and not in the present graph: they become valid again."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. `kept` are the files in which what was replaced is kept, by what it was."""

    replaced: Replacement
    kept: Mapping[str, Path]


def make(
    store: Store,
    target: Path,
    extras: Mapping[str, Path],
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Write a backup of the store and of further files, whole or not at all, while others read and write.

    Raises ConfigError when the target exists, StoreFull, StoreUnreadable.
    """
    archive.check_target(target, force=force)
    with archive.folder_beside(target) as folder:
        copy = folder / GRAPH
        store.backup(copy, _phase(progress, "copy"))
        holdings = store.holdings_of(copy)
        now = int(time.time() * 1000)

        def describe(members: dict[str, archive.Member]) -> Manifest:
            return Manifest(
                format=FORMAT, version=__version__, created_on=now, holdings=holdings, members=members
            )

        return archive.write(target, {GRAPH: copy, **extras}, describe, force=force, progress=progress)


def restore(
    store: Store,
    source: Path,
    extras: Mapping[str, Path],
    *,
    check: Callable[[str, Path], None],
    allowed: Callable[[Replacement], bool],
    alone: Callable[[], AbstractContextManager[None]],
    safety: Mapping[str, Path] | None,
    progress: Progress | None = None,
) -> Restored:
    """Put a backup in the place of the present graph, and its further files in theirs.

    `extras` says where members go that are wanted beside the graph, `check` refuses one that cannot be used.
    When all is checked, `allowed` decides; then, `alone` on this database, the present graph and the `safety`
    files are backed up beside it (unless `safety` is None), and it is replaced.
    Raises Conflict, ConfigError, StoreUnreadable, StoreNewer, StoreBusy, StoreFull; then the graph is as before.
    """
    with store.staging() as folder:
        manifest = archive.unpack(source, folder, progress)
        _check_extras(manifest, extras, folder, check)
        replacement = _compare(store, manifest, folder / GRAPH)
        if not allowed(replacement):
            raise ConfigError("Nothing was restored.")
        kept: dict[str, Path] = {}
        with alone():
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
            if safety is not None:
                kept[GRAPH] = Path(store.where).with_suffix(f".before-restore-{stamp}.tar.gz")
                make(store, kept[GRAPH], safety, progress=progress)
            with _ready(folder, extras) as ready:
                store.restore_staged(folder / GRAPH, _phase(progress, "restore"))
                kept |= {name: _swap(ready[name], place, stamp) for name, place in extras.items()}
    return Restored(replacement, {name: path for name, path in kept.items() if path.exists()})


def _check_extras(
    manifest: Manifest, extras: Mapping[str, Path], folder: Path, check: Callable[[str, Path], None]
) -> None:
    for name in extras:
        if name not in manifest.members:
            raise ConfigError(f"The backup holds no {name}.", hint="Restore without it.")
        check(name, folder / name)


def _compare(store: Store, manifest: Manifest, copy: Path) -> Replacement:
    after = store.check_backup(copy)
    coming = store.tokens_of(copy)
    present = {one.hash for one in store.tokens()}
    returning = tuple(one.name for one in coming if one.hash not in present)
    return Replacement(manifest, store.holdings(), after, returning)


@contextlib.contextmanager
def _ready(folder: Path, extras: Mapping[str, Path]) -> Iterator[dict[str, Path]]:
    """Copy files beside their places, so that only renames are left, which a full disk cannot stop."""
    made: dict[str, Path] = {}
    try:
        for name, place in extras.items():
            with archive.on_disk(place):
                place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                handle, beside = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
                made[name] = Path(beside)
                with os.fdopen(handle, "wb") as out, (folder / name).open("rb") as content:
                    shutil.copyfileobj(content, out)
        yield made
    finally:
        for path in made.values():
            path.unlink(missing_ok=True)


def _swap(ready: Path, place: Path, stamp: str) -> Path:
    """Put a file in its place and return where the one before is kept."""
    kept = place.with_name(f"{place.name}.before-restore-{stamp}")
    if place.exists():
        place.replace(kept)
    ready.replace(place)
    return kept


def _phase(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda done, total: progress(what, done, total)
