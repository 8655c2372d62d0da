"""Reading what people write, moments, values and filters; and writing moments for them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from bucketgraph.errors import ConfigError
from bucketgraph.graph.values import Scalar, epoch_ms

_AGO = re.compile(r"([0-9]{1,6})\s*([mhdw])")
_UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_EPOCH_MS = re.compile(r"[0-9]{11,15}")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,14})?")


def moment(text: str | None, *, flag: str) -> int | None:
    """Read a moment as epoch ms: `2026-11-01`, `2026-11-01T10:00:00Z`, or `30m`, `24h`, `7d`, `2w` ago.

    Epoch milliseconds themselves are understood too.
    """
    if text is None:
        return None
    if _EPOCH_MS.fullmatch(text.strip()):
        return int(text)
    ago = _AGO.fullmatch(text.strip())
    if ago:
        found: int | None = int(time.time() * 1000) - int(ago[1]) * _UNIT_MS[ago[2]]
    else:
        found = epoch_ms(text.strip())
    if found is None or found < 0:
        raise ConfigError(
            f"{flag} {text!r} is no date.",
            hint="Write 2026-11-01, 2026-11-01T10:00:00Z, or 24h, 7d, 2w for ago.",
        )
    return found


def minute(ms: int) -> str:
    """Write epoch milliseconds as a UTC minute: `2026-11-01 10:00`."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def filters(texts: Iterable[str]) -> dict[str, Scalar]:
    """Read `name=value` filters; `true`, `false` and bare numbers are typed, quotes make a string."""
    found: dict[str, Scalar] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise ConfigError(
                f"--where {text!r} is no filter.", hint="Write name=value, for example state=OPEN."
            )
        found[name.strip()] = typed(value.strip())
    return found


def typed(text: str) -> Scalar:
    """Read true, false and numbers as what they are; quotes make a text of anything."""
    if text in {"true", "false"}:
        return text == "true"
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text
