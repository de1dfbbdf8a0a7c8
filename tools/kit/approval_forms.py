"""The form of an approval, and files of approvals."""

from __future__ import annotations

from coldlever.shared.statement.approval import approval_wire
from coldlever.shared.statement.text import batch_lines
from kit.approvals import GIVEN, batch, request, sheet
from kit.approved_batches import three_signables
from kit.case import MISSING, Kit, edited
from kit.people import (
    ALICE,
    CAROL,
    DAVE,
    EXPIRY,
    NONCE,
    case_of,
    say,
    signable,
)
from kit.signed import envelope


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("approval", "Approvals")
    _forms(kit)
    kit.section("approvals-file", "Approvals")
    _files(kit)


def _forms(kit: Kit) -> None:
    wire = approval_wire(say(ALICE))
    whole = {
        **wire,
        "requests": 3,
        "notAfter": EXPIRY,
        "list": list(batch_lines(three_signables())),
    }
    bare = request()
    for name, one, why in (
        ("decision", {**wire, "decision": "accept"}, "no decision of that name"),
        ("decision-upper", {**wire, "decision": "Approve"}, "no decision of that name"),
        ("key-id-short", {**wire, "keyId": "0x" + "00" * 7}, "8 bytes"),
        ("key-id-upper", {**wire, "keyId": "0x" + "AB" * 8}, "digits are lower-case"),
        ("key-id-no-prefix", {**wire, "keyId": "00" * 8}, "0x in front"),
        ("signature-63", {**wire, "signature": "0x" + "00" * 63}, "64 or 69 bytes"),
        ("signature-65", {**wire, "signature": "0x" + "00" * 65}, "64 or 69 bytes"),
        ("signature-70", {**wire, "signature": "0x" + "00" * 70}, "64 or 69 bytes"),
        ("signature-base64", {**wire, "signature": "AAAA"}, "0x in front"),
        ("signature-half-byte", {**wire, "signature": wire["signature"] + "0"}, "whole bytes"),  # type: ignore[operator]
        ("round-0", {**wire, "round": 0}, "rounds are from 1"),
        ("round-100", {**wire, "round": 100}, "rounds are to 99"),
        ("round-null", {**wire, "round": None}, "the round may be left out, and is not null"),
        ("not-after-0", {**wire, "notAfter": 0}, "from 1 on"),
        ("not-after-text", {**wire, "notAfter": "1"}, "no integer"),
        ("requests-0", {**wire, "requests": 0}, "from 1 on"),
        ("policy-text", {**wire, "policy": "7"}, "no object"),
        ("policy-version-0", {**wire, "policy": {"version": 0, "digest": "0x" + "00" * 32}}, "versions count from 1"),
        ("policy-digest", {**wire, "policy": {"version": 7, "digest": "sha256:" + "00" * 32}}, "a digest is 0x and digits"),
        ("policy-more", {**wire, "policy": {"version": 7, "digest": "0x" + "00" * 32, "name": "x"}}, "a key that is not listed"),
        ("more", {**wire, "person": "alice"}, "a key that is not listed"),
        ("no-decision", {"keyId": wire["keyId"], "signature": wire["signature"]}, "a required key"),
        ("no-key-id", {"decision": "approve", "signature": wire["signature"]}, "a required key"),
        ("no-signature", {"decision": "approve", "keyId": wire["keyId"]}, "a required key"),
        ("list-no-requests", edited(whole, "requests", MISSING), "a list goes with its number"),
        ("list-other-number", {**whole, "requests": 2}, "as many lines as requests"),
        ("list-no-not-after", edited(whole, "notAfter", MISSING), "a list goes with its notAfter"),
        ("list-control", edited(whole, "list.0", "a\nb"), "a line of printable ASCII"),
        ("list-not-ascii", edited(whole, "list.0", "\u00e9"), "a line of printable ASCII"),
        ("list-301", edited(whole, "list.0", "x" * 301), "at most 300 characters"),
        ("list-number", edited(whole, "list.0", 5), "no text"),
        ("list-text", {**whole, "list": "x"}, "no array"),
        ("list-empty", {**whole, "list": []}, "as many lines as requests"),
    ):  # fmt: skip
        kit.no(f"form-{name}.json", {**bare, "approvals": [one]}, why)
    kit.no("form-101.json", {**bare, "approvals": [wire] * 101}, "at most 100")
    kit.ok(
        "form-list.json", {**bare, "approvals": [whole]}, "the form of an approval with its list"
    )
    kit.ok(
        "form-nulls.json",
        {
            **bare,
            "approvals": [
                {**wire, "notAfter": None, "policy": None, "requests": None, "list": None}
            ],
        },
        "null means the same as leaving the key out",
    )


