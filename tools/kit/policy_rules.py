"""What a policy decides: its limits, its rules, and the places of its thresholds."""

from __future__ import annotations

from typing import Any

from coldlever.shared.action import Network, UpdateIsolatedMargin
from coldlever.shared.action.actions import TopUpIsolatedOnlyMargin
from kit.approvals import request
from kit.case import Kit
from kit.people import (
    ACCOUNT,
    ALICE,
    BOB,
    CAROL,
    DAVE,
    NONCE,
    NOW,
    VAULT,
    WALLET,
    person_text,
    policy_of,
    policy_text,
    signable,
)
from kit.policies import ANY


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("policy-rule", "Policy")
    _limits(kit)
    _rules(kit)
    _places(kit)


def _limits(kit: Kit) -> None:
    for name, limits, what, is_ok, why in (
        ("ceiling", "ceiling = 10", {}, True, "just the ceiling"),
        ("above-ceiling", "ceiling = 9", {}, False, "above the ceiling"),
        ("ceiling-of-margin", "ceiling = 1", {"action": UpdateIsolatedMargin(0, True, 5)}, True, "moving margin sets no leverage"),
        ("ceiling-of-top-up", "ceiling = 1", {"action": TopUpIsolatedOnlyMargin(0, "2.5")}, True, "a top-up is not held against the ceiling"),
        ("market", 'ceiling = 50\nmarket = [{network = "mainnet", asset = 0, ceiling = 9}]', {}, False, "above the market's own ceiling"),
        ("market-other", 'market = [{network = "mainnet", asset = 1, ceiling = 9}]', {}, True, "the ceiling of another market"),
        ("market-testnet", 'market = [{network = "testnet", asset = 0, ceiling = 9}]', {}, True, "the ceiling of a market on testnet"),
        ("market-does-not-raise", 'ceiling = 9\nmarket = [{network = "mainnet", asset = 0, ceiling = 50}]', {}, False, "both ceilings hold"),
        ("network", 'networks = ["testnet"]', {}, False, "another network than the limit's"),
        ("network-fits", 'networks = ["testnet"]', {"network": Network.TESTNET}, True, "the limit's network"),
        ("signer", f'signers = ["{ACCOUNT.lower}"]', {}, False, "another signer than the limit's"),
        ("signer-fits", f'signers = ["{WALLET.address.lower}"]', {}, True, "the limit's signer"),
        ("account-signer", f'accounts = ["{WALLET.address.lower}"]', {}, True, "without a vault the account is the signer"),
        ("account", f'accounts = ["{VAULT.lower}"]', {}, False, "another account than the limit's"),
        ("account-vault", f'accounts = ["{VAULT.lower}"]', {"vault": VAULT}, True, "the account is the vault"),
        ("action", 'actions = ["updateIsolatedMargin"]', {}, False, "another action than the limit's"),
        ("mode", 'modes = ["isolated"]', {}, False, "another mode than the limit's"),
        ("mode-of-margin", 'modes = ["cross"]', {"action": UpdateIsolatedMargin(0, True, 5)}, True, "moving margin sets no mode"),
        ("validity", 'longest-validity = "1h"', {}, True, "just as long as the limit"),
        ("validity-longer", 'longest-validity = "59m"', {}, False, "valid for longer than the limit"),
        ("validity-none", 'longest-validity = "24h"', {"expires_after": None}, False, "a longest validity wants an expiry"),
        ("validity-negative", 'longest-validity = "1h"', {"expires_after": NONCE - 1}, True, "an expiry before its nonce is no long one"),
        ("expiry-required", "expiry-required = true", {"expires_after": None}, False, "an expiry is wanted"),
        ("expiry-not-required", "expiry-required = false", {"expires_after": None}, True, "no expiry is wanted"),
        ("noop", 'networks = ["testnet"]\nceiling = 1', {"action": _noop(), "expires_after": None}, True, "no limit is about a revocation"),
    ):  # fmt: skip
        policy = kit.put(
            f"policy/limit-{name}.toml", policy_text(limits=limits + "\n", rules=ANY).encode()
        )
        put = kit.ok if is_ok else kit.no
        put(f"limit-{name}.json", request(what=signable(**what)), why, policy=policy, now=NOW)  # type: ignore[arg-type]
    drafted = request(account=ACCOUNT)
    policy = kit.put(
        "policy/limit-drafted.toml",
        policy_text(limits=f'accounts = ["{ACCOUNT.lower}"]\n', rules=ANY).encode(),
    )
    kit.ok(
        "limit-account-drafted.json",
        drafted,
        "without a vault the account is the drafted one",
        policy=policy,
        now=NOW,
    )


def _noop() -> Any:
    from coldlever.shared.action.actions import Noop  # noqa: PLC0415 - beside its one use

    return Noop()


