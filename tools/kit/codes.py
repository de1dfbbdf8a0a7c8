"""Texts of QR codes: the UR around, the CBOR inside, and what it says."""

from __future__ import annotations

import json
from typing import Any

from coldlever.shared.compact.codec import encode
from coldlever.shared.message.any import load_message
from coldlever.shared.ur import UrEncoder, encode_ur
from coldlever.shared.ur.bytewords import WORDS
from kit.approvals import request, sheet
from kit.case import Kit
from kit.cbor import cbor
from kit.changes import agree
from kit.markets import ENTRIES, table
from kit.people import (
    ACCOUNT,
    ALICE,
    BOB,
    CAROL,
    DAVE,
    NONCE,
    VAULT,
    case_of,
    policy_of,
    policy_text,
    say,
    signable,
)
from kit.proofs import proven
from kit.requests import ENTRY, ISOLATED, KILLS, NOOP, PLAIN_REQUEST, TOP_UP
from kit.signed import ENVELOPE, envelope

_RULES = "Rules"


def text_of(document: Any) -> str:
    """The code of a document, as coldlever writes it."""
    return encode_ur(*encode(load_message(json.dumps(document).encode(), "document"))) + "\n"


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("code", _RULES)
    _good(kit)
    kit.section("code", "The text around")
    _around(kit)
    _parts(kit)


def _good(kit: Kit) -> None:
    two = case_of()
    new = policy_text(version="8")
    change = {
        "kind": "coldlever/policy-change",
        "version": 1,
        "old": None,
        "policy": new,
        "approvals": [],
    }
    said = [agree(who, None, policy_of(new)) for who in (ALICE, BOB)]
    agreed = sorted(
        (
            {
                "decision": "approve",
                "keyId": "0x" + one.key_id.hex(),
                "signature": "0x" + one.signature.hex(),
            }
            for one in said
        ),
        key=lambda one: one["keyId"],
    )
    for name, document, why in (
        ("request", PLAIN_REQUEST, "a request"),
        ("request-everything", {**PLAIN_REQUEST, "market": ENTRY, "current": {"isCross": True, "leverage": 5}, "note": "caf\u00e9", "account": ACCOUNT.checksummed, "position": {"size": "-0.25", "marginBefore": "10.5"}}, "a request with all that is not signed"),
        ("request-isolated", {**PLAIN_REQUEST, "action": ISOLATED, "vaultAddress": VAULT.lower}, "an updateIsolatedMargin with a vault"),
        ("request-top-up", {**PLAIN_REQUEST, "action": TOP_UP}, "a topUpIsolatedOnlyMargin"),
        ("request-noop", {**NOOP, "kills": KILLS}, "a revocation"),
        ("request-proof", proven(), "a request with the proof of its market"),
        ("request-approvals", request(*sorted((say(ALICE), say(CAROL)), key=lambda one: one.key_id)), "a request with approvals"),
        ("requests", [PLAIN_REQUEST, {**PLAIN_REQUEST, "nonce": NONCE + 1}], "a batch of requests"),
        ("requests-one", [PLAIN_REQUEST], "a batch of one"),
        ("signed", ENVELOPE, "the signed payload of the page of codes"),
        ("signed-account", envelope(account=ACCOUNT), "a signed payload with an account"),
        ("signed-approvals", envelope(approvals=tuple(sorted((say(BOB), say(DAVE)), key=lambda one: one.key_id))), "a signed payload with approvals"),
        ("signed-batch", [ENVELOPE, envelope(signable(nonce=NONCE + 1))], "a batch of signed payloads"),
        ("market", table(ENTRIES, CAROL).to_wire(), "an attested market table"),
        ("market-plain", table().to_wire(), "a market table"),
        ("approvals", sheet(two, *sorted((say(ALICE), say(BOB)), key=lambda one: one.key_id)), "approvals"),
        ("policy", {**change, "approvals": agreed}, "a change of policy"),
        ("policy-none-yet", change, "a change of policy to which nobody has agreed yet"),
    ):  # fmt: skip
        kit.ok(f"{name}.txt", text_of(document), why, what="code")
    entry = encode_ur(
        "cl-market-entry", cbor({0: 0, 1: 0, 2: "BTC", 3: 40, 4: 0, 5: False, 6: NONCE})
    )
    kit.ok("market-entry.txt", entry + "\n", "a market entry by itself", what="code")
    kit.ok(
        "json.txt",
        json.dumps(PLAIN_REQUEST) + "\n",
        "a JSON document as the text of a code",
        what="code",
    )
    kit.ok(
        "network-named.txt",
        text_of(PLAIN_REQUEST),
        "the person names the same network",
        what="code",
        network="mainnet",
    )
    kit.no(
        "network-contradicted.txt",
        text_of(PLAIN_REQUEST),
        "the person names another network",
        what="code",
        network="testnet",
    )


