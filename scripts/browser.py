"""The system's Chromium, as the pictures of the documentation and the browser tests use it."""

import shutil

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""It runs as any user, and calls nobody by itself."""


def launched(playwright: Playwright) -> Browser:
    """Return a running browser.

    Raises:
        FileNotFoundError: no browser is installed.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise FileNotFoundError(
            f"None of {', '.join(NAMES)} is installed; on Debian: apt-get install chromium"
        )
    return playwright.chromium.launch(executable_path=program, args=list(QUIET))
