"""Approvals under a policy: who counts, which statement was signed, and the texts themselves."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha512
from typing import Any

from coldlever.shared.action import Network, Signable, UpdateIsolatedMargin
from coldlever.shared.action.actions import Noop, TopUpIsolatedOnlyMargin
from coldlever.shared.message.approvals_file import ApprovalsFile
from coldlever.shared.message.request import Request
from coldlever.shared.sshsig.edwards import ORDER
from coldlever.shared.sshsig.signature import signed_bytes
from coldlever.shared.statement import Approval, Case, Decision, namespace_of, statement_bytes
from coldlever.shared.statement.approval import approval_wire
from coldlever.shared.statement.text import batch_lines
from kit.case import MISSING, Kit, edited
from kit.keys import mixed_order_point
from kit.people import (
    ACCOUNT,
    ALICE,
    BOB,
    CAROL,
    DAVE,
    EXPIRY,
    MALLORY,
    NONCE,
    NOW,
    P256_ORDER,
    POLICY,
    TOUCHED,
    VAULT,
    WALLET,
    Approver,
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
    _security_keys(kit)
    _statements_signed(kit)
    _forged(kit)
    _times(kit)
    _batches(kit)
    _forms(kit)
    kit.section("approvals-file", "Approvals")
    _files(kit)
    kit.section("statement", "Approvals")
    _texts(kit)


def _under(kit: Kit, head: str) -> dict[str, Any]:
    """The treasury's policy with something more at its head."""
    slug = "".join(sign if sign.isalnum() else "-" for sign in head).strip("-")
    while "--" in slug:
        slug = slug.replace("--", "-")
    return {
        "policy": kit.put(f"policy/with-{slug}.toml", policy_text(head=head + "\n").encode()),
        "now": NOW,
    }


_GIVEN: dict[str, Any] = {"policy": "policy/treasury.toml", "now": NOW}
_REJECT, _PROPOSE = Decision.REJECT, Decision.PROPOSE


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
        ("rejected", (a, c, say(DAVE, decision=_REJECT)), "a rejection stops it"),
        (
            "rejected-by-who-approved",
            (a, c, say(ALICE, decision=_REJECT)),
            "in one round the rejection counts",
        ),
        (
            "approved-after-all",
            (a, c, say(ALICE, decision=_REJECT), say(ALICE, number=2)),
            "the highest round counts",
        ),
        (
            "rejected-later",
            (a, c, say(ALICE, decision=_REJECT, number=2)),
            "the highest round counts",
        ),
        ("round-99", (say(ALICE, number=99), c), "the last round"),
    ):
        kit.ok(f"{name}.json", request(*approvals), why, **_GIVEN)
    signed = envelope(approvals=(a, c))
    kit.ok("of-payload.json", signed, "a signed payload carries them on", **_GIVEN)
    kit.ok(
        "of-payload-nobody.json", envelope(), "a signed payload that nobody has approved", **_GIVEN
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
        **_GIVEN,
    )
    no_clock = {"policy": "policy/treasury.toml"}
    kit.ok("no-clock.json", request(a, c), "without a clock no approval ends", **no_clock)
    kit.no(
        "stranger.json",
        request(a, c, say(MALLORY)),
        "a key that is nobody's in the policy",
        **_GIVEN,
    )
    kit.no(
        "key-id-of-another.json",
        request(replace(a, key_id=d.key_id), c),
        "another person's key id",
        **_GIVEN,
    )
    kit.no(
        "decision-turned.json",
        request(replace(a, decision=_REJECT), c),
        "an approval turned into a rejection",
        **_GIVEN,
    )
    kit.no(
        "rejection-turned.json",
        request(replace(say(ALICE, decision=_REJECT), decision=Decision.APPROVE), c),
        "a rejection turned into an approval",
        **_GIVEN,
    )
    kit.no(
        "round-raised.json",
        request(replace(a, number=2), c),
        "the round is part of what was signed",
        **_GIVEN,
    )
    kit.no(
        "proposal-unwanted.json",
        request(a, c, say(DAVE, decision=_PROPOSE)),
        "a proposal by somebody whom the policy does not let propose",
        **_GIVEN,
    )
    proposers = _under(kit, 'proposers = ["alice"]')
    of_them = policy_of(policy_text(head='proposers = ["alice"]\n'))
    said = {name: say(who, policy=of_them) for name, who in _NAMES.items()}
    proposal = say(ALICE, decision=_PROPOSE, policy=of_them)
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
    counting = _under(kit, 'proposers = ["alice"]\nproposer-counts = true')
    counted = policy_of(policy_text(head='proposers = ["alice"]\nproposer-counts = true\n'))
    kit.ok(
        "proposer-counts.json",
        request(say(ALICE, decision=_PROPOSE, policy=counted), say(CAROL, policy=counted)),
        "proposing is agreeing too",
        **counting,
    )


