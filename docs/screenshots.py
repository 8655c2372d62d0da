"""Pictures every page of the console on the demo's company, in both themes, wide and on a phone.

Run: `uv run python docs/screenshots.py FOLDER`. It needs Chromium (BUCKETGRAPH_CHROMIUM, or /usr/bin/chromium).
With `--docs` it draws only those that README and docs show, into docs/.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page, sync_playwright

_CHROMIUM = os.environ.get("BUCKETGRAPH_CHROMIUM", "/usr/bin/chromium")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_HERE = Path(__file__).parent
_WAYS_IN = re.compile(r"(http://\S+/setup/\S+)")
_BY_HAND = (
    "FIND bitbucket_user AS u THAT APPROVED bitbucket_pull_request AS p "
    "RETURN u.displayName, COUNT(p) AS approved ORDER BY COUNT(p) DESC"
)
_SEEN = "FIND bitbucket_project THAT HAS bitbucket_repo WITH public = false LIMIT 12"
PAGES = {
    "home": "/",
    "integrations": "/integrations",
    "integration-new": "/integrations/new",
    "query": f"/query?q={quote(_BY_HAND)}",
    "query-graph": f"/query?q={quote(_SEEN)}&tab=graph",
    "questions": "/questions",
    "graph": "/graph",
    "assets": "/assets",
    "changes": "/changes",
    "people": "/people",
    "settings": "/settings",
    "tokens": "/tokens",
    "users": "/settings/users",
}
_FOLLOWED = {"integration": "/integrations/", "run": "/runs/", "entity": "/entities/"}
"""Pages whose addresses hold an id: the first link to one is followed."""
_IN_DOCS = ("home", "query", "entity", "graph")


def main(arguments: Sequence[str] | None = None) -> None:
    """Start the demo, sign in by its link and picture the pages."""
    parser = argparse.ArgumentParser(description="Picture every page of the console.")
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--docs", action="store_true", help="only those of README and docs, into docs/")
    options = parser.parse_args(arguments)
    folder = _HERE if options.docs else options.folder
    if folder is None:
        parser.error("a folder is needed")
    folder.mkdir(parents=True, exist_ok=True)
    with _demo() as way_in, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800}, device_scale_factor=1)
        page.goto(way_in)
        page.locator("main button[type=submit], main form button").first.click()
        page.wait_for_load_state("load")
        for name, address in _addresses(page, way_in.split("/", 3)[2]).items():
            _picture(page, address, name, folder, docs=options.docs)
        browser.close()


def _addresses(page: Page, host: str) -> dict[str, str]:
    found = {name: f"http://{host}{path}" for name, path in PAGES.items()}
    for name, prefix in _FOLLOWED.items():
        for start in ("changes", "integrations", "integration"):
            page.goto(found.get(start, found["home"]))
            hrefs = page.eval_on_selector_all(
                "main a[href]", "links => links.map(one => one.getAttribute('href'))"
            )
            link = next((one for one in hrefs if re.fullmatch(prefix + r"[0-9a-f-]+", one)), None)
            if link:
                found[name] = f"http://{host}{link}"
                break
    if "entity" in found:
        found["graph"] = found["graph"] + "?start=" + found["entity"].rsplit("/", 1)[1]
    return found


def _picture(page: Page, address: str, name: str, folder: Path, *, docs: bool) -> None:
    if docs and name not in _IN_DOCS:
        return
    for theme in ("light",) if docs else ("light", "dark"):
        for width in (1280,) if docs else (1280, 360):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(address)
            page.wait_for_load_state("networkidle")
            label = f"console-{name}" if docs else f"{name}-{theme}-{width}"
            page.screenshot(path=folder / f"{label}.png", full_page=not docs)


@contextmanager
def _demo() -> Iterator[str]:
    """Run the demo while the context lasts; yields its link into the console."""
    command = [sys.executable, "-u", "-m", "bucketgraph", "demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101  # asked for a pipe above
            for line in process.stdout:
                way_in = _WAYS_IN.search(line)
                if way_in:
                    yield way_in[1]
                    return
            raise SystemExit("The demo printed no link.")
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
