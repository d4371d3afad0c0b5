"""Where WebKit for the tests is: the engine of every iPhone, as Debian has it (`webkit2gtk-driver` and `xvfb`)."""

import shutil

DRIVER, SCREEN = "WebKitWebDriver", "Xvfb"


def why_no_webkit():
    """The reason why no WebKit can be driven, or None."""
    missing = [program for program in (DRIVER, SCREEN) if not shutil.which(program)]
    return f"no {' and no '.join(missing)} found (install webkit2gtk-driver and xvfb)" if missing else None
