"""docs/schemas/*.schema.json say what the loaders do, as far as a schema can say it."""

import copy
import json
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldlever.shared.action.address import Address
from coldlever.shared.action.market import parse_market_table
from coldlever.shared.action.network import Network
from coldlever.shared.errors import ColdleverError
from coldlever.shared.message.request import Defaults, load_requests
from coldlever.shared.message.signed import load_signed
from coldlever.shared.reading.fields import SAFE_INTEGER_MAX, U32_MAX, Where
from coldlever.shared.reading.strict_json import loads

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMAS = {
    name: json.loads((DOCS / "schemas" / f"{name}.schema.json").read_text("utf-8"))
    for name in ("request", "signed", "market")
}
VALIDATORS = {name: jsonschema.Draft202012Validator(schema) for name, schema in SCHEMAS.items()}
LATEST_EXPIRY = SAFE_INTEGER_MAX + 172_800_000
LOADERS = {
    "request": lambda data: load_requests(data, "f", Defaults(Network.MAINNET, 1)),
    "signed": lambda data: load_signed(data, "f", Network.MAINNET),
    "market": lambda data: parse_market_table(loads(data, "f"), Where("f")),
}


def is_valid(name, wire):
    return VALIDATORS[name].is_valid(wire)


def is_loaded(name, wire):
    try:
        LOADERS[name](json.dumps(wire).encode())
    except ColdleverError:
        return False
    return True


U32 = st.integers(0, U32_MAX)
MULTIPLES = st.integers(1, U32_MAX)
TIMES = st.integers(0, SAFE_INTEGER_MAX)
ADDRESSES = st.binary(min_size=20, max_size=20).flatmap(
    lambda raw: st.sampled_from([Address(raw).lower, Address(raw).checksummed])
)
DECIMALS = st.from_regex(r"[1-9][0-9]{0,9}(\.[0-9]{0,7}[1-9])?|0\.[0-9]{0,7}[1-9]", fullmatch=True)
NONE = st.none()


def wires(kind, **keys):
    return st.fixed_dictionaries({"type": st.just(kind), "asset": U32, **keys})


ACTIONS = st.one_of(
    wires("updateLeverage", isCross=st.booleans(), leverage=MULTIPLES),
    wires(
        "updateIsolatedMargin",
        isBuy=st.booleans(),
        ntli=st.integers(-SAFE_INTEGER_MAX, SAFE_INTEGER_MAX).filter(bool),
    ),
    wires("topUpIsolatedOnlyMargin", leverage=DECIMALS),
)
NOOPS = st.just({"type": "noop"})
NETWORKS = st.just("mainnet")
SETTINGS = st.fixed_dictionaries({"isCross": st.booleans(), "leverage": MULTIPLES})
SCALARS = st.integers(0, 2**256 - 1).flatmap(lambda n: st.sampled_from([f"0x{n:x}", f"0x{n:064x}"]))
SIGNATURES = st.fixed_dictionaries({"r": SCALARS, "s": SCALARS, "v": st.sampled_from([27, 28])})


def entries(assets=U32):
    return st.fixed_dictionaries(
        {
            "network": NETWORKS,
            "asset": assets,
            "coin": st.text(st.characters(codec="utf-8"), max_size=64),
            "maxLeverage": MULTIPLES,
            "marginMode": st.sampled_from(["normal", "noCross", "strictIsolated"]),
            "delisted": st.booleans(),
            "time": TIMES,
        }
    )


@st.composite
def full_requests(draw):
    action = draw(ACTIONS)
    required = {"action": st.just(action), "nonce": TIMES}
    optional = {
        "network": NETWORKS,
        "expiresAfter": NONE | TIMES,
        "vaultAddress": NONE | ADDRESSES,
        "signer": NONE | ADDRESSES,
        "account": NONE | ADDRESSES,
        "market": NONE | entries(st.just(action["asset"])),
        "current": NONE | SETTINGS,
        "note": NONE | st.text(st.characters(codec="utf-8"), max_size=500),
    }
    return of_one_account(draw(st.fixed_dictionaries(required, optional=optional)))


KILLED = st.fixed_dictionaries(
    {"action": ACTIONS}, optional={"expiresAfter": NONE | TIMES, "vaultAddress": NONE | ADDRESSES}
)
REVOCATIONS = st.fixed_dictionaries(
    {"action": NOOPS, "nonce": TIMES},
    optional={
        "network": NETWORKS,
        "expiresAfter": NONE,
        "vaultAddress": NONE,
        "signer": NONE | ADDRESSES,
        "note": NONE | st.text(st.characters(codec="utf-8"), max_size=500),
        "kills": NONE | KILLED,
    },
)


def of_one_account(wire):
    """Where there is a vault, it is the account; a noop changes none."""
    body = wire.get("payload", wire)
    if body.get("vaultAddress") is not None or body["action"] == {"type": "noop"}:
        wire.pop("account", None)
    return wire


