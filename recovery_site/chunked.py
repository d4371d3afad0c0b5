"""Give a body that came in chunks its length: Django reads none without, and would take the post for an empty one."""

import io

MOST = 2_000_001  # bytes; one more than the request guard lets anybody send, so that it says "too long"


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
        body = environ["wsgi.input"].read(MOST)
    except OSError:
        body = None
    environ["wsgi.input"] = io.BytesIO(body or b"")
    environ["CONTENT_LENGTH"] = str(len(body or b""))
    if body is not None:
        del environ["HTTP_TRANSFER_ENCODING"]