def _files(kit: Kit) -> None:
    case = case_of()
    a, c = say(ALICE), say(CAROL)
    good = sheet(case, a, c)
    path = kit.ok("plain.json", good, "approvals in a file of their own")
    three = case_of(*three_signables(), is_batch=True)
    of_batch = kit.ok(
        "batch.json",
        sheet(three, *(say(who, three) for who in (ALICE, CAROL))),
        "approvals of a batch",
    )
    other = kit.ok(
        "other.json",
        sheet(case_of(signable(nonce=NONCE + 1)), a),
        "approvals that name another request",
    )
    testnet = kit.ok(
        "testnet.json", {**good, "network": "testnet"}, "approvals that name the other network"
    )
    for name, changed, why in (
        ("subject-short", {**good, "subject": "0x" + "00" * 31}, "32 bytes"),
        ("subject-upper", {**good, "subject": "0x" + "AB" * 32}, "digits are lower-case"),
        ("none", {**good, "approvals": []}, "at least one"),
        ("101", {**good, "approvals": good["approvals"] * 51}, "at most 100"),  # type: ignore[operator]
        ("null", {**good, "approvals": None}, "no array"),
        ("version", {**good, "version": 2}, "another version"),
        ("network", {**good, "network": "devnet"}, "no network of that name"),
        ("kind", {**good, "kind": "coldlever/approval"}, "no kind of document"),
        ("more", {**good, "note": "x"}, "a key that is not listed"),
        ("array", [good], "no array of them"),
        *((f"no-{key}", edited(good, key, MISSING), "all keys are required") for key in good if key != "kind"),
    ):  # fmt: skip
        kit.no(f"{name}.json", changed, why)
    kit.section("approval", "Approvals")
    kit.ok("beside.json", request(), "approved by a file beside it", approvals=[path], **GIVEN)
    kit.ok(
        "beside-and-inside.json",
        request(say(DAVE)),
        "approvals inside and in a file",
        approvals=[path],
        **GIVEN,
    )
    kit.ok("beside-twice.json", request(), "the same file twice", approvals=[path, path], **GIVEN)
    kit.ok(
        "beside-payload.json",
        envelope(),
        "a payload, approved by a file beside it",
        approvals=[path],
        **GIVEN,
    )
    kit.ok(
        "beside-batch.json",
        batch(*three_signables()),
        "a batch, approved by a file beside it",
        approvals=[of_batch],
        **GIVEN,
    )
    kit.ok(
        "beside-part.json",
        [request(), request(what=signable(nonce=NONCE + 30))],
        "a file for one of two: they are cases of their own",
        approvals=[path],
        **GIVEN,
    )
    kit.no("beside-other.json", request(), "a file for another request", approvals=[other], **GIVEN)
    kit.no(
        "beside-testnet.json",
        request(),
        "a file for the other network",
        approvals=[testnet],
        **GIVEN,
    )
    kit.no(
        "beside-batch-for-single.json",
        request(),
        "a file for a batch, without its list",
        approvals=[of_batch],
        **GIVEN,
    )
    kit.no(
        "beside-request.json",
        request(),
        "a file beside it that holds no approvals",
        approvals=["request/plain.json"],
        **GIVEN,
    )
