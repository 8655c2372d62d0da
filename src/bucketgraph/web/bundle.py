"""The browser bundle as the server sees it: which file bears which name today, how types look, and serving it.

The build writes `static/` (see `hatch_build.py`); the manifest in it is read again when it changes,
so that a server in development shows what was built last.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from bucketgraph.errors import Bug

STATIC: Final = Path(__file__).parent / "static"
PREFIX: Final = "/static"
FALLBACK: Final = "fallback"

_KINDS: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
_FOREVER: Final = "public, max-age=31536000, immutable"
_HINT: Final = (
    "The installed package lacks it. In a checkout run `uv sync --reinstall-package bucketgraph`; "
    "otherwise install bucketgraph again, without HATCH_BUILD_NO_HOOKS."
)
_log = structlog.get_logger(__name__)


class TypeLook(msgspec.Struct, frozen=True):
    """How entities of a type look everywhere: names for one and many, colour `#rrggbb`, path of the icon."""

    label: str
    plural: str
    colour: str
    icon: str


class _Manifest(msgspec.Struct, frozen=True):
    files: dict[str, str]


class Bundle:
    """The built files in a folder."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder
        self._read_at = -1
        self._files: Mapping[str, str] = {}
        self._types: Mapping[str, TypeLook] | None = None

    def asset(self, name: str) -> str:
        """Return the address of a built file, such as `/static/app-1A2B3C4D.js` for `app.js`.

        Raises `Bug` when the bundle or the name is not there.
        """
        files = self._manifest()
        if name not in files:
            raise Bug(f'The browser bundle holds no "{name}", only {", ".join(sorted(files))}.')
        return f"{PREFIX}/{files[name]}"

    def icon(self, name: str) -> str:
        """Return the address of an icon for `<use href>`; `type-…` for those of entity types."""
        return f"{self.asset('icons.svg')}#{name}"

    def type_icon(self, type_: str) -> str:
        """Return the address of an entity type's icon, or of the one for types that have none."""
        return self.icon(f"type-{type_ if type_ in self.types() else FALLBACK}")

    def look(self, type_: str) -> TypeLook:
        """Return how a type looks; one that is not registered is named by itself."""
        types = self.types()
        if type_ in types and type_ != FALLBACK:
            return types[type_]
        name = type_.replace("_", " ")
        return msgspec.structs.replace(types[FALLBACK], label=name, plural=name)

    def types(self) -> Mapping[str, TypeLook]:
        """Return the registry of looks by type, `fallback` included. Raises `Bug` when the bundle is missing."""
        if self._types is None:
            self._manifest()
            read = (self._folder / "types.json").read_bytes()
            self._types = msgspec.json.decode(read, type=dict[str, TypeLook])
        return self._types

    def missing(self) -> str:
        """Return what is wrong with the bundle and what to do, or an empty text. For the start of a server."""
        try:
            files = self._manifest()
        except Bug as error:
            return error.paragraph()
        lost = [file for file in files.values() if not (self._folder / file).is_file()]
        return f"Files of the browser bundle are missing: {', '.join(lost)}. {_HINT}" if lost else ""

    def _manifest(self) -> Mapping[str, str]:
        file = self._folder / "manifest.json"
        try:
            changed = file.stat().st_mtime_ns
            if changed != self._read_at:
                self._files = msgspec.json.decode(file.read_bytes(), type=_Manifest).files
                self._read_at, self._types = changed, None
        except (OSError, msgspec.DecodeError) as error:
            raise Bug("The console's browser bundle was not built.", hint=_HINT) from error
        return self._files

    def route(self) -> Route:
        """Return the route of the built files: names with a hash, so browsers may keep them for ever.

        A server whose bundle is missing says so in its log, once, and answers 503 with the same words.
        """
        wrong = self.missing()
        if wrong:
            _log.error("web.bundle_missing", reason=wrong)
        return Route(
            f"{PREFIX}/{{name}}", self._serve, methods=["GET"], name="static", include_in_schema=False
        )

    async def _serve(self, request: Request) -> Response:
        name = str(request.path_params["name"])
        try:
            known = {*self._manifest().values(), "licenses.txt"}
        except Bug as error:
            return PlainTextResponse(error.paragraph(), status_code=503)
        file = self._folder / name
        if name not in known or not file.is_file():
            return PlainTextResponse("No such file in this version.", status_code=404)
        return _answer(file, request.headers)


def _answer(file: Path, asked: Headers) -> Response:
    headers = {"X-Content-Type-Options": "nosniff"}
    if file.name != "licenses.txt":
        headers |= {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    packed = file.with_name(f"{file.name}.gz")
    if "gzip" in asked.get("accept-encoding", "") and packed.is_file():
        return FileResponse(
            packed, media_type=_KINDS[file.suffix], headers=headers | {"Content-Encoding": "gzip"}
        )
    return FileResponse(file, media_type=_KINDS[file.suffix], headers=headers)
