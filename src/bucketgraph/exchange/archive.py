"""The file that `bucketgraph backup` writes: a gzipped tar of a few named members, read with suspicion.

::

    manifest.json   what is in it: version, time, numbers, size and SHA-256 of every other member; always first
    graph.db        the graph file
    config.toml     the settings, if there were any
    secret.key      the key of the stored credentials, only where it was asked for

A reader takes these names alone, as plain files, each once, none larger than it may be. Nothing is unpacked
under a name or with rights that the archive chose.
"""

from __future__ import annotations

import contextlib
import errno
import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Final, TypeAlias

import msgspec

from bucketgraph.errors import ConfigError, StoreFull, StoreNewer, StoreUnreadable
from bucketgraph.store.backup import Holdings

Progress: TypeAlias = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and of how much."""

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
GRAPH: Final = "graph.db"
CONFIG: Final = "config.toml"
KEY: Final = "secret.key"

_MOST_BYTES: Final = {MANIFEST: 1_000_000, CONFIG: 1_000_000, KEY: 100_000}
_MOST_EXPANSION: Final = 200
"""A graph file shrinks to a fifth or a tenth; what claims to shrink more than this means harm."""
_ALWAYS_ALLOWED: Final = 64_000_000
"""Bytes of a graph file that are taken however small its archive is: empty pages shrink to nothing."""
_PIECE: Final = 1 << 20
_BLOCK: Final = tarfile.BLOCKSIZE
_LEVEL: Final = 3
"""Of gzip. The raw answers in the graph are compressed already, so that more effort gains little."""
_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_UNTOUCHED: Final = "Nothing was changed. Give an unharmed file that `bucketgraph backup` wrote."


class Member(msgspec.Struct, frozen=True):
    """A file of the archive: its size in bytes and its SHA-256 in hexadecimal digits."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an archive says of itself. `created_on` is epoch ms, `version` the program's that wrote it."""

    format: int
    version: str
    created_on: int
    holdings: Holdings
    members: dict[str, Member]