def _rules(kit: Kit) -> None:
    up, down = {"isCross": True, "leverage": 5}, {"isCross": True, "leverage": 20}
    same, isolated = {"isCross": True, "leverage": 10}, {"isCross": False, "leverage": 10}
    add, remove = UpdateIsolatedMargin(0, True, 5), UpdateIsolatedMargin(0, True, -5)
    trusting = "trust-drafted-setting = true\n"
    for name, head, condition, what, current, is_ok, why in (
        ("raise", trusting, 'directions = ["raise"]', {}, up, True, "above the setting in force"),
        ("lower", trusting, 'directions = ["lower"]', {}, down, True, "below the setting in force"),
        ("same-is-lower", trusting, 'directions = ["lower"]', {}, same, True, "not above and in the same mode: a lower"),
        ("switch", trusting, 'directions = ["switch"]', {}, isolated, True, "the other mode, and not above"),
        ("raise-and-switch", trusting, 'directions = ["raise"]', {}, {"isCross": False, "leverage": 5}, True, "above goes before the mode"),
        ("not-believed", "", 'directions = ["lower"]', {}, down, False, "the drafter's word is not believed, so it is a raise"),
        ("not-known", trusting, 'directions = ["lower"]', {}, None, False, "without a setting in force it is a raise"),
        ("add", "", 'directions = ["add"]', {"action": add}, None, True, "margin is added"),
        ("remove", "", 'directions = ["remove"]', {"action": remove}, None, True, "margin is taken away"),
        ("remove-not-add", "", 'directions = ["add"]', {"action": remove}, None, False, "margin is taken away"),
        ("top-up", "", 'directions = ["add"]', {"action": TopUpIsolatedOnlyMargin(0, "2")}, None, True, "a top-up adds"),
        ("up-to", "", "leverage-up-to = 10", {}, None, True, "just as much"),
        ("above", "", "leverage-up-to = 9", {}, None, False, "above, and no other rule"),
        ("up-to-of-margin", "", "leverage-up-to = 9", {"action": add}, None, False, "a condition on leverage is about no other action"),
        ("mode", "", 'modes = ["cross"]', {}, None, True, "the mode that it sets"),
        ("mode-other", "", 'modes = ["isolated"]', {}, None, False, "the mode that it does not set"),
        ("mode-of-margin", "", 'modes = ["cross", "isolated"]', {"action": add}, None, False, "a condition on modes is about no other action"),
        ("asset", "", "assets = [0]", {}, None, True, "this asset"),
        ("asset-other", "", "assets = [1]", {}, None, False, "another asset"),
        ("network-other", "", 'networks = ["testnet"]', {}, None, False, "another network"),
        ("signer-other", "", f'signers = ["{ACCOUNT.lower}"]', {}, None, False, "another signer"),
        ("account-other", "", f'accounts = ["{ACCOUNT.lower}"]', {}, None, False, "another account"),
        ("action-other", "", 'actions = ["topUpIsolatedOnlyMargin"]', {}, None, False, "another action"),
        ("two-conditions", "", 'assets = [0]\nmodes = ["isolated"]', {}, None, False, "all conditions have to hold"),
    ):  # fmt: skip
        text = policy_text(
            head=head, rules=f'[[rule]]\nname = "this"\n{condition}\nneeds = "nobody"\n'
        )
        policy = kit.put(f"policy/rule-{name}.toml", text.encode())
        put = kit.ok if is_ok else kit.no
        wire = request(what=signable(**what))  # type: ignore[arg-type]
        put(
            f"rule-{name}.json",
            wire if current is None else {**wire, "current": current},
            why,
            policy=policy,
            now=NOW,
        )
    first = '[[rule]]\nname = "first"\nassets = [0]\nrefuse = true\n'
    for name, rules, is_ok, why in (
        ("first-refuses", first + ANY, False, "the first rule that fits decides, and refuses"),
        ("first-lets", ANY + first, True, "the first rule that fits decides"),
    ):
        policy = kit.put(f"policy/rule-{name}.toml", policy_text(rules=rules).encode())
        (kit.ok if is_ok else kit.no)(f"rule-{name}.json", request(), why, policy=policy, now=NOW)


def _places(kit: Kit) -> None:
    """Each place of a threshold is filled by another person."""
    people = (
        person_text("alice", None, ALICE.key.line).replace("keys", 'groups = ["risk", "ops"]\nkeys')
        + person_text("bob", "risk", BOB.key.line, DAVE.key.line)
        + person_text("carol", "ops", CAROL.key.line)
    )
    rules = '[[rule]]\nname = "all"\nneeds = "risk: 1 of 2 and ops: 1 of 2"\n'
    text = policy_text(people=people, rules=rules, change='"2 of 3"')
    policy, path = policy_of(text), kit.put("policy/places.toml", text.encode())
    from kit.people import say  # noqa: PLC0415 - beside its one use

    a, b, c, d = (say(one, policy=policy) for one in (ALICE, BOB, CAROL, DAVE))
    for name, approvals, why in (
        ("one-in-both", (a,), "one person fills one place, though in both groups"),
        ("both-of-one-and-both", (a, b), "bob for risk, so alice for ops"),
        ("other-way", (a, c), "carol for ops, so alice for risk"),
        ("two-keys", (b, d), "two keys of one person are one person"),
        ("two-keys-and-one", (b, d, c), "bob for risk and carol for ops"),
    ):
        kit.ok(f"places-{name}.json", request(*approvals), why, policy=path, now=NOW)
