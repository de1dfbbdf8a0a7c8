"""Hash, sign, recover, verify: against the official SDK and against the bare primitives."""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path

# As pip installs the SDK, eth-keys signs in pure Python; coincurve in this environment would make
# it faster than its users see it.
os.environ["ECC_BACKEND_CLASS"] = "eth_keys.backends.NativeECCBackend"

import coincurve
import msgpack
from eth_account import Account
from hyperliquid.utils import signing as sdk
from sha3 import keccak_256

from benchmarks.row import Row, micro, paired, seconds_each
from coldlever.shared.action.actions import UpdateLeverage
from coldlever.shared.action.network import Network
from coldlever.shared.action.signable import Signable
from coldlever.shared.cli.console import dump_document
from coldlever.shared.message.lines import review_lines
from coldlever.shared.message.request import Defaults, load_requests
from coldlever.shared.message.signed import SignedPayload, verify
from coldlever.shared.policy import no_policy
from coldlever.shared.reading.fields import Where
from coldlever.signer.key.signing_key import SigningKey
from coldlever.signer.ledger.store import Ledger
from coldlever.signer.rules import name_signer, place
from coldlever.signer.signing import sign_requests

_SECRET = bytes(range(1, 33))
_NONCE = 1_795_340_000_000
_EXPIRES = _NONCE + 3_600_000
_WIRE = {"type": "updateLeverage", "asset": 3, "isCross": True, "leverage": 10}


def rows() -> list[Row]:
    """Measure everything; about twenty seconds."""
    return [*_signing_rows(), *_verifying_rows(), _batch_row()]


def _signable() -> Signable:
    return Signable(Network.TESTNET, UpdateLeverage(3, True, 10), _NONCE, None, _EXPIRES)


def _bare_keccak(data: bytes) -> bytes:
    return keccak_256(data).digest()


def _bare_digest() -> bytes:
    data = msgpack.packb(_WIRE) + _NONCE.to_bytes(8, "big") + b"\0\0" + _EXPIRES.to_bytes(8, "big")
    return _bare_keccak(b"\x19\x01" + bytes(32) + _bare_keccak(bytes(64) + _bare_keccak(data)))


def _signing_rows() -> list[Row]:
    key, wallet = SigningKey(_SECRET), Account.from_key(_SECRET)
    bare_key = coincurve.PrivateKey(_SECRET)

    def ours() -> object:
        return key.sign(_signable().digest())

    def theirs() -> object:
        return sdk.sign_l1_action(wallet, _WIRE, None, _NONCE, _EXPIRES, False)

    def bare() -> object:
        return bare_key.sign_recoverable(_bare_digest(), hasher=None)

    signature = key.sign(_signable().digest())
    reference = theirs()
    if int(reference["r"], 16) != signature.r or int(reference["s"], 16) != signature.s:
        raise SystemExit("the SDK and coldlever disagree on a signature")
    mine, sdk_time, ratio = paired(ours, theirs, our_repeats=200, peer_repeats=5)
    _, bare_time, bare_ratio = paired(ours, bare, our_repeats=500, peer_repeats=500)
    return [
        Row(
            "hash + sign one action",
            f"{1 / ratio:.0f} x the SDK ({micro(mine)}, SDK {micro(sdk_time)})",
            ">= 60 x",
            1 / ratio >= 60,
        ),
        Row(
            "  beside msgpack + 3 keccak + libsecp256k1 alone",
            f"{bare_ratio:.2f} x ({micro(bare_time)})",
            "<= 1.5 x",
            bare_ratio <= 1.5,
        ),
    ]


def _verifying_rows() -> list[Row]:
    key = SigningKey(_SECRET)
    signable = _signable()
    payload = SignedPayload(
        signable, key.sign(signable.digest()), key.address, signable.action_hash()
    )
    wire_signature = payload.signature.to_wire()
    raw = (
        payload.signature.r.to_bytes(32, "big")
        + payload.signature.s.to_bytes(32, "big")
        + bytes([payload.signature.v - 27])
    )

    def ours() -> object:
        return verify(payload)

    def theirs() -> object:
        return sdk.recover_agent_or_user_from_l1_action(
            _WIRE, wire_signature, None, _NONCE, _EXPIRES, False
        )

    def bare() -> object:
        public = coincurve.PublicKey.from_signature_and_message(raw, _bare_digest(), hasher=None)
        return _bare_keccak(public.format(compressed=False)[1:])[12:]

    if str(theirs()).lower() != key.address.lower:
        raise SystemExit("the SDK and coldlever disagree on a signer")
    mine, sdk_time, ratio = paired(ours, theirs, our_repeats=200, peer_repeats=5)
    _, bare_time, bare_ratio = paired(ours, bare, our_repeats=300, peer_repeats=300)
    return [
        Row(
            "recover + verify one payload",
            f"{1 / ratio:.0f} x the SDK ({micro(mine)}, SDK {micro(sdk_time)})",
            ">= 80 x",
            1 / ratio >= 80,
        ),
        Row(
            "  beside msgpack + 4 keccak + libsecp256k1 alone",
            f"{bare_ratio:.2f} x ({micro(bare_time)})",
            "<= 1.5 x",
            bare_ratio <= 1.5,
        ),
    ]


def _batch_row() -> Row:
    """All that `sign` does but the unlock: load, review, record, sign, recover, dump."""
    key = SigningKey(_SECRET)
    wires = [
        {
            "network": "testnet",
            "action": {**_WIRE, "asset": number},
            "nonce": _NONCE + number,
            "expiresAfter": _EXPIRES,
        }
        for number in range(1_000)
    ]
    data = dump_document(wires)

    def work(folder: str) -> object:
        file = load_requests(data, "batch", Defaults())
        placed = [
            place(request, Where("batch").index(n)) for n, request in enumerate(file.requests)
        ]
        placed = name_signer(placed, key.address)
        review_lines([one.review for one in placed])
        with Ledger.open(Path(folder) / "ledger.sqlite3") as ledger:
            leave = [no_policy([one.request.signable for one in placed])]
            signed = sign_requests(placed, key, ledger, _NONCE, leave)
        return dump_document([one.payload.to_wire() for one in signed])

    seconds = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            seconds.append(seconds_each(lambda name=folder: work(name), 1))
    median = statistics.median(seconds)
    return Row(
        "sign a batch of 1,000 requests, unlock apart", f"{median:.2f} s", "< 0.5 s", median < 0.5
    )
