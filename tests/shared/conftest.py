"""Documents and keys that the tests of the core share. Every key here is a throw-away."""

import pytest

from coldlever.shared.action.actions import UpdateLeverage
from coldlever.shared.action.address import parse_address
from coldlever.shared.action.network import Network
from coldlever.shared.action.signable import Signable
from coldlever.shared.errors import ColdleverError
from coldlever.shared.message.signed import SignedPayload
from coldlever.shared.reading.fields import Where
from coldlever.signer.key.signing_key import SigningKey

NONCE = 1_795_340_000_000
EXPIRY = 1_795_343_600_000
VAULT = "0x1719884eb866cb12b2287399b15f7db5e7d775ea"


@pytest.fixture
def where():
    return Where("file.json")


@pytest.fixture
def refusal():
    """Call something that must be refused, and hand over the refusal."""

    def call(function, *arguments, **options):
        with pytest.raises(ColdleverError) as caught:
            function(*arguments, **options)
        return caught.value

    return call


@pytest.fixture
def action_wire():
    return {"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 10}


@pytest.fixture
def request_wire(action_wire):
    return {
        "network": "mainnet",
        "action": action_wire,
        "nonce": NONCE,
        "expiresAfter": EXPIRY,
        "vaultAddress": None,
    }


@pytest.fixture
def market_wire():
    return {
        "network": "mainnet",
        "asset": 0,
        "coin": "BTC",
        "maxLeverage": 40,
        "marginMode": "normal",
        "delisted": False,
        "time": NONCE,
    }


@pytest.fixture
def key():
    return SigningKey(b"\x01" * 32)


@pytest.fixture
def signable():
    action = UpdateLeverage(asset=0, is_cross=True, leverage=10)
    return Signable(Network.MAINNET, action, NONCE, parse_address(VAULT), EXPIRY)


@pytest.fixture
def payload(key, signable):
    signature = key.sign(signable.digest())
    return SignedPayload(signable, signature, key.address, signable.action_hash())
