"""Public keys and signatures in OpenSSH's forms, and what is wrong with some of them."""

from __future__ import annotations

import base64

from coldlever.shared.sshsig import enarmor
from coldlever.shared.sshsig.fields import natural, string
from coldlever.shared.sshsig.public_key import KeyType
from coldlever.shared.sshsig.signature import SshSig
from kit.case import Kit
from kit.people import ALICE, BOB, CAROL, P256_ORDER, PEOPLE, Approver, person_text, policy_text

SMALL_ORDER = (
    "01" + "00" * 31,
    "ec" + "ff" * 30 + "7f",
    "00" * 32,
    "00" * 31 + "80",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
)
NOT_CANONICAL = (
    "01" + "00" * 30 + "80",
    "ec" + "ff" * 31,
    "ee" + "ff" * 30 + "7f",
    "ee" + "ff" * 31,
    "ed" + "ff" * 30 + "7f",
    "f0" + "ff" * 30 + "7f",
)
_FIELD = 2**255 - 19
_MESSAGE = b"coldlever approval: 1\n"
_SPACE = "approve@coldlever"


def mixed_order_point(point: bytes) -> bytes:
    """A point of the prime order, and the point of order two with it: (x, y) + (0, -1) = (-x, -y)."""
    y = int.from_bytes(point, "little") & ((1 << 255) - 1)
    return ((_FIELD - y) | ((1 - (point[31] >> 7)) << 255)).to_bytes(32, "little")


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("key", "Keys and signatures in OpenSSH's forms")
    _public(kit)
    kit.section("signature", "Keys and signatures in OpenSSH's forms")
    _armored(kit)


def _line(kind: str, blob: bytes, comment: str = "") -> str:
    return f"{kind} {base64.b64encode(blob).decode()}{comment}"


def _ed25519(point: bytes) -> str:
    return _line("ssh-ed25519", string(b"ssh-ed25519") + string(point))


def _sk(
    kind: KeyType, point: bytes, application: bytes = b"ssh:", curve: bytes = b"nistp256"
) -> str:
    name = kind.value.encode()
    middle = string(curve) if kind is KeyType.SK_P256 else b""
    return _line(kind.value, string(name) + middle + string(point) + string(application))


def _policy_with(line: str) -> str:
    """A policy in which erin has this key."""
    return policy_text(
        people=PEOPLE + person_text("erin", None, line),
        change='"2 of 5"',
        rules='[[rule]]\nname = "all"\nneeds = "1 of 5"\n',
    )


