"""The HTTP client: what it refuses to take, and what it calls what went wrong."""

from __future__ import annotations

import datetime as dt
import functools
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from coldlever.broadcaster.venue.client import (
    CONNECT_TIMEOUT_S,
    READ_TIMEOUT_S,
    Answer,
    ExchangeApi,
    NoAnswer,
    Venue,
)
from coldlever.broadcaster.venue.weight import WeightBudget
from coldlever.shared.action.network import Network
from coldlever.shared.errors import EnvironmentFault

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull"


@pytest.fixture
def serve() -> Iterator:
    """A bare server on the loopback address that answers each connection as told."""
    closing = []

    def start(play, context: ssl.SSLContext | None = None) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        closing.append(listener)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                try:
                    if context is not None:
                        connection = context.wrap_socket(connection, server_side=True)
                    connection.recv(65536)
                    play(connection)
                except OSError:
                    pass
                finally:
                    connection.close()

        threading.Thread(target=accept, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in closing:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.fixture
def client(session):
    naps: list[float] = []

    def make(url: str) -> ExchangeApi:
        api = ExchangeApi(
            Venue(Network.TESTNET, url, is_rehearsal=True),
            session,
            WeightBudget(time.monotonic, naps.append),
            naps.append,
            time.monotonic,
        )
        api.naps = naps
        return api

    return make


def test_the_session_takes_nothing_from_the_environment(client, serve, session, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")
    url = serve(lambda connection: connection.sendall(OK))
    assert client(url).post(b"{}") == Answer(200, b"null", None)
    assert session.verify is True
    assert session.trust_env is False


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(client, serve, status):
    visits = []

    def play(connection):
        visits.append(1)
        head = f"HTTP/1.1 {status} Go\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(head.encode())

    assert client(serve(play)).post(b"{}") == Answer(status, b"", None)
    assert len(visits) == 1


def test_a_certificate_that_nobody_vouches_for_ends_the_connection(client, serve, tmp_path):
    seen = []
    url = serve(seen.append, _self_signed(tmp_path))
    reply = client(url.replace("http:", "https:")).post(b"{}")
    assert isinstance(reply, NoAnswer)
    assert reply.code == "tls-failed"
    assert seen == [], "not a byte of the body has left"


def test_a_server_that_speaks_no_tls_is_a_tls_failure(client, serve):
    url = serve(lambda connection: connection.sendall(OK))
    assert client(url.replace("http:", "https:")).post(b"{}").code == "tls-failed"


def test_a_refused_connection(client):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert client(f"http://127.0.0.1:{port}").post(b"{}").code == "connection-lost"


def test_a_connection_that_is_never_made(client, session, monkeypatch):
    def wait_in_vain(*_arguments, timeout, **_options):
        assert timeout == (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
        raise requests.exceptions.ConnectTimeout

    monkeypatch.setattr(session, "post", wait_in_vain)
    assert client("http://127.0.0.1:9").post(b"{}").code == "connect-failed"


def test_silence_is_a_time_out(client, serve, monkeypatch):
    monkeypatch.setattr("coldlever.broadcaster.venue.client.READ_TIMEOUT_S", 0.1)
    url = serve(lambda _: time.sleep(0.4))
    assert client(url).post(b"{}").code == "timed-out"


def test_silence_in_the_middle_of_an_answer_is_unanswered_too(client, serve, monkeypatch):
    monkeypatch.setattr("coldlever.broadcaster.venue.client.READ_TIMEOUT_S", 0.1)

    def play(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
        time.sleep(0.4)

    assert isinstance(client(serve(play)).post(b"{}"), NoAnswer)


def test_a_handshake_that_drips_passes_no_deadline_either(client, serve, monkeypatch):
    monkeypatch.setattr("coldlever.broadcaster.venue.client.TOTAL_TIMEOUT_S", 0.4)
    sent = []

    def play(connection):
        # A TLS record of 16,000 bytes that never becomes whole.
        connection.sendall(b"\x16\x03\x03\x3e\x80")
        for _ in range(200):
            connection.sendall(b"\x02")
            sent.append(1)
            time.sleep(0.02)

    url = serve(play).replace("http:", "https:")
    assert client(url).post(b"{}").code == "timed-out"
    assert len(sent) < 150


def test_after_a_deadline_the_session_serves_the_next_request(client, serve, monkeypatch):
    monkeypatch.setattr("coldlever.broadcaster.venue.client.TOTAL_TIMEOUT_S", 0.3)
    answers = iter([None, OK])

    def play(connection):
        answer = next(answers)
        if answer is None:
            connection.recv(1)  # until the other side has ended it
            time.sleep(0.4)
        else:
            connection.sendall(answer)

    api = client(serve(play))
    assert api.post(b"{}").code == "timed-out"
    monkeypatch.setattr("coldlever.broadcaster.venue.client.TOTAL_TIMEOUT_S", 10)
    assert api.post(b"{}") == Answer(200, b"null", None)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
    ],
)
def test_a_broken_answer_is_no_answer_or_harmless(client, serve, answer):
    reply = client(serve(lambda connection: connection.sendall(answer))).post(b"{}")
    assert isinstance(reply, NoAnswer) or reply.status == 200


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("999999", 60.0),
        ("9999999", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_taken_as_seconds_and_bounded(client, serve, header, seconds):
    def play(connection):
        head = f"HTTP/1.1 429 Slow\r\nRetry-After: {header}\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(head.encode())

    assert client(serve(play)).post(b"{}") == Answer(429, b"", seconds)


def test_a_limited_read_waits_and_asks_again(desk):
    desk.exchange.inject("429", path="/info", seconds=4, count=2)
    assert desk.reader().now() == desk.time
    assert desk.naps == [4.0, 4.0]


def test_a_read_that_stays_limited_gives_up(desk):
    desk.exchange.inject("429", path="/info", seconds=4, count=9)
    with pytest.raises(EnvironmentFault) as fault:
        desk.reader().now()
    assert fault.value.code == "rate-limited"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("502", "exchange-unavailable"),
        ("500", "exchange-unavailable"),
        ("422", "exchange-unavailable"),
        ("redirect", "exchange-unavailable"),
        ("html", "exchange-answer"),
        ("cut", "exchange-answer"),
        ("wrong-shape", "exchange-answer"),
        ("truncate", "answer-broken"),
        ("drop", "connection-lost"),
        ("flood", "answer-too-large"),
    ],
)
def test_a_read_that_fails_names_what_happened_and_changes_nothing(desk, kind, code):
    desk.exchange.inject(kind, path="/info", count=9)
    with pytest.raises(EnvironmentFault) as fault:
        desk.reader().now()
    assert fault.value.code == code


@pytest.mark.parametrize("kind", ["drop", "truncate"])
def test_a_read_is_repeated_where_the_connection_is_lost(desk, kind):
    desk.exchange.inject(kind, path="/info", count=2)
    assert desk.reader().now() == desk.time
    assert desk.naps == [0.25, 0.25]


def test_a_lost_read_is_repeated_twice_at_most(client, serve):
    visits = []
    with pytest.raises(EnvironmentFault):
        client(serve(visits.append)).info({"type": "meta"})
    assert len(visits) == 3


def test_repeated_reads_have_one_deadline_together(client, serve, monkeypatch):
    monkeypatch.setattr("coldlever.broadcaster.venue.client.TOTAL_TIMEOUT_S", 0.8)
    visits = []

    def play(_connection):
        visits.append(1)
        time.sleep(0.4)

    with pytest.raises(EnvironmentFault):
        client(serve(play)).info({"type": "meta"})
    assert len(visits) == 2


def test_a_post_is_never_repeated_by_the_client(client, serve):
    visits = []
    assert client(serve(visits.append)).post(b"{}").code == "connection-lost"
    assert len(visits) == 1


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("activeAssetData", {"user": "0x" + "ab" * 20}),
        ("activeAssetData", {"coin": "ETH"}),
        ("activeAssetData", {"coin": None}),
        ("clearinghouseState", {"user": "0x" + "ab" * 20}),
        ("userRole", {"user": ["0x"]}),
    ],
)
def test_an_answer_about_somebody_or_something_else_is_refused(desk, monkeypatch, kind, changes):
    reader = desk.reader()
    info = reader.api.info
    monkeypatch.setattr(
        reader.api, "info", lambda q: info(q) | (changes if q["type"] == kind else {})
    )
    ask = reader.role if kind == "userRole" else functools.partial(reader.standing, coin="BTC")
    with pytest.raises(EnvironmentFault) as fault:
        ask(desk.user.address)
    assert fault.value.code == "answer-broken"


