"""Policy files, what they decide, and the change from one to another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from coldlever.shared.action import Network, UpdateIsolatedMargin
from coldlever.shared.action.actions import TopUpIsolatedOnlyMargin
from coldlever.shared.message.policy_change import PolicyChange
from coldlever.shared.policy.policy import Policy
from coldlever.shared.statement import Approval, Decision
from coldlever.shared.statement.text import POLICY_NAMESPACE, change_bytes
from kit.approvals import request
from kit.case import MISSING, Kit, edited
from kit.people import (
    ACCOUNT,
    ALICE,
    BOB,
    CAROL,
    DAVE,
    EXPIRY,
    LIMITS,
    MALLORY,
    NONCE,
    NOW,
    PEOPLE,
    POLICY,
    RULES,
    VAULT,
    WALLET,
    Approver,
    person_text,
    policy_of,
    policy_text,
    signable,
)

_TEXT = policy_text()
_ANY = '[[rule]]\nname = "any"\nneeds = "nobody"\n'


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("policy-file", "Policy")
    _toml(kit)
    _fields(kit)
    kit.section("policy-rule", "Policy")
    _limits(kit)
    _rules(kit)
    kit.section("policy-change", "Changes of policy")
    _changes(kit)


def _toml(kit: Kit) -> None:
    """The language: each text is a policy to some readers of TOML and none to others."""
    first = "policy = 1\n"

    def head(line: str) -> str:
        return _TEXT.replace(first, first + line, 1)

    for name, text, why in (
        ("plain", _TEXT, "the policy of the kit"),
        ("no-last-newline", _TEXT.rstrip("\n"), "no newline at the end: another digest, the same policy"),
        ("comments", "# who\n" + _TEXT.replace("\n", " # x\n", 3), "comments are free"),
        ("literal-strings", _TEXT.replace('"treasury"', "'treasury'"), "a literal string"),
        ("multiline-string", _TEXT.replace('"treasury"', '"""\\\n   treasury"""'), "a string of several lines"),
        ("escape", _TEXT.replace("treasury", "tr\\u0065asury"), "an escape in a string"),
        ("quoted-key", _TEXT.replace("name = ", '"name" = ', 1), "a key in quotes"),
        ("hexadecimal", _TEXT.replace("version = 7", "version = 0x7"), "an integer in hexadecimal digits"),
        ("underscore", _TEXT.replace("ceiling = 50", "ceiling = 5_0"), "an integer with an underscore"),
        ("plus", _TEXT.replace("version = 7", "version = +7"), "an integer with a plus"),
        ("dotted-limits", _TEXT.replace("[limits]\n", "").replace("ceiling", "limits.ceiling").replace("longest", "limits.longest"), "a table of dotted keys"),
        ("inline-person", head("").replace(PEOPLE, "").replace("[limits]", "person = [{name = 'erin', keys = ['" + ALICE.key.line + "']}]\n[limits]").replace(RULES, _ANY).replace("2 of 4", "1 of 1"), "people as inline tables"),
        ("trailing-comma", _TEXT.replace('groups = ["risk"]', 'groups = ["risk",]', 1), "a comma behind the last element"),
        ("spaces", _TEXT.replace(" = ", "\t=  "), "spaces and tabs around the equals sign"),
        ("32-kib", _TEXT + "#" * ((32 << 10) - len(_TEXT)), "exactly 32 KiB"),
    ):  # fmt: skip
        kit.ok(f"{name}.toml", text, why, what="policy")
    for name, text, why in (
        ("crlf", _TEXT.replace("\n", "\r\n"), "lines end with LF alone"),
        ("cr-in-string", _TEXT.replace("treasury", "trea\rsury"), "a CR"),
        ("bom", "\ufeff" + _TEXT, "a byte order mark"),
        ("utf-16", _TEXT.encode("utf-16"), "no UTF-8"),
        ("not-utf8", _TEXT.encode().replace(b"treasury", b"tr\xe9sor"), "no UTF-8"),
        ("32-kib-and-1", _TEXT + "#" * ((32 << 10) - len(_TEXT) + 1), "more than 32 KiB"),
        ("empty", "", "nothing"),
        ("json", "{}", "no TOML"),
        ("nul", _TEXT.replace("treasury", "trea\0sury"), "a control character"),
        ("control-in-comment", _TEXT.replace(first, "policy = 1 # \x01\n"), "a control character in a comment"),
        ("delete", _TEXT.replace("treasury", "trea\x7fsury"), "a control character"),
        ("key-twice", head("version = 7\n"), "a key twice"),
        ("table-twice", _TEXT.replace(PEOPLE, "[limits]\n" + PEOPLE), "a table twice"),
        ("table-and-dotted", _TEXT.replace("[limits]\n", "limits.ceiling = 3\n[limits]\n"), "a table that dotted keys have made already"),
        ("array-and-table", _TEXT + '\n[rule]\nname = "x"\nneeds = "nobody"\n', "a table of the name of an array"),
        ("float", _TEXT.replace("version = 7", "version = 7.0"), "no integer"),
        ("exponent", _TEXT.replace("ceiling = 50", "ceiling = 5e1"), "no integer"),
        ("leading-zero", _TEXT.replace("version = 7", "version = 07"), "an integer with a zero in front"),
        ("infinity", _TEXT.replace("ceiling = 50", "ceiling = inf"), "no integer"),
        ("date", _TEXT.replace("version = 7", "version = 2026-11-22"), "no integer"),
        ("as-text", _TEXT.replace("version = 7", 'version = "7"'), "no integer"),
        ("true-upper", head("pin = True\n"), "no truth value of TOML"),
        ("pin-number", head("pin = 1\n"), "no truth value"),
        ("bare-string", _TEXT.replace('"treasury"', "treasury"), "a string without quotes"),
        ("no-end", _TEXT.replace('"treasury"', '"treasury'), "a string without an end"),
        ("newline-in-string", _TEXT.replace("treasury", "trea\nsury"), "a string of one line with two"),
        ("bad-escape", _TEXT.replace("treasury", "tr\\xasury"), "an escape that TOML 1.0 does not know"),
        ("escape-e", _TEXT.replace("treasury", "\\e[1m"), "an escape that TOML 1.0 does not know"),
        ("surrogate", _TEXT.replace("treasury", "\\ud83d"), "half of a surrogate pair"),
        ("two-a-line", _TEXT.replace("policy = 1\nversion", "policy = 1 version"), "two members in one line"),
        ("leading-comma", _TEXT.replace('["risk"]', '[,"risk"]', 1), "a comma before the first element"),
        ("inline-newline", head("limits = {ceiling = 3,\nchanges-a-day = 3}\n"), "an inline table of two lines"),
        ("deep", head("x = " + "[" * 2000 + "]" * 2000 + "\n"), "nested deeply"),
    ):  # fmt: skip
        kit.no(f"{name}.toml", text, why, what="policy")


def _fields(kit: Kit) -> None:
    def swapped(old: str, new: str) -> str:
        if old not in _TEXT:
            raise ValueError(old)
        return _TEXT.replace(old, new, 1)

    def headed(line: str) -> str:
        return swapped("policy = 1\n", f"policy = 1\n{line}\n")

    def limited(line: str) -> str:
        return swapped("[limits]\n", f"[limits]\n{line}\n")

    def ruled(line: str) -> str:
        return _TEXT + f'\n[[rule]]\nname = "x"\n{line}\n'

    for name, text, why in (
        ("attestors", headed('attestors = ["alice", "dave"]\nattestors-needed = 2\nmarket-max-age = "7d"'), "attestors of markets"),
        ("proposers", headed('proposers = ["alice"]\nproposer-counts = true'), "proposers"),
        ("no-limits", swapped("[limits]\n" + LIMITS, ""), "without limits"),
        ("all-limits", limited('networks = ["mainnet"]\nsigners = ["' + WALLET.address.lower + '"]\naccounts = ["' + VAULT.checksummed + '"]\nactions = ["updateLeverage"]\nmodes = ["cross"]\nmarket = [{network = "mainnet", asset = 0, ceiling = 20}]\nexpiry-required = true\nchanges-a-day = 3'), "each limit"),
        ("refuse", ruled("refuse = true"), "a rule that refuses"),
        ("nobody", ruled('needs = "nobody"'), "a rule that needs nobody"),
        ("all-conditions", ruled('networks = ["testnet"]\nsigners = ["' + WALLET.address.checksummed + '"]\naccounts = ["' + VAULT.lower + '"]\nassets = [0, 110001]\nactions = ["updateIsolatedMargin"]\ndirections = ["raise", "lower", "switch", "add", "remove"]\nmodes = ["cross", "isolated"]\nleverage-up-to = 10\nneeds = "1 of 4"'), "each condition"),
        ("name-80", swapped("treasury", "x" * 80), "a name of 80 characters"),
        ("person-40", swapped('"alice"', '"' + "a" * 40 + '"'), "a person's name of 40 characters"),
    ):  # fmt: skip
        kit.ok(f"{name}.toml", text, why, what="policy")
    extra = person_text("erin", None, Approver("erin", ALICE.kind).key.line)
    for name, text, why in (
        ("format-2", swapped("policy = 1", "policy = 2"), "another format"),
        ("version-0", swapped("version = 7", "version = 0"), "versions count from 1"),
        ("version-negative", swapped("version = 7", "version = -7"), "versions count from 1"),
        ("version-above", swapped("version = 7", f"version = {2**32}"), "at most 2^32-1"),
        ("name-empty", swapped('"treasury"', '""'), "a name of at least one character"),
        ("name-81", swapped("treasury", "x" * 81), "a name of at most 80 characters"),
        ("name-not-ascii", swapped("treasury", "tr\u00e9sor"), "a name of printable ASCII"),
        ("name-tab", swapped("treasury", "trea\tsury"), "a name of printable ASCII"),
        ("unknown-key", headed("approvers = []"), "a key that is not listed"),
        ("underscore-key", headed("proposer_counts = true"), "a key that is not listed"),
        ("unknown-limit", limited("maximum = 5"), "a key that is not listed"),
        ("unknown-condition", ruled('coins = ["BTC"]\nneeds = "nobody"'), "a key that is not listed"),
        ("unknown-in-person", swapped('name = "alice"\n', 'name = "alice"\nrole = "x"\n'), "a key that is not listed"),
        ("no-policy", swapped("policy = 1\n", ""), "a required key"),
        ("no-version", swapped("version = 7\n", ""), "a required key"),
        ("no-name", swapped('name = "treasury"\n', ""), "a required key"),
        ("no-change", swapped('change = "2 of 4"\n', ""), "a required key"),
        ("no-people", policy_text(people="", change='"1 of 1"', rules=_ANY), "at least one person"),
        ("no-rules", policy_text(rules=""), "at least one rule"),
        ("person-name-upper", swapped('"alice"', '"Alice"'), "names are of a-z, 0-9 and -"),
        ("person-name-space", swapped('"alice"', '"alice b"'), "names are of a-z, 0-9 and -"),
        ("person-name-41", swapped('"alice"', '"' + "a" * 41 + '"'), "names of at most 40 characters"),
        ("person-name-wide", swapped('"alice"', '"\u0430lice"'), "a letter that only looks like an a"),
        ("person-twice", swapped('"bob"', '"alice"'), "each name once"),
        ("person-no-keys", swapped(f'keys = ["{ALICE.key.line}"]', "keys = []"), "at least one key"),
        ("person-key-twice", swapped(f'["{ALICE.key.line}"]', f'["{ALICE.key.line}", "{ALICE.key.line}"]'), "each key once"),
        ("groups-empty", swapped('groups = ["risk"]', "groups = []"), "at least one element"),
        ("groups-twice", swapped('groups = ["risk"]', 'groups = ["risk", "risk"]'), "each group once"),
        ("size-wrong", swapped('"2 of 4"', '"2 of 5"'), "the number behind of is the group's size"),
        ("size-stale", _TEXT.replace(RULES, extra + RULES), "the number behind of is the group's size"),
        ("too-many", swapped('"2 of 4"', '"5 of 4"'), "more than there are"),
        ("none-of", swapped('"2 of 4"', '"0 of 4"'), "at least one"),
        ("change-nobody", swapped('"2 of 4"', '"nobody"'), "somebody has to agree to a change"),
        ("threshold-number", swapped('"2 of 4"', "2"), "no text"),
        ("threshold-empty", swapped('"2 of 4"', '""'), "no threshold"),
        ("threshold-words", swapped('"2 of 4"', '"two of four"'), "no threshold"),
        ("threshold-upper", swapped('"2 of 4"', '"2 OF 4"'), "no threshold"),
        ("threshold-spaces", swapped('"2 of 4"', '"2  of 4"'), "no threshold"),
        ("threshold-zero-padded", swapped('"2 of 4"', '"02 of 4"'), "no threshold"),
        ("threshold-or", swapped('"2 of 4"', '"risk: 1 of 2 or ops: 1 of 2"'), "no threshold"),
        ("threshold-group-twice", swapped('"2 of 4"', '"risk: 1 of 2 and risk: 1 of 2"'), "each group once"),
        ("threshold-no-group", swapped('"2 of 4"', '"legal: 1 of 1"'), "a group that nobody is in"),
        ("needs-and-refuse", ruled('needs = "nobody"\nrefuse = true'), "either of them, not both"),
        ("neither", ruled(""), "either of them, not neither"),
        ("refuse-false", ruled("refuse = false"), "either of them, not neither"),
        ("condition-empty", ruled('networks = []\nneeds = "nobody"'), "at least one element"),
        ("condition-twice", ruled('assets = [0, 0]\nneeds = "nobody"'), "each element once"),
        ("condition-case-twice", ruled(f'signers = ["{WALLET.address.lower}", "{WALLET.address.checksummed}"]\nneeds = "nobody"'), "each address once, however it is spelt"),
        ("condition-network", ruled('networks = ["devnet"]\nneeds = "nobody"'), "no network of that name"),
        ("condition-action", ruled('actions = ["noop"]\nneeds = "nobody"'), "a revocation is no part of a policy"),
        ("condition-direction", ruled('directions = ["up"]\nneeds = "nobody"'), "no direction of that name"),
        ("condition-mode", ruled('modes = ["strictIsolated"]\nneeds = "nobody"'), "no mode of that name"),
        ("condition-asset", ruled('assets = [-1]\nneeds = "nobody"'), "from 0 on"),
        ("condition-asset-above", ruled('assets = [4294967296]\nneeds = "nobody"'), "at most 2^32-1"),
        ("condition-checksum", ruled('signers = ["' + WALLET.address.checksummed.swapcase().replace("0X", "0x") + '"]\nneeds = "nobody"'), "an address that does not satisfy EIP-55"),
        ("condition-leverage", ruled('leverage-up-to = 0\nneeds = "nobody"'), "from 1 on"),
        ("limit-ceiling", swapped("ceiling = 50", "ceiling = 0"), "from 1 on"),
        ("limit-market-twice", limited('market = [{network = "mainnet", asset = 0, ceiling = 9}, {network = "mainnet", asset = 0, ceiling = 10}]'), "each market once"),
        ("limit-market-more", limited('market = [{network = "mainnet", asset = 0, ceiling = 9, mode = "cross"}]'), "a key that is not listed"),
        ("limit-market-less", limited('market = [{network = "mainnet", asset = 0}]'), "a required key"),
        ("duration-number", swapped('"24h"', "86400"), "a duration has its unit"),
        ("duration-no-unit", swapped('"24h"', '"24"'), "a duration has its unit"),
        ("duration-zero", swapped('"24h"', '"0h"'), "a duration is above 0"),
        ("duration-padded", swapped('"24h"', '"024h"'), "no zero in front"),
        ("duration-two", swapped('"24h"', '"1d12h"'), "one number and one unit"),
        ("duration-week", swapped('"24h"', '"1w"'), "no unit of that name"),
        ("duration-upper", swapped('"24h"', '"24H"'), "no unit of that name"),
        ("duration-fraction", swapped('"24h"', '"1.5d"'), "a whole number"),
        ("proposers-stranger", headed('proposers = ["mallory"]'), "nobody of that name"),
        ("proposers-empty", headed("proposers = []"), "at least one element"),
        ("proposers-text", headed('proposers = "alice"'), "no array"),
    ):  # fmt: skip
        kit.no(f"{name}.toml", text, why, what="policy")
    for name, text, why in (
        ("attestors-stranger", headed('attestors = ["mallory"]'), "nobody of that name"),
        ("attestors-needed-alone", headed("attestors-needed = 1"), "it goes with attestors"),
        ("attestors-needed-0", headed('attestors = ["alice"]\nattestors-needed = 0'), "from 1 on"),
        (
            "attestors-needed-2",
            headed('attestors = ["alice"]\nattestors-needed = 2'),
            "more than there are",
        ),
        ("market-max-age-alone", headed('market-max-age = "7d"'), "it goes with attestors"),
        (
            "market-max-age-number",
            headed('attestors = ["alice"]\nmarket-max-age = 7'),
            "a duration has its unit",
        ),
    ):
        kit.no(f"{name}.toml", text, why, what="policy")


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
            f"policy/limit-{name}.toml", policy_text(limits=limits + "\n", rules=_ANY).encode()
        )
        put = kit.ok if is_ok else kit.no
        put(f"limit-{name}.json", request(what=signable(**what)), why, policy=policy, now=NOW)  # type: ignore[arg-type]
    drafted = request(account=ACCOUNT)
    policy = kit.put(
        "policy/limit-drafted.toml",
        policy_text(limits=f'accounts = ["{ACCOUNT.lower}"]\n', rules=_ANY).encode(),
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
        ("first-refuses", first + _ANY, False, "the first rule that fits decides, and refuses"),
        ("first-lets", _ANY + first, True, "the first rule that fits decides"),
    ):
        policy = kit.put(f"policy/rule-{name}.toml", policy_text(rules=rules).encode())
        (kit.ok if is_ok else kit.no)(f"rule-{name}.json", request(), why, policy=policy, now=NOW)
    _places(kit)


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


def agree(
    who: Approver, old: Policy | None, new: Policy | None, space: str = POLICY_NAMESPACE
) -> Approval:
    """A person's word on a change of policy."""
    text = change_bytes(None if old is None else old.ref, None if new is None else new.ref, who.key)
    return Approval(Decision.APPROVE, who.key.key_id, who.sign(space, text).pack())


