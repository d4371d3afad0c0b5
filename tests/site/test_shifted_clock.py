"""The run with a shifted clock shifts it, before a test module is read and within each test."""

import os
import subprocess
import sys
import time

import pytest
import time_machine
from django.conf import settings

SHOWS_THE_CLOCK = """
import datetime as dt, time

AT_IMPORT = dt.datetime.now(dt.UTC)

def test_clock():
    moments = [AT_IMPORT, dt.datetime.now(dt.UTC), dt.datetime.fromtimestamp(time.time(), dt.UTC)]
    assert [f"{at:%Y-%m-%d %H:%M}" for at in moments] == ["EXPECTED"] * 3
"""


@pytest.mark.parametrize(
    ("moment", "expected"),
    [("", "2026-11-29 10:00"), ("2026-12-31 23:30", "2027-01-01 06:30")],
    ids=["as ci runs it", "a moment of one's own"],
)
def test_a_shifted_run_moves_the_clock_of_the_whole_process(tmp_path, moment, expected):
    path = tmp_path / "test_clock.py"
    path.write_text(SHOWS_THE_CLOCK.replace("EXPECTED", expected))
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-c",
            os.devnull,
            "--rootdir",
            tmp_path,
            "-p",
            "tests.shifted_clock",
            path,
        ],
        env=os.environ | {"SHIFTED_CLOCK": moment, "PYTEST_ADDOPTS": ""},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, "1 passed" in run.stdout) == (0, True), run.stdout + run.stderr


def test_the_clock_of_a_test_is_not_the_clock_of_the_process(clock):
    """Whatever the hour outside: the fixture stands on its Tuesday."""
    inside, outside = time.time(), time_machine.escape_hatch.time.time()
    assert time.strftime("%A", time.gmtime(inside)) == "Tuesday"
    assert abs(inside - outside) > 1
