"""What `resolve --watch` tells Prometheus, and whoever asks whether it is well."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from coldlever.shared.errors import EnvironmentFault, UsageRefused
from coldlever.shared.printable import printable

try:
    import prometheus_client
except ImportError:
    raise EnvironmentFault(
        "extra-missing",
        "--watch needs the package prometheus-client, which is not installed",
        "pip install 'coldlever-broadcaster[watch]'",
    ) from None

# Not well: no pass has come through for so many intervals, and for so many seconds.
_LATE_PASSES = 4
_LATE_S = 120.0

Start = Callable[..., Any]


class Gauges:
    """The numbers of one watching process.

    Args:
        monotonic: a clock in seconds that never goes back.
        every_s: the pause between two looks, seconds.
    """

    def __init__(self, monotonic: Callable[[], float], every_s: float) -> None:
        self._monotonic = monotonic
        self._late_s = max(_LATE_S, _LATE_PASSES * every_s)
        self._last = monotonic()
        registry = prometheus_client.CollectorRegistry()
        self._page = prometheus_client.make_wsgi_app(registry)
        self._looked = prometheus_client.Counter(
            "coldlever_looks", "Looks at unfinished payloads.", ["verdict"], registry=registry
        )
        self._faults = prometheus_client.Counter(
            "coldlever_faults", "What went wrong, by its code.", ["code"], registry=registry
        )
        self._unfinished = prometheus_client.Gauge(
            "coldlever_unfinished",
            "Unfinished payloads of the ledger.",
            ["state"],
            registry=registry,
        )
        prometheus_client.Gauge(
            "coldlever_seconds_since_pass", "Since the ledger was last gone through.",
            registry=registry,
        ).set_function(self._age)  # fmt: skip

    def looked(self, verdict: str) -> None:
        """A payload was looked at."""
        self._looked.labels(verdict).inc()

    def failed(self, code: str) -> None:
        """Something went wrong."""
        self._faults.labels(code).inc()

    def passed(self, unfinished: dict[str, int]) -> None:
        """The ledger was gone through.

        Args:
            unfinished: how many rows are left, by state.
        """
        self._last = self._monotonic()
        self._unfinished.clear()
        for state, count in unfinished.items():
            self._unfinished.labels(state).set(count)

    @contextmanager
    def served(self, address: str) -> Iterator[None]:
        """Serve ``/metrics`` and ``/health`` for a while.

        Args:
            address: ``ADDRESS:PORT`` of this machine.

        Raises:
            UsageRefused: ``metrics-address``.
            EnvironmentFault: ``port-taken``.
        """
        host, port = _parse(address)
        try:
            server = make_server(host, port, self._answer, _Server, _Handler)
        except OSError as error:
            raise EnvironmentFault(
                "port-taken", f"{address}: {printable(error.strerror or str(error))}"
            ) from None
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
        with server:
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join()

    def _age(self) -> float:
        return self._monotonic() - self._last

    def _answer(self, environment: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environment.get("PATH_INFO")
        if path == "/metrics":
            return list(self._page(environment, start))
        if path != "/health":
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"/metrics or /health\n"]
        is_well = self._age() <= self._late_s
        start("200 OK" if is_well else "503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"ok\n" if is_well else b"the ledger was not gone through for too long\n"]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    # Who connects and says nothing keeps nobody else waiting, and goes.
    timeout = 10

    def log_message(self, *_: object) -> None:
        """Nothing: the log is about payloads."""


def _parse(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    try:
        is_here = ipaddress.IPv4Address(host).is_loopback
        number = int(port)
    except ValueError:
        is_here, number = False, -1
    if not is_here or not 0 <= number < 1 << 16:
        raise UsageRefused(
            "metrics-address",
            f"{printable(address)}: metrics are served to this machine alone",
            "give an address such as 127.0.0.1:9464; a proxy can take them further",
        )
    return host, number