def _public(kit: Kit) -> None:
    point, other = ALICE.key.point[::-1], Approver("frank", KeyType.ED25519).key.point
    frank = Approver("frank", KeyType.SK_P256).key.point
    hybrid = bytes((6 | frank[-1] & 1,)) + frank[1:]
    compressed = bytes((2 | frank[-1] & 1,)) + frank[1:33]
    good = {
        "ed25519": (_ed25519(other), "an Ed25519 key"),
        "sk-ed25519": (_sk(KeyType.SK_ED25519, other), "an Ed25519 security key"),
        "sk-ecdsa": (_sk(KeyType.SK_P256, frank), "a P-256 security key"),
        "comment": (_ed25519(other) + " erin@work", "a comment behind the key is the person's own"),
    }
    for name, (line, why) in good.items():
        kit.ok(f"{name}.toml", _policy_with(line), why, what="policy")
    blob = string(b"ssh-ed25519") + string(other)
    bad = {
        **{f"small-order-{at}": (_ed25519(bytes.fromhex(text)), "a point of small order: one signature fits many messages") for at, text in enumerate(SMALL_ORDER)},
        **{f"not-canonical-{at}": (_ed25519(bytes.fromhex(text)), "a point in another spelling") for at, text in enumerate(NOT_CANONICAL)},
        **{f"sk-small-order-{at}": (_sk(KeyType.SK_ED25519, bytes.fromhex(SMALL_ORDER[at])), "a point of small order, as a security key's") for at in (0, 4)},
        "mixed-order": (_ed25519(mixed_order_point(other)), "a point of mixed order: programs differ over its signatures"),
        "sk-mixed-order": (_sk(KeyType.SK_ED25519, mixed_order_point(other)), "a point of mixed order, as a security key's"),
        "no-point": (_ed25519(_no_point()), "no point of the curve has this y"),
        "rsa": (_line("ssh-rsa", string(b"ssh-rsa") + string(b"\1\0\1") + string(b"\0" + b"\xab" * 256)), "RSA does not count"),
        "dsa": (_line("ssh-dss", string(b"ssh-dss") + string(b"\1") * 4), "DSA does not count"),
        "ecdsa": (_line("ecdsa-sha2-nistp256", string(b"ecdsa-sha2-nistp256") + string(b"nistp256") + string(frank)), "plain ECDSA does not count"),
        "sk-ecdsa-webauthn": (_line("webauthn-sk-ecdsa-sha2-nistp256@openssh.com", string(b"webauthn-sk-ecdsa-sha2-nistp256@openssh.com") + string(b"nistp256") + string(frank) + string(b"ssh:")), "a kind that does not count"),
        "certificate": (_line("ssh-ed25519-cert-v01@openssh.com", string(b"ssh-ed25519-cert-v01@openssh.com") + string(other)), "a certificate is no key"),
        "ed25519-31": (_ed25519(other[:31]), "31 bytes"),
        "ed25519-33": (_ed25519(other + b"\0"), "33 bytes"),
        "trailing": (_line("ssh-ed25519", blob + b"\0"), "bytes behind the key"),
        "truncated": (_line("ssh-ed25519", blob[:-1]), "a key that ends early"),
        "other-type-inside": (_line("ssh-ed25519", string(b"ssh-ed448") + string(other)), "the type in front is not the one inside"),
        "sk-type-in-front": (_line("sk-ssh-ed25519@openssh.com", blob), "the type in front is not the one inside"),
        "application-other": (_sk(KeyType.SK_ED25519, other, b"ssh:treasury"), "another application than ssh:"),
        "application-web": (_sk(KeyType.SK_P256, frank, b"https://example.org"), "another application than ssh:"),
        "application-empty": (_sk(KeyType.SK_ED25519, other, b""), "another application than ssh:"),
        "p256-compressed": (_sk(KeyType.SK_P256, compressed), "points are uncompressed"),
        "p256-hybrid": (_sk(KeyType.SK_P256, hybrid), "points are uncompressed, and nothing but"),
        "p256-off-curve": (_sk(KeyType.SK_P256, frank[:-1] + bytes((frank[-1] ^ 1,))), "no point of the curve"),
        "p256-infinity": (_sk(KeyType.SK_P256, b"\0"), "the point at infinity"),
        "p256-zeros": (_sk(KeyType.SK_P256, b"\4" + bytes(64)), "no point of the curve"),
        "p256-above-field": (_sk(KeyType.SK_P256, b"\4" + b"\xff" * 64), "coordinates above the field"),
        "p384": (_sk(KeyType.SK_P256, frank, curve=b"nistp384"), "another curve"),
        "base64-spaces": ("ssh-ed25519  " + base64.b64encode(blob).decode(), "two spaces"),
        "base64-padding": ("ssh-ed25519 " + base64.b64encode(blob).decode() + "==", "padding that does not belong there"),
        "base64-bits": (_dirty_bits(blob), "base64 that is not canonical"),
        "base64-url": ("ssh-ed25519 " + base64.urlsafe_b64encode(string(b"ssh-ed25519") + string(_with_slash())).decode(), "the other alphabet of base64"),
        "options": ("cert-authority " + _ed25519(other), "options in front"),
        "empty": ("", "no key"),
        "fingerprint": ("SHA256:" + "A" * 43, "a fingerprint is no key"),
        "same-as-alice": (ALICE.key.line, "a key stands with one person"),
        "same-with-comment": (ALICE.key.line + " again", "a key stands with one person, whatever its comment"),
    }  # fmt: skip
    assert len(point) == len(other)
    for name, (line, why) in bad.items():
        kit.no(f"{name}.toml", _policy_with(line), why, what="policy")


