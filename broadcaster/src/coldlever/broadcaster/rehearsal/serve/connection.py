"""The connection: HTTP/1.1 on werkzeug's threaded server, fast, kept alive and quiet.

Werkzeug's own handler closes the connection after each response and then waits 10 ms for more
bytes. Clients of the exchange reuse connections, and an answer has to come within a millisecond or
two, so this handler reads each body by its length and keeps the connection open.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response

from coldlever.shared.printable import printable

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LOOPBACK = "127.0.0.1"
MAX_BODY_BYTES = 4 << 20
_LENGTH_DIGITS = 9
IDLE_SECONDS = 60
LogLine = Callable[[str], None]


class ConnectionHandler(WSGIRequestHandler):
    """One connection: requests one after the other until a side closes it."""

    protocol_version = "HTTP/1.1"
    # An answer is one small packet; without this it may wait for the acknowledgement of the last.
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS

    def run_wsgi(self) -> None:
        """Serve the request whose head was just read."""
        body = self._read_body()
        if body is None:
            return
        self.environ = environ = self.make_environ()
        environ["wsgi.input"] = BytesIO(body)
        response = Response.from_app(self.server.app, environ, buffered=True)
        self._send(response.status, list(response.headers), response.get_data())

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Werkzeug would print; only the server's own log callback gets lines here."""

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        objection = None
        if "Transfer-Encoding" in self.headers:
            objection = HTTPStatus.LENGTH_REQUIRED
        elif not (length.isascii() and length.isdigit()):
            objection = HTTPStatus.BAD_REQUEST
        elif len(length) > _LENGTH_DIGITS or int(length) > MAX_BODY_BYTES:
            objection = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        if objection is not None:
            self._turn_away(objection)
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return None
        return body

    def _turn_away(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self._send(f"{status.value} {status.phrase}", [("Content-Length", "0")], b"")

    def _send(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        without_body = self.command == "HEAD" or status[:3] in ("204", "304")
        promised = next((int(text) for name, text in headers if name == "Content-Length"), None)
        if not without_body and promised != len(content):
            # A truncated answer: the client waits for a rest that only the end of the connection
            # replaces.
            self.close_connection = True
        if self.close_connection:
            headers = [*headers, ("Connection", "close")]
        # Before the answer, so that whoever has it finds the line.
        log_line = getattr(self.server, "log_line", None)
        if log_line is not None:
            log_line(f"{printable(self.command)} {printable(self.path)} {status}")
        head = "".join(f"{name}: {text}\r\n" for name, text in headers)
        packet = f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1")
        try:
            self.wfile.write(packet if without_body else packet + content)
        except OSError:
            # The client has gone, or a fault shut the connection down before the answer.
            self.close_connection = True


class LoopbackServer(ThreadedWSGIServer):
    """A threaded server on the loopback address that can drop its open connections.

    Args:
        app: the application.
        port: 0 for any free one.
        log_line: called with one line per request, or None.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, app: WSGIApplication, port: int, log_line: LogLine | None) -> None:
        self.log_line = log_line
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        # Werkzeug prints and exits the process when the port is taken; binding here raises.
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((LOOPBACK, port))
            listener.listen(self.request_queue_size)
            bound: int = listener.getsockname()[1]
            super().__init__(LOOPBACK, bound, app, ConnectionHandler, fd=listener.fileno())

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for a new connection and remember it."""
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection and forget it."""
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        """End all open connections: idle ones would keep answering after the server stopped."""
        with self._open_lock:
            still_open = list(self._open)
        for connection in still_open:
            hang_up(connection)


def hang_up(connection: socket.socket) -> None:
    """Shut a connection down in both directions, whether or not the other side is still there."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # already closed, which is what was wanted