def _security_keys(kit: Kit) -> None:
    pin = _under(kit, "pin = true")
    strict = policy_of(policy_text(head="pin = true\n"))
    for flags in (0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x07, 0x0D, 0x41, 0x81, 0xFF):
        for who in (BOB, CAROL):
            kind = "sk-ed25519" if who is BOB else "sk-ecdsa"
            is_good = flags in (0x01, 0x05)
            why = f"a signature with the flags {flags:02x}"
            put = kit.ok if is_good else kit.no
            put(
                f"{kind}-flags-{flags:02x}.json",
                request(say(who, flags=flags)),
                why + ("" if is_good else ": untouched, or with unknown ones"),
                **_GIVEN,
            )
            if flags in (0x01, 0x05):
                put = kit.ok if flags == 0x05 else kit.no
                put(
                    f"{kind}-pin-{flags:02x}.json",
                    request(say(who, policy=strict, flags=flags)),
                    why + ", where the policy wants the PIN",
                    **pin,
                )
    kit.ok(
        "ed25519-pin.json",
        request(say(ALICE, policy=strict)),
        "a key that is no security key has no PIN to ask for",
        **pin,
    )
    touched = say(BOB, flags=TOUCHED)
    lifted = touched.signature[:64] + b"\5" + touched.signature[65:]
    kit.no(
        "flags-lifted.json",
        request(replace(touched, signature=lifted)),
        "the PIN's flag set afterwards",
        **_GIVEN,
    )
    counter = touched.signature[:-1] + bytes((touched.signature[-1] ^ 1,))
    kit.no(
        "counter-changed.json",
        request(replace(touched, signature=counter)),
        "another counter than was signed",
        **_GIVEN,
    )
    kit.no(
        "sk-without-flags.json",
        request(replace(touched, signature=touched.signature[:64])),
        "a security key's signature without flags and counter",
        **_GIVEN,
    )
    alice = say(ALICE)
    kit.no(
        "ed25519-with-flags.json",
        request(replace(alice, signature=alice.signature + b"\1\0\0\0\5")),
        "flags and counter of a key that has none",
        **_GIVEN,
    )
    for name, application in {
        "webauthn": b"https://example.org",
        "empty": b"",
        "longer": b"ssh:treasury",
        "upper": b"SSH:",
    }.items():
        for who in (BOB, CAROL):
            kind = "sk-ed25519" if who is BOB else "sk-ecdsa"
            kit.no(
                f"{kind}-application-{name}.json",
                request(_of_application(who, application)),
                f"signed for the application {application.decode() or 'without a name'}, not ssh:",
                **_GIVEN,
            )


def _of_application(who: Approver, application: bytes) -> Approval:
    from hashlib import sha256  # noqa: PLC0415 - beside its one use

    seen = b"\5\0\0\0\5"
    data = sha256(_signed_by(who)).digest()
    numbers = who.sign_raw(sha256(application).digest() + seen + data)
    return replace(say(who), signature=numbers + seen)


def _signed_by(who: Approver) -> bytes:
    statement = statement_bytes(case_of(), POLICY.ref, who.key, Decision.APPROVE)
    return signed_bytes(namespace_of(Decision.APPROVE), statement)


