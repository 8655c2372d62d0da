"""Opening a graph file: new, old, newer, foreign, damaged, or no file at all."""

from __future__ import annotations

import contextlib
import sqlite3
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Index, create_engine
from store.graphkit import CATALOGUE, REPO, USER, World, repo, run_python, snapshot, url_of

from bucketgraph.errors import Bug, ConfigError, StoreError, StoreNewer, StoreUnreadable
from bucketgraph.graph.schema import Catalogue, Property, catalogue
from bucketgraph.store import schema, tables
from bucketgraph.store.store import Store

MIGRATIONS = Path(schema.__file__).parent / "migrations"
OPEN_FILES = Path("/proc/self/fd")


def _sql(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def _leftovers(path: Path) -> set[str]:
    return {other.name for other in path.parent.iterdir()} - {path.name}


def test_a_fresh_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "graph.db"
    store = Store.open(url_of(path), CATALOGUE)
    store.start_run("one", {})
    modes = {other.name: stat.S_IMODE(other.stat().st_mode) for other in path.parent.iterdir()}
    assert modes.pop("graph.db") == 0o600
    assert set(modes.values()) <= {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    store.close()
    assert _leftovers(path) == set()


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping")
def test_the_migrated_schema_is_the_one_the_program_works_with(tmp_path: Path) -> None:
    engine = create_engine(url_of(tmp_path / "graph.db"))
    with engine.begin() as connection:
        schema.migrate(connection)
        found = compare_metadata(MigrationContext.configure(connection), tables.metadata)
    engine.dispose()
    # The collation of this one is beyond what Alembic compares; the next test looks at it.
    assert [one for one in found if not _is_hot(one) and one[1].name != "entity_name"] == []


def test_a_new_file_gets_the_tables_that_all_migrations_together_give(tmp_path: Path) -> None:
    shapes = []
    for make in (schema.create, schema.migrate):
        engine = create_engine(url_of(tmp_path / f"{make.__name__}.db"))
        with engine.begin() as connection:
            make(connection)
            shapes.append(_shape(connection))
        engine.dispose()
    assert shapes[0] == shapes[1]


def _shape(connection: Connection) -> dict[str, object]:
    """Return columns, keys and indexes of all tables, with the collations of indexes."""
    ask = connection.exec_driver_sql
    names = [row[0] for row in ask("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    shape: dict[str, object] = {}
    for name in names:
        shape[name] = [row[1:] for row in ask(f"PRAGMA table_info({name})")]
        for row in ask(f"PRAGMA index_list({name})").all():
            columns = tuple(tuple(r[1:]) for r in ask(f"PRAGMA index_xinfo({row[1]})"))
            shape[f"{name}: {columns}"] = (row[2], row[3], row[4])
        shape[f"{name}: references"] = sorted(str(r[2:]) for r in ask(f"PRAGMA foreign_key_list({name})"))
    return shape


def _is_hot(difference: object) -> bool:
    """Say whether a difference is a column or index that the catalogue, not the schema, asks for."""
    if not isinstance(difference, tuple):
        return False
    kind, thing = difference[0], difference[-1]
    if kind == "remove_index":
        return isinstance(thing, Index) and str(thing.name).startswith("hot_")
    return kind == "remove_column" and str(thing.name).startswith("p_")


def test_the_listed_versions_are_alembics_in_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [schema.HEAD]
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == schema.VERSIONS


def test_an_up_to_date_file_opens_without_loading_alembic(world: World) -> None:
    program = """
        import sys
        from store.graphkit import CATALOGUE
        from bucketgraph.store.store import Store
        Store.open(sys.argv[1], CATALOGUE).close()
        print([name for name in sys.modules if name.split(".")[0] == "alembic"])
    """
    assert run_python(program, url_of(world.path)) == "[]\n"


def test_opening_again_changes_nothing(world: World) -> None:
    world.publish(snapshot("repositories/w", repo("r1")))
    before = world.dump()
    Store.open(url_of(world.path), CATALOGUE).close()
    assert world.dump() == before


def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "graph.db"
    Store.open(url_of(path), CATALOGUE).close()
    _sql(path, "UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(StoreNewer, match="schema version 9999; this bucketgraph knows up to"):
        Store.open(url_of(path), CATALOGUE)
    assert path.read_bytes() == before
    assert _leftovers(path) == set()


@pytest.mark.parametrize("table", ["songs", "alembic_version"])
def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path, table: str) -> None:
    path = tmp_path / "music.db"
    _sql(path, f"CREATE TABLE {table} (version_num)", f"INSERT INTO {table} VALUES ('abc')")  # noqa: S608
    before = path.read_bytes()
    with pytest.raises(StoreUnreadable, match="not one of bucketgraph"):
        Store.open(url_of(path), CATALOGUE)
    assert path.read_bytes() == before
    assert _leftovers(path) == set()


@pytest.mark.parametrize("content", [b"no database at all " * 300, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(StoreUnreadable):
        Store.open(url_of(path), CATALOGUE)
    assert path.read_bytes() == content


def test_an_empty_file_is_made_into_a_database(tmp_path: Path) -> None:
    path = tmp_path / "graph.db"
    path.touch()
    store = Store.open(url_of(path), CATALOGUE)
    assert store.check_integrity() == "ok"
    store.close()


def test_a_path_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnreadable, match="cannot be created") as caught:
        Store.open(url_of(tmp_path / "file" / "deep" / "graph.db"), CATALOGUE)
    assert "BUCKETGRAPH_HOME" in caught.value.hint


def test_a_folder_in_the_files_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreadable, match="cannot be opened"):
        Store.open(url_of(tmp_path), CATALOGUE)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:hunter2@host/db",
        "postgresql+psycopg://user:hunter2@host:5432/db",
        "mysql://user:hunter2@host/db",
        "sqlite+aiosqlite:///hunter2.db",
        "user:hunter2@host",
        "hunter2",
        "postgresql://user:hunter2@host:port/db",
        "",
    ],
)
def test_an_unsupported_address_is_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(ConfigError, match="must begin with sqlite:///") as caught:
        Store.open(url, CATALOGUE)
    assert "hunter2" not in caught.value.paragraph()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="names no file"):
        Store.open(url, CATALOGUE)


def _reopen(world: World, other: Catalogue) -> Store:
    world.store.close()
    return Store.open(url_of(world.path), other)


def test_a_newly_indexed_property_gets_its_column_when_the_file_is_opened(world: World) -> None:
    world.publish(snapshot("repositories/w", repo("r1", size=7)))
    declared = CATALOGUE.entities[REPO]
    size = Property("size", "number", "Its size.", indexed=True)
    newer = replace(declared, properties=(*declared.properties, size))
    types = [newer if one.name == REPO else one for one in CATALOGUE.entities.values()]
    store = _reopen(world, catalogue(types, CATALOGUE.relationships))
    assert [entity.key for entity in store.entities(REPO, where={"size": 7})] == ["r1"]
    assert store.key_by_property("one", REPO, "size", "7") is None
    store.close()


def test_changed_classes_are_taken_over_when_the_file_is_opened(world: World) -> None:
    world.publish(snapshot("repositories/w", repo("r1")))
    types = [
        replace(one, classes=("Vault",)) if one.name == REPO else one for one in CATALOGUE.entities.values()
    ]
    store = _reopen(world, catalogue(types, CATALOGUE.relationships))
    assert [entity.classes for entity in store.entities("Vault")] == [("Vault",)]
    assert not list(store.entities("CodeRepo"))
    store.close()


def test_a_new_type_is_known_when_the_file_is_opened(world: World) -> None:
    types = [*CATALOGUE.entities.values(), replace(CATALOGUE.entities[USER], name="kit_robot")]
    store = _reopen(world, catalogue(types, CATALOGUE.relationships))
    assert not list(store.entities("kit_robot"))
    store.close()
    assert ("kit_robot",) in world.rows("SELECT name FROM entity_type")


def test_a_property_whose_name_cannot_be_a_column_is_not_indexed(tmp_path: Path) -> None:
    odd = Property("tag.x') --", "string", "Means harm.", indexed=True)
    types = [replace(CATALOGUE.entities[USER], properties=(odd,))]
    with pytest.raises(Bug, match="cannot be indexed"):
        Store.open(url_of(tmp_path / "graph.db"), catalogue(types, []))


def _open_files(folder: Path) -> list[str]:
    """Return the files of a folder that this process holds open, each as often as it does."""
    found = []
    for handle in OPEN_FILES.iterdir():
        with contextlib.suppress(FileNotFoundError):  # the handle of the listing itself
            found.append(str(handle.readlink()))
    return sorted(name for name in found if name.startswith(f"{folder}/"))


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="only here a process can list its open files")
@pytest.mark.parametrize("why", ["foreign", "newer", "no database", "locked", "bug"])
def test_a_file_that_cannot_be_opened_is_let_go_of(tmp_path: Path, why: str) -> None:
    path = tmp_path / "graph.db"
    types, other = list(CATALOGUE.entities.values()), None
    if why == "foreign":
        _sql(path, "CREATE TABLE songs (name)")
    elif why == "newer":
        Store.open(url_of(path), CATALOGUE).close()
        _sql(path, "UPDATE alembic_version SET version_num = '9999'")
    elif why == "no database":
        path.write_bytes(b"no database at all " * 300)
    elif why == "locked":
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE waiting (name)")
    else:
        types = [replace(types[0], properties=(Property("a b", "string", "Odd.", indexed=True),))]
    # The error stays alive here, and with it all that its traceback still holds.
    with pytest.raises((Bug, StoreError)) as caught:
        Store.open(url_of(path), catalogue(types, []), busy_timeout_ms=20)
    if other:
        other.close()
    assert _open_files(tmp_path) == [], caught.value


def test_a_fresh_file_that_another_program_holds_for_a_while_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "graph.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")  # for which SQLite does not wait while it turns a file to WAL
    release = threading.Timer(0.3, other.execute, ["COMMIT"])
    release.start()
    store = Store.open(url_of(path), CATALOGUE)
    release.join()
    other.close()
    assert store.check_integrity() == "ok"
    store.close()
    assert _leftovers(path) == set()
