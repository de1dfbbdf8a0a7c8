"""Approvals under a policy: who counts, which statement was signed, and the texts themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from coldlever.shared.action import Signable
from coldlever.shared.action.actions import Noop
from coldlever.shared.message.approvals_file import ApprovalsFile
from coldlever.shared.message.request import Request
from coldlever.shared.statement import Approval, Case, Decision
from kit.case import Kit
from kit.people import (
    ALICE,
    BOB,
    CAROL,
    DAVE,
    EXPIRY,
    MALLORY,
    NONCE,
    NOW,
    WALLET,
    case_of,
    policy_of,
    policy_text,
    say,
    signable,
)
from kit.signed import envelope

_NAMES = {one.name: one for one in (ALICE, BOB, CAROL, DAVE)}


_DAY = 86_400_000


def request(*approvals: Approval, what: Signable | None = None, **changes: Any) -> dict[str, Any]:
    """A request of the wallet's with approvals."""
    one = signable() if what is None else what
    made = Request(one, WALLET.address, approvals=approvals, **changes)
    return made.to_wire()


def batch(*signables: Signable, approvals: tuple[Approval, ...] = ()) -> list[dict[str, Any]]:
    """A batch whose approvals stand at its first request that is no noop."""
    first = next(at for at, one in enumerate(signables) if not isinstance(one.action, Noop))
    return [
        request(*(approvals if at == first else ()), what=one) for at, one in enumerate(signables)
    ]


def sheet(case: Case, *approvals: Approval) -> dict[str, object]:
    """A file of approvals of its own."""
    return ApprovalsFile(case.network, case.subject, approvals).to_wire()


def fill(kit: Kit) -> None:
    """All of them."""
    kit.put("policy/treasury.toml", policy_text().encode())
    kit.section("approval", "Approvals")
    _who(kit)
    _times(kit)


def under(kit: Kit, head: str) -> dict[str, Any]:
    """The treasury's policy with something more at its head."""
    slug = "".join(sign if sign.isalnum() else "-" for sign in head).strip("-")
    while "--" in slug:
        slug = slug.replace("--", "-")
    return {
        "policy": kit.put(f"policy/with-{slug}.toml", policy_text(head=head + "\n").encode()),
        "now": NOW,
    }


GIVEN: dict[str, Any] = {"policy": "policy/treasury.toml", "now": NOW}


def _who(kit: Kit) -> None:
    a, b, c, d = (say(one) for one in _NAMES.values())
    for name, approvals, why in (
        ("nobody", (), "nobody has approved it: sound, and not approved"),
        ("one-group", (a, b), "two of one group, none of the other"),
        ("enough", (a, c), "one of each group"),
        ("all", (a, b, c, d), "everybody"),
        ("twice-one", (a, a), "the same approval twice is one person's"),
        ("security-keys", (b, c), "two security keys, of both kinds"),
        ("two-ed25519", (a, d), "two Ed25519 keys"),
        ("rejected", (a, c, say(DAVE, decision=Decision.REJECT)), "a rejection stops it"),
        (
            "rejected-by-who-approved",
            (a, c, say(ALICE, decision=Decision.REJECT)),
            "in one round the rejection counts",
        ),
        (
            "approved-after-all",
            (a, c, say(ALICE, decision=Decision.REJECT), say(ALICE, number=2)),
            "the highest round counts",
        ),
        (
            "rejected-later",
            (a, c, say(ALICE, decision=Decision.REJECT, number=2)),
            "the highest round counts",
        ),
        ("round-99", (say(ALICE, number=99), c), "the last round"),
    ):
        kit.ok(f"{name}.json", request(*approvals), why, **GIVEN)
    signed = envelope(approvals=(a, c))
    kit.ok("of-payload.json", signed, "a signed payload carries them on", **GIVEN)
    kit.ok(
        "of-payload-nobody.json", envelope(), "a signed payload that nobody has approved", **GIVEN
    )
    kit.ok(
        "no-policy.json",
        request(a, say(MALLORY)),
        "without a policy nobody is known, and nothing is judged",
    )
    kit.ok(
        "noop.json",
        {**request(what=signable(action=Noop(), expires_after=None))},
        "a revocation needs no approval",
        **GIVEN,
    )
    no_clock = {"policy": "policy/treasury.toml"}
    kit.ok("no-clock.json", request(a, c), "without a clock no approval ends", **no_clock)
    kit.no(
        "stranger.json",
        request(a, c, say(MALLORY)),
        "a key that is nobody's in the policy",
        **GIVEN,
    )
    kit.no(
        "key-id-of-another.json",
        request(replace(a, key_id=d.key_id), c),
        "another person's key id",
        **GIVEN,
    )
    kit.no(
        "decision-turned.json",
        request(replace(a, decision=Decision.REJECT), c),
        "an approval turned into a rejection",
        **GIVEN,
    )
    kit.no(
        "rejection-turned.json",
        request(replace(say(ALICE, decision=Decision.REJECT), decision=Decision.APPROVE), c),
        "a rejection turned into an approval",
        **GIVEN,
    )
    kit.no(
        "round-raised.json",
        request(replace(a, number=2), c),
        "the round is part of what was signed",
        **GIVEN,
    )
    kit.no(
        "proposal-unwanted.json",
        request(a, c, say(DAVE, decision=Decision.PROPOSE)),
        "a proposal by somebody whom the policy does not let propose",
        **GIVEN,
    )
    proposers = under(kit, 'proposers = ["alice"]')
    of_them = policy_of(policy_text(head='proposers = ["alice"]\n'))
    said = {name: say(who, policy=of_them) for name, who in _NAMES.items()}
    proposal = say(ALICE, decision=Decision.PROPOSE, policy=of_them)
    kit.ok(
        "proposed.json",
        request(proposal, said["bob"], said["carol"]),
        "proposed by one, approved by others",
        **proposers,
    )
    kit.ok(
        "not-proposed.json",
        request(said["bob"], said["carol"]),
        "a proposal is missing",
        **proposers,
    )
    kit.ok(
        "proposer-approves.json",
        request(proposal, said["alice"], said["carol"]),
        "who proposes does not count",
        **proposers,
    )
    kit.ok(
        "payload-without-proposal.json",
        envelope(approvals=(said["bob"], said["carol"])),
        "of a payload no proposal is wanted",
        **proposers,
    )
    kit.ok(
        "payload-with-proposal.json",
        envelope(approvals=(proposal, said["alice"], said["carol"])),
        "of a payload, too, who proposed does not count",
        **proposers,
    )
    counting = under(kit, 'proposers = ["alice"]\nproposer-counts = true')
    counted = policy_of(policy_text(head='proposers = ["alice"]\nproposer-counts = true\n'))
    kit.ok(
        "proposer-counts.json",
        request(say(ALICE, decision=Decision.PROPOSE, policy=counted), say(CAROL, policy=counted)),
        "proposing is agreeing too",
        **counting,
    )


