"""Archives of backups: what is written is read again; anything else is refused before it does anything."""

from __future__ import annotations

import gzip
import io
import json
import stat
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exchange.folderkit import Desk, desk_at, entity, write

from bucketgraph.errors import BucketgraphError, ConfigError, Conflict, StoreFull, StoreNewer, StoreUnreadable
from bucketgraph.exchange import archive
from bucketgraph.integrations.vault import KEY_FILE
from bucketgraph.settings import CONFIG_FILE

Files = dict[str, bytes]


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    """Open an app with one imported entity."""
    with desk_at(tmp_path / "home") as made:
        made.take(write(tmp_path / "in", [entity("a")]))
        yield made


@pytest.fixture
def backup(desk: Desk, tmp_path: Path) -> Path:
    """Return a backup of that, after which another entity came."""
    path = tmp_path / "backup.tar.gz"
    desk.app.backup(path)
    desk.take(write(tmp_path / "in", [entity("a"), entity("b")]))
    return path


def unpacked(path: Path) -> Files:
    """Return the members of an archive."""
    with tarfile.open(path) as tar:
        return {one.name: tar.extractfile(one).read() for one in tar.getmembers()}  # type: ignore[union-attr]


def packed(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    """Write an archive of any members."""
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT) as tar:
        for info, content in members:
            info.size = info.size or len(content)
            tar.addfile(info, io.BytesIO(content))


def plain(files: Files) -> list[tuple[tarfile.TarInfo, bytes]]:
    """Return files as plain members."""
    return [(tarfile.TarInfo(name), content) for name, content in files.items()]


def manifest_with(files: Files, change: Callable[[dict[str, Any]], Any]) -> Files:
    """Return the members with another manifest."""
    told = json.loads(files[archive.MANIFEST])
    change(told)
    return {**files, archive.MANIFEST: json.dumps(told).encode()}


def entries(tmp_path: Path) -> set[str]:
    return {str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*") if not one.name.endswith(".lock")}


def assert_refused(desk: Desk, path: Path, tmp_path: Path, error: type[BucketgraphError], said: str) -> None:
    """Hold that restoring fails and changes nothing anywhere."""
    before, graph = entries(tmp_path), desk.entities()
    with pytest.raises(error, match=said):
        desk.app.restore(path)
    assert entries(tmp_path) == before
    assert desk.entities() == graph
    assert desk.app.store.check_integrity() == "ok"


def test_the_names_in_an_archive_are_those_of_the_home() -> None:
    assert (archive.KEY, archive.CONFIG) == (KEY_FILE, CONFIG_FILE)


def test_a_backup_is_private_and_says_what_is_in_it(desk: Desk, backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    files = unpacked(backup)
    assert list(files) == [archive.MANIFEST, archive.GRAPH]
    told = json.loads(files[archive.MANIFEST])
    assert told["holdings"]["entities"] == 1
    assert told["members"][archive.GRAPH]["size"] == len(files[archive.GRAPH])
    assert not list(backup.parent.glob(".backup*"))


def test_what_was_backed_up_comes_back_and_what_was_there_is_kept(desk: Desk, backup: Path) -> None:
    done = desk.app.restore(backup)
    assert set(desk.entities()) == {"a"}
    assert (done.replaced.before.entities, done.replaced.after.entities) == (2, 1)
    desk.app.restore(done.kept[archive.GRAPH])
    assert set(desk.entities()) == {"a", "b"}


def test_who_says_no_has_changed_nothing(desk: Desk, backup: Path) -> None:
    with pytest.raises(ConfigError, match="Nothing was restored"):
        desk.app.restore(backup, allowed=lambda _: False)
    assert set(desk.entities()) == {"a", "b"}


def test_restoring_is_refused_while_a_run_is_under_way(desk: Desk, backup: Path, tmp_path: Path) -> None:
    (integration,) = desk.app.registry.all()
    with desk.app.registry.running(integration):
        assert_refused(desk, backup, tmp_path, Conflict, "under way")
    desk.app.restore(backup)


def test_a_backup_is_never_overwritten_unasked(desk: Desk, backup: Path) -> None:
    whole = backup.read_bytes()
    with pytest.raises(ConfigError, match="exists"):
        desk.app.backup(backup)
    assert backup.read_bytes() == whole
    desk.app.backup(backup, force=True)
    assert backup.read_bytes() != whole


@pytest.mark.parametrize(("place", "said"), [("nowhere/b.tar.gz", "no folder"), (".", "is a folder")])
def test_a_place_that_cannot_be_written_is_told(desk: Desk, tmp_path: Path, place: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        desk.app.backup(tmp_path / place)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.999])
def test_a_truncated_archive_is_refused(desk: Desk, backup: Path, tmp_path: Path, share: float) -> None:
    whole = backup.read_bytes()
    backup.write_bytes(whole[: int(len(whole) * share)])
    assert_refused(desk, backup, tmp_path, StoreUnreadable, "damaged")


def same_content(one: bytes, other: bytes) -> bool:
    """Tell whether both unpack to the same: in a run of zeros, several ways of packing do."""
    try:
        return gzip.decompress(one) == gzip.decompress(other)
    except (OSError, EOFError, zlib.error):
        return False


def test_any_changed_byte_that_changes_the_content_is_noticed(
    desk: Desk, backup: Path, tmp_path: Path
) -> None:
    whole, refused = backup.read_bytes(), 0
    for at in range(10, len(whole), len(whole) // 12):
        changed = whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]
        if not same_content(changed, whole):
            backup.write_bytes(changed)
            assert_refused(desk, backup, tmp_path, StoreUnreadable, "damaged")
            refused += 1
    assert refused > 6


def test_a_graph_that_is_not_the_one_of_the_manifest_is_refused(
    desk: Desk, backup: Path, tmp_path: Path
) -> None:
    files = unpacked(backup)
    graph = bytearray(files[archive.GRAPH])
    graph[-1] ^= 1
    packed(backup, plain({**files, archive.GRAPH: bytes(graph)}))
    assert_refused(desk, backup, tmp_path, StoreUnreadable, "checksum")


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "graph.db/../../evil", "questions/evil.yaml", "./graph.db", "\udcff"]
)
def test_no_name_but_ours_is_taken(desk: Desk, backup: Path, tmp_path: Path, name: str) -> None:
    files = unpacked(backup)
    for members in ({name: b"x", **files}, {**files, name: b"x"}):
        packed(backup, plain(members))
        assert_refused(desk, backup, tmp_path, StoreUnreadable, "damaged")
    moved = {archive.MANIFEST: files[archive.MANIFEST], name: files[archive.GRAPH]}
    renamed = manifest_with(
        moved, lambda told: told["members"].update({name: told["members"].pop("graph.db")})
    )
    if name != "\udcff":  # which no JSON can name
        packed(backup, plain(renamed))
        assert_refused(desk, backup, tmp_path, StoreUnreadable, "names")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, b"x", b"L"]
)
def test_nothing_but_plain_files_is_taken(desk: Desk, backup: Path, tmp_path: Path, kind: bytes) -> None:
    files = unpacked(backup)
    info = tarfile.TarInfo(archive.GRAPH)
    info.type, info.linkname = kind, "/etc/passwd"
    block = info.tobuf(tarfile.USTAR_FORMAT)
    first = tarfile.TarInfo(archive.MANIFEST)
    first.size = len(files[archive.MANIFEST])
    body = first.tobuf(tarfile.USTAR_FORMAT) + files[archive.MANIFEST]
    body += b"\0" * (-len(body) % 512) + block + b"\0" * 10_240
    backup.write_bytes(gzip.compress(body))
    assert_refused(desk, backup, tmp_path, StoreUnreadable, "no plain file")