def _unsound(text: str) -> dict[str, Any]:
    """A change to a policy that everybody agrees to."""
    said = tuple(agree(who, POLICY, policy_of(text)) for who in (ALICE, BOB, CAROL, DAVE))
    return PolicyChange(POLICY.ref, text, said).to_wire()


def _changes(kit: Kit) -> None:
    text = policy_text(version="8", change='"3 of 4"')
    new, old = policy_of(text), POLICY
    given = {"policy": "policy/treasury.toml"}
    alice, bob, carol, dave = (agree(who, old, new) for who in (ALICE, BOB, CAROL, DAVE))

    def change(
        *approvals: Approval, of: str | None = text, since: Policy | None = old
    ) -> dict[str, Any]:
        return PolicyChange(None if since is None else since.ref, of, approvals).to_wire()

    for name, wire, why in (
        ("enough", change(alice, bob, carol), "two for the old policy, three for the new one"),
        ("enough-for-old", change(alice, bob), "enough for the old policy, not for the new one"),
        ("nobody", change(), "nobody has agreed yet"),
        (
            "labels",
            {
                **change(alice, bob, carol),
                "approvals": [
                    {**one, "round": 3, "notAfter": 1}
                    for one in change(alice, bob, carol)["approvals"]
                ],
            },
            "of an approval only the key and the signature count",
        ),
        ("all", change(alice, bob, carol, dave), "everybody"),
        ("twice", change(alice, alice, bob), "the same approval twice is one person's"),
    ):
        kit.ok(f"{name}.json", wire, why, **given)
    kit.ok(
        "first.json",
        change(*(agree(who, None, new) for who in (ALICE, BOB, CAROL)), since=None),
        "the first policy: its own threshold alone",
    )
    kit.ok(
        "to-none.json",
        change(*(agree(who, old, None) for who in (ALICE, BOB)), of=None),
        "to no policy: the old threshold alone",
        **given,
    )
    same = policy_of(policy_text(change='"3 of 4"'))
    older = policy_of(policy_text(version="6"))
    other = policy_of(policy_text(version="9"))
    forged = replace(alice, signature=alice.signature[:63] + bytes((alice.signature[63] ^ 1,)))
    for name, wire, why in (
        ("idle-rule", _unsound(policy_text(version="8", rules=_ANY + _ANY.replace("any", "never"))), "a rule of the new policy that never decides"),
        ("unreachable", _unsound(policy_text(version="8", head='proposers = ["alice"]\n', rules='[[rule]]\nname = "all"\nneeds = "4 of 4"\n')), "a threshold that nobody reaches, because who proposes does not count"),
        ("same-version", change(*(agree(who, old, same) for who in (ALICE, BOB, CAROL)), of=policy_text(change='"3 of 4"')), "the version has to go up"),
        ("older", change(*(agree(who, old, older) for who in (ALICE, BOB, CAROL)), of=policy_text(version="6")), "the version has to go up"),
        ("stranger", change(alice, bob, carol, agree(MALLORY, old, new)), "a key of neither policy"),
        ("forged", change(forged, bob, carol), "a changed signature"),
        ("of-another-change", change(agree(ALICE, old, other), bob, carol), "agreed was another policy"),
        ("from-another", change(agree(ALICE, other, new), bob, carol), "agreed was a change from another policy"),
        ("namespace", change(agree(ALICE, old, new, "approve@coldlever"), bob, carol), "signed in another namespace"),
        ("text-edited", change(alice, bob, carol, of=text.replace("ceiling = 50", "ceiling = 500")), "another text than was agreed to"),
        ("text-newline", change(alice, bob, carol, of=text + "\n"), "another text than was agreed to"),
        ("not-from-this", change(alice, bob, carol, since=other), "a change from another policy than the one in force"),
        ("old-digest", edited(change(alice, bob, carol), "old.digest", "0x" + "00" * 32), "a change from another policy than the one in force"),
        ("old-null", edited(change(alice, bob, carol), "old", None), "a first policy, though one is in force"),
    ):  # fmt: skip
        kit.no(f"{name}.json", wire, why, **given)
    wire = change(alice, bob, carol)
    for name, changed, why in (
        ("nothing", {**wire, "old": None, "policy": None}, "from nothing to nothing"),
        ("bad-policy", {**wire, "policy": "policy = 1\n"}, "the new policy is malformed"),
        ("crlf-policy", {**wire, "policy": text.replace("\n", "\r\n")}, "the new policy is malformed"),
        ("policy-object", {**wire, "policy": {}}, "no text"),
        ("long-policy", {**wire, "policy": text + "#" * (32 << 10)}, "longer than 32 KiB"),
        ("old-text", {**wire, "old": "7"}, "no object"),
        ("version", {**wire, "version": 2}, "another version"),
        ("more", {**wire, "note": "x"}, "a key that is not listed"),
        ("approvals-null", {**wire, "approvals": None}, "no array"),
        *((f"no-{key}", edited(wire, key, MISSING), "all keys are required") for key in wire if key != "kind"),
    ):  # fmt: skip
        kit.no(f"form-{name}.json", changed, why)
    assert EXPIRY > NOW
