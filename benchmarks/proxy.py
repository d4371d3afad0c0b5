"""A proxy that loses responses: the site receives and handles the request, but the visitor never learns of it."""

import contextlib
import socket
import struct
import threading


class CuttingProxy:
    """Forward every connection, but cut off the response to every second POST."""

    def __init__(self, upstream_port):
        self.upstream_port, self.cut = upstream_port, 0
        self._posts, self._lock = 0, threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.close()

    def _serve(self):
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _address = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client):
        with client, socket.create_connection(("127.0.0.1", self.upstream_port)) as site:
            request = _read_request(client)
            if not request:
                return
            site.sendall(request)
            answer = b"".join(iter(lambda: site.recv(65536), b""))  # complete: the site has handled the request by now
            if request.startswith(b"POST") and self._is_to_cut():
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close with a reset
                return
            client.sendall(answer)

    def _is_to_cut(self):
        with self._lock:
            self._posts += 1
            is_second = self._posts % 2 == 0
            self.cut += is_second
        return is_second


def _read_request(client):
    request = b""
    while b"\r\n\r\n" not in request:
        chunk = client.recv(65536)
        if not chunk:
            return b""
        request += chunk
    head, _blank, body = request.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    missing = (int(lengths[0]) if lengths else 0) - len(body)
    while missing > 0:
        chunk = client.recv(65536)
        if not chunk:
            return b""
        request += chunk
        missing -= len(chunk)
    return request
