"""Policy files, what they decide, and the change from one to another."""

from __future__ import annotations

from kit.case import Kit
from kit.people import (
    ALICE,
    LIMITS,
    PEOPLE,
    RULES,
    VAULT,
    WALLET,
    Approver,
    person_text,
    policy_text,
)

_TEXT = policy_text()


ANY = '[[rule]]\nname = "any"\nneeds = "nobody"\n'


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("policy-file", "Policy")
    _toml(kit)
    _sizes(kit)
    _fields(kit)


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
        ("inline-person", head("").replace(PEOPLE, "").replace("[limits]", "person = [{name = 'erin', keys = ['" + ALICE.key.line + "']}]\n[limits]").replace(RULES, ANY).replace("2 of 4", "1 of 1"), "people as inline tables"),
        ("trailing-comma", _TEXT.replace('groups = ["risk"]', 'groups = ["risk",]', 1), "a comma behind the last element"),
        ("spaces", _TEXT.replace(" = ", "\t=  "), "spaces and tabs around the equals sign"),
    ):  # fmt: skip
        kit.ok(f"{name}.toml", text, why, what="policy")
    for name, text, why in (
        ("crlf", _TEXT.replace("\n", "\r\n"), "lines end with LF alone"),
        ("cr-in-string", _TEXT.replace("treasury", "trea\rsury"), "a CR"),
        ("bom", "\ufeff" + _TEXT, "a byte order mark"),
        ("utf-16", _TEXT.encode("utf-16"), "no UTF-8"),
        ("not-utf8", _TEXT.encode().replace(b"treasury", b"tr\xe9sor"), "no UTF-8"),
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


def _sizes(kit: Kit) -> None:
    for size, put, why in ((32 << 10, kit.ok, "exactly 32 KiB"), ((32 << 10) + 1, kit.no, "more")):
        put(
            f"{size}-bytes.toml",
            _TEXT,
            f"{why}, with the spaces behind it",
            what="policy",
            pad=size,
        )


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
        ("no-people", policy_text(people="", change='"1 of 1"', rules=ANY), "at least one person"),
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
