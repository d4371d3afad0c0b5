"""What a plain run of pytest does with TEST_DATABASE_URL, and what it says."""

import os
import subprocess
import sys

import pytest
from django.conf import settings


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