BODIES = st.fixed_dictionaries(
    {"action": ACTIONS, "nonce": TIMES, "signature": SIGNATURES},
    optional={"vaultAddress": NONE | ADDRESSES, "expiresAfter": NONE | TIMES},
) | st.fixed_dictionaries(
    {"action": NOOPS, "nonce": TIMES, "signature": SIGNATURES},
    optional={"vaultAddress": NONE, "expiresAfter": NONE},
)
ENVELOPES = st.fixed_dictionaries(
    {
        "kind": st.just("coldlever/signed"),
        "version": st.just(1),
        "network": NETWORKS,
        "signer": ADDRESSES,
        "actionHash": st.binary(min_size=32, max_size=32).map(lambda raw: "0x" + raw.hex()),
        "payload": BODIES,
        "approvals": st.just([]),
    },
    optional={"account": NONE | ADDRESSES},
).map(of_one_account)
TABLES = st.fixed_dictionaries(
    {
        "kind": st.just("coldlever/market"),
        "version": st.just(1),
        "network": NETWORKS,
        "time": TIMES,
        "entries": st.lists(entries(), max_size=3, unique_by=lambda entry: entry["asset"]),
    }
)


def single_or_batch(wire):
    return wire | st.lists(wire, min_size=1, max_size=3)


DOCUMENTS = {
    "request": single_or_batch(full_requests() | REVOCATIONS | ACTIONS),
    "signed": single_or_batch(ENVELOPES | BODIES),
    "market": TABLES,
}
NAMED_DOCUMENTS = st.sampled_from(list(DOCUMENTS)).flatmap(
    lambda name: st.tuples(st.just(name), DOCUMENTS[name])
)
LEAVES = st.sampled_from(
    [None, True, 0, -1, 27, 2**32, 2**53, 1.5, "", "x", "0", "0x", "2.5\n", "testnet", [], {}]
)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_of_the_2020_draft(name):
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_definition_of_a_schema_is_used_and_every_reference_has_one(name):
    text = json.dumps(SCHEMAS[name])
    assert set(re.findall(r'"#/\$defs/(\w+)"', text)) == set(SCHEMAS[name]["$defs"])


def test_the_examples_of_the_formats_page_are_valid():
    blocks = re.findall(r"```json\n(.*?)```", (DOCS / "formats.md").read_text("utf-8"), re.DOTALL)
    documents = [json.loads(block) for block in blocks[:3]]
    for name, document in zip(("request", "signed", "market"), documents, strict=True):
        assert is_valid(name, document)


@given(named=NAMED_DOCUMENTS)
@settings(deadline=None, max_examples=80)
def test_any_document_of_ours_is_valid_and_loaded(named):
    name, wire = named
    assert is_loaded(name, wire)
    assert is_valid(name, wire)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vaultAddress", "0x" + "11" * 20),
        ("expiresAfter", 5),
        ("account", "0x" + "11" * 20),
        ("current", {"isCross": True, "leverage": 3}),
        ("position", {"size": "1"}),
    ],
)
def test_what_may_not_stand_beside_a_noop_is_invalid_too(name, value):
    noop = {"network": "mainnet", "action": {"type": "noop"}, "nonce": 5}
    assert is_valid("request", noop)
    assert is_loaded("request", noop)
    assert not is_valid("request", {**noop, name: value})
    assert not is_loaded("request", {**noop, name: value})


def test_a_bare_noop_and_what_an_action_kills_are_invalid(action_wire):
    assert not is_valid("request", {"type": "noop"})
    kills = {"action": action_wire}
    assert not is_valid("request", {"action": action_wire, "nonce": 5, "kills": kills})
    assert is_valid("request", {"action": {"type": "noop"}, "nonce": 5, "kills": kills})


@given(named=NAMED_DOCUMENTS, data=st.data())
@settings(deadline=None, max_examples=200)
def test_the_schema_is_never_stricter_than_the_loader(named, data):
    name, wire = named
    changed = copy.deepcopy(wire)
    inner = changed
    while True:
        keys = list(range(len(inner)) if isinstance(inner, list) else inner)
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if not isinstance(inner[key], dict | list) or data.draw(st.booleans()):
            break
        inner = inner[key]
    match data.draw(st.sampled_from(["replace", "remove", "rename"])):
        case "replace":
            inner[key] = data.draw(LEAVES)
        case "remove":
            del inner[key]
        case _ if isinstance(inner, dict):
            inner[key + "s"] = inner.pop(key)
    assert is_valid(name, changed) or not is_loaded(name, changed)


@pytest.fixture
def good(request_wire, action_wire, market_wire, payload):
    """One valid document of each form; the market entry fits the request."""
    table = {"kind": "coldlever/market", "version": 1, "network": "mainnet", "time": 1}
    return {
        "full request": ("request", {**request_wire, "market": market_wire, "note": "n"}),
        "bare action": ("request", action_wire),
        "margin": ("request", MARGIN),
        "envelope": ("signed", payload.to_wire()),
        "bare body": ("signed", payload.body_wire()),
        "table": ("market", {**table, "entries": [market_wire]}),
    }


def changed(wire, path, value):
    wire = json.loads(json.dumps(wire))
    inner = wire
    for step in path[:-1]:
        inner = inner[step]
    if value is MISSING:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return wire


