"""Market tables, who attests them, and the proof that a request carries for its market alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from coldlever.shared.action import (
    MarketEntry,
    MarketTable,
    Network,
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.action.attestation import Attestation, merge_attestations
from coldlever.shared.action.market import MarginMode
from coldlever.shared.policy.policy import Policy
from coldlever.shared.statement.market_list import MARKET_NAMESPACE, list_of, prove_markets
from kit.approvals import request
from kit.case import MISSING, Kit, edited
from kit.people import (
    ALICE,
    CAROL,
    DAVE,
    ERIN,
    MALLORY,
    NONCE,
    NOW,
    PEOPLE,
    Approver,
    person_text,
    policy_of,
    policy_text,
    signable,
)

_RULES = '[[rule]]\nname = "all"\nneeds = "nobody"\n'
_HEAD = 'attestors = ["carol", "erin"]\nattestors-needed = 2\nmarket-max-age = "7d"\n'
_DAY = 86_400_000


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


_ENTRIES = (
    entry(0, "BTC", max_leverage=40),
    entry(5, "SOL"),
    entry(110_000, "xyz:XYZ100"),
    entry(110_001, "xyz:TSLA", margin_mode=MarginMode.STRICT_ISOLATED),
    entry(110_002, "xyz:NVDA", margin_mode=MarginMode.NO_CROSS, delisted=True, time=NONCE - _DAY),
)


def table(
    entries: tuple[MarketEntry, ...] = _ENTRIES, *who: Approver, space: str = MARKET_NAMESPACE
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
    kit.section("market-proof", "Attested markets")
    _proofs(kit)


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
        ("attestations-of-nothing", {**table(_ENTRIES, ERIN).to_wire(), "entries": []}, "nobody can vouch for no market"),
        *((f"no-{key}", edited(good, key, MISSING), "all keys are required") for key in good if key != "kind"),
    ):  # fmt: skip
        kit.no(f"{name}.json", changed, why)


_GIVEN: dict[str, Any] = {"policy": "policy/attestors.toml", "now": NOW}


def _attested(kit: Kit) -> None:
    both = table(_ENTRIES, CAROL, ERIN)
    wire: Any = both.to_wire()
    kit.ok("both.json", wire, "two attestors, with a security key and without", **_GIVEN)
    kit.ok(
        "one.json",
        table(_ENTRIES, ERIN).to_wire(),
        "one attestor; whether that is enough is asked where it is used",
        **_GIVEN,
    )
    kit.ok("nobody.json", table().to_wire(), "nobody has attested it", **_GIVEN)
    kit.ok("no-policy.json", wire, "without a policy nobody is known")
    kit.ok(
        "reversed.json",
        {**wire, "entries": wire["entries"][::-1]},
        "the list is ascending by asset, whatever the table's order",
        **_GIVEN,
    )
    for count in (1, 2, 3, 4):
        kit.ok(
            f"list-of-{count}.json",
            table(_ENTRIES[:count], ERIN).to_wire(),
            f"the tree of {count}",
            **_GIVEN,
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
        kit.no(f"edited-{name}.json", edited(wire, path, value), why, **_GIVEN)
    kit.ok(
        "edited-table-time.json",
        {**wire, "time": NONCE + 5},
        "the table's own time is not attested",
        **_GIVEN,
    )
    more = {**wire, "entries": [*wire["entries"], entry(110_003, "xyz:NEW").to_wire()]}
    kit.no("entry-more.json", more, "an entry more than was attested", **_GIVEN)
    testnet = {
        **wire,
        "network": "testnet",
        "entries": [{**one, "network": "testnet"} for one in wire["entries"]],
    }
    kit.no("other-network.json", testnet, "the other network than was attested", **_GIVEN)
    kit.no(
        "namespace.json",
        table(_ENTRIES, ERIN, space="approve@coldlever").to_wire(),
        "signed in another namespace",
        **_GIVEN,
    )
    kit.no(
        "stranger.json",
        table(_ENTRIES, ERIN, MALLORY).to_wire(),
        "a key that is nobody's in the policy",
        **_GIVEN,
    )
    kit.no(
        "no-attestor.json",
        table(_ENTRIES, ERIN, ALICE).to_wire(),
        "a person of the policy who is no attestor",
        **_GIVEN,
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
        kit.no(f"attestations-{name}.json", {**wire, "attestations": changed}, why, **_GIVEN)
    for name, coin in {
        "space": "x:A B",
        "not-ascii": "x:\u00c5",
        "41": "x:" + "y" * 39,
        "leading-dot": ".x:A",
    }.items():
        odd = (*_ENTRIES, entry(110_009, coin))
        signed = {**table(odd).to_wire(), "attestations": attestations}
        kit.no(f"name-{name}.json", signed, "a name that no statement can hold", **_GIVEN)
    for flags, is_ok in ((0x01, True), (0x00, False), (0x07, False)):
        bare = table()
        statement = list_of(bare).statement(CAROL.key)
        one = Attestation(CAROL.key.key_id, CAROL.sign(MARKET_NAMESPACE, statement, flags).pack())
        put = kit.ok if is_ok else kit.no
        put(
            f"flags-{flags:02x}.json",
            replace(bare, attestations=(one,)).to_wire(),
            f"a security key's flags {flags:02x}",
            **_GIVEN,
        )


def _proven(asset: int = 110_001, who: tuple[Approver, ...] = (CAROL, ERIN), **changes: Any) -> Any:
    whole = table(_ENTRIES, *who)
    action = changes.pop("action", UpdateLeverage(asset, False, 10))
    proof = prove_markets(whole)[asset]
    return request(
        what=signable(action=action), market=whole.entries[asset], proof=proof, **changes
    )


def _proofs(kit: Kit) -> None:
    good = _proven()
    for one in _ENTRIES:
        kit.ok(
            f"asset-{one.asset}.json",
            _proven(one.asset),
            "the proof of one market of five",
            **_GIVEN,
        )
    alone = table(_ENTRIES[:1], CAROL, ERIN)
    of_one = request(market=alone.entries[0], proof=prove_markets(alone)[0])
    kit.ok("list-of-one.json", of_one, "the proof of a list of one has no path", **_GIVEN)
    kit.ok("no-policy.json", good, "without a policy a proof says nothing")
    batch = [good, _proven(110_002)]
    kit.ok(
        "batch.json",
        [batch[0], edited(batch[1], "nonce", NONCE + 1)],
        "a proof for each of a batch",
        **_GIVEN,
    )
    kit.ok(
        "null.json",
        {**good, "marketProof": None},
        "without its proof the name is nobody's",
        **_GIVEN,
    )
    week = {**_GIVEN, "now": NONCE + 7 * _DAY}
    margin = UpdateIsolatedMargin(110_001, True, 5)
    kit.ok("week.json", good, "just a week old", **week)
    kit.no(
        "stale.json", good, "a millisecond older than a week", **{**week, "now": week["now"] + 1}
    )
    kit.ok(
        "stale-margin.json",
        _proven(action=margin),
        "moving margin depends on no limits, and names do not age",
        **{**week, "now": week["now"] + 1},
    )
    kit.ok(
        "stale-no-clock.json",
        good,
        "without a clock the age is not judged",
        policy="policy/attestors.toml",
    )
    kit.ok(
        "ahead.json",
        good,
        "two clocks may differ by two minutes",
        **{**_GIVEN, "now": NONCE - 120_000},
    )
    kit.no(
        "future.json",
        good,
        "read more than two minutes in the future",
        **{**_GIVEN, "now": NONCE - 120_001},
    )
    kit.no(
        "one-attestor.json", _proven(who=(ERIN,)), "fewer attestors than the policy wants", **_GIVEN
    )
    kit.no(
        "stranger.json",
        _proven(who=(CAROL, ERIN, MALLORY)),
        "a key that is nobody's in the policy",
        **_GIVEN,
    )
    kit.no(
        "no-attestor.json",
        _proven(who=(CAROL, ERIN, DAVE)),
        "a person of the policy who is no attestor",
        **_GIVEN,
    )
    proof: Any = good["marketProof"]
    other: Any = _proven(110_002)["marketProof"]
    for name, path, value, why in (
        ("of-another", "marketProof", other, "the proof of another market"),
        ("position", "marketProof.position", 2, "another place in the list"),
        ("markets-more", "marketProof.markets", 6, "another number of markets"),
        ("markets-less", "marketProof.markets", 4, "another number of markets"),
        ("path-less", "marketProof.path", proof["path"][:-1], "a path that is too short"),
        (
            "path-more",
            "marketProof.path",
            [*proof["path"], "0x" + "00" * 32],
            "a path that is too long",
        ),
        ("path-reversed", "marketProof.path", proof["path"][::-1], "a path the other way round"),
        ("path-empty", "marketProof.path", [], "no path"),
        ("path-changed", "marketProof.path.0", "0x" + "00" * 32, "another digest in the path"),
        ("coin", "market.coin", "xyz:TSLB", "another name than was attested"),
        ("maximum", "market.maxLeverage", 21, "another maximum than was attested"),
        ("mode", "market.marginMode", "normal", "another mode than was attested"),
        ("delisted", "market.delisted", True, "delisted, which was attested as listed"),
        ("time", "market.time", NONCE + 1, "another time than was attested"),
        (
            "attestations-changed",
            "marketProof.attestations.0.signature",
            "0x" + "00" * 64,
            "a changed signature",
        ),
    ):
        kit.no(f"{name}.json", edited(good, path, value), why, **_GIVEN)
    for name, path, value, why in (
        ("no-market", "market", MISSING, "a proof goes with its market"),
        ("form-position-above", "marketProof.position", 5, "below markets"),
        ("form-position-negative", "marketProof.position", -1, "from 0 on"),
        ("form-markets-0", "marketProof.markets", 0, "from 1 on"),
        ("form-path-33", "marketProof.path", ["0x" + "00" * 32] * 33, "at most 32"),
        ("form-path-short", "marketProof.path.0", "0x" + "00" * 31, "32 bytes"),
        ("form-path-text", "marketProof.path", "0x", "no array"),
        ("form-attestations-empty", "marketProof.attestations", [], "at least one"),
        ("form-attestations-swapped", "marketProof.attestations", proof["attestations"][::-1], "ascending by key id"),
        ("form-more", "marketProof.root", "0x" + "00" * 32, "a key that is not listed"),
        *((f"form-no-{key}", f"marketProof.{key}", MISSING, "all keys are required") for key in proof),
    ):  # fmt: skip
        kit.no(f"{name}.json", edited(good, path, value), why)
    lie = edited(edited(good, "market.coin", "TSLA"), "marketProof", MISSING)
    kit.no("no-dex.json", lie, "a name of a builder's dex has it in front", **_GIVEN)
