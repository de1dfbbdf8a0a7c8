"""Unsigned requests: each bound of each member, and what may not stand beside what."""

from __future__ import annotations

from typing import Any

from kit.case import MISSING, Kit, edited
from kit.people import ACCOUNT, EXPIRY, NONCE, NOW, OTHER_WALLET, VAULT, WALLET

_DAY = 86_400_000


U32 = 2**32 - 1


SAFE = 2**53 - 1


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


Change = tuple[str, str, Any, str]


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("request", "Unsigned request")
    kit.ok("plain.json", PLAIN_REQUEST, "the request of the page of formats, with its signer")
    _options(kit)
    _members(kit)


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
    other = OTHER_WALLET.address.checksummed
    unnamed = edited(PLAIN_REQUEST, "signer", MISSING)
    kit.ok("signer-named.json", PLAIN_REQUEST, "the person names the same signer", signer=SIGNER)
    kit.no("signer-contradicted.json", PLAIN_REQUEST, "the person names another", signer=other)
    kit.ok("signer-by-option.json", unnamed, "the signer that the person names", signer=other)
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


_LATE = {"nonce": SAFE, "expiresAfter": SAFE + 2 * _DAY}


_MEMBERS: tuple[Change, ...] = (
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
        {**PLAIN_REQUEST, **_LATE, "expiresAfter": SAFE + 2 * _DAY + 1},
        "an expiry more than two days behind the highest nonce",
    )
    kit.no(
        "expiry-late-early-nonce.json",
        {**PLAIN_REQUEST, "nonce": SAFE - 2 * _DAY, "expiresAfter": SAFE + 1},
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
