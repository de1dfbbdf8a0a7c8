"""The statements themselves, as a person reads and signs them."""

from __future__ import annotations

from typing import Any

from coldlever.shared.action import Network, UpdateIsolatedMargin
from coldlever.shared.action.actions import TopUpIsolatedOnlyMargin
from coldlever.shared.message.request import Request
from coldlever.shared.statement import Decision, statement_bytes
from kit.approvals import GIVEN
from kit.approved_batches import three_signables
from kit.case import Kit
from kit.people import (
    ACCOUNT,
    ALICE,
    BOB,
    CAROL,
    NOW,
    POLICY,
    VAULT,
    WALLET,
    case_of,
    signable,
)


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("statement", "Approvals")
    _texts(kit)


def _texts(kit: Kit) -> None:
    """The statements themselves, as a person reads and signs them."""
    keys = {
        who.name: kit.put(f"key/{who.name}.pub", f"{who.key.line}\n".encode())
        for who in (ALICE, BOB, CAROL)
    }
    cases = {
        "plain": case_of(),
        "vault": case_of(signable(vault=VAULT)),
        "account": case_of(account=ACCOUNT),
        "no-expiry": case_of(signable(expires_after=None)),
        "isolated": case_of(signable(action=UpdateIsolatedMargin(3, False, 250_500_000))),
        "isolated-micro": case_of(signable(action=UpdateIsolatedMargin(3, True, -1))),
        "isolated-whole": case_of(signable(action=UpdateIsolatedMargin(3, True, 5_000_000))),
        "top-up": case_of(signable(action=TopUpIsolatedOnlyMargin(110_001, "2.5"))),
        "batch": case_of(*three_signables(), is_batch=True),
        "testnet": case_of(signable(network=Network.TESTNET)),
        "year-9999": case_of(signable(nonce=253_402_300_799_999, expires_after=253_402_300_800_000)),
        "year-1970": case_of(signable(nonce=0, expires_after=999)),
    }  # fmt: skip
    for name, case in cases.items():
        wires = [
            Request(one, WALLET.address, account=case.account).to_wire() for one in case.signables
        ]
        document = kit.put(f"statement/{name}.json", _json(wires if case.is_batch else wires[0]))
        text = statement_bytes(case, POLICY.ref, ALICE.key, Decision.APPROVE)
        given = {
            "what": "statement",
            "document": document,
            "policy": GIVEN["policy"],
            "key": keys["alice"],
            "decision": "approve",
        }
        kit.ok(f"{name}.txt", text, "the statement of the document beside it", **given)
    plain, given = (
        cases["plain"],
        {
            "what": "statement",
            "document": "statement/plain.json",
            "policy": GIVEN["policy"],
            "key": keys["alice"],
            "decision": "approve",
        },
    )
    for name, decision, number, until in (
        ("reject", Decision.REJECT, 1, None),
        ("propose", Decision.PROPOSE, 1, None),
        ("round-2", Decision.APPROVE, 2, None),
        ("until", Decision.APPROVE, 1, NOW),
    ):
        text = statement_bytes(
            plain, POLICY.ref, ALICE.key, decision, number=number, not_after=until
        )
        more = {
            key: value
            for key, value in {"round": number, "notAfter": until}.items()
            if value is not None
        }
        kit.ok(
            f"{name}.txt",
            text,
            f"the statement of the plain document: {name}",
            **{**given, **more, "decision": decision.value},
        )
    for who in (BOB, CAROL):
        text = statement_bytes(plain, POLICY.ref, who.key, Decision.APPROVE)
        kit.ok(
            f"of-{who.name}.txt",
            text,
            "the fingerprint is of a security key",
            **{**given, "key": keys[who.name]},
        )
    text = statement_bytes(plain, POLICY.ref, ALICE.key, Decision.APPROVE)
    for name, changed, why in (
        ("crlf", text.replace(b"\n", b"\r\n"), "lines end with LF alone"),
        ("no-newline", text[:-1], "each line ends with LF, the last one too"),
        ("space", text.replace(b"decision: ", b"decision:  "), "exact bytes only"),
        ("coin", text.replace(b"asset 0", b"asset BTC"), "the coin's name stays out"),
        ("time", text.replace(b" UTC)", b" GMT)"), "times are UTC and say so"),
        ("other-digest", text.replace(b"digest: 0xb", b"digest: 0xc"), "another digest"),
        ("truncated", text[: len(text) // 2], "half of it"),
        ("empty", b"", "nothing"),
    ):  # fmt: skip
        kit.no(f"edited-{name}.txt", changed, why, **given)


def _json(value: Any) -> bytes:
    from kit.case import as_bytes  # noqa: PLC0415 - beside its one use

    return as_bytes(value)