def _no_point() -> bytes:
    d = -121665 * pow(121666, -1, _FIELD) % _FIELD
    for y in range(2, 100):
        square = (y * y - 1) * pow(d * y * y + 1, -1, _FIELD) % _FIELD
        if pow(square, (_FIELD - 1) // 2, _FIELD) == _FIELD - 1:
            return y.to_bytes(32, "little")
    raise ValueError("all of them are points")


def _dirty_bits(blob: bytes) -> str:
    """The same key with unused bits of the last sign set, where there are any."""
    long = string(b"sk-ssh-ed25519@openssh.com") + blob[15:] + string(b"ssh:")
    text = base64.b64encode(long).decode()
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bare = text.rstrip("=")
    if bare == text:
        raise ValueError("no unused bits")
    return (
        "sk-ssh-ed25519@openssh.com "
        + bare[:-1]
        + signs[signs.index(bare[-1]) + 1]
        + text[len(bare) :]
    )


def _with_slash() -> bytes:
    """A point whose base64 has a sign of the other alphabet."""
    for number in range(100):
        point = Approver(f"slash {number}", KeyType.ED25519).key.point
        if set("+/") & set(base64.b64encode(string(b"ssh-ed25519") + string(point)).decode()):
            return point
    raise ValueError("none of them has one")


def _blob(who: Approver, **parts: bytes) -> bytes:
    """An SSHSIG of the message with some of its fields replaced."""
    raw = who.sign(_SPACE, _MESSAGE)
    whole = SshSig(who.key, _SPACE, raw).to_blob()
    head = b"SSHSIG" + (1).to_bytes(4, "big") + string(who.key.blob)
    tail = whole[len(head) + len(string(_SPACE.encode()) + string(b"") + string(b"sha512")) :]
    return (
        parts.get("magic", b"SSHSIG")
        + parts.get("version", (1).to_bytes(4, "big"))
        + string(parts.get("key", who.key.blob))
        + string(parts.get("namespace", _SPACE.encode()))
        + string(parts.get("reserved", b""))
        + string(parts.get("hash", b"sha512"))
        + (string(parts["signature"]) if "signature" in parts else tail)
        + parts.get("end", b"")
    )


def _armored(kit: Kit) -> None:
    message = kit.put("signature/message.txt", _MESSAGE)
    for who in (ALICE, BOB, CAROL):
        kit.put(f"key/{who.name}.pub", f"{who.key.line}\n".encode())

    def given(who: Approver) -> dict[str, str]:
        return {
            "what": "signature",
            "message": message,
            "key": f"key/{who.name}.pub",
            "namespace": _SPACE,
        }

    for who in (ALICE, BOB, CAROL):
        kit.ok(
            f"{who.name}.sig",
            enarmor(_blob(who)),
            f"a signature of {who.kind.value}, as ssh-keygen writes it",
            **given(who),
        )
    text = enarmor(_blob(ALICE))
    kit.ok("no-last-newline.sig", text[:-1], "without the last newline", **given(ALICE))
    kit.ok("76-columns.sig", _rewrapped(text, 76), "lines of 76 signs", **given(ALICE))
    other = Approver("frank", KeyType.ED25519)
    numbers = ALICE.sign(_SPACE, _MESSAGE).numbers
    named = string(b"ssh-ed25519") + string(numbers)
    sk = CAROL.sign(_SPACE, _MESSAGE)
    r, s = (int.from_bytes(part, "big") for part in (sk.numbers[:32], sk.numbers[32:]))
    seen = sk.pack()[64:]

    def ecdsa(one: bytes, two: bytes, rest: bytes = seen, more: bytes = b"") -> bytes:
        return string(CAROL.kind.value.encode()) + string(one + two + more) + rest

    for name, who, blob, why in (
        ("sha256", ALICE, _blob(ALICE, hash=b"sha256"), "another hash than sha512"),
        ("version-0", ALICE, _blob(ALICE, version=bytes(4)), "another version than 1"),
        ("version-2", ALICE, _blob(ALICE, version=(2).to_bytes(4, "big")), "another version than 1"),
        ("magic", ALICE, _blob(ALICE, magic=b"SSHSIH"), "not the word SSHSIG"),
        ("namespace", ALICE, _blob(ALICE, namespace=b"file"), "another namespace"),
        ("namespace-empty", ALICE, _blob(ALICE, namespace=b""), "no namespace"),
        ("namespace-nul", ALICE, _blob(ALICE, namespace=b"approve@coldlever\0"), "a namespace with something behind it"),
        ("reserved", ALICE, _blob(ALICE, reserved=b"x"), "something in the reserved field"),
        ("trailing", ALICE, _blob(ALICE, end=b"\0"), "a byte behind the end"),
        ("trailing-inside", ALICE, _blob(ALICE, signature=named + b"\0"), "a byte behind the signature"),
        ("other-key", ALICE, _blob(other), "another person's signature"),
        ("key-of-another", ALICE, _blob(ALICE, key=other.key.blob), "another key inside"),
        ("type-of-another", ALICE, _blob(ALICE, signature=string(b"ssh-rsa") + string(numbers)), "key and signature of different types"),
        ("numbers-63", ALICE, _blob(ALICE, signature=string(b"ssh-ed25519") + string(numbers[:-1])), "63 bytes of numbers"),
        ("numbers-65", ALICE, _blob(ALICE, signature=string(b"ssh-ed25519") + string(numbers + b"\0")), "65 bytes of numbers"),
        ("truncated", ALICE, _blob(ALICE)[:-1], "it ends early"),
        ("empty", ALICE, b"SSHSIG", "it ends early"),
        ("sk-no-counter", CAROL, _blob(CAROL, signature=ecdsa(natural(r), natural(s), seen[:-1])), "a counter of three bytes"),
        ("sk-leading-zero", CAROL, _blob(CAROL, signature=ecdsa(string(b"\0\0" + r.to_bytes(32, "big")), natural(s))), "a number longer than it needs"),
        ("sk-negative", CAROL, _blob(CAROL, signature=ecdsa(_negative(r, s), natural(s))), "a number whose first bit makes it negative"),
        ("sk-large", CAROL, _blob(CAROL, signature=ecdsa(natural(r + (1 << 256)), natural(s))), "a number of more than 32 bytes"),
        ("sk-plus-order", CAROL, _blob(CAROL, signature=ecdsa(natural(r + P256_ORDER), natural(s))), "a number that is not reduced"),
        ("sk-third-number", CAROL, _blob(CAROL, signature=ecdsa(natural(r), natural(s), seen, natural(1))), "a third number"),
        ("sk-trailing", CAROL, _blob(CAROL, signature=ecdsa(natural(r), natural(s)) + b"\0"), "a byte behind the counter"),
    ):  # fmt: skip
        kit.no(f"{name}.sig", enarmor(blob), why, **given(who))
    for flags in (0x00, 0x02, 0x04, 0x41):
        raw = BOB.sign(_SPACE, _MESSAGE, flags)
        kit.no(
            f"flags-{flags:02x}.sig",
            enarmor(SshSig(BOB.key, _SPACE, raw).to_blob()),
            f"flags {flags:02x}: ssh-keygen takes it all the same",
            **given(BOB),
        )
    kit.no(
        "no-pin.sig",
        enarmor(SshSig(BOB.key, _SPACE, BOB.sign(_SPACE, _MESSAGE, 1)).to_blob()),
        "without the PIN that is wanted",
        **given(BOB),
        pin=True,
    )
    begin, *middle, end = text.splitlines()
    for name, changed, why in (
        ("crlf", text.replace("\n", "\r\n"), "lines end with LF alone"),
        ("text-before", "x\n" + text, "something before it"),
        ("text-behind", text + "x\n", "something behind it"),
        ("two", text + text, "two signatures"),
        ("blank-line", f"{begin}\n\n" + "\n".join(middle) + f"\n{end}\n", "an empty line"),
        ("space-in-line", text.replace(middle[0], " " + middle[0]), "a space in front of a line"),
        ("other-title", text.replace("SSH SIGNATURE", "SSH2 SIGNATURE"), "another title"),
        ("lower-title", text.replace("BEGIN", "Begin"), "another title"),
        ("long-lines", _rewrapped(text, 400), "lines longer than 76 signs"),
        ("no-end", "\n".join((begin, *middle, "")), "no end"),
        ("sign", text.replace(middle[0][:4], "!" + middle[0][1:4]), "a sign that base64 does not have"),
        ("padding-inside", f"{begin}\n{middle[0]}=\n" + "\n".join(middle[1:]) + f"\n{end}\n", "padding before the end"),
    ):  # fmt: skip
        kit.no(f"armor-{name}.sig", changed, why, **given(ALICE))


def _negative(r: int, s: int) -> bytes:
    number = r if r >> 255 else s
    return string((number | 1 << 255).to_bytes(32, "big"))


def _rewrapped(text: str, columns: int) -> str:
    begin, *middle, end = text.splitlines()
    joined = "".join(middle)
    lines = [joined[at : at + columns] for at in range(0, len(joined), columns)]
    return "\n".join((begin, *lines, end, ""))
