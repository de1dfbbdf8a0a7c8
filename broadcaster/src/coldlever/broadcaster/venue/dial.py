"""Connecting: a name is looked up and its addresses are tried before a given time, or not at all.

The system's resolver knows no time limit, and a name with many addresses that do not answer would
use up the limit once for each.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SocketOption = tuple[Any, ...]
# Family, type, protocol and address, as the system's resolver gives them.
_Place = tuple[int, int, int, Any]


@dataclass(frozen=True, slots=True)
class Dialler:
    """Connects to hosts.

    Args:
        remaining: how many seconds are left for the request that wants the connection.
    """

    remaining: Callable[[], float]
    _lookups: dict[tuple[str, int], _Lookup] = field(default_factory=dict)

    def dial(
        self, host: str, port: int, limit_s: float, options: list[SocketOption]
    ) -> socket.socket:
        """A connection to the first address that takes one.

        Args:
            host: a name or an address.
            port: on it.
            limit_s: for each address.
            options: to be set before it connects.

        Raises:
            TimeoutError: the name was not looked up in time, or nobody took the connection.
            OSError: the name has no address, or none of them takes a connection.
        """
        failure: OSError = OSError("the name has no address")
        for place in self._places(host, port):
            try:
                return _connect(place, min(limit_s, self._require_time()), options)
            except OSError as error:
                failure = error
        raise failure

    def _places(self, host: str, port: int) -> list[_Place]:
        # One that hangs is waited for again, rather than asking beside it once more.
        lookup = self._lookups.setdefault((host, port), _Lookup(host.strip("[]"), port))
        places = lookup.wait(self._require_time())
        del self._lookups[host, port]
        if isinstance(places, Exception):
            raise places
        return places

    def _require_time(self) -> float:
        seconds = self.remaining()
        if seconds <= 0:
            raise TimeoutError("no time is left")
        return seconds


class _Lookup:
    """One name being looked up, in a thread that is left behind where the resolver hangs."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._is_done = threading.Event()
        self._found: list[_Place] | Exception = []
        self._has_begun = False

    def wait(self, seconds: float) -> list[_Place] | Exception:
        """What was found, or why nothing was.

        Raises:
            TimeoutError: it takes longer.
        """
        if not self._has_begun:
            self._has_begun = True
            threading.Thread(target=self._look_up, name="look-up", daemon=True).start()
        if not self._is_done.wait(seconds):
            raise TimeoutError("the name was not looked up in time")
        return self._found

    def _look_up(self) -> None:
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            self._found = [(family, kind, protocol, at) for family, kind, protocol, _, at in found]
        except Exception as error:  # noqa: BLE001 - raised where the connection is wanted
            self._found = error
        finally:
            self._is_done.set()


def _connect(place: _Place, seconds: float, options: list[SocketOption]) -> socket.socket:
    family, kind, protocol, address = place
    with contextlib.ExitStack() as stack:
        connecting = stack.enter_context(socket.socket(family, kind, protocol))
        for option in options:
            connecting.setsockopt(*option)
        connecting.settimeout(seconds)
        connecting.connect(address)
        stack.pop_all()
    return connecting
