"""Give a body that came in chunks its length: Django reads none without, and would take the post for an empty one."""

import io
import sys

MOST = 2_000_000  # bytes that are read; what goes on after them gets a length that the request guard lets nobody send


def with_length(application):
    """Wrap a WSGI application: it finds a chunked body as a body of a known length.

    The server has to take the chunks apart, as gunicorn does. A body that breaks off keeps the header
    Transfer-Encoding, by which the request guard knows that nobody has read it.
    """

    def wrapped(environ, start_response):
        if "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated"):
            _read(environ)
        return application(environ, start_response)

    return wrapped


def _read(environ):
    try:
        body = environ["wsgi.input"].read(MOST + 1)
    except OSError:
        body = None
    environ["wsgi.input"] = io.BytesIO(body or b"")
    length = len(body or b"")
    environ["CONTENT_LENGTH"] = str(length if length <= MOST else sys.maxsize)
    if body is not None:
        del environ["HTTP_TRANSFER_ENCODING"]
