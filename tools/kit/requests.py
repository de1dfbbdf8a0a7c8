"""Unsigned requests: each bound of each member, and what may not stand beside what."""

from __future__ import annotations

from typing import Any

from kit.case import MISSING, Kit, edited
from kit.people import ACCOUNT, EXPIRY, NONCE, NOW, VAULT, WALLET

_DAY = 86_400_000
_U32 = 2**32 - 1
_SAFE = 2**53 - 1
SIGNER = WALLET.address.checksummed
PLAIN_REQUEST: dict[str, Any] = {
    "network": "mainnet",
    "action": {"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 10},
    "nonce": NONCE,
    "expiresAfter": EXPIRY,
    "vaultAddress": None,
    "signer": SIGNER,
}
ENTRY: dict[str, Any] = {
    "network": "mainnet",
    "asset": 0,
    "coin": "BTC",
    "maxLeverage": 40,
    "marginMode": "normal",
    "delisted": False,
    "time": NONCE,
}
ISOLATED = {"type": "updateIsolatedMargin", "asset": 3, "isBuy": True, "ntli": -250_500_000}
TOP_UP = {"type": "topUpIsolatedOnlyMargin", "asset": 110_001, "leverage": "2.5"}
ACTIONS = {"leverage": PLAIN_REQUEST["action"], "isolated": ISOLATED, "top-up": TOP_UP}
NOOP = {"network": "mainnet", "action": {"type": "noop"}, "nonce": NONCE, "signer": SIGNER}
KILLS = {"action": PLAIN_REQUEST["action"], "expiresAfter": EXPIRY, "vaultAddress": None}
_CHANGE = tuple[str, str, Any, str]


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("request", "Unsigned request")
    kit.ok("plain.json", PLAIN_REQUEST, "the request of the page of formats, with its signer")
    _options(kit)
    _members(kit)
    kit.section("request", "Actions")
    _actions(kit)
    kit.section("market", "Market table and market entry")
    _entries(kit)
    kit.section("batch", "Unsigned request")
    _batches(kit)
    kit.section("revocation", "Revocation")
    _revocations(kit)


def _options(kit: Kit) -> None:
    without = edited(PLAIN_REQUEST, "network", MISSING)
    kit.ok(
        "testnet.json",
        {**PLAIN_REQUEST, "network": "testnet"},
        "the same on testnet: the same action hash, another digest",
    )
    kit.ok("network-by-option.json", without, "the person names the network", network="testnet")
    kit.ok(
        "network-by-both.json",
        PLAIN_REQUEST,
        "the person names the same network",
        network="mainnet",
    )
    kit.no(
        "network-contradicted.json",
        PLAIN_REQUEST,
        "the person names another network",
        network="testnet",
    )
    kit.no("network-by-nobody.json", without, "nobody says for which network it is")
    bare = PLAIN_REQUEST["action"]
    kit.ok(
        "bare-action.json",
        bare,
        "a bare action: nonce from the clock, an hour to live",
        network="mainnet",
        now=NOW,
    )
    kit.no("bare-action-no-network.json", bare, "a bare action and no network", now=NOW)
    kit.no(
        "bare-action-no-clock.json",
        bare,
        "a bare action and no clock to take its nonce from",
        network="mainnet",
    )
    kit.no(
        "bare-noop.json",
        {"type": "noop"},
        "a bare noop would name no nonce",
        network="mainnet",
        now=NOW,
    )
    kit.ok(
        "no-signer.json",
        edited(PLAIN_REQUEST, "signer", MISSING),
        "without a signer there are no check words",
    )
    kit.ok(
        "no-expiry.json",
        {**PLAIN_REQUEST, "expiresAfter": None},
        "without an expiry: the hash ends with the flag of the vault",
    )
    kit.ok(
        "expiry-missing.json",
        edited(PLAIN_REQUEST, "expiresAfter", MISSING),
        "a missing key is the same as null",
    )
    kit.ok(
        "vault-missing.json",
        edited(PLAIN_REQUEST, "vaultAddress", MISSING),
        "a missing key is the same as null",
    )
    kit.ok(
        "vault.json",
        {**PLAIN_REQUEST, "vaultAddress": VAULT.lower},
        "with a vault: flag 01 and 20 bytes in the hash",
    )
    kit.ok(
        "vault-no-expiry.json",
        {**PLAIN_REQUEST, "vaultAddress": VAULT.lower, "expiresAfter": None},
        "with a vault and no expiry",
    )
    kit.ok(
        "expiry-zero.json",
        {**PLAIN_REQUEST, "expiresAfter": 0},
        "an expiry of 0 is one: flag 00 and eight bytes",
    )
    kit.ok(
        "vault-zero.json",
        {**PLAIN_REQUEST, "vaultAddress": "0x" + "00" * 20},
        "a vault of zeros is one: flag 01",
    )
    kit.ok(
        "everything.json",
        {
            **PLAIN_REQUEST,
            "market": ENTRY,
            "current": {"isCross": True, "leverage": 5},
            "note": "lower before the weekend",
            "account": ACCOUNT.checksummed,
            "position": {
                "size": "-0.25",
                "marginBefore": "10.5",
                "marginAfter": None,
                "liquidationBefore": "1",
                "liquidationAfter": "2",
            },
            "approvals": [],
        },
        "all that is not signed changes no hash",
    )
    kit.ok(
        "all-null.json",
        {
            **PLAIN_REQUEST,
            "market": None,
            "current": None,
            "note": None,
            "account": None,
            "position": None,
            "kills": None,
            "marketProof": None,
        },
        "null means the same as leaving the key out",
    )
    kit.ok(
        "signer-lower.json",
        {**PLAIN_REQUEST, "signer": SIGNER.lower()},
        "all lower case is taken as it is",
    )
    kit.ok(
        "signer-upper.json",
        {**PLAIN_REQUEST, "signer": "0x" + SIGNER[2:].upper()},
        "all upper case is taken as it is",
    )
    kit.ok(
        "account-is-vault.json",
        {**PLAIN_REQUEST, "vaultAddress": VAULT.lower, "account": VAULT.checksummed},
        "the account is the vault itself",
    )
    kit.no(
        "account-not-vault.json",
        {**PLAIN_REQUEST, "vaultAddress": VAULT.lower, "account": ACCOUNT.checksummed},
        "another account than the vault",
    )
    kit.no(
        "network-null.json",
        {**PLAIN_REQUEST, "network": None},
        "the network may be left out, and is not null",
        network="mainnet",
    )
    kit.no(
        "approvals-null.json",
        {**PLAIN_REQUEST, "approvals": None},
        "approvals may be left out, and are not null",
    )
    for key in ("action", "nonce"):
        kit.no(f"no-{key}.json", edited(PLAIN_REQUEST, key, MISSING), f"no {key}")
    for kind in (
        "coldlever/request",
        "coldlever/batch",
        "coldlever/signed",
        "coldlever/unknown",
        None,
    ):
        slug = str(kind).rpartition("/")[2].lower()
        kit.no(
            f"kind-{slug}.json",
            {"kind": kind, **PLAIN_REQUEST},
            "an object with a kind is no request",
        )


_LATE = {"nonce": _SAFE, "expiresAfter": _SAFE + 2 * _DAY}
_MEMBERS: tuple[_CHANGE, ...] = (
    ("network-upper", "network", "Mainnet", "no network of that name"),
    ("network-padded", "network", "mainnet ", "no network of that name"),
    ("network-number", "network", 0, "no network of that name"),
    ("nonce-null", "nonce", None, "no nonce"),
    ("nonce-object", "nonce", {}, "no integer"),
    ("expiry-negative", "expiresAfter", -1, "not from 0 on"),
    ("expiry-too-late", "expiresAfter", 2**53, "behind 2^53-1, with a nonce of today"),
    ("expiry-text", "expiresAfter", "1795343600000", "no integer"),
    ("expiry-false", "expiresAfter", False, "no integer"),
    ("vault-text", "vaultAddress", "", "no address"),
    ("vault-short", "vaultAddress", "0x" + "11" * 19, "no address"),
    ("vault-long", "vaultAddress", "0x" + "11" * 21, "no address"),
    ("vault-no-prefix", "vaultAddress", "11" * 20, "no address"),
    ("vault-upper-prefix", "vaultAddress", "0X" + "11" * 20, "the 0x of an address is lower-case"),
    ("vault-newline", "vaultAddress", "0x" + "11" * 20 + "\n", "something behind the address"),
    ("vault-not-hex", "vaultAddress", "0x" + "1g" * 20, "no address"),
    ("vault-wide-digits", "vaultAddress", "0x" + "\uff11" * 40, "digits that are no ASCII"),
    ("vault-false", "vaultAddress", False, "no address"),
    ("vault-array", "vaultAddress", [], "no address"),
    ("signer-checksum", "signer", SIGNER.swapcase().replace("0X", "0x"), "mixed case that does not satisfy EIP-55"),
    ("signer-one-case", "signer", SIGNER[:-2] + SIGNER[-2].lower() + SIGNER[-1], "one letter in the other case"),
    ("signer-number", "signer", 5, "no address"),
    ("account-text", "account", "me", "no address"),
    ("current-empty", "current", {}, "current wants both its keys"),
    ("current-array", "current", [], "no object"),
    ("current-number", "current", {"isCross": 1, "leverage": 5}, "isCross is a number"),
    ("current-zero", "current", {"isCross": True, "leverage": 0}, "leverage is from 1 on"),
    ("current-above", "current", {"isCross": True, "leverage": 2**32}, "leverage is at most 2^32-1"),
    ("current-more", "current", {"isCross": True, "leverage": 5, "asset": 0}, "a key that is not listed"),
    ("position-empty", "position", {}, "a position has a size"),
    ("position-zero", "position", {"size": "0"}, "a position has a size"),
    ("position-zeros", "position", {"size": "-0.000"}, "a position has a size"),
    ("position-number", "position", {"size": 1}, "a decimal is a text"),
    ("position-exponent", "position", {"size": "1e3"}, "no decimal number"),
    ("position-plus", "position", {"size": "+1"}, "no decimal number"),
    ("position-point", "position", {"size": "1."}, "no decimal number"),
    ("position-newline", "position", {"size": "1\n"}, "no decimal number"),
    ("position-31-digits", "position", {"size": "1" * 31}, "at most 30 digits"),
    ("position-31-behind", "position", {"size": "0." + "1" * 31}, "at most 30 digits"),
    ("position-more", "position", {"size": "1", "entry": "1"}, "a key that is not listed"),
    ("kills-beside-change", "kills", KILLS, "only a noop kills"),
    ("proof-without-market", "marketProof", {}, "a proof goes with its market"),
    ("approvals-object", "approvals", {}, "no array"),
    ("approvals-of-null", "approvals", [None], "no approval"),
)  # fmt: skip


def _members(kit: Kit) -> None:
    for name, path, value, why in _MEMBERS:
        kit.no(f"{name}.json", edited(PLAIN_REQUEST, path, value), why)
    kit.ok(
        "expiry-late-nonce.json",
        {**PLAIN_REQUEST, **_LATE},
        "an expiry two days behind the highest nonce",
    )
    kit.no(
        "expiry-later-still.json",
        {**PLAIN_REQUEST, **_LATE, "expiresAfter": _SAFE + 2 * _DAY + 1},
        "an expiry more than two days behind the highest nonce",
    )
    kit.no(
        "expiry-late-early-nonce.json",
        {**PLAIN_REQUEST, "nonce": _SAFE - 2 * _DAY, "expiresAfter": _SAFE + 1},
        "an expiry behind 2^53-1 that is more than two days behind its nonce",
    )
    kit.ok(
        "position-30-digits.json",
        edited(PLAIN_REQUEST, "position", {"size": "1" * 30 + "." + "0" * 30}),
        "30 digits on either side",
    )
    kit.ok(
        "position-leading-zeros.json",
        edited(PLAIN_REQUEST, "position", {"size": "-007.50"}),
        "a decimal as the exchange may write it",
    )


_OF_ACTIONS: tuple[tuple[str, str, _CHANGE], ...] = tuple(
    (kind, name, ("", path, value, why))
    for kind, changes in {
        "leverage": (
            ("asset-negative", "asset", -1, "from 0 on"),
            ("asset-above", "asset", 2**32, "at most 2^32-1"),
            ("asset-text", "asset", "0", "no integer"),
            ("asset-coin", "asset", "BTC", "an id, no name"),
            ("asset-missing", "asset", MISSING, "a missing key"),
            ("zero", "leverage", 0, "leverage is from 1 on"),
            ("above", "leverage", 2**32, "at most 2^32-1"),
            ("negative", "leverage", -10, "leverage is from 1 on"),
            ("decimal", "leverage", "10", "a text, where this action has an integer"),
            ("missing", "leverage", MISSING, "a missing key"),
            ("mode-missing", "isCross", MISSING, "a missing key"),
            ("of-another", "ntli", 5, "a key of another action"),
            ("type-other", "type", "order", "an action that is not listed"),
            ("type-upper", "type", "UpdateLeverage", "an action that is not listed"),
            ("type-null", "type", None, "an action that is not listed"),
            ("type-number", "type", 0, "an action that is not listed"),
            ("type-proto", "type", "__proto__", "an action that is not listed"),
            ("type-missing", "type", MISSING, "a missing key"),
        ),
        "isolated": (
            ("nothing", "ntli", 0, "never 0"),
            ("above", "ntli", 2**53, "at most 2^53-1"),
            ("below", "ntli", -(2**53), "at least -(2^53-1)"),
            ("fraction", "ntli", 2.5, "no integer"),
            ("text", "ntli", "5", "no integer"),
            ("side", "isBuy", "long", "neither true nor false"),
            ("missing", "ntli", MISSING, "a missing key"),
            ("of-another", "leverage", 5, "a key of another action"),
        ),
        "top-up": (
            ("number", "leverage", 2, "an integer, where this action has a text"),
            ("fraction", "leverage", 2.5, "no text"),
            ("zero", "leverage", "0", "above 0"),
            ("zeros", "leverage", "0.0", "above 0, in its shortest form"),
            ("longer", "leverage", "2.50", "not in its shortest form"),
            ("leading-zero", "leverage", "02.5", "not in its shortest form"),
            ("no-digits", "leverage", ".5", "not in its shortest form"),
            ("point", "leverage", "2.", "not in its shortest form"),
            ("exponent", "leverage", "1e1", "no decimal"),
            ("negative", "leverage", "-1", "above 0"),
            ("newline", "leverage", "2.5\n", "something behind the decimal"),
            ("11-digits", "leverage", "1" * 11, "more than ten digits before the point"),
            ("9-behind", "leverage", "0.000000001", "more than eight digits behind the point"),
            ("is-cross", "isCross", True, "a key of another action"),
        ),
    }.items()
    for name, path, value, why in changes
)  # fmt: skip


def _actions(kit: Kit) -> None:
    for name, action in ACTIONS.items():
        kit.ok(f"action-{name}.json", {**PLAIN_REQUEST, "action": action}, "one of the actions")
    for kind, name, (_, path, value, why) in _OF_ACTIONS:
        action = edited(ACTIONS[kind], path, value)
        kit.no(f"{kind}-{name}.json", {**PLAIN_REQUEST, "action": action}, why)
    for value in (None, [], "updateLeverage", 5, {}):
        slug = type(value).__name__.lower()
        kit.no(f"action-{slug}.json", {**PLAIN_REQUEST, "action": value}, "no action")
    # MessagePack has another form behind each of these.
    for number in (0, 127, 128, 255, 256, 65_535, 65_536, _U32):
        kit.ok(
            f"asset-{number}.json",
            edited(PLAIN_REQUEST, "action.asset", number),
            "the shortest form of each integer goes into the hash",
        )
    for number in (1, 127, 128, 255, 256, 65_535, 65_536, _U32):
        kit.ok(
            f"leverage-{number}.json",
            edited(PLAIN_REQUEST, "action.leverage", number),
            "the shortest form of each integer goes into the hash",
        )
    for number in (
        1,
        -1,
        -32,
        -33,
        -128,
        -129,
        -32_768,
        -32_769,
        -(2**31),
        -(2**31) - 1,
        2**32,
        _SAFE,
        -_SAFE,
    ):
        action = {**ISOLATED, "ntli": number}
        kit.ok(
            f"ntli-{number}.json",
            {**PLAIN_REQUEST, "action": action},
            "the shortest form of each integer goes into the hash",
        )
    for text in ("0.00000001", "9999999999.99999999", "1", "10"):
        action = {**TOP_UP, "leverage": text}
        kit.ok(
            f"decimal-{text}.json",
            {**PLAIN_REQUEST, "action": action},
            "a decimal in its shortest form",
        )


def _entries(kit: Kit) -> None:
    request = {**PLAIN_REQUEST, "market": ENTRY}
    of_dex = {
        **PLAIN_REQUEST,
        "action": {**PLAIN_REQUEST["action"], "asset": 110_001},
        "market": {**ENTRY, "asset": 110_001, "coin": "xyz:TSLA"},
    }
    unlisted = edited(edited(request, "action.asset", 500), "market.asset", 500)
    kit.ok("entry.json", request, "an entry of the table that everybody has")
    kit.ok("entry-of-dex.json", of_dex, "an entry of a builder's dex")
    kit.ok(
        "entry-unlisted.json",
        edited(unlisted, "market.coin", "NEW"),
        "a name that no table contradicts",
    )
    for name, base, path, value, why in (
        ("misnamed", request, "coin", "ETH", "the table calls this asset BTC"),
        ("misnamed-case", request, "coin", "btc", "the table calls this asset BTC"),
        ("other-asset", request, "asset", 1, "an entry for another asset than the action's"),
        ("other-network", request, "network", "testnet", "an entry for another network than the action's"),
        ("dex-in-front", unlisted, "coin", "xyz:NEW", "a name of the first dex has no dex in front"),
        ("no-dex", of_dex, "coin", "TSLA", "a name of a builder's dex has it in front"),
        ("dex-empty", of_dex, "coin", ":TSLA", "an empty dex in front"),
        ("dex-alone", of_dex, "coin", "xyz:", "a dex, and no name behind it"),
        ("coin-null", request, "coin", None, "no text"),
        ("coin-65", of_dex, "coin", "x:" + "y" * 63, "longer than 64 characters"),
        ("maximum-zero", request, "maxLeverage", 0, "from 1 on"),
        ("maximum-above", request, "maxLeverage", 2**32, "at most 2^32-1"),
        ("mode", request, "marginMode", "cross", "no margin mode of a market"),
        ("delisted-null", request, "delisted", None, "neither true nor false"),
        ("time-negative", request, "time", -1, "from 0 on"),
        ("time-late", request, "time", 2**53, "at most 2^53-1"),
        ("more", request, "szDecimals", 5, "a key that is not listed"),
        *(("no-" + key, request, key, MISSING, "all keys are required") for key in ENTRY),
    ):  # fmt: skip
        kit.no(f"entry-{name}.json", edited(base, f"market.{path}", value), why)
    for asset, why in (
        (10_000, "a spot pair"),
        (99_999, "a spot pair"),
        (100_000_000, "an outcome market"),
    ):
        changed = edited(edited(unlisted, "action.asset", asset), "market.asset", asset)
        kit.no(
            f"entry-class-{asset}.json", changed, f"the id of {why} has no leverage, and so no name"
        )
    kit.ok("entry-coin-64.json", edited(of_dex, "market.coin", "x:" + "y" * 62), "64 characters")
    kit.no("entry-array.json", {**PLAIN_REQUEST, "market": [ENTRY]}, "no object")


def _batches(kit: Kit) -> None:
    second = {**PLAIN_REQUEST, "nonce": NONCE + 1}
    third = {**PLAIN_REQUEST, "nonce": NONCE + 2, "action": ISOLATED}
    whole = {
        "kind": "coldlever/batch",
        "version": 1,
        "markets": [ENTRY],
        "requests": [PLAIN_REQUEST, third],
    }
    kit.ok("one.json", [PLAIN_REQUEST], "a batch of one has the check words of its request")
    kit.ok(
        "two.json",
        [PLAIN_REQUEST, second],
        "the words of a batch are of its number and each subject",
    )
    kit.ok(
        "twice.json",
        [PLAIN_REQUEST, PLAIN_REQUEST],
        "the same request twice is read; whether to sign it is another question",
    )
    kit.ok("swapped.json", [second, PLAIN_REQUEST], "in another order it has other words")
    kit.ok(
        "mixed-networks.json",
        [PLAIN_REQUEST, {**second, "network": "testnet"}],
        "each has its own network",
    )
    kit.ok(
        "one-without-signer.json",
        [PLAIN_REQUEST, edited(second, "signer", MISSING)],
        "without each signer there are no words of the batch",
    )
    kit.ok(
        "with-noop.json", [PLAIN_REQUEST, {**NOOP, "nonce": NONCE + 5}], "a revocation among others"
    )
    kit.ok(
        "bare-actions.json",
        [PLAIN_REQUEST["action"], ISOLATED],
        "bare actions take consecutive milliseconds",
        network="mainnet",
        now=NOW,
    )
    kit.ok("object.json", whole, "market entries once for all")
    kit.ok(
        "object-own-entry.json",
        {**whole, "requests": [{**PLAIN_REQUEST, "market": ENTRY}]},
        "an own entry that says the same",
    )
    kit.ok("object-no-markets.json", {**whole, "markets": []}, "no entries at all")
    kit.no("one-bad.json", [PLAIN_REQUEST, {**second, "nonce": -1}], "one of two is malformed")
    kit.no(
        "with-signature.json",
        [PLAIN_REQUEST, {"kind": "coldlever/signed"}],
        "a batch of two kinds of documents",
    )
    kit.no("null.json", [None], "no request")
    kit.no(
        "network-contradicted.json",
        [PLAIN_REQUEST, {**second, "network": "testnet"}],
        "one of two is for another network than the person names",
        network="mainnet",
    )
    for name, path, value, why in (
        ("object-empty", "requests", [], "a batch of nothing"),
        ("object-null", "requests", None, "no array"),
        ("object-nested", "requests", [[PLAIN_REQUEST]], "a batch inside a batch"),
        ("object-version", "version", 2, "another version"),
        ("object-more", "note", "x", "a key that is not listed"),
        ("object-twice", "markets", [ENTRY, ENTRY], "each asset once"),
        ("object-other-entry", "requests", [{**PLAIN_REQUEST, "market": {**ENTRY, "maxLeverage": 50}}], "an own entry that says something else"),
        ("object-other-network", "requests", [{**PLAIN_REQUEST, "network": "testnet"}], "an entry of another network than the request's"),
        ("object-misnamed", "markets", [{**ENTRY, "coin": "ETH"}], "an entry with a wrong name"),
        ("object-markets-object", "markets", {}, "no array"),
        ("object-no-markets-key", "markets", MISSING, "all keys are required"),
        ("object-no-requests", "requests", MISSING, "all keys are required"),
        ("object-no-version", "version", MISSING, "all keys are required"),
    ):  # fmt: skip
        kit.no(f"{name}.json", edited(whole, path, value), why)


def _revocations(kit: Kit) -> None:
    full = {**NOOP, "expiresAfter": None, "vaultAddress": None, "kills": KILLS}
    kit.ok("plain.json", NOOP, "a noop with nothing beside it")
    kit.ok("kills.json", full, "what it kills is the drafter's word and changes no hash")
    kit.ok(
        "kills-vault.json",
        edited(full, "kills.vaultAddress", VAULT.lower),
        "what it kills may have a vault",
    )
    kit.ok(
        "nulls.json",
        {
            **full,
            "market": None,
            "current": None,
            "account": None,
            "position": None,
            "approvals": [],
        },
        "null and no approvals are nothing",
    )
    kit.ok("note.json", {**full, "note": "typed 40x for 4x"}, "a note may stand beside it")
    kit.ok("testnet.json", {**full, "network": "testnet"}, "a noop on testnet")
    for name, path, value, why in (
        ("expiry", "expiresAfter", EXPIRY, "it must be able to outlive what it kills"),
        ("vault", "vaultAddress", VAULT.lower, "vault errors come before the nonce"),
        ("market", "market", ENTRY, "a noop has no market"),
        ("current", "current", {"isCross": True, "leverage": 5}, "a noop changes no setting"),
        ("account", "account", ACCOUNT.checksummed, "a noop changes no account"),
        ("position", "position", {"size": "1"}, "a noop moves no position"),
        ("kills-noop", "kills.action", {"type": "noop"}, "a noop needs no revocation"),
        ("kills-nothing", "kills", {}, "what it kills has an action"),
        ("kills-nonce", "kills.nonce", NONCE, "it kills its own nonce and no other"),
        ("kills-network", "kills.network", "mainnet", "it kills on its own network"),
        ("kills-bad-action", "kills.action", {"type": "order"}, "an action that is not listed"),
        ("kills-bad-expiry", "kills.expiresAfter", -1, "from 0 on"),
        ("kills-array", "kills", [], "no object"),
        ("asset", "action.asset", 0, "a noop has its type alone"),
        ("approvals", "approvals", [{"decision": "approve", "keyId": "0x" + "00" * 8, "signature": "0x" + "00" * 64}], "revoking needs no approval"),
    ):  # fmt: skip
        kit.no(f"{name}.json", edited(full, path, value), why)
