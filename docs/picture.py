"""Draws docs/demo.svg: what `bucketgraph demo --once` prints, as a picture without any outside font.

Run: `uv run python docs/picture.py`.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

WIDTH = 92


def main() -> None:
    """Run the demo and draw what it prints."""
    ended = subprocess.run(
        [sys.executable, "-m", "bucketgraph", "demo", "--once"],
        env={**os.environ, "COLUMNS": str(WIDTH), "FORCE_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print("$ uv run bucketgraph demo --once", style="bold")
    console.print(Text.from_ansi(ended.stdout))
    svg = console.export_svg(title="bucketgraph demo", theme=MONOKAI)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    (Path(__file__).parent / "demo.svg").write_text(svg)


if __name__ == "__main__":
    main()
