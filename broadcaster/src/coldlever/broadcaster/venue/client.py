"""The exchange's HTTP interface: one client, one session, two endpoints.

Certificate checks are on, redirects are never followed, answers are bounded in size and time, and
proxies or credentials from the environment are not used. Reading (`info`) raises when it fails;
posting (`post`) never raises for what the network does, because "failed" and "landed, but the
answer got lost" look alike from here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from coldlever.broadcaster.venue.answer import LATE, Answer, NoAnswer
from coldlever.broadcaster.venue.weight import WeightBudget
from coldlever.shared.action import Network
from coldlever.shared.errors import ColdleverError, EnvironmentFault, UsageRefused
from coldlever.shared.printable import printable
from coldlever.shared.reading import JsonValue, loads

if TYPE_CHECKING:
    import requests

    from coldlever.broadcaster.venue.transport import Session

_API_URL = {
    Network.MAINNET: "https://api.hyperliquid.xyz",
    Network.TESTNET: "https://api.hyperliquid-testnet.xyz",
}
_LOOPBACK_HOSTS = {"localhost", "::1"}
# The rehearsal exchange names the network it plays, so that a mix-up is found before posting.
REHEARSAL_HEADER = "X-Coldlever-Rehearsal"

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 10.0
# A server that drips one byte at a time resets the read time-out for ever; this one ends it.
TOTAL_TIMEOUT_S = 30.0
_OK = 200
_TOO_MANY = 429
# How often a read waits for the rate limit to pass before it gives up.
_INFO_TRIES = 4
# How often a read is repeated whose connection was lost: asking changes nothing.
_LOST_TRIES = 3
_LOST_PAUSE_S = 0.25
_LOST = ("connection-lost", "answer-broken")
_DEFAULT_RETRY_AFTER_S = 10.0
EXCHANGE_WEIGHT = 1
# Weights of /info requests, from the exchange's documentation of rate limits.
_LIGHT = {"exchangeStatus": 2, "clearinghouseState": 2, "l2Book": 2, "allMids": 2, "userRole": 60}
_HEAVY = 20


@dataclass(frozen=True, slots=True)
class Venue:
    """Where to post.

    Args:
        network: which network's signatures the venue takes.
        url: the base URL, without a final slash.
        is_rehearsal: True for a local exchange on the loopback interface.
    """

    network: Network
    url: str
    is_rehearsal: bool

    @property
    def key(self) -> str:
        """What the ledger files posts under: a rehearsal must not count as the real thing."""
        return f"{self.network.value}@{self.url}" if self.is_rehearsal else self.network.value


def choose_venue(network: Network, option: str | None) -> Venue:
    """The exchange's own URL for the network, or the loopback URL given with ``--api-url``.

    Raises:
        UsageRefused: ``api-url`` for any URL that is not plain HTTP on a loopback address.
    """
    if option is None:
        return Venue(network, _API_URL[network], is_rehearsal=False)
    return Venue(network, loopback_url(option), is_rehearsal=True)


def loopback_url(option: str) -> str:
    """Check an ``--api-url``.

    Raises:
        UsageRefused: ``api-url``.
    """
    try:
        parts = urlsplit(option)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _bad_url(option) from None
    is_loopback = host in _LOOPBACK_HOSTS or _is_loopback_v4(host)
    # What the parser would quietly drop or normalise is refused instead.
    plain = option.isascii() and option.isprintable() and " " not in option
    plain = plain and not (parts.username or parts.password or parts.query or parts.fragment)
    if parts.scheme != "http" or not is_loopback or not plain or parts.path not in ("", "/"):
        raise _bad_url(option)
    return f"http://{parts.netloc}"


def _is_loopback_v4(host: str) -> bool:
    octets = host.split(".")
    return (
        len(octets) == 4  # noqa: PLR2004 - an IPv4 address
        and octets[0] == "127"
        and all(octet.isdecimal() and len(octet) <= 3 and int(octet) <= 255 for octet in octets)  # noqa: PLR2004
    )


def _bad_url(option: str) -> UsageRefused:
    return UsageRefused(
        "api-url",
        f'found "{printable(option, limit=80)}", expected a loopback URL such as '
        "http://127.0.0.1:8787",
        "leave --api-url out to use the exchange itself; it exists for `rehearse` alone",
    )


class ExchangeApi:
    """A client for one venue.

    Args:
        venue: where to go.
        session: the HTTP session.
        budget: keeps the request weight within the exchange's limit.
        sleep: waits that many seconds.
        monotonic: a clock in seconds that never goes back.
    """

    def __init__(
        self,
        venue: Venue,
        session: Session,
        budget: WeightBudget,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float],
    ) -> None:
        self.venue = venue
        self._session = session
        self._budget = budget
        self._sleep = sleep
        self._monotonic = monotonic
        self._has_room = False
        self.rehearsal_network: Network | None = None

    def info(self, query: dict[str, object]) -> JsonValue:
        """Ask ``/info``.

        Raises:
            EnvironmentFault: no usable answer; nothing was changed by asking.
        """
        kind = str(query["type"])
        for _ in range(_INFO_TRIES):
            reply = self._ask(json.dumps(query).encode("ascii"), _LIGHT.get(kind, _HEAVY))
            if isinstance(reply, NoAnswer):
                raise EnvironmentFault(
                    reply.code,
                    f"reading {kind} from {self.venue.url}: {reply.reason}",
                    "is `rehearse` running there?"
                    if self.venue.is_rehearsal
                    else "check this machine's network, then try again",
                )
            if reply.status != _TOO_MANY:
                return self._read(kind, reply)
        raise EnvironmentFault(
            "rate-limited",
            f"reading {kind}: the exchange still limits this address's requests",
            "wait a minute and try again",
        )

    def _ask(self, query: bytes, weight: int) -> Answer | NoAnswer:
        """One question, asked again within its deadline where the connection is lost."""
        end = self._monotonic() + TOTAL_TIMEOUT_S
        left = TOTAL_TIMEOUT_S
        for attempt in range(1, _LOST_TRIES + 1):
            self._budget.spend(weight)
            reply = self._send("/info", query, left)
            is_lost = isinstance(reply, NoAnswer) and reply.code in _LOST
            left = end - self._monotonic() - _LOST_PAUSE_S
            if not is_lost or attempt == _LOST_TRIES or left <= 0:
                break
            self._sleep(_LOST_PAUSE_S)
        return reply

    def _read(self, kind: str, reply: Answer) -> JsonValue:
        if reply.status != _OK:
            raise EnvironmentFault(
                "exchange-unavailable",
                f"reading {kind} from {self.venue.url}: HTTP {reply.status} "
                f"{printable(reply.body[:80].decode('utf-8', 'replace'))}",
                "try again later",
            )
        try:
            return loads(reply.body, f"answer to {kind}")
        except ColdleverError as error:
            raise EnvironmentFault(
                "exchange-answer", error.message, "try again; if it stays so, update coldlever"
            ) from None

    def make_room(self) -> None:
        """Wait until a post is within the exchange's limit: the next one leaves at once.

        Raises:
            EnvironmentFault: what other processes spend could not be read.
        """
        if not self._has_room:
            self._budget.spend(EXCHANGE_WEIGHT)
            self._has_room = True

    def post(self, body: bytes) -> Answer | NoAnswer:
        """Post a signed body to ``/exchange``, once."""
        self.make_room()
        self._has_room = False
        return self._send("/exchange", body, TOTAL_TIMEOUT_S)

    def _send(self, path: str, body: bytes, seconds: float) -> Answer | NoAnswer:
        reply = self._carry(path, body, seconds)
        if isinstance(reply, Answer) and reply.status == _TOO_MANY:
            wait = _DEFAULT_RETRY_AFTER_S if reply.retry_after is None else reply.retry_after
            self._budget.refused(wait)
        return reply

    def _carry(self, path: str, body: bytes, seconds: float) -> Answer | NoAnswer:
        # Its libraries take a tenth of a second to load, and offline nothing is sent.
        from coldlever.broadcaster.venue import receive  # noqa: PLC0415 - see above

        end = self._monotonic() + seconds
        deadline = self._session.deadline
        try:
            with (
                deadline.within(seconds),
                self._session.post(
                    self.venue.url + path,
                    data=body,
                    headers={"Content-Type": "application/json"},
                    timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                self._note_rehearsal(response)
                answer = receive.collect(response, lambda: self._monotonic() > end)
        except Exception as error:  # noqa: BLE001 - bytes may have left: no answer, and nothing else
            return receive.no_answer(error, is_late=deadline.has_passed)
        # A connection that the deadline has ended can look like an answer without a body.
        return LATE if deadline.has_passed else answer

    def _note_rehearsal(self, response: requests.Response) -> None:
        name = response.headers.get(REHEARSAL_HEADER)
        if self.venue.is_rehearsal and name in {network.value for network in Network}:
            self.rehearsal_network = Network(name)
