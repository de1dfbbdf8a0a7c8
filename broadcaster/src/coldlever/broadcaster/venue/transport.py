"""The HTTP session to the exchange: nothing from the environment, and one end for a whole request.

A time limit for each read lets a server that drips keep a request for ever: header bytes, interim
answers, sizes of chunks and trailers are read inside the library, without a look at the clock. So a
watchdog ends the connection at the deadline, whatever is being read, the TLS handshake included;
looking the name up and connecting end at it by themselves.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from coldlever.broadcaster.venue.dial import Dialler, SocketOption


class Deadline:
    """Ends the connection of a session when its request has taken too long.

    A session makes one request at a time, to one place, and so has one connection at a time.

    Args:
        monotonic: a clock in seconds that never goes back.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._twin: socket.socket | None = None
        self._has_passed = False
        self._ends_at = float("inf")
        self._dialler = Dialler(self.remaining)

    @property
    def has_passed(self) -> bool:
        """Whether the last request was ended by it."""
        return self._has_passed

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """End the connection unless the block is done in time."""
        self._has_passed = False
        self._ends_at = self._monotonic() + seconds
        watchdog = threading.Timer(seconds, self._end)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()

    def remaining(self) -> float:
        """How many seconds the request has left."""
        return self._ends_at - self._monotonic()

    def connect(
        self, host: str, port: int, limit_s: float, options: list[SocketOption]
    ) -> socket.socket:
        """A new connection under watch; arguments and errors are those of `Dialler.dial`."""
        return self._watch(self._dialler.dial(host, port, limit_s, options))

    def _watch(self, connected: socket.socket) -> socket.socket:
        """Take a new connection under watch.

        A descriptor of its own is kept: TLS takes the given one away while it shakes hands.
        """
        self.release()
        with self._lock:
            self._twin = socket.socket(fileno=os.dup(connected.fileno()))
            if self._has_passed:
                _end(self._twin)
        return connected

    def release(self) -> None:
        """Let go of a connection that is closed, so that the other side learns of it."""
        with self._lock:
            if self._twin is not None:
                self._twin.close()
                self._twin = None

    def _end(self) -> None:
        with self._lock:
            self._has_passed = True
            if self._twin is not None:
                _end(self._twin)


def _end(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it had ended by itself
        connected.shutdown(socket.SHUT_RDWR)


class Session(requests.Session):
    """A session that takes nothing from the environment: no proxy, no .netrc, no CA override.

    Args:
        monotonic: a clock in seconds that never goes back.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self.deadline = Deadline(monotonic)
        self.trust_env = False
        self.headers["User-Agent"] = "coldlever"
        # Answers are small; a packed one could unpack to anything, and is not unpacked.
        self.headers["Accept-Encoding"] = "identity"
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter(self.deadline))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """No redirect is looked at: the library would read its whole body and parse its address."""


class _Watched(HTTPConnection):
    """A connection that is made and ended by a deadline."""

    deadline: Deadline

    def _new_conn(self) -> socket.socket:
        limit_s = float("inf") if self.timeout is None else float(self.timeout)
        try:
            return self.deadline.connect(
                self._dns_host, self.port, limit_s, list(self.socket_options or [])
            )
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, str(error)) from error
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error

    def close(self) -> None:
        super().close()
        self.deadline.release()


class _WatchedSecure(_Watched, HTTPSConnection):
    """The same with TLS."""


class _Adapter(HTTPAdapter):
    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)

        class Plain(_Watched):
            deadline = self._deadline

        class Secure(_WatchedSecure):
            deadline = self._deadline

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
