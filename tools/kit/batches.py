"""Market entries in requests, batches, and revocations."""

from __future__ import annotations

from kit.case import MISSING, Kit, edited
from kit.people import ACCOUNT, EXPIRY, NONCE, NOW, VAULT
from kit.requests import ENTRY, ISOLATED, KILLS, NOOP, PLAIN_REQUEST


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("market", "Market table and market entry")
    _entries(kit)
    kit.section("batch", "Unsigned request")
    _batches(kit)
    kit.section("revocation", "Revocation")
    _revocations(kit)


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
