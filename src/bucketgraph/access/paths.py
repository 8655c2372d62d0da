"""Where a browser may be sent on to: paths of this server, nothing else."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

HOME: Final = "/"
_LONGEST: Final = 2000


def local_path(wanted: str | None) -> str:
    r"""Return a path of this server, or the home page for anything that a browser could take for more.

    Browsers read `//host`, `/\host` and paths with a tab or line break in them as other hosts.
    """
    if not wanted or len(wanted) > _LONGEST or not wanted.startswith("/"):
        return HOME
    if (
        wanted.startswith("//")
        or "\\" in wanted
        or not wanted.isascii()
        or not wanted.isprintable()
        or " " in wanted
    ):
        return HOME
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return HOME
    return HOME if parts.scheme or parts.netloc or parts.path.startswith("//") else wanted
