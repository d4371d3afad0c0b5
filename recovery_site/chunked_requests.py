"""Give chunked request bodies a length. Django ignores a body without a length and treats the POST as empty."""

import io
import sys

MAX_BYTES = 2_000_000  # bytes we read; a longer body gets a length that the request guard refuses


def with_length(application):
    """Wrap a WSGI application so that a chunked body reaches it with a Content-Length.

    The server must decode the chunks, as gunicorn does. If the body breaks off, the Transfer-Encoding header stays, and
    the request guard refuses the request.
    """

    def wrapped(environ, start_response):
        if "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated"):
            _read(environ)
        return application(environ, start_response)

    return wrapped


def _read(environ):
    try:
        body = environ["wsgi.input"].read(MAX_BYTES + 1)
    except OSError:
        body = None
    environ["wsgi.input"] = io.BytesIO(body or b"")
    length = len(body or b"")
    environ["CONTENT_LENGTH"] = str(length if length <= MAX_BYTES else sys.maxsize)
    if body is not None:
        del environ["HTTP_TRANSFER_ENCODING"]
