"""Hypothesis strategies of documents: valid ones, and ones with something wrong in them."""

import copy

from hypothesis import strategies as st

from coldlever.shared.action.actions import (
    TopUpIsolatedOnlyMargin,
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.action.address import Address
from coldlever.shared.action.market import COIN_MAX_LENGTH, MarginMode, MarketEntry, MarketTable
from coldlever.shared.action.network import Network
from coldlever.shared.action.setting import Setting
from coldlever.shared.action.signable import Signable
from coldlever.shared.action.signature import CURVE_ORDER
from coldlever.shared.action.time_rules import NONCE_PAST_MS
from coldlever.shared.message.request import NOTE_MAX_LENGTH, Request
from coldlever.shared.message.signed import SignedPayload
from coldlever.shared.reading.fields import SAFE_INTEGER_MAX, U32_MAX
from coldlever.signer.key.signing_key import SigningKey

U32 = st.integers(0, U32_MAX)
MULTIPLES = st.integers(1, U32_MAX)
TIMES = st.integers(0, SAFE_INTEGER_MAX)
ADDRESSES = st.builds(Address, st.binary(min_size=20, max_size=20))
NETWORKS = st.sampled_from(Network)
AMOUNTS = st.integers(-SAFE_INTEGER_MAX, SAFE_INTEGER_MAX).filter(bool)
# A file is UTF-8, so it cannot hold halves of surrogate pairs.
TEXT = st.characters(exclude_categories=("Cs",))
SECRETS = st.integers(1, CURVE_ORDER - 1).map(lambda number: number.to_bytes(32, "big"))


def _decimal(whole, fraction):
    return f"{whole}.{fraction:08d}".rstrip("0").rstrip(".")


DECIMALS = st.builds(_decimal, st.integers(0, 9_999_999_999), st.integers(0, 99_999_999)).filter(
    lambda text: text != "0"
)
ACTIONS = st.one_of(
    st.builds(UpdateLeverage, U32, st.booleans(), MULTIPLES),
    st.builds(UpdateIsolatedMargin, U32, st.booleans(), AMOUNTS),
    st.builds(TopUpIsolatedOnlyMargin, U32, DECIMALS),
)
SETTINGS = st.builds(Setting, st.booleans(), MULTIPLES)


@st.composite
def signables(draw):
    nonce = draw(TIMES)
    latest = max(SAFE_INTEGER_MAX, nonce + NONCE_PAST_MS)
    expiry = draw(st.none() | st.integers(0, latest))
    return Signable(draw(NETWORKS), draw(ACTIONS), nonce, draw(st.none() | ADDRESSES), expiry)


def entries(network=NETWORKS, asset=U32):
    coins = st.text(TEXT, max_size=COIN_MAX_LENGTH)
    modes = st.sampled_from(MarginMode)
    return st.builds(MarketEntry, network, asset, coins, MULTIPLES, modes, st.booleans(), TIMES)


@st.composite
def requests(draw):
    signable = draw(signables())
    entry = entries(st.just(signable.network), st.just(signable.action.asset))
    return Request(
        signable,
        draw(st.none() | ADDRESSES),
        draw(st.none() | entry),
        draw(st.none() | SETTINGS),
        draw(st.none() | st.text(TEXT, max_size=NOTE_MAX_LENGTH)),
        draw(st.none() | (ADDRESSES if signable.vault is None else st.just(signable.vault))),
    )


@st.composite
def payloads(draw):
    signable = draw(signables())
    key = SigningKey(draw(SECRETS))
    signature = key.sign(signable.digest())
    account = draw(st.none() | (ADDRESSES if signable.vault is None else st.just(signable.vault)))
    return SignedPayload(signable, signature, key.address, signable.action_hash(), account)


@st.composite
def tables(draw):
    network = draw(NETWORKS)
    listed = draw(st.lists(entries(st.just(network)), max_size=5, unique_by=lambda one: one.asset))
    return MarketTable(network, draw(TIMES), {one.asset: one for one in listed})


# Words and numbers that are almost right, so that a search meets the parsers' branches.
_ALMOST = st.sampled_from(
    [
        "updateLeverage", "updateIsolatedMargin", "topUpIsolatedOnlyMargin", "mainnet", "testnet",
        "coldlever/signed", "coldlever/market", "0x", "0x" + "ab" * 20, "0x" + "1" * 64, "2.5",
        0, 1, 27, 28, -1, U32_MAX + 1, SAFE_INTEGER_MAX + 1, 2**64, 10.0, 1e300, "10", "",
    ]
)  # fmt: skip
_KEYS = st.sampled_from(
    [
        "action", "nonce", "expiresAfter", "vaultAddress", "network", "signer", "market", "current",
        "note", "type", "asset", "isCross", "leverage", "isBuy", "ntli", "kind", "version", "payload",
        "signature", "approvals", "actionHash", "r", "s", "v", "entries", "coin", "time",
    ]
) | st.text(TEXT, max_size=8)  # fmt: skip
JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), _ALMOST),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6),
    max_leaves=12,
)


def _places(value, path=()):
    yield path
    pairs = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for step, child in pairs:
        yield from _places(child, (*path, step))


@st.composite
def damaged(draw, wires):
    """A valid wire with one to three things in it replaced, dropped, added or moved."""
    wire = copy.deepcopy(draw(wires))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(_places(wire))))
        if not path:
            if isinstance(wire, dict):
                wire[draw(_KEYS)] = draw(JSON_VALUES)
            continue
        holder = wire
        for step in path[:-1]:
            holder = holder[step]
        match draw(st.sampled_from(["replace", "drop", "almost", "rename"])):
            case "replace":
                holder[path[-1]] = draw(JSON_VALUES)
            case "almost":
                holder[path[-1]] = draw(_ALMOST)
            case "drop":
                del holder[path[-1]]
            case "rename":
                value = holder.pop(path[-1])
                if isinstance(holder, dict):
                    holder[draw(_KEYS)] = value
    return wire


@st.composite
def garbled(draw, documents):
    """The bytes of a document with one to four of them changed, dropped, doubled or put in."""
    data = bytearray(draw(documents))
    for _ in range(draw(st.integers(1, 4))):
        position = draw(st.integers(0, max(0, len(data) - 1)))
        piece = draw(st.binary(max_size=2) | st.sampled_from([b'"', b"{", b"]", b",", b"\\", b"0"]))
        data[position : position + draw(st.integers(0, 2))] = piece
    return bytes(data)
