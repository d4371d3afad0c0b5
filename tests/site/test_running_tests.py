"""What a plain run of pytest does with TEST_DATABASE_URL and what it says, and which tests `make test` runs twice."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from tests import __main__ as all_groups


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("", 0, "Not run on PostgreSQL: TEST_DATABASE_URL is not set. `make test` runs both."),
        ("postgres://127.0.0.1:1/nobody", 2, "No database answers at TEST_DATABASE_URL"),
    ],
    ids=["not set", "nothing answers"],
)
def test_plain_pytest_runs_on_the_database_of_the_variable_or_says_why_not(url, code, said):
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--collect-only", "tests/site/test_words.py"],
        env=os.environ | {"TEST_DATABASE_URL": url, "PYTEST_ADDOPTS": ""},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, said in run.stdout) == (code, True), run.stdout[-500:] + run.stderr[-500:]


@pytest.fixture
def run_group(tmp_path, monkeypatch):
    """Return a function that runs a group with one file of tests, of which some fail in each run and one only in the
    first. It returns whether the group failed, and the words about it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["tests"])
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:django")

    def run(environment, failing=0):
        (tmp_path / "pytest.ini").write_text("[pytest]")
        (tmp_path / "test_group.py").write_text(f"""
import pathlib, pytest

def test_that_was_late_once():
    been_here = pathlib.Path({str(tmp_path / "been_here")!r})
    is_second = been_here.exists()
    been_here.touch()
    assert is_second

@pytest.mark.parametrize("number", range({failing}))
def test_that_is_broken(number):
    assert number is None

def test_that_works():
    pass
""")
        return all_groups.run_group(["test_group.py"], environment)

    return run


def test_browser_that_was_late_once_passes_and_is_named(run_group):
    failed, words = run_group(all_groups.IN_A_BROWSER)
    assert words == "passed, but only at the second try: test_group.py::test_that_was_late_once"
    assert failed is False


@pytest.mark.parametrize(
    ("environment", "failing"),
    [(all_groups.ON_SQLITE, 0), (all_groups.IN_A_BROWSER, 1), (all_groups.IN_A_BROWSER, all_groups.MOST_AGAIN)],
    ids=["not a browser", "fails again", "too many"],
)
def test_group_that_fails_otherwise_has_failed(run_group, environment, failing):
    assert run_group(environment, failing) == (True, "FAILED (pytest's exit code 1)")
