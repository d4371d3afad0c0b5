"""The settings that the site ships, without the hook that needs the site."""

import runpy
from pathlib import Path

globals().update(runpy.run_path(str(Path(__file__).parents[2] / "gunicorn.conf.py")))


def post_worker_init(worker):
    pass
