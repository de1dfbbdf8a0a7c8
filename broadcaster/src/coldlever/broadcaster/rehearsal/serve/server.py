"""The server: the rehearsal exchange as a web application on the loopback address."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from types import TracebackType
from typing import Self

from flask import Flask, Response, request

from coldlever.broadcaster.rehearsal.act import Answer
from coldlever.broadcaster.rehearsal.exchange import RehearsalExchange
from coldlever.broadcaster.rehearsal.faults import EXCHANGE_PATH, INFO_PATH
from coldlever.broadcaster.rehearsal.serve.connection import (
    LOOPBACK,
    LogLine,
    LoopbackServer,
    hang_up,
)
from coldlever.broadcaster.rehearsal.serve.control import control_surface
from coldlever.broadcaster.rehearsal.serve.transmission import Line
from coldlever.broadcaster.rehearsal.serve.weights import LIMIT_PER_MINUTE, WeightBudget

NETWORK_HEADER = "X-Coldlever-Rehearsal"
# How often the server looks whether it should stop.
_POLL_SECONDS = 0.02


def create_app(
    exchange: RehearsalExchange,
    *,
    weight_limit: int | None = LIMIT_PER_MINUTE,
    sleep: Callable[[float], None] = time.sleep,
    latency_s: float = 0.0,
) -> Flask:
    """The web application of one exchange.

    Args:
        exchange: who answers.
        weight_limit: weight per minute that clients may spend, or None for no limit.
        sleep: waits for some seconds, for latency and the faults that take time.
        latency_s: how long each request and its answer take together, seconds.

    Returns:
        POST ``/exchange`` and ``/info`` as the exchange has them, and ``/rehearsal/…``. Every
        response names the rehearsed network in ``X-Coldlever-Rehearsal`` and the exchange's time
        in ``Date``.
    """
    app = Flask("coldlever.broadcaster.rehearsal", static_folder=None)
    app.register_blueprint(control_surface(exchange))
    line = Line(exchange, WeightBudget(weight_limit), sleep, latency_s)

    @app.post(EXCHANGE_PATH)
    @app.post(INFO_PATH)
    def carry() -> Response:
        answer = line.carry(request.path, request.mimetype, request.get_data(), request.host_url)
        return _response(answer)

    @app.after_request
    def sign_every_response(response: Response) -> Response:
        response.headers[NETWORK_HEADER] = exchange.network.value
        response.headers["Date"] = formatdate(exchange.now() / 1000, usegmt=True)
        return response

    return app


def _response(answer: Answer) -> Response:
    if answer.lost:
        connection = request.environ.get("werkzeug.socket")
        if connection is not None:
            hang_up(connection)
    response = Response(
        answer.body[: answer.sent], answer.status, list(answer.headers), content_type=answer.mime
    )
    response.headers["Content-Length"] = str(len(answer.body))
    return response


class RehearsalServer:
    """Serves a rehearsal exchange on 127.0.0.1, in a thread or in the foreground.

    As a context manager it serves in a thread::

        with RehearsalServer(RehearsalExchange(accounts=[user])) as server:
            requests.post(server.url + "/info", json={"type": "meta"})

    Args:
        exchange: who answers.
        port: 0 for any free one; `port` then says which.
        weight_limit: weight per minute that clients may spend, or None for no limit.
        sleep: waits for some seconds, for latency and the faults that take time.
        latency_s: how long each request and its answer take together, seconds.
        log: called with one line per request, or None for silence.

    Raises:
        OSError: the port is taken.
    """

    def __init__(
        self,
        exchange: RehearsalExchange,
        port: int = 0,
        *,
        weight_limit: int | None = LIMIT_PER_MINUTE,
        sleep: Callable[[float], None] = time.sleep,
        latency_s: float = 0.0,
        log: LogLine | None = None,
    ) -> None:
        self.exchange = exchange
        app = create_app(exchange, weight_limit=weight_limit, sleep=sleep, latency_s=latency_s)
        self._server = LoopbackServer(app, port, log)
        self._thread: threading.Thread | None = None
        self._serving = False

    @property
    def port(self) -> int:
        """The port it listens on, from construction on."""
        return self._server.port

    @property
    def url(self) -> str:
        """``http://127.0.0.1:port``, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Serve in a thread until `stop`."""
        self._serving = True
        self._thread = threading.Thread(
            target=self.serve_forever, name="rehearsal-exchange", daemon=True
        )
        self._thread.start()

    def serve_forever(self) -> None:
        """Serve in this thread until `stop` is called from another one, or Ctrl-C."""
        self._serving = True
        try:
            self._server.serve_forever(_POLL_SECONDS)
        finally:
            self._serving = False
            self._server.drop_connections()

    def stop(self) -> None:
        """Stop serving, free the port and end open connections; may be called twice."""
        if self._serving:
            # Waits for the serving loop to end, so there has to be one.
            self._server.shutdown()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._server.server_close()
        self._server.drop_connections()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