def _times(kit: Kit) -> None:
    early = NOW + 1000
    short = [say(who, not_after=early) for who in (ALICE, CAROL)]
    kit.ok("shorter.json", request(*short), "an approval may end before the payload", **GIVEN)
    kit.ok(
        "last-moment.json",
        request(*short),
        "at its not after it still counts",
        **{**GIVEN, "now": early},
    )
    kit.no(
        "over.json",
        request(*short),
        "a millisecond later it does not",
        **{**GIVEN, "now": early + 1},
    )
    kit.no(
        "over-by-default.json",
        request(say(ALICE)),
        "without a not after it ends with the payload",
        **{**GIVEN, "now": EXPIRY + 1},
    )
    kit.no(
        "outlives.json",
        request(say(ALICE, not_after=EXPIRY + 1)),
        "an approval that would outlive the payload",
        **GIVEN,
    )
    kit.ok(
        "just-as-long.json",
        request(say(ALICE, not_after=EXPIRY)),
        "an approval that ends with the payload, and says so",
        **GIVEN,
    )
    kit.no(
        "lengthened.json",
        request(replace(short[0], not_after=early + 1)),
        "its not after is part of what was signed",
        **GIVEN,
    )
    kit.no(
        "made-default.json",
        request(replace(short[0], not_after=None)),
        "its not after is part of what was signed",
        **GIVEN,
    )
    endless = signable(expires_after=None)
    lax = {
        "policy": kit.put("policy/no-validity.toml", policy_text(limits="ceiling = 50\n").encode()),
        "now": NOW,
    }
    loose = policy_of(policy_text(limits="ceiling = 50\n"))
    end = NONCE + 2 * _DAY
    kit.ok(
        "no-expiry.json",
        request(say(ALICE, case_of(endless), policy=loose), what=endless),
        "without an expiry the payload ends two days after its nonce",
        **{**lax, "now": end},
    )
    kit.no(
        "no-expiry-over.json",
        request(say(ALICE, case_of(endless), policy=loose), what=endless),
        "a millisecond after these two days",
        **{**lax, "now": end + 1},
    )
    late = signable(expires_after=NONCE + 3 * _DAY)
    kit.ok(
        "late-expiry.json",
        request(say(ALICE, case_of(late), policy=loose), what=late),
        "an expiry later than these two days ends no later",
        **{**lax, "now": end},
    )
    far = signable(nonce=253_402_300_800_000 - 2 * _DAY, expires_after=None)
    kit.ok(
        "year-9999.json",
        request(say(ALICE, case_of(far), policy=loose), what=far),
        "behind the year 9999 a time is its number alone",
        **{**lax, "now": NOW},
    )
