"""Where the browser for the tests is."""

import os
import shutil

NO_CHROMIUM = "no Chromium found (install it, or set CHROMIUM to its path)"


def chromium_path():
    """The path of a Chromium: CHROMIUM, or the first one on PATH; None where there is none."""
    if os.environ.get("CHROMIUM"):
        return shutil.which(os.environ["CHROMIUM"])
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
