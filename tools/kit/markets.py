"""Market tables, who attests them, and the proof that a request carries for its market alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from coldlever.shared.action import (
    MarketEntry,
    MarketTable,
    Network,
)
from coldlever.shared.action.attestation import Attestation, merge_attestations
from coldlever.shared.action.market import MarginMode
from coldlever.shared.policy.policy import Policy
from coldlever.shared.statement.market_list import MARKET_NAMESPACE, list_of
from kit.case import MISSING, Kit, edited
from kit.people import (
    ALICE,
    CAROL,
    ERIN,
    MALLORY,
    NONCE,
    NOW,
    PEOPLE,
    Approver,
    person_text,
    policy_of,
    policy_text,
)

_RULES = '[[rule]]\nname = "all"\nneeds = "nobody"\n'


_HEAD = 'attestors = ["carol", "erin"]\nattestors-needed = 2\nmarket-max-age = "7d"\n'


def _policy_text(head: str = _HEAD) -> str:
    people = PEOPLE + person_text("erin", None, ERIN.key.line)
    return policy_text(head=head, people=people, rules=_RULES, change='"2 of 5"')


_POLICY: Policy = policy_of(_policy_text())


def entry(asset: int, coin: str, **changes: Any) -> MarketEntry:
    """One market on mainnet."""
    known: dict[str, Any] = {
        "network": Network.MAINNET,
        "max_leverage": 20,
        "margin_mode": MarginMode.NORMAL,
        "delisted": False,
        "time": NONCE,
    }
    return MarketEntry(asset=asset, coin=coin, **{**known, **changes})


_DAY = 86_400_000

ENTRIES = (
    entry(0, "BTC", max_leverage=40),
    entry(5, "SOL"),
    entry(110_000, "xyz:XYZ100"),
    entry(110_001, "xyz:TSLA", margin_mode=MarginMode.STRICT_ISOLATED),
    entry(110_002, "xyz:NVDA", margin_mode=MarginMode.NO_CROSS, delisted=True, time=NONCE - _DAY),
)


def table(
    entries: tuple[MarketEntry, ...] = ENTRIES, *who: Approver, space: str = MARKET_NAMESPACE
) -> MarketTable:
    """A table that these have attested."""
    bare = MarketTable(
        entries[0].network if entries else Network.MAINNET,
        NONCE,
        {one.asset: one for one in entries},
    )
    return attested(bare, *who, space=space)


def attested(bare: MarketTable, *who: Approver, space: str = MARKET_NAMESPACE) -> MarketTable:
    """The same table with the attestations of these."""
    signed = tuple(
        Attestation(one.key.key_id, one.sign(space, list_of(bare).statement(one.key)).pack())
        for one in who
    )
    return replace(bare, attestations=merge_attestations(signed))


def fill(kit: Kit) -> None:
    """All of them."""
    kit.put("policy/attestors.toml", _policy_text().encode())
    kit.section("market-table", "Market table and market entry")
    _tables(kit)
    kit.section("market-attested", "Attested markets")
    _attested(kit)


def _tables(kit: Kit) -> None:
    good = table().to_wire()
    kit.ok("plain.json", good, "a table that nobody has attested")
    kit.ok("empty.json", table(()).to_wire(), "a table without markets")
    kit.ok("reversed.json", {**good, "entries": good["entries"][::-1]}, "entries come in any order")  # type: ignore[index]
    kit.ok(
        "attestations-null.json",
        {**good, "attestations": None},
        "null means the same as leaving the key out",
    )
    first: Any = good["entries"]
    for name, changed, why in (
        ("twice", {**good, "entries": [first[0], first[0]]}, "each asset once"),
        ("twice-other", {**good, "entries": [first[0], {**first[0], "maxLeverage": 3}]}, "each asset once"),
        ("other-network", edited(good, "entries.0.network", "testnet"), "an entry of another network"),
        ("network", {**good, "network": "devnet"}, "no network of that name"),
        ("version", {**good, "version": 2}, "another version"),
        ("time", {**good, "time": -1}, "from 0 on"),
        ("entries-null", {**good, "entries": None}, "no array"),
        ("entries-object", {**good, "entries": {}}, "no array"),
        ("entry-null", {**good, "entries": [None]}, "no object"),
        ("entry-more", edited(good, "entries.0.more", 1), "a key that is not listed"),
        ("more", {**good, "signature": "x"}, "a key that is not listed"),
        ("in-array", [good], "no array of them"),
        ("maximum-0", edited(good, "entries.0.maxLeverage", 0), "from 1 on"),
        ("coin-65", edited(good, "entries.2.coin", "x:" + "y" * 63), "at most 64 characters"),
        ("attestations-empty", {**good, "attestations": []}, "at least one"),
        ("attestations-of-nothing", {**table(ENTRIES, ERIN).to_wire(), "entries": []}, "nobody can vouch for no market"),
        *((f"no-{key}", edited(good, key, MISSING), "all keys are required") for key in good if key != "kind"),
    ):  # fmt: skip
        kit.no(f"{name}.json", changed, why)


GIVEN: dict[str, Any] = {"policy": "policy/attestors.toml", "now": NOW}


def _attested(kit: Kit) -> None:
    both = table(ENTRIES, CAROL, ERIN)
    wire: Any = both.to_wire()
    kit.ok("both.json", wire, "two attestors, with a security key and without", **GIVEN)
    kit.ok(
        "one.json",
        table(ENTRIES, ERIN).to_wire(),
        "one attestor; whether that is enough is asked where it is used",
        **GIVEN,
    )
    kit.ok("nobody.json", table().to_wire(), "nobody has attested it", **GIVEN)
    kit.ok("no-policy.json", wire, "without a policy nobody is known")
    kit.ok(
        "reversed.json",
        {**wire, "entries": wire["entries"][::-1]},
        "the list is ascending by asset, whatever the table's order",
        **GIVEN,
    )
    for count in (1, 2, 3, 4):
        kit.ok(
            f"list-of-{count}.json",
            table(ENTRIES[:count], ERIN).to_wire(),
            f"the tree of {count}",
            **GIVEN,
        )
    for name, path, value, why in (
        ("coin", "entries.3.coin", "xyz:TSLB", "another name than was attested"),
        ("maximum", "entries.0.maxLeverage", 50, "another maximum than was attested"),
        ("mode", "entries.0.marginMode", "noCross", "another mode than was attested"),
        ("delisted", "entries.0.delisted", True, "delisted, which was attested as listed"),
        ("time", "entries.0.time", NONCE + 1, "another time than was attested"),
        ("asset", "entries.3.asset", 110_009, "another asset than was attested"),
        ("entry-less", "entries.4", MISSING, "an entry less than was attested"),
    ):
        kit.no(f"edited-{name}.json", edited(wire, path, value), why, **GIVEN)
    kit.ok(
        "edited-table-time.json",
        {**wire, "time": NONCE + 5},
        "the table's own time is not attested",
        **GIVEN,
    )
    more = {**wire, "entries": [*wire["entries"], entry(110_003, "xyz:NEW").to_wire()]}
    kit.no("entry-more.json", more, "an entry more than was attested", **GIVEN)
    testnet = {
        **wire,
        "network": "testnet",
        "entries": [{**one, "network": "testnet"} for one in wire["entries"]],
    }
    kit.no("other-network.json", testnet, "the other network than was attested", **GIVEN)
    kit.no(
        "namespace.json",
        table(ENTRIES, ERIN, space="approve@coldlever").to_wire(),
        "signed in another namespace",
        **GIVEN,
    )
    kit.no(
        "stranger.json",
        table(ENTRIES, ERIN, MALLORY).to_wire(),
        "a key that is nobody's in the policy",
        **GIVEN,
    )
    kit.no(
        "no-attestor.json",
        table(ENTRIES, ERIN, ALICE).to_wire(),
        "a person of the policy who is no attestor",
        **GIVEN,
    )
    attestations = wire["attestations"]
    flipped = attestations[0]["signature"][:-1] + (
        "0" if attestations[0]["signature"][-1] != "0" else "1"
    )
    for name, changed, why in (
        ("swapped", attestations[::-1], "ascending by key id"),
        ("twice", [attestations[0], attestations[0]], "each once"),
        (
            "changed",
            [{**attestations[0], "signature": flipped}, attestations[1]],
            "a changed signature or counter",
        ),
        (
            "21",
            [{"keyId": f"0x{at:016x}", "signature": "0x" + "00" * 64} for at in range(21)],
            "at most 20",
        ),
        ("short", [{**attestations[0], "signature": "0x" + "00" * 63}], "64 or 69 bytes"),
        ("upper", [{**attestations[0], "keyId": "0x" + "AB" * 8}], "digits are lower-case"),
        ("more", [{**attestations[0], "name": "erin"}], "a key that is not listed"),
        ("less", [{"keyId": attestations[0]["keyId"]}], "a required key"),
    ):
        kit.no(f"attestations-{name}.json", {**wire, "attestations": changed}, why, **GIVEN)
    for name, coin in {
        "space": "x:A B",
        "not-ascii": "x:\u00c5",
        "41": "x:" + "y" * 39,
        "leading-dot": ".x:A",
    }.items():
        odd = (*ENTRIES, entry(110_009, coin))
        signed = {**table(odd).to_wire(), "attestations": attestations}
        kit.no(f"name-{name}.json", signed, "a name that no statement can hold", **GIVEN)
    for flags, is_ok in ((0x01, True), (0x00, False), (0x07, False)):
        bare = table()
        statement = list_of(bare).statement(CAROL.key)
        one = Attestation(CAROL.key.key_id, CAROL.sign(MARKET_NAMESPACE, statement, flags).pack())
        put = kit.ok if is_ok else kit.no
        put(
            f"flags-{flags:02x}.json",
            replace(bare, attestations=(one,)).to_wire(),
            f"a security key's flags {flags:02x}",
            **GIVEN,
        )
