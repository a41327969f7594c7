"""A web server on this machine, of files that it holds, which fails as it is told."""

import contextlib
import hashlib
import socket
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer:
    """Serves `files`, bytes by name. `faults` has, by name, what goes wrong with the next requests.

    A fault is a status such as 503, or "cut": the connection ends in the middle of the file. Or it
    is "end": all connections do, and the server is gone. "late" is cut when all before has arrived.
    Files named in `endless` come without a length, again and again, up to `MOST` bytes.
    """

    MOST = 20_000_000

    def __init__(self, files, ranges=True):
        self.files, self.ranges = dict(files), ranges
        self.faults, self.fetched, self.endless = {}, Counter(), set()
        self.port, self._server, self.connections = 0, None, set()

    def address(self, name):
        return f"http://127.0.0.1:{self.port}/{name}"

    def start(self):
        handler = type("Handler", (_Handler,), {"home": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def stop(self):
        """Ends it as if it had never been, in the middle of whatever it does."""
        server, self._server = self._server, None
        if server:
            server.shutdown()
            server.server_close()
            for connection in list(self.connections):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def fault(self, name, head):
        """What goes wrong now. Heads of files are told even where files are to be cut."""
        coming = self.faults.get(name, [])
        if coming and not (head and isinstance(coming[0], str)):
            return coming.pop(0)
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    home = None

    def setup(self):
        super().setup()
        self.home.connections.add(self.connection)

    def finish(self):
        self.home.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(head=True)

    def do_GET(self):
        self.answer(head=False)

    def answer(self, head):
        name = self.path.strip("/")
        fault = self.home.fault(name, head)
        content = self.home.files.get(name)
        if content is None or isinstance(fault, int):
            self.send_response(fault or 404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if name in self.home.endless:
            self.send_response(200)
            self.end_headers()
            self.close_connection = True
            with contextlib.suppress(OSError):
                while not head and self.home.fetched[name] < self.home.MOST:
                    self.home.fetched[name] += self.wfile.write(content)
            return
        first, last = 0, len(content)
        asked = self.headers.get("Range", "") if self.home.ranges else ""
        if asked:
            begin, _, end = asked.removeprefix("bytes=").partition("-")
            first, last = int(begin), min(last, int(end or last) + 1)
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last - 1}/{len(content)}")
        self.send_header("Content-Length", str(last - first))
        self.send_header("ETag", hashlib.sha256(content).hexdigest()[:16])
        self.end_headers()
        if head:
            return
        self.home.fetched[name] += last - first
        if fault:
            self.home.fetched[name] -= last - (first + last) // 2
            last = (first + last) // 2
            self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.write(content[first:last])
        if fault == "late":
            time.sleep(0.5)
        if fault == "end":
            self.home.stop()
