"""The infrastructure of the benchmarks: a PostgreSQL server on a RAM disk, a mail server, and the site.

Each part is a context manager that cleans up after itself, even after an error.
"""

import base64
import contextlib
import os
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psycopg2

from tests.mailbox import Mailbox
from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
POSTGRES_USER = "postgres"  # initdb refuses to run as root
MEGABYTE = 1024 * 1024


def say(text):
    print(text, file=sys.stderr, flush=True)


def milliseconds(ask):
    """Return how long a request took. `ask`: sends it, and returns the response, which must be a success."""
    before = time.perf_counter()
    answer = ask()
    took = 1000 * (time.perf_counter() - before)
    if answer.status_code not in (200, 302):
        raise RuntimeError(f"answered {answer.status_code}")
    return took


def compare_forms(title, times, most_times_slower, failures, is_valid=True):
    """Print how long the form took `alone` and `beside it`, a load. Return whether that is within the limit.

    `times`: the seconds of each form, by "alone" and "beside it". `is_valid`: whether there was a load at all.
    """
    p99 = {which: statistics.quantiles(values, n=100)[-1] for which, values in times.items()}
    ratio = p99["beside it"] / p99["alone"]
    is_good = ratio <= most_times_slower and not failures and is_valid
    print(f"\n{title}")
    for which, values in times.items():
        print(f"  {len(values)} forms {which}: 99 % within {p99[which] * 1000:.0f} ms", end=", ")
        print(f"middle {statistics.median(values) * 1000:.0f} ms, slowest {max(values) * 1000:.0f} ms")
    print(f"  {ratio:.2f} times slower (at most {most_times_slower}), {failures} failed", end="")
    print("" if is_good else "   <-- above the limit")
    sys.stdout.flush()
    return is_good


def wait_until(is_so, what, seconds=60):
    """Wait until `is_so()` is true. After `seconds`, raises TimeoutError that names `what`."""
    ends = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > ends:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.05)


def end_on_signals():
    """Make SIGTERM exit like Ctrl-C, so that context managers stop processes and unmount disks."""

    def end(number, frame):
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)


@contextlib.contextmanager
def folder():
    """Yield a temporary folder that PostgreSQL's user may enter, and delete it at the end."""
    path = Path(tempfile.mkdtemp(prefix="recovery-site-bench-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def disk(path, megabytes):
    """Mount a small RAM disk at `path`, so that filling it affects nothing else. Requires root."""
    if os.geteuid() != 0:
        raise SystemExit("This mounts small disks in memory, which requires root (in a container, for example).")
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", path], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", path], check=False)


# Processes


def children_of(pid):
    """Return the process ids of a process's children, sorted."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(entry.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.parent.name))
    return sorted(found)


def cpu_seconds(pid):
    """Return the processor time that all threads of a process have used, in seconds. Reads `schedstat`, because
    `/proc/<pid>/stat` counts in hundredths of a second."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def send_signal(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


# PostgreSQL


def _postgres_binaries():
    if on_path := shutil.which("initdb"):
        return Path(on_path).parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not found:
        raise SystemExit("No PostgreSQL server is installed here (initdb was not found).")
    return found[-1]


class Postgres:
    """A separate PostgreSQL server that we may kill, freeze and starve."""

    def __init__(self, path, *options):
        self.path, self.options, self.port = path, options, free_port()
        self.process = None
        shutil.chown(path, POSTGRES_USER)
        path.chmod(0o700)
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--wal-segsize=1", "-D", path)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_wal_size": "64MB",
            "min_wal_size": "8MB",
        }
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        self.process = subprocess.Popen(
            [_postgres_binaries() / "postgres", "-D", self.path, "-p", str(self.port), *arguments, *self.options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **_as_postgres(),
        )
        wait_until(self.answers, "PostgreSQL")

    def answers(self):
        try:
            psycopg2.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def processes(self):
        return [self.process.pid, *children_of(self.process.pid)]

    def kill(self):
        """Kill all its processes at once, as a power failure would."""
        if self.is_running():
            os.kill(self.process.pid, signal.SIGSTOP)  # otherwise it would start new children meanwhile
            send_signal(self.processes(), signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def freeze(self):
        send_signal(self.processes(), signal.SIGSTOP)

    def thaw(self):
        send_signal(self.processes(), signal.SIGCONT)

    def url(self, database):
        return f"postgres://{POSTGRES_USER}@127.0.0.1:{self.port}/{database}"

    def create(self, database, template="template0"):
        with contextlib.closing(psycopg2.connect(self.url("postgres"))) as connection:
            connection.autocommit = True
            connection.cursor().execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def _run(self, command, *arguments):
        subprocess.run(
            [_postgres_binaries() / command, *arguments], check=True, stdout=subprocess.DEVNULL, **_as_postgres()
        )


def _as_postgres():
    return {"user": POSTGRES_USER, "group": POSTGRES_USER, "extra_groups": [], "cwd": "/"}


# Mail


class MailServer(Mailbox):
    """The mail server of the tests, which runs as long as its `with` block."""

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


# The site


def environment(var_dir, spool_dir, database_url, mail_port=25, **more):
    """Return all environment variables of the site, with new keys and with limits that a benchmark never reaches."""

    def key():
        return "bench:" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()

    return {
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_ENV": "development",
        "DEBUG": "False",
        "PUBLIC_ORIGIN": "http://127.0.0.1",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "SECRET_KEY_FALLBACKS": "",
        "ENCRYPTION_KEYS": key(),
        "INDEX_KEYS": key(),
        "DATABASE_URL": database_url,
        "VAR_DIR": str(var_dir),
        "STATIC_DIR": str(var_dir / "static"),
        "SPOOL_DIR": str(spool_dir),
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
        "ADMISSIONS_EMAILS": "desk@example.org",
        "REQUEST_LIMIT_PER_NETWORK": "1000000000",
        "REQUEST_LIMIT_TOTAL": "1000000000",
        "EMAIL_LIMIT_PER_NETWORK": "1000000000",
        "EMAIL_LIMIT_TOTAL": "1000000000",
        "LOG_LEVEL": "INFO",
        "WEB_WORKERS": "2",
        "WEB_THREADS": "4",
    } | more


def manage(environment, *arguments):
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, check=True)


def prepare_site(environment):
    manage(environment, "migrate", "--verbosity", "0")
    manage(environment, "load_starter", "--verbosity", "0")
    manage(environment, "collectstatic", "--noinput", "--verbosity", "0")


class Site:
    """The site as `manage.py serve` runs it: gunicorn and the worker."""

    def __init__(self, environment, log):
        self.environment, self.log, self.port = environment, log, free_port()
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", str(self.port)],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,  # so that one signal reaches all processes
            )
        wait_until(self.answers, "the site", seconds=120)

    def answers(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def web_processes(self):
        """Return the process ids of gunicorn's workers."""
        served = children_of(self.process.pid)
        masters = [pid for pid in served if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        return [pid for master in masters for pid in children_of(master)]

    def kill(self):
        """Kill all processes at once, without a chance to clean up."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