def _statements_signed(kit: Kit) -> None:
    """The signature is good, over something else than what the request gives."""
    for name, case, why in (
        ("other-nonce", case_of(signable(nonce=NONCE + 1)), "another nonce"),
        ("other-network", case_of(signable(network=Network.TESTNET)), "the other network"),
        (
            "other-leverage",
            case_of(signable(action=signable().action.__class__(0, True, 40))),
            "another leverage",
        ),
        ("other-expiry", case_of(signable(expires_after=EXPIRY + 1)), "another expiry"),
        ("no-expiry", case_of(signable(expires_after=None)), "no expiry"),
        ("other-account", case_of(account=ACCOUNT), "an account that the request does not name"),
        ("vault", case_of(signable(vault=VAULT)), "a vault that the request does not have"),
        ("other-signer", Case(ACCOUNT, None, (signable(),), False), "another signer"),
    ):
        for who in (ALICE, CAROL):
            kit.no(
                f"{who.name}-{name}.json",
                request(replace(say(who, case), not_after=None)),
                f"approved was a request with {why}",
                **_GIVEN,
            )
    older = policy_of(policy_text(version="6"))
    kit.no(
        "other-policy.json",
        request(say(ALICE, policy=older)),
        "approved under another policy",
        **_GIVEN,
    )
    named = replace(say(ALICE, policy=older), policy=older.ref)
    kit.no(
        "other-policy-named.json",
        request(named),
        "approved under another policy, and it says so",
        **_GIVEN,
    )
    kit.no(
        "other-policy-digest.json",
        request(replace(say(ALICE), policy=replace(POLICY.ref, digest=bytes(32)))),
        "it names another policy of this version",
        **_GIVEN,
    )
    kit.ok(
        "policy-named.json",
        request(replace(say(ALICE), policy=POLICY.ref)),
        "it names the policy",
        **_GIVEN,
    )
    drafted = {"account": ACCOUNT}
    case = case_of(account=ACCOUNT)
    kit.ok(
        "account.json",
        request(say(ALICE, case), say(CAROL, case), **drafted),
        "the drafted account stands in the statement",
        **_GIVEN,
    )
    kit.no(
        "account-not-signed.json",
        request(say(ALICE), **drafted),
        "the statement named no account",
        **_GIVEN,
    )
    vault = case_of(signable(vault=VAULT))
    kit.ok(
        "vault.json",
        request(say(ALICE, vault), say(CAROL, vault), what=signable(vault=VAULT)),
        "the vault stands in the statement",
        **_GIVEN,
    )
    for name, action in (
        ("isolated", UpdateIsolatedMargin(3, True, 250_500_000)),
        ("isolated-micro", UpdateIsolatedMargin(3, False, -1)),
        ("top-up", TopUpIsolatedOnlyMargin(3, "2.5")),
    ):
        one = signable(action=action)
        kit.ok(
            f"action-{name}.json",
            request(say(ALICE, case_of(one)), say(CAROL, case_of(one)), what=one),
            "what the statement says of the action",
            **_GIVEN,
        )
    statement = statement_bytes(case_of(), POLICY.ref, ALICE.key, Decision.APPROVE)
    for name, text, why in (
        ("crlf", statement.replace(b"\n", b"\r\n"), "with CRLF"),
        ("no-newline", statement[:-1], "without the last newline"),
        ("two-newlines", statement + b"\n", "with a newline too many"),
        ("bom", b"\xef\xbb\xbf" + statement, "with a byte order mark"),
        ("upper-hex", statement.replace(b"digest: 0xbd", b"digest: 0xBD"), "with digits in upper case"),
        ("lower-address", statement.replace(WALLET.address.checksummed.encode(), WALLET.address.lower.encode()), "with an address in lower case"),
        ("line-more", statement + b"note: fine\n", "with a line more"),
        ("line-less", b"".join(line for line in statement.splitlines(keepends=True) if not line.startswith(b"account")), "with a line less"),
        ("lines-swapped", b"".join(sorted(statement.splitlines(keepends=True))), "with its lines in another order"),
        ("version-2", statement.replace(b"approval: 1", b"approval: 2"), "of another version"),
        ("proposal-title", statement.replace(b"coldlever approval", b"coldlever proposal"), "with another title"),
    ):  # fmt: skip
        raw = ALICE.sign(namespace_of(Decision.APPROVE), text).pack()
        kit.no(
            f"text-{name}.json",
            request(replace(say(ALICE), signature=raw)),
            f"the statement was signed {why}",
            **_GIVEN,
        )
    for name, space in {
        "propose": "propose@coldlever",
        "policy": "policy@coldlever",
        "market": "market@coldlever",
        "file": "file",
        "upper": "Approve@coldlever",
        "empty": "",
    }.items():
        for who in (ALICE, BOB):
            kit.no(
                f"namespace-{name}-{who.name}.json",
                request(
                    replace(
                        say(who),
                        signature=who.sign(
                            space, statement_bytes(case_of(), POLICY.ref, who.key, Decision.APPROVE)
                        ).pack(),
                    )
                ),
                f"signed in the namespace {space or 'without a name'}",
                **_GIVEN,
            )


