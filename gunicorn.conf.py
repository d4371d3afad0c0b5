"""How gunicorn runs the site. The start command sets `--bind`."""

import gc
import os
import sys


def _number(name, value):
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= 1000):
        sys.exit(f"Not started: {name} must be a whole number from 1 to 1000.")
    return int(value)


workers = _number("WEB_WORKERS", os.environ.get("WEB_WORKERS", "").strip() or "2")
threads = _number("WEB_THREADS", os.environ.get("WEB_THREADS", "").strip() or "4")
timeout = 30
graceful_timeout = 10
keepalive = 5  # nginx closes idle connections after 4
max_requests = 1_000_000  # a new process begins with an empty page cache, which hurts while the database is down
max_requests_jitter = 100_000
accesslog = None  # nginx logs visits without addresses; gunicorn must not log who reads what
limit_request_line = 0  # nginx limits it; a long search gets an error page instead of a bare 414
secure_scheme_headers = {}  # only Django reads nginx's header; ignore the visitor's own
forwarder_headers = ""  # no header may set SCRIPT_NAME or PATH_INFO
control_socket_disable = True  # all instances run by one user would share the socket
_memory = "/dev/shm"  # noqa: S108 (the worker heartbeat must not wait for a disk)
worker_tmp_dir = _memory if os.path.isdir(_memory) else None


def post_worker_init(worker):
    """In each web process, after the fork, watch whether the content changes, and set aside what stays in memory."""
    from pages import content_generation

    content_generation.watch()
    # Otherwise, each full garbage collection looks through all modules, and every visitor waits 0.1 s meanwhile.
    gc.collect()
    gc.freeze()
