"""A real Chromium for tests: opened without a window, told to ask the network for nothing."""

import contextlib
import shutil

import pytest

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PATH = next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def chromium():
    """A browser of Playwright's. The test is skipped where there is none."""
    if PATH is None:
        pytest.skip(f"None of {', '.join(NAMES)} is installed: apt-get install {NAMES[0]}.")
    playwright = pytest.importorskip("playwright.sync_api")
    # In a container Chromium runs as root, and makes no sandbox of its own.
    options = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=PATH, args=options)
        try:
            yield browser
        finally:
            browser.close()
