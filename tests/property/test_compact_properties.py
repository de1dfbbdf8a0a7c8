"""coldlever.shared.compact: any message there and back; any bytes a message or a refusal."""

import json

import cbor2
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from coldlever.shared.action.actions import (
    TopUpIsolatedOnlyMargin,
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.action.address import Address
from coldlever.shared.action.market import MarginMode, MarketEntry, MarketTable
from coldlever.shared.action.network import Network
from coldlever.shared.action.setting import Setting
from coldlever.shared.action.signable import Signable
from coldlever.shared.action.signature import Signature
from coldlever.shared.compact import TYPES, decode, encode, strict_cbor
from coldlever.shared.errors import InputRefused, RuleRefused
from coldlever.shared.message.any import load_message, message_wire
from coldlever.shared.message.request import Request, RequestFile
from coldlever.shared.message.signed import SignedFile, SignedPayload
from coldlever.shared.reading.fields import SAFE_INTEGER_MAX, U32_MAX

_QUIET = settings(deadline=None, max_examples=150)

_NETWORKS = st.sampled_from(Network)
_U32 = st.integers(0, U32_MAX) | st.integers(0, 300)
_MULTIPLES = st.integers(1, U32_MAX) | st.integers(1, 100)
_TIMES = st.integers(0, SAFE_INTEGER_MAX) | st.integers(1_795_340_000_000, 1_795_350_000_000)
_TEXT = st.text(st.characters(codec="utf-8"), max_size=64)
_ADDRESSES = st.builds(Address, st.binary(min_size=20, max_size=20))
_AMOUNTS = st.integers(-SAFE_INTEGER_MAX, SAFE_INTEGER_MAX).filter(bool)
_DECIMALS = st.decimals("0.001", 9_999_999, places=3).map(
    lambda d: f"{d:f}".rstrip("0").rstrip(".")
)
_ACTIONS = st.one_of(
    st.builds(UpdateLeverage, _U32, st.booleans(), _MULTIPLES),
    st.builds(UpdateIsolatedMargin, _U32, st.booleans(), _AMOUNTS),
    st.builds(TopUpIsolatedOnlyMargin, _U32, _DECIMALS),
)
_SIGNABLES = st.builds(
    Signable, st.sampled_from(Network), _ACTIONS, _TIMES, st.none() | _ADDRESSES, st.none() | _TIMES
)
_NUMBERS = st.integers(0, 2**256 - 1)


def _entries(network=_NETWORKS, asset=_U32, time=_TIMES):
    return st.builds(
        MarketEntry, network, asset, _TEXT, _MULTIPLES, st.sampled_from(MarginMode), st.booleans(), time
    )  # fmt: skip


@st.composite
def _requests(draw):
    signable = draw(_SIGNABLES)
    market = _entries(st.just(signable.network), st.just(signable.action.asset))
    return Request(
        signable,
        draw(st.none() | _ADDRESSES),
        draw(st.none() | market),
        draw(st.none() | st.builds(Setting, st.booleans(), _MULTIPLES)),
        draw(st.none() | _TEXT),
    )


@st.composite
def _payloads(draw):
    signable = draw(_SIGNABLES)
    signature = Signature(draw(_NUMBERS), draw(_NUMBERS), draw(st.sampled_from((27, 28))))
    return SignedPayload(signable, signature, draw(_ADDRESSES), signable.action_hash())


@st.composite
def _tables(draw):
    network, time = draw(st.sampled_from(Network)), draw(_TIMES)
    entries = draw(st.lists(_entries(st.just(network), time=st.just(time) | _TIMES), max_size=4))
    return MarketTable(network, time, {entry.asset: entry for entry in entries})


def _files(kind, elements):
    return st.one_of(
        elements.map(lambda one: kind((one,), is_batch=False)),
        st.lists(elements, min_size=1, max_size=4).map(
            lambda many: kind(tuple(many), is_batch=True)
        ),
    )


_MESSAGES = st.one_of(
    _files(RequestFile, _requests()), _files(SignedFile, _payloads()), _tables(), _entries()
)


def _wire(message):
    return message.to_wire() if isinstance(message, MarketEntry) else message_wire(message)


@given(message=_MESSAGES)
@_QUIET
def test_a_message_comes_back_and_its_json_with_it(message):
    kind, data = encode(message)
    again = decode(kind, data)
    assert again == message
    assert _wire(again) == _wire(message)
    assert json.dumps(_wire(again)) == json.dumps(_wire(message))
    assert encode(again) == (kind, data)
    # Independent of our scan: it is what cbor2 calls canonical.
    assert cbor2.dumps(cbor2.loads(data), canonical=True) == data


@given(
    message=st.one_of(_files(RequestFile, _requests()), _files(SignedFile, _payloads()), _tables())
)
@_QUIET
def test_the_compact_form_and_the_json_form_mean_the_same(message):
    document = json.dumps(message_wire(message)).encode()
    assert load_message(document, "file") == decode(*encode(message))
    assert len(encode(message)[1]) < len(document) / 2


@given(message=_MESSAGES)
@_QUIET
def test_a_message_is_not_read_as_another_kind(message):
    kind, data = encode(message)
    for other in set(TYPES) - {kind}:
        assert not isinstance(_read(other, data), type(message))


@given(kind=st.sampled_from(TYPES), data=st.binary(max_size=200))
@example(kind="cl-requests", data=b"\x81" * 9)
@example(kind="cl-market", data=bytes.fromhex("a300000100029bffffffffffffffff"))
@settings(deadline=None, max_examples=500)
def test_any_bytes_are_a_message_or_a_refusal(kind, data):
    _read(kind, data)


@given(message=_MESSAGES, change=st.data())
@settings(deadline=None, max_examples=400)
def test_a_changed_message_is_a_message_or_a_refusal(message, change):
    kind, data = encode(message)
    changed = bytearray(data)
    for _ in range(change.draw(st.integers(1, 3))):
        position = change.draw(st.integers(0, len(changed) - 1))
        match change.draw(st.sampled_from(("replace", "insert", "remove"))):
            case "replace":
                changed[position] = change.draw(st.integers(0, 255))
            case "insert":
                changed.insert(position, change.draw(st.integers(0, 255)))
            case _:
                assume(len(changed) > 1)
                del changed[position]
    read = _read(kind, bytes(changed))
    if read == message:
        assert changed == data


_VALUES = st.recursive(
    st.integers(-(2**64), 2**64 - 1) | st.booleans() | st.binary(max_size=70) | _TEXT,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.integers(0, 30), inner, max_size=8)
    ),
    max_leaves=12,
)


@given(kind=st.sampled_from(TYPES), value=_VALUES)
@_QUIET
def test_any_value_is_a_message_or_a_refusal(kind, value):
    _read(kind, cbor2.dumps(value, canonical=True))


@given(value=_VALUES)
@_QUIET
def test_any_value_of_ours_comes_back(value):
    data = cbor2.dumps(value, canonical=True)
    assert strict_cbor.loads(data, "QR") == value
    assert strict_cbor.dumps(value) == data


@given(data=st.binary(max_size=60))
@settings(deadline=None, max_examples=500)
def test_any_bytes_have_at_most_one_value(data):
    try:
        value = strict_cbor.loads(data, "QR")
    except InputRefused:
        return
    assert strict_cbor.dumps(value) == data


def _read(kind, data):
    """The message, or None where it is refused in the way that is promised."""
    try:
        message = decode(kind, data)
    except (InputRefused, RuleRefused) as error:
        refusal = error
    else:
        assert encode(message) == (kind, data)
        return message
    assert refusal.message.startswith("QR: ")
    assert isinstance(refusal, InputRefused) or refusal.code == "market-mismatch"
    return None
