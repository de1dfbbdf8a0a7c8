"""From one policy to another: who has to agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from coldlever.shared.message.policy_change import PolicyChange
from coldlever.shared.policy.policy import Policy
from coldlever.shared.statement import Approval, Decision
from coldlever.shared.statement.text import POLICY_NAMESPACE, change_bytes
from kit.case import MISSING, Kit, edited
from kit.people import (
    ALICE,
    BOB,
    CAROL,
    DAVE,
    EXPIRY,
    MALLORY,
    NOW,
    POLICY,
    Approver,
    policy_of,
    policy_text,
)
from kit.policies import ANY


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("policy-change", "Changes of policy")
    _changes(kit)


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
        ("idle-rule", _unsound(policy_text(version="8", rules=ANY + ANY.replace("any", "never"))), "a rule of the new policy that never decides"),
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
