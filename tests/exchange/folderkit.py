"""Folders in JupiterOne's layout, and stores to import them into."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bucketgraph.app import App, open_app
from bucketgraph.settings import Settings
from bucketgraph.store.base import Run, StoredEntity, StoredRelationship


def entity(key: str, kind: str = "host", classes: Any = "Host", **properties: Any) -> dict[str, Any]:
    """Return an entity as an integration writes it."""
    return {"_key": key, "_type": kind, "_class": classes, "displayName": key.title(), **properties}


def edge(start: str, verb: str, end: str, **fields: Any) -> dict[str, Any]:
    """Return a relationship as an integration writes it."""
    return {
        "_key": f"{start}|{verb.lower()}|{end}",
        "_type": f"host_{verb.lower()}_host",
        "_class": verb,
        "_fromEntityKey": start,
        "_toEntityKey": end,
        "displayName": verb,
        **fields,
    }


def mapped(source: str, target: Mapping[str, Any], **mapping: Any) -> dict[str, Any]:
    """Return a mapped relationship."""
    return {
        "_key": f"{source}|is|{target.get('_key', '?')}",
        "_type": "mapping_source_is_person",
        "_class": "IS",
        "_mapping": {
            "sourceEntityKey": source,
            "relationshipDirection": "FORWARD",
            "targetFilterKeys": [["_type", "_key"]],
            "targetEntity": dict(target),
            **mapping,
        },
    }


def write(
    root: Path,
    entities: Sequence[Any] = (),
    relationships: Sequence[Any] = (),
    *,
    partial: Sequence[str] = (),
    summary: bool = True,
) -> Path:
    """Write a folder, replacing what stood there."""
    for element, objects in (("entities", entities), ("relationships", relationships)):
        file = root / "graph" / "step-one" / element / "one.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({element: list(objects)}))
    if summary:
        said = {"integrationStepResults": [], "metadata": {"partialDatasets": {"types": list(partial)}}}
        (root / "summary.json").write_text(json.dumps(said))
    return root


@dataclass(frozen=True)
class Desk:
    """An app on a home of its own."""

    app: App

    def take(self, root: Path, name: str = "one", **options: Any) -> Run:
        """Import a folder."""
        return self.app.import_folder(root, name, **options)[1]

    def entities(self) -> dict[str, StoredEntity]:
        """Return what is alive by key."""
        return {one.key: one for one in self.app.store.entities()}

    def edges(self) -> dict[str, StoredRelationship]:
        """Return the relationships that are alive by key."""
        return {one.key: one for one in self.app.store.relationships()}


def told(run: Run) -> dict[str, list[str]]:
    """Return the places of a run's problems by code."""
    found: dict[str, list[str]] = {}
    for problem in run.report.problems:
        found.setdefault(problem.code, []).append(problem.scope)
    return found


@contextlib.contextmanager
def desk_at(home: Path) -> Iterator[Desk]:
    """Open an app on a home."""
    with open_app(Settings(home=home)) as app:
        yield Desk(app)