def _forged(kit: Kit) -> None:
    """Signatures that one program takes and another does not, and ones that nobody takes."""
    good = say(ALICE)
    r, s = good.signature[:32], int.from_bytes(good.signature[32:], "little")
    k = int.from_bytes(sha512(r + ALICE.key.point + _signed_by(ALICE)).digest(), "little") % ORDER
    weak = mixed_order_point(r)
    k_weak = int.from_bytes(sha512(weak + ALICE.key.point + _signed_by(ALICE)).digest(), "little")
    nonce = (s - k * ALICE.scalar()) % ORDER
    s_weak = (nonce + k_weak * ALICE.scalar()) % ORDER
    identity = b"\1" + bytes(31)
    for name, signature, why in (
        ("s-plus-order", r + (s + ORDER).to_bytes(32, "little"), "S is not reduced"),
        ("s-negated", r + (ORDER - s).to_bytes(32, "little"), "S is its negative"),
        ("s-zero", r + bytes(32), "S is 0"),
        ("r-mixed-order", weak + s_weak.to_bytes(32, "little"), "R is of mixed order: who multiplies by the cofactor takes it"),
        ("r-identity", identity + (k * ALICE.scalar() % ORDER).to_bytes(32, "little"), "R is the identity, and the hash another"),
        ("r-not-canonical", b"\xee" + b"\xff" * 30 + b"\x7f" + bytes(32), "R in another spelling"),
        ("zeros", bytes(64), "nothing but zeros"),
        ("halves-swapped", good.signature[32:] + r, "R and S swapped"),
        ("of-sha256", _of_hash(ALICE, b"sha256"), "over sha256 of the statement"),
        ("bare", ALICE.sign_raw(statement_bytes(case_of(), POLICY.ref, ALICE.key, Decision.APPROVE)), "over the statement itself, without SSHSIG around"),
        ("reserved", _of_hash(ALICE, b"sha512", reserved=b"x"), "with something in the reserved field"),
        ("magic", _of_hash(ALICE, b"sha512", magic=b"SSHSIH"), "without the word SSHSIG"),
    ):  # fmt: skip
        kit.no(f"ed25519-{name}.json", request(replace(good, signature=signature)), why, **_GIVEN)
    sk = say(CAROL)
    left, right = (int.from_bytes(sk.signature[at : at + 32], "big") for at in (0, 32))
    rest = sk.signature[64:]

    def numbers(one: int, two: int) -> bytes:
        return one.to_bytes(32, "big") + two.to_bytes(32, "big") + rest

    kit.ok(
        "sk-ecdsa-other-half.json",
        request(replace(sk, signature=numbers(left, P256_ORDER - right))),
        "s need not be in the lower half",
        **_GIVEN,
    )
    for name, signature, why in (
        ("r-zero", numbers(0, right), "r is 0"),
        ("s-zero", numbers(left, 0), "s is 0"),
        ("r-order", numbers(P256_ORDER, right), "r is the order"),
        ("s-order", numbers(left, P256_ORDER), "s is the order"),
        ("swapped", numbers(right, left), "r and s swapped"),
        ("zeros", bytes(64) + rest, "nothing but zeros"),
        (
            "little-endian",
            sk.signature[:32][::-1] + sk.signature[32:64][::-1] + rest,
            "numbers the other way round",
        ),
    ):
        kit.no(f"sk-ecdsa-{name}.json", request(replace(sk, signature=signature)), why, **_GIVEN)
    for who in (ALICE, BOB, CAROL):
        said = say(who)
        for at in (0, 31, 32, 63):
            flipped = bytearray(said.signature)
            flipped[at] ^= 1
            kit.no(
                f"{who.name}-bit-{at}.json",
                request(replace(said, signature=bytes(flipped))),
                f"one bit of byte {at} changed",
                **_GIVEN,
            )


def _of_hash(
    who: Approver, name: bytes, *, reserved: bytes = b"", magic: bytes = b"SSHSIG"
) -> bytes:
    import hashlib  # noqa: PLC0415 - beside its one use

    from coldlever.shared.sshsig.fields import string  # noqa: PLC0415 - the same

    statement = statement_bytes(case_of(), POLICY.ref, who.key, Decision.APPROVE)
    digest = hashlib.new(name.decode(), statement).digest()
    data = magic + string(b"approve@coldlever") + string(reserved) + string(name) + string(digest)
    return who.sign_raw(data)


