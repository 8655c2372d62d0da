"""The documentation is held to the code."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from support.known import known_graph

from bucketgraph.j1ql.parser import parse
from bucketgraph.j1ql.resolve import resolve
from bucketgraph.questions.loader import read

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def generator() -> ModuleType:
    """Load docs/generate.py."""
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name",
    [
        "data-model.md",
        "settings.md",
        "errors.md",
        "commands.md",
        "j1ql-reference.md",
        "questions.md",
        "api-routes.md",
    ],
)
def test_generated_pages_are_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text() == generator().PAGES[name](), "run docs/generate.py"


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *DOCS.glob("*.md")], ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_every_room_of_the_architecture_exists_and_every_room_is_in_it() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    rooms = {path.name for path in (ROOT / "src/bucketgraph").iterdir() if (path / "__init__.py").exists()}
    named = set(re.findall(r"`([a-z0-9]+)`", text.split("## Rooms")[1].split("## Words")[0]))
    assert rooms <= named


def test_the_readme_shows_the_commands_that_ci_runs() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "uv run pytest" in readme
    assert (ROOT / ".ci/run").read_text().rstrip().endswith("uv run pytest")


def test_every_query_of_the_guide_can_be_asked() -> None:
    guide = (DOCS / "j1ql.md").read_text()
    queries = re.findall(r"```j1ql\n(.*?)```", guide, re.DOTALL)
    assert len(queries) > 10
    for text in queries:
        assert resolve(parse(text), text=text, known=known_graph(), now=0).messages == (), text


def test_the_example_of_ones_own_questions_is_one() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", (DOCS / "questions.md").read_text(), re.DOTALL)
    assert [one.name for one in read(example, "example.yaml")] == ["payments-merged-by"]
