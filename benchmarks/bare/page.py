"""Serve one ready page: bytes that are sent as they are. No page of a site can cost less under gunicorn.

`BARE_PAGE` names a file with a pickled pair: the headers and the body.
"""

import os
import pickle
from pathlib import Path

HEADERS, BODY = pickle.loads(Path(os.environ["BARE_PAGE"]).read_bytes())


def application(environ, start_response):
    start_response("200 OK", list(HEADERS))
    return [BODY]
