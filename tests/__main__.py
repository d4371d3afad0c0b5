"""Run every group of tests: python -m tests (this is `make test`).

Always runs on SQLite. Also runs on PostgreSQL if a server responds at TEST_DATABASE_URL, or at 127.0.0.1 if that is not
set. Runs in a real Chromium and WebKit if they are installed. Names each group that can't run, with the reason. With
REQUIRE_ALL=1, such a group is a failure.

On a busy machine, a browser does something too late now and then. So if at most `MOST_AGAIN` tests of a browser fail,
they run once more, alone. The summary names those that pass only then.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg2

from tests.chromium import NO_CHROMIUM, chromium_path
from tests.webkit import why_no_webkit

POSTGRES = os.environ.get("TEST_DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/postgres"
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
MOST_AGAIN = 3  # more failures are no accident
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


def run_pytest(arguments, environment, folder):
    """Run pytest. Return its exit code and the tests that failed."""
    cache = Path(folder, "cache")
    command = [sys.executable, "-m", "pytest", "-q", "--basetemp", f"{folder}/temp", "-o", f"cache_dir={cache}"]
    code = subprocess.run([*command, *arguments], env=os.environ | environment, check=False).returncode
    failed = cache / "v/cache/lastfailed"
    return code, sorted(json.loads(failed.read_text())) if failed.exists() else []


def run_group(arguments, environment):
    """Run the tests of a group. Return whether they failed, and what came of them as words."""
    with tempfile.TemporaryDirectory() as folder:
        code, failed = run_pytest([*arguments, *sys.argv[1:]], environment, folder)
    if failed and len(failed) <= MOST_AGAIN and environment is IN_A_BROWSER:
        print("\n=== Once more, alone: " + ", ".join(failed), flush=True)
        with tempfile.TemporaryDirectory() as folder:
            code, _failed = run_pytest(failed, environment, folder)
        if code == 0:
            return False, f"passed, but only at the second try: {', '.join(failed)}"
    return code != 0, "passed" if code == 0 else f"FAILED (pytest's exit code {code})"


def main():
    results = []
    for name, arguments, environment, why_not in GROUPS:
        reason = why_not()
        if reason:
            results.append((name, f"SKIPPED: {reason}", REQUIRE_ALL))
            continue
        print(f"\n=== Tests: {name}", flush=True)
        failed, outcome = run_group(arguments, environment)
        results.append((name, outcome, failed))
    print("\n=== Groups")
    for name, outcome, _failed in results:
        print(f"{name:12} {outcome}")
    if REQUIRE_ALL:
        print("REQUIRE_ALL=1: a skipped group counts as a failure.")
    return int(any(failed for _name, _outcome, failed in results))


if __name__ == "__main__":
    sys.exit(main())
