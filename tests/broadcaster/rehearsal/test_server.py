"""The HTTP side: connections, headers, start and stop."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time

import pytest
import requests

from coldlever.broadcaster.rehearsal import (
    NETWORK_HEADER,
    Outcome,
    RehearsalExchange,
    RehearsalServer,
    create_app,
)
from coldlever.broadcaster.rehearsal.serve.connection import hang_up

STATUS = b'{"type":"exchangeStatus"}'
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def raw(live):
    connection = http.client.HTTPConnection("127.0.0.1", live.server.port, timeout=5)
    yield connection
    connection.close()


def test_one_connection_serves_many_requests(raw):
    raw.connect()
    first = raw.sock
    for _ in range(100):
        raw.request("POST", "/info", STATUS, JSON)
        response = raw.getresponse()
        assert json.loads(response.read())["specialStatuses"] is None
        assert raw.sock is first


def test_every_response_names_network_and_time(live, mainnet):
    for path, method in (
        ("/info", "POST"),
        ("/rehearsal/log", "GET"),
        ("/nowhere", "GET"),
        ("/info", "GET"),
    ):
        response = live.session.request(method, live.server.url + path, timeout=5)
        assert response.headers[NETWORK_HEADER] == "testnet"
        assert response.headers["Date"] == "Sun, 22 Nov 2026 09:33:20 GMT"
    response = create_app(mainnet.exchange).test_client().post("/info", data=STATUS, headers=JSON)
    assert response.headers[NETWORK_HEADER] == "mainnet"


def test_an_unknown_path_is_404_and_a_get_405(live):
    assert live.session.get(live.server.url + "/", timeout=5).status_code == 404
    assert live.session.get(live.server.url + "/exchange", timeout=5).status_code == 405


def test_a_lost_answer_without_a_socket_is_an_empty_502(scene):
    scene.exchange.inject("drop")
    response = create_app(scene.exchange).test_client().post("/exchange", data=b"{}", headers=JSON)
    assert (response.status_code, response.data) == (502, b"")


@pytest.mark.parametrize(
    ("mime", "status"),
    [
        (None, 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("json", 415),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("application/problem+json", 200),
    ],
)
def test_a_body_has_to_be_declared_as_json(live, act, mime, status):
    body = json.dumps(live.scene.body(act.leverage(3, 10))).encode()
    headers = {} if mime is None else {"Content-Type": mime}
    for path in ("/exchange", "/info"):
        data = STATUS if path == "/info" else body
        answer = live.session.post(live.server.url + path, data=data, headers=headers, timeout=5)
        assert answer.status_code == status
        if status == 415:
            assert answer.text == "Expected request with `Content-Type: application/json`"
    assert live.outcomes() == [("malformed" if status == 415 else "accepted", None)]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Transfer-Encoding: chunked\r\n", 411),
        (b"Content-Length: many\r\n", 400),
        (b"Content-Length: -1\r\n", 400),
        (b"Content-Length: 99999999\r\n", 413),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n", 413),
    ],
)
def test_a_body_without_an_honest_length_is_turned_away(live, head, status):
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=5) as client:
        client.sendall(b"POST /info HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n")
        answer = b""
        while chunk := client.recv(4096):
            answer += chunk
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Connection: close" in answer


def test_a_client_that_leaves_halfway_does_no_harm(live, act):
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=5) as client:
        client.sendall(
            b"POST /exchange HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
        )
    assert live.post("/info", {"type": "exchangeStatus"}).status_code == 200
    assert live.outcomes() == []


def test_a_client_may_ask_to_close(raw):
    raw.request("POST", "/info", STATUS, {**JSON, "Connection": "close"})
    response = raw.getresponse()
    assert response.headers["Connection"] == "close"
    assert response.read()


def test_head_gets_no_body(raw):
    raw.request("HEAD", "/rehearsal/log")
    response = raw.getresponse()
    assert response.status == 200
    assert response.read() == b""
    raw.request("POST", "/info", STATUS, JSON)
    assert raw.getresponse().read()


def test_a_callback_gets_one_harmless_line_per_request(scene):
    lines: list[str] = []
    server = RehearsalServer(scene.exchange, log=lines.append)
    with server, requests.Session() as session:
        session.post(server.url + "/info", data=STATUS, headers=JSON, timeout=5)
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
            client.sendall(
                b"GET /\x1b[31m HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            )
            while client.recv(4096):
                pass
    assert lines[0] == "POST /info 200 OK"
    assert all(line.isprintable() for line in lines)


def test_nothing_is_printed(live, capfd):
    live.post("/info", {"type": "meta"})
    live.session.get(live.server.url + "/nowhere", timeout=5)
    with socket.create_connection(("127.0.0.1", live.server.port), timeout=5) as client:
        client.sendall(b"nonsense\r\n\r\n")
        while client.recv(4096):
            pass
    assert capfd.readouterr() == ("", "")


def test_a_taken_port_is_an_error_and_not_the_end_of_the_process(live):
    with pytest.raises(OSError, match=r"[Aa]ddress already in use"):
        RehearsalServer(live.scene.exchange, live.server.port)


def test_the_port_can_be_chosen_and_is_free_again_after_the_stop(scene):
    with RehearsalServer(scene.exchange) as server:
        port = server.port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("POST", "/info", STATUS, JSON)
        connection.getresponse().read()
    assert connection.sock.recv(1) == b"", "the connection outlived the server"
    connection.close()
    with RehearsalServer(scene.exchange, port) as server:
        assert server.url == f"http://127.0.0.1:{port}"


def test_stopping_twice_or_before_the_start_is_fine(scene):
    server = RehearsalServer(scene.exchange)
    server.stop()
    server = RehearsalServer(scene.exchange)
    server.start()
    server.stop()
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=5)


def test_it_serves_in_the_foreground_until_stopped(scene):
    server = RehearsalServer(scene.exchange)
    foreground = threading.Thread(target=server.serve_forever)
    foreground.start()
    answer = requests.post(server.url + "/info", data=STATUS, headers=JSON, timeout=5)
    assert answer.json()["time"] == scene.time
    server.stop()
    foreground.join(timeout=5)
    assert not foreground.is_alive()


def test_it_listens_on_the_loopback_address_alone(live):
    assert live.server._server.server_address[0] == "127.0.0.1"


def test_its_clock_is_the_machines_unless_told_otherwise():
    assert abs(RehearsalExchange().now() - time.time() * 1000) < 5_000


def test_many_clients_at_once_get_one_acceptance(live, act):
    body = live.scene.body(act.leverage(3, 10))
    answers: list[str] = []

    def post() -> None:
        with requests.Session() as session:
            answers.append(
                session.post(live.server.url + "/exchange", json=body, timeout=5).json()["status"]
            )

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["err"] * 7 + ["ok"]
    assert live.scene.exchange.journal.count(Outcome.ACCEPTED) == 1
    assert live.scene.exchange.journal.count(Outcome.REFUSED) == 7


def test_hanging_up_on_a_closed_connection_is_fine():
    here, there = socket.socketpair()
    there.close()
    here.close()
    hang_up(here)
    assert here.fileno() == -1
