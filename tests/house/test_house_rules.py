"""The house stands as ARCHITECTURE.md draws it: layers, sizes, registries, docstrings, nothing leaks in."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bucketgraph
import bucketgraph.collect.steps as step_modules
from bucketgraph import errors
from bucketgraph.collect.step import Step
from bucketgraph.collect.steps import CATALOGUE, STEPS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "bucketgraph"
HARD_LIMIT = 500
WITHOUT_CHROMIUM = "pytest.sk" + "ip"
"""Once, in the fixture that starts the browser: `uv run pytest` must work on a computer without one."""


def tracked(*patterns: str) -> list[Path]:
    """Return the files git knows, new ones included."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def functions() -> Iterator[tuple[str, int]]:
    """Yield every function of the package with its length in lines, docstring left out."""
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                if body:
                    yield f"{file.name}:{node.name}", (body[-1].end_lineno or 0) - body[0].lineno + 1


def test_layers_hold() -> None:
    linted = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert linted.returncode == 0, linted.stdout


def test_no_file_is_longer_than_the_hard_limit() -> None:
    long = {
        file.name: n for file in tracked("*.py") if (n := len(file.read_text().splitlines())) > HARD_LIMIT
    }
    assert long == {}


def test_functions_are_short() -> None:
    lengths = sorted(length for _, length in functions())
    assert statistics.median(lengths) <= 8
    assert lengths[int(len(lengths) * 0.9)] <= 30


def test_no_folder_is_deeper_than_area_kind_thing() -> None:
    deep = [f for f in SOURCE.rglob("*.py") if len(f.relative_to(SOURCE).parts) > 3]
    assert [f.relative_to(SOURCE).as_posix() for f in deep if f.parent.name != "versions"] == []


def test_every_package_says_what_comes_in_and_out() -> None:
    for init in SOURCE.glob("*/__init__.py"):
        text = ast.get_docstring(ast.parse(init.read_text())) or ""
        assert "In: " in text, init
        assert "Out: " in text, init


def public(
    node: ast.Module | ast.ClassDef,
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Yield the public functions and classes of a module, and the public methods of those classes."""
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and inner.name[0] != "_":
            yield inner
            if isinstance(inner, ast.ClassDef):
                yield from public(inner)


def test_everything_public_has_a_docstring() -> None:
    for file in SOURCE.rglob("*.py"):
        bare = [node.name for node in public(ast.parse(file.read_text())) if not ast.get_docstring(node)]
        assert bare == [], file


def test_every_step_module_is_registered() -> None:
    found: set[str] = set()
    for info in pkgutil.iter_modules(step_modules.__path__, f"{step_modules.__name__}."):
        module = importlib.import_module(info.name)
        found |= {value.id for value in vars(module).values() if isinstance(value, Step)}
    assert found == {step.id for step in STEPS}
    assert len(found) == len(STEPS)


def test_every_step_declares_what_it_yields() -> None:
    for step in STEPS:
        assert step.entities or step.relationships
        for edge in step.relationships:
            assert {edge.from_type, edge.to_type} <= set(CATALOGUE.entities)


def test_every_error_has_its_own_code_and_stands_in_the_drawn_tree() -> None:
    found = [
        e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.BucketgraphError)
    ]
    codes = [e.code for e in found]
    assert len(set(codes)) == len(codes)
    for error in found:
        assert error.__name__ in (errors.__doc__ or "")


def test_help_is_quick_because_heavy_rooms_stay_out() -> None:
    script = (
        "import sys; sys.argv = ['bucketgraph', '--help']\n"
        "from bucketgraph.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'alembic', 'httpx2', 'starlette', 'uvicorn', 'cryptography', 'stamina'}\n"
        "heavy |= {'prompt_toolkit', 'ruamel', 're2', 'dbos'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "HEAVY []" in ended.stdout


def test_no_leftover_markers_and_no_skipped_tests() -> None:
    marker = re.compile(
        r"\b(TO"
        r"DO|FIX"
        r"ME|X"
        r"XX|NotImplemented"
        r"Error|pytest\.sk"
        r"ip|mark\.sk"
        r"ip|xf"
        r"ail\()\b"
    )
    hits = [
        f"{file.relative_to(ROOT).as_posix()}: {m[0]}"
        for file in tracked("*.py")
        for m in marker.finditer(file.read_text())
    ]
    assert hits == [f"tests/browser/conftest.py: {WITHOUT_CHROMIUM}"]


def test_nothing_that_belongs_elsewhere_is_committed() -> None:
    names = [file.relative_to(ROOT).as_posix() for file in tracked()]
    assert [n for n in names if n.endswith((".min.js", ".min.css", "uv.lock")) or "/vendor/" in n] == []
    registry = re.compile(r"(pypi|files\.pythonhosted|registry\.npmjs)\.(org|python)")
    for file in tracked("*.py", "*.toml", "*.md", "*.cfg", ".ci/run"):
        if file != Path(__file__):
            assert not registry.search(file.read_text()), file


def test_no_broad_except_swallows_anything() -> None:
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ExceptHandler):
                names = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} if node.type else {""}
                reraises = any(isinstance(n, ast.Raise) and n.exc is None for n in ast.walk(node))
                assert reraises or not names & {"", "Exception", "BaseException"}, f"{file}:{node.lineno}"


def test_tests_reach_nothing_beyond_this_computer() -> None:
    with socket.socket() as one, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        one.connect(("192.0.2.1", 80))


def test_the_version_is_one() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert f"## {bucketgraph.__version__}" in changelog