def test_an_answer_that_names_the_same_in_another_case_is_taken(desk, monkeypatch):
    reader = desk.reader()
    info, named = reader.api.info, {"user": desk.user.address.checksummed}
    monkeypatch.setattr(
        reader.api, "info", lambda q: info(q) | (named if q["type"] == "userRole" else {})
    )
    assert reader.role(desk.user.address).name == "user"


def test_two_positions_of_one_coin_are_no_answer(desk, monkeypatch):
    desk.exchange.open_position(desk.user.address, "BTC", "0.1")
    reader = desk.reader()
    info = reader.api.info

    def twice(query):
        answer = info(query)
        if query["type"] == "clearinghouseState":
            answer["assetPositions"] *= 2
        return answer

    monkeypatch.setattr(reader.api, "info", twice)
    with pytest.raises(EnvironmentFault) as fault:
        reader.standing(desk.user.address, "BTC")
    assert fault.value.code == "exchange-answer"


def places(*hosts: str) -> list[tuple[object, ...]]:
    """What a resolver finds, on a port where nobody listens."""
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 9)) for host in hosts]


def test_a_resolver_that_hangs_counts_against_the_deadline(client, monkeypatch):
    monkeypatch.setattr("coldlever.broadcaster.venue.client.TOTAL_TIMEOUT_S", 0.3)
    hanging, asked = threading.Event(), []

    def hang(*_arguments, **_options):
        asked.append(1)
        hanging.wait(20)
        return places("127.0.0.1")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    api = client("http://localhost:9")
    started = time.monotonic()
    try:
        assert api.post(b"{}").code == "connect-failed"
        assert api.post(b"{}").code == "connect-failed"
    finally:
        hanging.set()
    assert time.monotonic() - started < 3
    assert asked == [1], "one that hangs is waited for, not joined by others"
    # It has answered by now, and what it says is used.
    monkeypatch.setattr("coldlever.broadcaster.venue.client.TOTAL_TIMEOUT_S", 5)
    assert api.post(b"{}").code == "connection-lost"


