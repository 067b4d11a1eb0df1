"""What the pages that a browser follows share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a tab of a fresh profile whose scripts may not fail."""
    errors: list[str] = []
    with browser.new_context() as context:
        context.set_default_timeout(10_000)
        tab = context.new_page()
        tab.on("pageerror", lambda error: errors.append(str(error)))
        yield tab
    assert errors == []
