"""Move the process's clock for a whole run of pytest. This shows which code reads the time outside the `clock` fixture.

    SHIFTED_CLOCK="2026-12-31 23:30" pytest -p tests.shifted_clock tests/intake

The time is local time in Phoenix. By default, it is a Sunday at 3 AM. The clock ticks from there, in every worker of
xdist.
"""

import datetime as dt
import os
import time
from zoneinfo import ZoneInfo

import pytest
import time_machine

SUNDAY_NIGHT = "2026-11-29 03:00"

_moment = dt.datetime.fromisoformat(os.environ.get("SHIFTED_CLOCK") or SUNDAY_NIGHT).replace(
    tzinfo=ZoneInfo("America/Phoenix")
)
_travel = time_machine.travel(_moment, tick=True)


@pytest.hookimpl(tryfirst=True)
def pytest_configure():
    _travel.start()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    _travel.stop()


def pytest_report_header():
    return f"clock of this process: it began at {_moment:%A, %B %d, %Y, %H:%M} in Phoenix"


def pytest_collection_finish():
    """Stop the run if the clock still shows the real time, because the run would then show nothing."""
    passed = time.time() - _moment.timestamp()
    if not 0 <= passed < 3600:
        pytest.exit(f"tests.shifted_clock did not move the clock: it is {passed:.0f} seconds past {_moment}", 3)
