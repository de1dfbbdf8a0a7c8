"""Where posts may go: the exchange over TLS, or a rehearsal on the loopback interface."""

from __future__ import annotations

import pytest

from coldlever.broadcaster.venue.client import choose_venue, loopback_url
from coldlever.shared.action.network import Network
from coldlever.shared.errors import UsageRefused


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8787",
        "http://127.0.0.1:8787/",
        "http://127.9.9.9:1",
        "http://localhost:8787",
        "http://LOCALHOST",
        "http://[::1]:8787",
    ],
)
def test_a_loopback_url_is_taken(url):
    assert loopback_url(url) == url.removesuffix("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8787",
        "https://127.0.0.1:8787",
        "ftp://127.0.0.1",
        "http://",
        "http://api.hyperliquid.xyz",
        "http://127.0.0.1@evil.example",
        "http://evil.example#@127.0.0.1",
        "http://evil.example\\@127.0.0.1",
        "http://127.0.0.1\\@evil.example",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1.",
        "http://localhost.evil.example",
        "http://localhost.",
        "http://127.1",
        "http://2130706433",
        "http://0x7f000001",
        "http://0177.0.0.1",
        "http://0.0.0.0",
        "http://127.0.0.256",
        "http://127.0.0.1:0x50",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:80/exchange",
        "http://127.0.0.1?x",
        "http://127.0.0.1#x",
        "http://user:word@127.0.0.1",
        "http://user@localhost",
        "http://[::1",
        "http://[::ffff:8.8.8.8]",
        "http://[::]",
        "http://\u0661\u0662\u0667.0.0.1",
        "http://127.0.0.\u0661",
        "http://127.0.0.1\u3002evil.example",
        "http://127.0.0.1 ",
        "http://127.0.0.1\n",
        "http://127.0.0.1\tevil.example",
        " http://127.0.0.1",
    ],
)
def test_any_other_url_is_refused(url):
    with pytest.raises(UsageRefused) as refusal:
        loopback_url(url)
    assert refusal.value.code == "api-url"


def test_without_a_url_it_is_the_exchanges_own_over_tls():
    for network, url in (
        (Network.MAINNET, "https://api.hyperliquid.xyz"),
        (Network.TESTNET, "https://api.hyperliquid-testnet.xyz"),
    ):
        venue = choose_venue(network, None)
        assert (venue.url, venue.is_rehearsal, venue.key) == (url, False, network.value)


def test_a_rehearsal_is_filed_apart_from_the_real_thing():
    venue = choose_venue(Network.MAINNET, "http://127.0.0.1:8787/")
    assert venue.is_rehearsal
    assert venue.key == "mainnet@http://127.0.0.1:8787"
