"""Find the browser for the tests."""

import os
import shutil

NO_CHROMIUM = "no Chromium found (install it, or set CHROMIUM to its path)"


def chromium_path():
    """Return the path of a Chromium: from CHROMIUM, or else the first one on PATH. None if there is none."""
    if os.environ.get("CHROMIUM"):
        return shutil.which(os.environ["CHROMIUM"])
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
