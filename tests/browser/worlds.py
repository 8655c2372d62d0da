"""What the browser's tests have in common about drawings and collected graphs."""

from __future__ import annotations

from browser.browserkit import Tab


def wait_drawn(tab: Tab) -> None:
    """Wait until the drawing says what is in it."""
    tab.page.locator(".graph-notice", has_text="entit").wait_for(state="attached")