def test_a_member_that_comes_twice_is_refused(desk: Desk, backup: Path, tmp_path: Path) -> None:
    files = unpacked(backup)
    packed(backup, [*plain(files), *plain({archive.GRAPH: files[archive.GRAPH]})])
    assert_refused(desk, backup, tmp_path, StoreUnreadable, "more is in it")


@pytest.mark.parametrize("size", [10**13, 10**18, -1])
def test_a_graph_of_a_size_that_cannot_be_is_refused_unread(
    desk: Desk, backup: Path, tmp_path: Path, size: int
) -> None:
    files = manifest_with(unpacked(backup), lambda told: told["members"]["graph.db"].update(size=size))
    packed(backup, plain(files))
    assert_refused(desk, backup, tmp_path, StoreUnreadable, "cannot be")


def test_a_graph_that_is_larger_than_the_disk_is_refused(
    desk: Desk, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 100_000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    assert_refused(desk, backup, tmp_path, StoreFull, "are free")


@pytest.mark.parametrize("size", [2_000_000, 10**11, -5])
def test_a_manifest_that_would_fill_the_memory_is_refused_unread(
    desk: Desk, backup: Path, tmp_path: Path, size: int
) -> None:
    info = tarfile.TarInfo(archive.MANIFEST)
    info.size = size
    body = info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 3_000_000
    backup.write_bytes(gzip.compress(body))
    assert_refused(desk, backup, tmp_path, StoreUnreadable, "far too large|no possible size")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "damaged"),
        (b"no archive", "damaged"),
        (gzip.compress(b""), "too soon"),
        (gzip.compress(b"x" * 2000), "damaged"),
        (gzip.compress(b"\0" * 20_000), "too soon"),
    ],
    ids=["empty", "text", "nothing in gzip", "text in gzip", "zeros in gzip"],
)
def test_what_is_no_archive_is_refused(
    desk: Desk, backup: Path, tmp_path: Path, content: bytes, said: str
) -> None:
    backup.write_bytes(content)
    assert_refused(desk, backup, tmp_path, StoreUnreadable, said)


