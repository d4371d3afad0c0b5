"""Find WebKit for the tests. It is the engine of every iPhone. On Debian: `webkit2gtk-driver` and `xvfb`."""

import shutil

DRIVER, SCREEN = "WebKitWebDriver", "Xvfb"


def why_no_webkit():
    """Return the reason why no WebKit can be driven. None if it can."""
    missing = [program for program in (DRIVER, SCREEN) if not shutil.which(program)]
    return f"no {' and no '.join(missing)} found (install webkit2gtk-driver and xvfb)" if missing else None