def test_many_addresses_that_do_not_answer_share_one_deadline(client, monkeypatch):
    monkeypatch.setattr("coldlever.broadcaster.venue.client.TOTAL_TIMEOUT_S", 0.5)
    monkeypatch.setattr("coldlever.broadcaster.venue.client.CONNECT_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        address = deaf.getsockname()
        filling = [socket.socket() for _ in range(4)]
        for one in filling:
            one.setblocking(False)
            one.connect_ex(address)
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address)] * 50
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        started = time.monotonic()
        reply = client("http://localhost:9").post(b"{}")
        took = time.monotonic() - started
        for one in filling:
            one.close()
    assert reply.code == "connect-failed"
    assert 0.35 < took < 2


def test_the_next_address_is_tried_where_the_first_refuses(client, serve, monkeypatch):
    url = serve(lambda connection: connection.sendall(OK))
    port = int(url.rpartition(":")[2])
    found = [*places("127.0.0.1"), (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert client("http://localhost:9").post(b"{}") == Answer(200, b"null", None)


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (socket.gaierror(socket.EAI_NONAME, "no such name"), "connection-lost"),
        (UnicodeError("label too long"), "answer-broken"),
    ],
)
def test_a_name_that_is_not_found_is_no_answer(client, monkeypatch, failure, code):
    def fail(*_arguments, **_options):
        raise failure

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert client("http://localhost:9").post(b"{}").code == code


def test_a_name_without_an_address_is_no_answer(client, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    assert client("http://localhost:9").post(b"{}").code == "connection-lost"


@pytest.mark.parametrize("error", [TypeError("a defect"), RecursionError(), AttributeError("raw")])
def test_whatever_breaks_once_bytes_may_have_left_is_no_answer(client, session, monkeypatch, error):
    def break_down(*_arguments, **_options):
        raise error

    monkeypatch.setattr(session, "post", break_down)
    assert client("http://127.0.0.1:9").post(b"{}").code == "answer-broken"


def _self_signed(folder) -> ssl.SSLContext:
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(secret, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