def _around(kit: Kit) -> None:
    """The text form of a UR."""
    good = text_of(ENVELOPE).strip()
    prefix, kind, words = (
        good.split("/")[0].split(":")[0],
        good.split("/")[0][3:],
        good.split("/")[1],
    )
    kit.ok("lower.txt", good.lower() + "\n", "in lower case it is the same", what="code")
    mixed = "".join(sign.lower() if at % 2 else sign for at, sign in enumerate(good))
    kit.ok("mixed-case.txt", mixed + "\n", "in mixed case it is the same", what="code")
    whole = " ".join(WORDS[at] for at in _bytes_of(words))
    for name, text, why in (
        ("checksum", good[:-2] + ("AE" if good[-2:] != "AE" else "AD"), "the last byte of the checksum is another"),
        ("byte", f"UR:{kind}/" + ("AE" if words[:2] != "AE" else "AD") + words[2:], "another byte than the checksum is of"),
        ("words-less", good[:-2], "two letters less"),
        ("letter-less", good[:-1], "a letter less"),
        ("no-such-word", good[:-2] + "QQ", "letters that are no word"),
        ("digits", good[:-2] + "12", "digits among the words"),
        ("whole-words", f"ur:{kind.lower()}/{whole}", "words in their long form"),
        ("space", good.replace("/", "/ "), "a space inside"),
        ("no-scheme", good[3:], "no UR: in front"),
        ("other-scheme", good.replace("UR:", "URI:"), "another scheme"),
        ("unknown-type", good.replace(kind, "CL-SECRET"), "a type that is not coldlever's"),
        ("crypto-type", good.replace(kind, "CRYPTO-PSBT"), "a type that is not coldlever's"),
        ("wrong-type", good.replace(kind, "CL-REQUEST"), "a type whose content has other keys"),
        ("batch-type", good.replace(kind, "CL-SIGNED-BATCH"), "a batch is an array"),
        ("underscore-type", good.replace(kind, "CL_SIGNED"), "no UR type"),
        ("no-type", good.replace(kind, ""), "no type"),
        ("no-words", f"UR:{kind}/", "nothing inside"),
        ("empty-message", f"UR:{kind}/AEAEAEAE", "a checksum and nothing before it"),
        ("kelvin", good.replace("K", "\u212a", 1), "a sign whose lower case is a k"),
        ("wide-letter", good.replace("A", "\uff21", 1), "letters that are no ASCII"),
        ("fragment", good + "#x", "something behind it"),
        ("part-of-none", good.replace("/", "/1-0/"), "part 1 of none"),
        ("part-zero", good.replace("/", "/0-1/"), "part 0"),
        ("part-of-one", good.replace("/", "/1-1/"), "a part whose content is none"),
        ("empty", "", "no code"),
        ("link", "https://example.org/", "a code that has nothing to do with this"),
    ):  # fmt: skip
        kit.no(f"{name}.txt", text + "\n", why, what="code")
    assert prefix == "UR"
    kit.no(
        "json-twice.txt",
        '{"network": "mainnet", "network": "mainnet"}\n',
        "a JSON document with a key twice",
        what="code",
    )


def _bytes_of(words: str) -> list[int]:
    minimal = {word[0] + word[-1]: at for at, word in enumerate(WORDS)}
    return [minimal[words[at : at + 2].lower()] for at in range(0, len(words), 2)]


def _parts(kit: Kit) -> None:
    """A message spread over several codes; each line is one of them."""
    message = load_message(
        json.dumps([envelope(signable(nonce=NONCE + at)) for at in range(4)]).encode(), "document"
    )
    encoder = UrEncoder(*encode(message), 60)
    parts = [encoder.next_part() for _ in range(30)]
    needed = int(parts[0].split("/")[1].split("-")[1])
    other = UrEncoder(*encode(load_message(json.dumps([ENVELOPE] * 4).encode(), "document")), 60)
    stranger = other.next_part()

    def lines(chosen: list[str]) -> str:
        return "\n".join(chosen) + "\n"

    kit.ok("parts.txt", lines(parts[:needed]), "each part once, in order", what="code")
    kit.ok(
        "parts-reversed.txt",
        lines(parts[:needed][::-1]),
        "each part once, the other way round",
        what="code",
    )
    kit.ok(
        "parts-repeated.txt",
        lines(parts[:2] * 2 + parts[2:needed]),
        "some parts twice",
        what="code",
    )
    kit.ok(
        "parts-mixed.txt",
        lines(parts[3:]),
        "mixed parts in the place of the first three",
        what="code",
    )
    kit.ok(
        "parts-stranger.txt",
        lines([parts[0], stranger, *parts[1:needed]]),
        "a part of another message among them is left out",
        what="code",
    )
    kit.ok(
        "parts-damaged.txt",
        lines([parts[0], parts[1][:-2] + "AE", *parts[1:needed]]),
        "a damaged part among them is left out",
        what="code",
    )
    kit.no("parts-missing.txt", lines(parts[: needed - 1]), "one part is missing", what="code")
    kit.no("part-alone.txt", lines(parts[:1]), "one part of several", what="code")
    renumbered = parts[1].replace(f"/2-{needed}/", f"/3-{needed}/")
    kit.no(
        "part-renumbered.txt",
        lines([parts[0], renumbered, *parts[2:needed]]),
        "the number outside is not the one inside",
        what="code",
    )
