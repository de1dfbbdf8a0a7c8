"""The proof that a request carries for its market alone."""

from __future__ import annotations

from typing import Any

from coldlever.shared.action import (
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.statement.market_list import prove_markets
from kit.approvals import request
from kit.case import MISSING, Kit, edited
from kit.markets import ENTRIES, GIVEN, table
from kit.people import (
    CAROL,
    DAVE,
    ERIN,
    MALLORY,
    NONCE,
    Approver,
    signable,
)


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("market-proof", "Attested markets")
    _proofs(kit)


_DAY = 86_400_000


def proven(asset: int = 110_001, who: tuple[Approver, ...] = (CAROL, ERIN), **changes: Any) -> Any:
    whole = table(ENTRIES, *who)
    action = changes.pop("action", UpdateLeverage(asset, False, 10))
    proof = prove_markets(whole)[asset]
    return request(
        what=signable(action=action), market=whole.entries[asset], proof=proof, **changes
    )


def _proofs(kit: Kit) -> None:
    good = proven()
    for one in ENTRIES:
        kit.ok(
            f"asset-{one.asset}.json",
            proven(one.asset),
            "the proof of one market of five",
            **GIVEN,
        )
    alone = table(ENTRIES[:1], CAROL, ERIN)
    of_one = request(market=alone.entries[0], proof=prove_markets(alone)[0])
    kit.ok("list-of-one.json", of_one, "the proof of a list of one has no path", **GIVEN)
    kit.ok("no-policy.json", good, "without a policy a proof says nothing")
    batch = [good, proven(110_002)]
    kit.ok(
        "batch.json",
        [batch[0], edited(batch[1], "nonce", NONCE + 1)],
        "a proof for each of a batch",
        **GIVEN,
    )
    kit.ok(
        "null.json",
        {**good, "marketProof": None},
        "without its proof the name is nobody's",
        **GIVEN,
    )
    week = {**GIVEN, "now": NONCE + 7 * _DAY}
    margin = UpdateIsolatedMargin(110_001, True, 5)
    kit.ok("week.json", good, "just a week old", **week)
    kit.no(
        "stale.json", good, "a millisecond older than a week", **{**week, "now": week["now"] + 1}
    )
    kit.ok(
        "stale-margin.json",
        proven(action=margin),
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
        **{**GIVEN, "now": NONCE - 120_000},
    )
    kit.no(
        "future.json",
        good,
        "read more than two minutes in the future",
        **{**GIVEN, "now": NONCE - 120_001},
    )
    kit.no(
        "one-attestor.json", proven(who=(ERIN,)), "fewer attestors than the policy wants", **GIVEN
    )
    kit.no(
        "stranger.json",
        proven(who=(CAROL, ERIN, MALLORY)),
        "a key that is nobody's in the policy",
        **GIVEN,
    )
    kit.no(
        "no-attestor.json",
        proven(who=(CAROL, ERIN, DAVE)),
        "a person of the policy who is no attestor",
        **GIVEN,
    )
    proof: Any = good["marketProof"]
    other: Any = proven(110_002)["marketProof"]
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
        kit.no(f"{name}.json", edited(good, path, value), why, **GIVEN)
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
    kit.no("no-dex.json", lie, "a name of a builder's dex has it in front", **GIVEN)