MISSING = object()
MARGIN = {"type": "updateIsolatedMargin", "asset": 1, "isBuy": True, "ntli": 5}
UPPER = "0x" + "AB" * 32
BROKEN = [
    *[("full request", ("nonce",), value) for value in (-1, 2**53, "1", 1.5, True, None, MISSING)],
    *[("full request", ("network",), value) for value in ("Mainnet", None, "testnet", 1)],
    *[("full request", ("expiresAfter",), v) for v in (-1, LATEST_EXPIRY + 1, "", False)],
    *[("full request", ("vaultAddress",), v) for v in ("", "0x12", "ab" * 20, "0x" + "ab" * 20 + "\n")],
    *[("full request", ("signer",), value) for value in (5, "0x" + "gg" * 20, {})],
    *[("full request", ("account",), value) for value in (5, "0x" + "gg" * 20, {})],
    *[("full request", ("position",), v) for v in ({}, [], {"size": 1}, {"size": "1", "more": "1"})],
    *[("full request", ("position",), {"size": "1", "marginAfter": v}) for v in ("1e3", 1, "1\n", "")],
    *[("envelope", ("account",), value) for value in (5, "0x12", [])],
    *[("full request", ("note",), value) for value in (5, "x" * 501, [])],
    *[("full request", ("current",), value) for value in ({}, [], {"isCross": 1, "leverage": 5})],
    *[("full request", ("market", key), MISSING) for key in ("network", "coin", "time", "delisted")],
    *[("full request", ("market", "coin"), value) for value in (None, "x" * 65)],
    ("full request", ("market", "marginMode"), "cross"),
    ("full request", ("market", "maxLeverage"), 0),
    ("full request", ("market", "network"), "testnet"),
    ("full request", ("action",), MISSING),
    ("full request", ("kind",), "coldlever/request"),
    ("full request", ("signature",), {}),
    *[("bare action", ("asset",), value) for value in (-1, 2**32, "0", None, MISSING)],
    *[("bare action", ("leverage",), value) for value in (0, 2**32, "10", 10.5, True)],
    *[("bare action", ("type",), value) for value in ("order", 1, None)],
    ("bare action", ("isCross",), 1),
    ("margin", ("ntli",), 0),
    ("bare action", ("nonce",), 1),
    *[("envelope", ("version",), value) for value in (0, 2, True, "1")],
    *[("envelope", ("actionHash",), value) for value in (UPPER, "0x12", UPPER[2:].lower(), None)],
    *[("envelope", ("approvals",), value) for value in ([{}], None, MISSING)],
    *[("envelope", ("signer",), value) for value in (None, "", MISSING)],
    ("envelope", ("kind",), "coldlever/market"),
    ("envelope", ("kind",), MISSING),
    ("envelope", ("payload", "network"), "mainnet"),
    *[("bare body", ("signature", "r"), v) for v in ("0x", "12", UPPER, "0x1\n", "0x" + "1" * 65)],
    *[("bare body", ("signature", "v"), value) for value in (0, 26, 29, True, "27", MISSING)],
    ("bare body", ("signature",), MISSING),
    ("bare body", ("signer",), None),
    *[("table", ("version",), value) for value in (2, None)],
    *[("table", ("entries",), value) for value in (None, {}, MISSING)],
    *[("table", ("network",), value) for value in ("testnet", None)],
    ("table", ("entries", 0, "asset"), -1),
    ("table", ("entries", 0, "more"), 1),
    ("table", ("kind",), "coldlever/signed"),
    ("table", ("time",), 2**53),
]  # fmt: skip


@pytest.mark.parametrize(("form", "path", "value"), BROKEN)
def test_a_broken_document_fails_in_the_schema_and_in_the_loader(form, path, value, good):
    name, wire = good[form]
    broken = changed(wire, path, value)
    assert [is_valid(name, wire), is_loaded(name, wire)] == [True, True]
    assert [is_valid(name, broken), is_loaded(name, broken)] == [False, False]
    if name != "market":
        assert is_valid(name, [wire, wire])
        assert not is_valid(name, [wire, broken])
        assert not is_loaded(name, [wire, broken])


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("value", [None, 1, "x", [], {}, [[]], True])
def test_what_is_no_document_fails_in_the_schema_and_in_the_loader(name, value):
    assert [is_valid(name, value), is_loaded(name, value)] == [False, False]


@pytest.mark.parametrize("text", ["", "0", "0.0", "05", "2.50", ".5", "5.", "1e1", "-1", "2.5\n"])
def test_a_decimal_not_in_its_shortest_form_fails_in_both(text):
    wire = {"type": "topUpIsolatedOnlyMargin", "asset": 0, "leverage": text}
    assert [is_valid("request", wire), is_loaded("request", wire)] == [False, False]


def test_the_latest_expiry_of_the_latest_nonce_is_valid_and_loaded(request_wire):
    wire = {**request_wire, "nonce": SAFE_INTEGER_MAX, "expiresAfter": LATEST_EXPIRY}
    assert [is_valid("request", wire), is_loaded("request", wire)] == [True, True]