def write(
    target: Path,
    files: Mapping[str, Path],
    describe: Callable[[dict[str, Member]], Manifest],
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Write an archive of files by member name, readable by its owner alone, whole or not at all.

    Raises ConfigError when something is there already (unless `force`), StoreFull, StoreUnreadable.
    """
    check_target(target, force=force)
    with on_disk(target):
        manifest = describe({name: _measured(path) for name, path in files.items()})
        handle, made = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # for its owner only
        try:
            with os.fdopen(handle, "wb") as file:
                _pack(file, manifest, files, progress)
                file.flush()
                os.fsync(file.fileno())
            check_target(target, force=force)
            Path(made).replace(target)
        finally:
            Path(made).unlink(missing_ok=True)
    return manifest


def check_target(target: Path, *, force: bool) -> None:
    """Refuse a place that holds something, or whose folder is not there. Raises ConfigError."""
    if target.is_dir():
        raise ConfigError(f"{target} is a folder.", hint="Give the name of a file, such as backup.tar.gz.")
    if target.exists() and not force:
        raise ConfigError(f"{target} exists.", hint="Give a new name, or --force to overwrite it.")
    if not target.parent.is_dir():
        raise ConfigError(f"There is no folder {target.parent}.", hint="Make it first.")


@contextlib.contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """Give a private folder beside a file that is to be written, gone afterwards."""
    with on_disk(target):
        made = tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        yield Path(made)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def unpack(source: Path, folder: Path, progress: Progress | None = None) -> Manifest:
    """Unpack an archive into an empty folder of ours and hold every member to the manifest.

    Raises StoreUnreadable for what is no archive of ours or is damaged, StoreNewer for one of a later form,
    StoreFull where it does not fit.
    """
    try:
        with source.open("rb") as raw, gzip.GzipFile(fileobj=raw) as file:
            manifest = _read_manifest(file, source)
            _check_space(manifest, folder)
            for name in manifest.members:
                _take(file, name, manifest.members[name], folder, progress)
            _check_end(file)
    except (EOFError, gzip.BadGzipFile, zlib.error, tarfile.HeaderError) as error:
        raise _bad(f"{error}".rstrip(".").lower()) from None
    except OSError as error:
        with on_disk(source if error.filename == str(source) else folder):
            raise
    return manifest


def _pack(file: IO[bytes], manifest: Manifest, files: Mapping[str, Path], progress: Progress | None) -> None:
    body = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    with (
        gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=_LEVEL, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        when = manifest.created_on // 1000
        with tempfile.SpooledTemporaryFile() as first:
            first.write(body)
            first.seek(0)
            tar.addfile(_header(MANIFEST, len(body), when), first)
        for name, path in files.items():
            size = manifest.members[name].size
            with path.open("rb") as content:
                tar.addfile(_header(name, size, when), _Told(content, "pack", size, progress))  # type: ignore[arg-type]


class _Told:
    """A file that tells how much of it was read."""

    def __init__(self, file: IO[bytes], what: str, size: int, progress: Progress | None) -> None:
        self._file, self._what, self._size, self._progress, self._done = file, what, size, progress, 0

    def read(self, size: int) -> bytes:
        """Read a piece."""
        piece = self._file.read(size)
        self._done += len(piece)
        if self._progress is not None:
            self._progress(self._what, self._done, self._size)
        return piece


def _header(name: str, size: int, when: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, when, 0o600
    return info


def _measured(path: Path) -> Member:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Member(file.tell(), digest)


def _read_manifest(file: gzip.GzipFile, source: Path) -> Manifest:
    name, size = _next(file)
    if name != MANIFEST:
        raise _bad(f"it begins with {name!r}, not with {MANIFEST!r}")
    if size > _MOST_BYTES[MANIFEST]:
        raise _bad(f"its {MANIFEST} is far too large")
    body = b"".join(_pieces(file, size))
    try:
        form = msgspec.json.decode(body, type=dict[str, msgspec.Raw]).get("format")
        if form is not None and msgspec.json.decode(form, type=int) > FORMAT:
            raise StoreNewer(
                "The backup was written by a newer bucketgraph.", hint="Install that one to restore it."
            )
        manifest = msgspec.json.decode(body, type=Manifest)
    except msgspec.MsgspecError as error:
        raise _bad(f"its {MANIFEST} cannot be read ({error})") from None
    _check_sizes(manifest, source.stat().st_size)
    return manifest


def _check_sizes(manifest: Manifest, packed: int) -> None:
    names = set(manifest.members)
    if GRAPH not in names or not names <= {GRAPH, CONFIG, KEY}:
        raise _bad(f"its {MANIFEST} names {', '.join(sorted(names)) or 'nothing'}")
    for name, member in manifest.members.items():
        most = _MOST_BYTES.get(name, packed * _MOST_EXPANSION + _ALWAYS_ALLOWED)
        if not 0 <= member.size <= most:
            raise _bad(f"{name} would be {member.size:,} bytes, which cannot be")


def _check_space(manifest: Manifest, folder: Path) -> None:
    """Refuse what would fill the disk: a graph is unpacked, and then written once more into the log."""
    needed = 2 * manifest.members[GRAPH].size
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise StoreFull(
            f"Restoring needs {needed:,} bytes in {folder.parent}, where {free:,} are free.",
            hint="Free some space and run the same command again; nothing was changed.",
        )


def _take(file: gzip.GzipFile, name: str, member: Member, folder: Path, progress: Progress | None) -> None:
    found, size = _next(file)
    if found != name:
        raise _bad(f"{found!r} stands where its manifest says {name!r}")
    if size != member.size:
        raise _bad(f"{name} has {size:,} bytes, not {member.size:,}")
    digest, done = hashlib.sha256(), 0
    with os.fdopen(os.open(folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
        for piece in _pieces(file, size):
            digest.update(piece)
            out.write(piece)
            done += len(piece)
            if progress is not None:
                progress("unpack", done, size)
    if digest.hexdigest() != member.sha256:
        raise _bad(f"{name} is not what was written: its checksum differs")


def _check_end(file: gzip.GzipFile) -> None:
    """Read what fills the last record, and with it the checksum of the compressed stream."""
    if any(file.read(2 * tarfile.RECORDSIZE)) or file.read(1):
        raise _bad("more is in it than its manifest says")


def _next(file: gzip.GzipFile) -> tuple[str, int]:
    """Return name and size of the next member.

    One header block and no more is read: extended headers, links, devices and folders are refused unread.
    """
    block = file.read(_BLOCK)
    if len(block) < _BLOCK or not any(block):
        raise _bad("it ends too soon")
    info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    if info.type not in {tarfile.REGTYPE, tarfile.AREGTYPE}:
        raise _bad(f"{info.name!r} in it is no plain file")
    if info.size < 0:
        raise _bad(f"{info.name!r} in it has no possible size")
    return info.name, info.size


def _pieces(file: gzip.GzipFile, size: int) -> Iterator[bytes]:
    """Yield a member's content, and read what fills its last block."""
    left = size
    while left:
        piece = file.read(min(_PIECE, left))
        if not piece:
            raise _bad("it ends too soon")
        left -= len(piece)
        yield piece
    file.read(-size % _BLOCK)


def _bad(why: str) -> StoreUnreadable:
    return StoreUnreadable(f"The file is no backup of bucketgraph, or it is damaged: {why}.", hint=_UNTOUCHED)


@contextlib.contextmanager
def on_disk(where: Path) -> Iterator[None]:
    """Turn the system's errors into ours."""
    try:
        yield
    except OSError as error:
        text = error.strerror or str(error)
        if error.errno in _NO_SPACE:
            raise StoreFull(
                f"There is no space left for {where} ({text}).",
                hint="Free some space and try again; nothing was changed.",
            ) from None
        raise StoreUnreadable(
            f"{where} cannot be read or written ({text}).",
            hint="Check path, owner and permissions; nothing was changed.",
        ) from None
