"""Approvals that a careless checker takes: flags, other texts, and forged numbers."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha512

from coldlever.shared.action import Network, UpdateIsolatedMargin
from coldlever.shared.action.actions import TopUpIsolatedOnlyMargin
from coldlever.shared.sshsig.edwards import ORDER
from coldlever.shared.sshsig.signature import signed_bytes
from coldlever.shared.statement import Approval, Case, Decision, namespace_of, statement_bytes
from kit.approvals import GIVEN, request, under
from kit.case import Kit
from kit.keys import mixed_order_point
from kit.people import (
    ACCOUNT,
    ALICE,
    BOB,
    CAROL,
    EXPIRY,
    NONCE,
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


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("approval", "Approvals")
    _security_keys(kit)
    _statements_signed(kit)
    _forged(kit)


def _security_keys(kit: Kit) -> None:
    pin = under(kit, "pin = true")
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
                **GIVEN,
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
        **GIVEN,
    )
    counter = touched.signature[:-1] + bytes((touched.signature[-1] ^ 1,))
    kit.no(
        "counter-changed.json",
        request(replace(touched, signature=counter)),
        "another counter than was signed",
        **GIVEN,
    )
    kit.no(
        "sk-without-flags.json",
        request(replace(touched, signature=touched.signature[:64])),
        "a security key's signature without flags and counter",
        **GIVEN,
    )
    alice = say(ALICE)
    kit.no(
        "ed25519-with-flags.json",
        request(replace(alice, signature=alice.signature + b"\1\0\0\0\5")),
        "flags and counter of a key that has none",
        **GIVEN,
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
                **GIVEN,
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
                **GIVEN,
            )
    older = policy_of(policy_text(version="6"))
    kit.no(
        "other-policy.json",
        request(say(ALICE, policy=older)),
        "approved under another policy",
        **GIVEN,
    )
    named = replace(say(ALICE, policy=older), policy=older.ref)
    kit.no(
        "other-policy-named.json",
        request(named),
        "approved under another policy, and it says so",
        **GIVEN,
    )
    kit.no(
        "other-policy-digest.json",
        request(replace(say(ALICE), policy=replace(POLICY.ref, digest=bytes(32)))),
        "it names another policy of this version",
        **GIVEN,
    )
    kit.ok(
        "policy-named.json",
        request(replace(say(ALICE), policy=POLICY.ref)),
        "it names the policy",
        **GIVEN,
    )
    drafted = {"account": ACCOUNT}
    case = case_of(account=ACCOUNT)
    kit.ok(
        "account.json",
        request(say(ALICE, case), say(CAROL, case), **drafted),
        "the drafted account stands in the statement",
        **GIVEN,
    )
    kit.no(
        "account-not-signed.json",
        request(say(ALICE), **drafted),
        "the statement named no account",
        **GIVEN,
    )
    vault = case_of(signable(vault=VAULT))
    kit.ok(
        "vault.json",
        request(say(ALICE, vault), say(CAROL, vault), what=signable(vault=VAULT)),
        "the vault stands in the statement",
        **GIVEN,
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
            **GIVEN,
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
            **GIVEN,
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
                **GIVEN,
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
        kit.no(f"ed25519-{name}.json", request(replace(good, signature=signature)), why, **GIVEN)
    sk = say(CAROL)
    left, right = (int.from_bytes(sk.signature[at : at + 32], "big") for at in (0, 32))
    rest = sk.signature[64:]

    def numbers(one: int, two: int) -> bytes:
        return one.to_bytes(32, "big") + two.to_bytes(32, "big") + rest

    kit.ok(
        "sk-ecdsa-other-half.json",
        request(replace(sk, signature=numbers(left, P256_ORDER - right))),
        "s need not be in the lower half",
        **GIVEN,
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
        kit.no(f"sk-ecdsa-{name}.json", request(replace(sk, signature=signature)), why, **GIVEN)
    for who in (ALICE, BOB, CAROL):
        said = say(who)
        for at in (0, 31, 32, 63):
            flipped = bytearray(said.signature)
            flipped[at] ^= 1
            kit.no(
                f"{who.name}-bit-{at}.json",
                request(replace(said, signature=bytes(flipped))),
                f"one bit of byte {at} changed",
                **GIVEN,
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