def test_a_bare_graph_file_and_a_missing_one_are_refused(desk: Desk, backup: Path, tmp_path: Path) -> None:
    backup.write_bytes(unpacked(backup)[archive.GRAPH])
    assert_refused(desk, backup, tmp_path, StoreUnreadable, "damaged")
    backup.unlink()
    assert_refused(desk, backup, tmp_path, StoreUnreadable, "cannot be read")


@pytest.mark.parametrize("manifest", [b"", b"{", b"[]", b'{"format": 1}', b'{"format": "x"}', b"\xff\xfe"])
def test_a_manifest_that_cannot_be_read_is_refused(
    desk: Desk, backup: Path, tmp_path: Path, manifest: bytes
) -> None:
    packed(backup, plain({**unpacked(backup), archive.MANIFEST: manifest}))
    assert_refused(desk, backup, tmp_path, StoreUnreadable, "cannot be read")


def test_an_archive_of_a_later_form_asks_for_the_newer_program(
    desk: Desk, backup: Path, tmp_path: Path
) -> None:
    later = {archive.MANIFEST: b'{"format": 2, "all": "different"}', "new": b"x"}
    packed(backup, plain(later))
    assert_refused(desk, backup, tmp_path, StoreNewer, "newer bucketgraph")


def make_key(desk: Desk) -> None:
    """Make the key file, as the first entry of credentials does."""
    with desk.app.keyring.held():
        desk.app.keyring.sealing()


def test_settings_and_key_come_back_only_where_asked_for(desk: Desk, tmp_path: Path) -> None:
    home, path = desk.app.settings.home, tmp_path / "whole.tar.gz"
    (home / CONFIG_FILE).write_text("workers = 3\n")
    make_key(desk)
    key = (home / KEY_FILE).read_text()
    desk.app.backup(path, with_key=True)
    assert list(unpacked(path)) == [archive.MANIFEST, archive.GRAPH, CONFIG_FILE, KEY_FILE]
    (home / CONFIG_FILE).write_text("workers = 9\n")
    (home / KEY_FILE).unlink()
    assert set(desk.app.restore(path).kept) == {archive.GRAPH}
    assert (home / CONFIG_FILE).read_text() == "workers = 9\n"
    assert not (home / KEY_FILE).exists()
    done = desk.app.restore(path, with_config=True, with_key=True, safety=False)
    assert (home / CONFIG_FILE).read_text() == "workers = 3\n"
    assert (home / KEY_FILE).read_text() == key
    assert stat.S_IMODE((home / KEY_FILE).stat().st_mode) == 0o600
    assert {name: kept.read_text() for name, kept in done.kept.items()} == {CONFIG_FILE: "workers = 9\n"}


def test_the_key_is_in_no_backup_unasked_not_even_inside_the_settings(desk: Desk, tmp_path: Path) -> None:
    home = desk.app.settings.home
    make_key(desk)
    (home / CONFIG_FILE).write_text('secret_key = "k"\n')
    desk.app.backup(tmp_path / "b.tar.gz")
    assert list(unpacked(tmp_path / "b.tar.gz")) == [archive.MANIFEST, archive.GRAPH]


def test_what_is_wanted_and_not_there_is_told_before_anything_happens(
    desk: Desk, backup: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="no secret key file"):
        desk.app.backup(tmp_path / "k.tar.gz", with_key=True)
    for wish, name in (({"with_key": True}, "secret.key"), ({"with_config": True}, "config.toml")):
        with pytest.raises(ConfigError, match=f"holds no {name}"):
            desk.app.restore(backup, **wish)
    assert set(desk.entities()) == {"a", "b"}


@pytest.mark.parametrize(
    ("name", "content", "wish"),
    [
        (CONFIG_FILE, b"wrokers = 3", {"with_config": True}),
        (CONFIG_FILE, b"workers = ", {"with_config": True}),
        (KEY_FILE, b"no key", {"with_key": True}),
        (KEY_FILE, b"", {"with_key": True}),
        (KEY_FILE, b"\xff", {"with_key": True}),
    ],
)
def test_settings_and_keys_that_would_stop_the_program_are_refused(
    desk: Desk, tmp_path: Path, name: str, content: bytes, wish: dict[str, bool]
) -> None:
    path = tmp_path / "b.tar.gz"
    make_key(desk)
    (desk.app.settings.home / CONFIG_FILE).write_text("workers = 3\n")
    desk.app.backup(path, with_key=True)
    files = unpacked(path)
    files[name] = content
    member = {"size": len(content), "sha256": archive.hashlib.sha256(content).hexdigest()}
    packed(path, plain(manifest_with(files, lambda told: told["members"].update({name: member}))))
    before = entries(tmp_path)
    with pytest.raises(ConfigError):
        desk.app.restore(path, **wish)
    assert entries(tmp_path) == before
    assert set(desk.entities()) == {"a"}
