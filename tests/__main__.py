"""Run every group of tests: python -m tests (this is `make test`).

Always runs on SQLite. Also runs on PostgreSQL if a server responds at TEST_DATABASE_URL, or at 127.0.0.1 if that is not
set. Runs in a real Chromium and WebKit if they are installed. Names each group that can't run, with the reason. With
REQUIRE_ALL=1, such a group is a failure.
"""

import os
import subprocess
import sys
import tempfile

import psycopg2

from tests.chromium import NO_CHROMIUM, chromium_path
from tests.webkit import why_no_webkit

POSTGRES = os.environ.get("TEST_DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/postgres"
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
WORKERS = ["-n", os.environ.get("TEST_WORKERS", "auto"), "--dist", "loadgroup"]


def why_no_postgres():
    try:
        psycopg2.connect(POSTGRES, connect_timeout=3).close()
    except psycopg2.OperationalError as error:
        return f"no PostgreSQL answers at TEST_DATABASE_URL ({str(error).strip().splitlines()[0]})"
    return None


def why_no_chromium():
    return None if chromium_path() else NO_CHROMIUM


ON_SQLITE, ON_POSTGRES = {"TEST_DATABASE_URL": ""}, {"TEST_DATABASE_URL": POSTGRES}
IN_A_BROWSER = ON_SQLITE | {"DJANGO_ALLOW_ASYNC_UNSAFE": "1"}
GROUPS = [
    ("SQLite", ["-m", "not browser", *WORKERS], ON_SQLITE, lambda: None),
    ("PostgreSQL", ["-m", "not browser and not any_database", *WORKERS], ON_POSTGRES, why_no_postgres),
    ("Chromium", ["-m", "browser and not webkit", *WORKERS], IN_A_BROWSER, why_no_chromium),
    ("WebKit", ["-m", "webkit", *WORKERS], IN_A_BROWSER, why_no_webkit),
]


def run_group(arguments, environment):
    """Run pytest for one group and return its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-q", "--basetemp", folder, *arguments, *sys.argv[1:]]
        return subprocess.run(command, env=os.environ | environment, check=False).returncode


def main():
    results = []
    for name, arguments, environment, why_not in GROUPS:
        reason = why_not()
        if reason:
            results.append((name, f"SKIPPED: {reason}", REQUIRE_ALL))
            continue
        print(f"\n=== Tests: {name}", flush=True)
        code = run_group(arguments, environment)
        results.append((name, "passed" if code == 0 else f"FAILED (pytest's exit code {code})", code != 0))
    print("\n=== Groups")
    for name, outcome, _failed in results:
        print(f"{name:12} {outcome}")
    if REQUIRE_ALL:
        print("REQUIRE_ALL=1: a skipped group counts as a failure.")
    return int(any(failed for _name, _outcome, failed in results))


if __name__ == "__main__":
    sys.exit(main())