def _times(kit: Kit) -> None:
    early = NOW + 1000
    short = [say(who, not_after=early) for who in (ALICE, CAROL)]
    kit.ok("shorter.json", request(*short), "an approval may end before the payload", **_GIVEN)
    kit.ok(
        "last-moment.json",
        request(*short),
        "at its not after it still counts",
        **{**_GIVEN, "now": early},
    )
    kit.no(
        "over.json",
        request(*short),
        "a millisecond later it does not",
        **{**_GIVEN, "now": early + 1},
    )
    kit.no(
        "over-by-default.json",
        request(say(ALICE)),
        "without a not after it ends with the payload",
        **{**_GIVEN, "now": EXPIRY + 1},
    )
    kit.no(
        "outlives.json",
        request(say(ALICE, not_after=EXPIRY + 1)),
        "an approval that would outlive the payload",
        **_GIVEN,
    )
    kit.ok(
        "just-as-long.json",
        request(say(ALICE, not_after=EXPIRY)),
        "an approval that ends with the payload, and says so",
        **_GIVEN,
    )
    kit.no(
        "lengthened.json",
        request(replace(short[0], not_after=early + 1)),
        "its not after is part of what was signed",
        **_GIVEN,
    )
    kit.no(
        "made-default.json",
        request(replace(short[0], not_after=None)),
        "its not after is part of what was signed",
        **_GIVEN,
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


def _three() -> tuple[Signable, ...]:
    return (
        signable(),
        signable(nonce=NONCE + 1, action=UpdateIsolatedMargin(3, True, -250_500_000)),
        signable(
            nonce=NONCE + 2, action=TopUpIsolatedOnlyMargin(3, "2.5"), expires_after=EXPIRY + 1000
        ),
    )


def _batches(kit: Kit) -> None:
    three = _three()
    case = case_of(*three, is_batch=True)
    said = tuple(say(who, case) for who in (ALICE, CAROL))
    kit.ok(
        "batch.json",
        batch(*three, approvals=said),
        "a batch is approved as one list; it ends with its last request",
        **_GIVEN,
    )
    until = tuple(say(who, case, not_after=EXPIRY + 1000) for who in (ALICE, CAROL))
    kit.ok(
        "batch-until-the-last.json",
        batch(*three, approvals=until),
        "an approval of a batch may last as long as its last request",
        **_GIVEN,
    )
    kit.ok(
        "batch-after-the-first.json",
        batch(*three, approvals=until),
        "the first has ended, the approval has not",
        **{**_GIVEN, "now": EXPIRY + 500},
    )
    kit.no(
        "batch-outlives.json",
        batch(
            *three,
            approvals=tuple(say(who, case, not_after=EXPIRY + 1001) for who in (ALICE, CAROL)),
        ),
        "an approval that would outlive the last request",
        **_GIVEN,
    )
    kit.no(
        "batch-swapped.json",
        batch(three[1], three[0], three[2], approvals=said),
        "another order than was approved",
        **_GIVEN,
    )
    kit.no(
        "batch-shorter.json",
        batch(*three[:2], approvals=said),
        "one request less than was approved",
        **_GIVEN,
    )
    kit.no(
        "batch-longer.json",
        [*batch(*three, approvals=said), request(say(ALICE), what=signable(nonce=NONCE + 9))],
        "the fourth has an approval of another request",
        **_GIVEN,
    )
    kit.no(
        "batch-number.json",
        batch(*three, approvals=tuple(replace(one, requests=2) for one in said)),
        "it says that the batch has two",
        **_GIVEN,
    )
    kit.no(
        "batch-for-single.json",
        request(*said),
        "approvals of a batch at a single request",
        **_GIVEN,
    )
    kit.no(
        "single-for-batch.json",
        batch(*three, approvals=(say(ALICE), *said)),
        "an approval of a single request among those of the batch",
        **_GIVEN,
    )
    kit.ok(
        "batch-of-singles.json",
        [request(say(ALICE, case_of(one)), say(CAROL, case_of(one)), what=one) for one in three],
        "each request with approvals of its own",
        **_GIVEN,
    )
    kit.ok(
        "batch-of-one.json",
        batch(
            three[0],
            approvals=tuple(say(who, case_of(three[0], is_batch=True)) for who in (ALICE, CAROL)),
        ),
        "a batch of one is approved as a list",
        **_GIVEN,
    )
    noop = signable(nonce=NONCE + 5, action=Noop(), expires_after=None)
    kit.ok(
        "batch-with-noop.json",
        batch(noop, *three, approvals=said),
        "a noop is left out, and not numbered",
        **_GIVEN,
    )
    kit.no(
        "batch-two-vaults.json",
        [
            request(*said),
            request(what=signable(nonce=NONCE + 1, vault=VAULT)),
            request(what=three[2]),
        ],
        "approved as one, with two vaults",
        **_GIVEN,
    )
    kit.ok(
        "batch-two-batches.json",
        [*batch(*three, approvals=said), *_second_batch()],
        "two approved batches, one behind the other",
        **_GIVEN,
    )
    lines = batch_lines(three)
    listed = tuple(
        replace(say(who, case, not_after=EXPIRY), listed=lines) for who in (ALICE, CAROL)
    )
    kit.ok(
        "listed.json",
        request(*listed),
        "a single request, by the list of the batch that was approved",
        **_GIVEN,
    )
    kit.ok(
        "listed-later-end.json",
        request(
            *(
                replace(say(who, case, not_after=EXPIRY + 1000), listed=lines)
                for who in (ALICE, CAROL)
            )
        ),
        "with its list an approval may outlive this request",
        **_GIVEN,
    )
    kit.no(
        "listed-not-in.json",
        request(*listed, what=signable(nonce=NONCE + 7)),
        "a request that is not in the list",
        **_GIVEN,
    )
    forged = (lines[0].replace("10x", "40x"), *lines[1:])
    kit.no(
        "listed-forged.json",
        request(*(replace(one, listed=forged) for one in listed)),
        "a list in which a line was changed",
        **_GIVEN,
    )
    kit.no(
        "listed-forged-own.json",
        request(*(replace(one, listed=(*lines[:2], lines[0])) for one in listed), what=three[0]),
        "a list in which another line was changed",
        **_GIVEN,
    )
    kit.no(
        "listed-reordered.json",
        request(*(replace(one, listed=lines[::-1]) for one in listed)),
        "a list in another order",
        **_GIVEN,
    )


def _second_batch() -> list[dict[str, Any]]:
    two = (signable(nonce=NONCE + 20), signable(nonce=NONCE + 21))
    case = case_of(*two, is_batch=True)
    return batch(*two, approvals=tuple(say(who, case) for who in (BOB, DAVE)))


def _forms(kit: Kit) -> None:
    wire = approval_wire(say(ALICE))
    whole = {**wire, "requests": 3, "notAfter": EXPIRY, "list": list(batch_lines(_three()))}
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
    three = case_of(*_three(), is_batch=True)
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
    kit.ok("beside.json", request(), "approved by a file beside it", approvals=[path], **_GIVEN)
    kit.ok(
        "beside-and-inside.json",
        request(say(DAVE)),
        "approvals inside and in a file",
        approvals=[path],
        **_GIVEN,
    )
    kit.ok("beside-twice.json", request(), "the same file twice", approvals=[path, path], **_GIVEN)
    kit.ok(
        "beside-payload.json",
        envelope(),
        "a payload, approved by a file beside it",
        approvals=[path],
        **_GIVEN,
    )
    kit.ok(
        "beside-batch.json",
        batch(*_three()),
        "a batch, approved by a file beside it",
        approvals=[of_batch],
        **_GIVEN,
    )
    kit.ok(
        "beside-part.json",
        [request(), request(what=signable(nonce=NONCE + 30))],
        "a file for one of two: they are cases of their own",
        approvals=[path],
        **_GIVEN,
    )
    kit.no(
        "beside-other.json", request(), "a file for another request", approvals=[other], **_GIVEN
    )
    kit.no(
        "beside-testnet.json",
        request(),
        "a file for the other network",
        approvals=[testnet],
        **_GIVEN,
    )
    kit.no(
        "beside-batch-for-single.json",
        request(),
        "a file for a batch, without its list",
        approvals=[of_batch],
        **_GIVEN,
    )
    kit.no(
        "beside-request.json",
        request(),
        "a file beside it that holds no approvals",
        approvals=["request/plain.json"],
        **_GIVEN,
    )


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
        "batch": case_of(*_three(), is_batch=True),
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
            "policy": _GIVEN["policy"],
            "key": keys["alice"],
            "decision": "approve",
        }
        kit.ok(f"{name}.txt", text, "the statement of the document beside it", **given)
    plain, given = (
        cases["plain"],
        {
            "what": "statement",
            "document": "statement/plain.json",
            "policy": _GIVEN["policy"],
            "key": keys["alice"],
            "decision": "approve",
        },
    )
    for name, decision, number, until in (
        ("reject", _REJECT, 1, None),
        ("propose", _PROPOSE, 1, None),
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
