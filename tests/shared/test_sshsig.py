"""SSHSIG signatures and OpenSSH keys: what is taken, and what ssh-keygen takes and we do not."""

import base64
import struct
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from coldlever.shared.errors import ColdleverError, InputRefused, RuleRefused
from coldlever.shared.sshsig import (
    RawSignature,
    SshSig,
    dearmor,
    enarmor,
    open_key,
    parse_public_key,
    parse_sshsig,
    seal_key,
    verify_signature,
)
from coldlever.shared.sshsig.edwards import ORDER
from coldlever.shared.sshsig.fields import natural, string
from coldlever.shared.sshsig.public_key import KeyType, PublicKey, parse_blob
from coldlever.shared.sshsig.signature import signed_bytes, unpack

SPACE = "approve@coldlever"
MESSAGE = b"coldlever approval: 1\n"
LIGHT = 1
SEED = bytes(range(32))
KEY = open_key(seal_key(SEED, "phrase", LIGHT), "phrase", "k")
# The eight points of small order, as RFC 7748's and others' lists have them, and other spellings.
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]
NOT_CANONICAL = [
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


def refused(code, do, *arguments, **named):
    with pytest.raises(ColdleverError) as caught:
        do(*arguments, **named)
    assert caught.value.code == code
    return caught.value


def line_of(point, kind=b"ssh-ed25519"):
    blob = string(kind) + string(point)
    return f"{kind.decode()} {base64.b64encode(blob).decode()}"


def mixed_order_point():
    """A good key plus the point of order two."""
    point = ed25519.Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
    y = int.from_bytes(point, "little") & ((1 << 255) - 1)
    sign = point[31] >> 7
    # (x, y) + (0, -1) = (-x, -y)
    return ((2**255 - 19 - y) | ((1 - sign) << 255)).to_bytes(32, "little")


def test_a_key_of_ours_signs_and_is_verified():
    made = KEY.sign(SPACE, MESSAGE)
    again = parse_sshsig(dearmor(enarmor(made.to_blob())))
    assert again == made
    verify_signature(KEY.public, SPACE, MESSAGE, again.raw)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ("propose@coldlever", MESSAGE),
        (SPACE, MESSAGE + b"\n"),
        (SPACE, MESSAGE[:-1]),
        (SPACE, MESSAGE.replace(b"\n", b"\r\n")),
        (SPACE, b""),
    ],
)
def test_another_purpose_or_message_is_refused(space, message):
    made = KEY.sign(SPACE, MESSAGE)
    refused("approval-invalid", verify_signature, KEY.public, space, message, made.raw)


def test_a_malleated_signature_is_refused():
    raw = KEY.sign(SPACE, MESSAGE).raw
    s = int.from_bytes(raw.numbers[32:], "little") + ORDER
    changed = RawSignature(raw.numbers[:32] + s.to_bytes(32, "little"))
    error = refused("approval-invalid", verify_signature, KEY.public, SPACE, MESSAGE, changed)
    assert "not reduced" in error.message


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_keys_of_small_order_are_refused(point):
    error = refused("weak-key", parse_public_key, line_of(bytes.fromhex(point)))
    assert "small order" in error.message or "canonical" in error.message


def test_the_identity_would_have_verified_one_signature_for_any_message():
    identity = bytes.fromhex(SMALL_ORDER[0])
    constant = identity + bytes(32)
    key = ed25519.Ed25519PublicKey.from_public_bytes(identity)
    for number in range(16):
        key.verify(constant, b"message %d" % number)  # the library takes it
    refused("weak-key", parse_public_key, line_of(identity))


@pytest.mark.parametrize("point", NOT_CANONICAL)
def test_keys_in_another_spelling_are_refused(point):
    error = refused("weak-key", parse_public_key, line_of(bytes.fromhex(point)))
    assert "canonical" in error.message


def test_a_key_of_mixed_order_is_refused():
    assert (
        "mixed order" in refused("weak-key", parse_public_key, line_of(mixed_order_point())).message
    )


def test_bytes_that_are_no_point_are_refused():
    bad = next(
        bytes((n,)) + bytes(31) for n in range(2, 40) if _is_no_point(bytes((n,)) + bytes(31))
    )
    assert "no point" in refused("weak-key", parse_public_key, line_of(bad)).message


def _is_no_point(encoded):
    from coldlever.shared.sshsig.edwards import point_problem

    return point_problem(encoded) == "no point of the curve"


@given(st.binary(min_size=32, max_size=32))
@settings(max_examples=60, deadline=None)
def test_every_key_that_a_seed_makes_is_sound(seed):
    point = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    assert parse_public_key(line_of(point)).point == point


@pytest.mark.parametrize("kind", ["ssh-rsa", "ssh-dss", "ecdsa-sha2-nistp256", "ssh-ed448"])
def test_other_kinds_of_keys_are_refused_by_name(kind):
    error = refused("weak-key", parse_public_key, line_of(bytes(32), kind.encode()))
    assert kind in error.message


def sk_blob(application=b"ssh:", kind=b"sk-ssh-ed25519@openssh.com"):
    return string(kind) + string(KEY.public.point) + string(application)


def sk_line(**named):
    return f"sk-ssh-ed25519@openssh.com {base64.b64encode(sk_blob(**named)).decode()}"


@pytest.mark.parametrize("application", [b"ssh:coldlever", b"", b"SSH:", b"https://example.org"])
def test_a_security_key_of_another_application_is_refused(application):
    refused("weak-key", parse_public_key, sk_line(application=application))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        KEY.public.line + "=",
        KEY.public.line.replace("ssh-ed25519 ", "ssh-rsa "),
        'command="x" ' + KEY.public.line,
        KEY.public.line + "\nssh-ed25519 AAAA",
        KEY.public.line.replace(" ", "\u00a0"),
    ],
)
def test_what_is_no_line_of_a_public_key_is_refused(line):
    refused("bad-public-key", parse_public_key, line)


def test_a_comment_is_passed_over():
    assert parse_public_key(KEY.public.line + " alice@desk") == KEY.public


def sk_signature(flags, *, counter=5, application=b"ssh:", message=MESSAGE, space=SPACE):
    secret = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)
    seen = bytes((flags,)) + struct.pack(">I", counter)
    data = signed_bytes(space, message)
    return RawSignature(
        secret.sign(sha256(application).digest() + seen + sha256(data).digest()), flags, counter
    )


SK_KEY = PublicKey(KeyType.SK_ED25519, KEY.public.point)


def test_a_touched_security_key_is_verified():
    assert sk_signature(0x01).flags == 1
    verify_signature(SK_KEY, SPACE, MESSAGE, sk_signature(0x01))
    verify_signature(SK_KEY, SPACE, MESSAGE, sk_signature(0x05), needs_pin=True)


@pytest.mark.parametrize(
    ("flags", "needs_pin", "words"),
    [
        (0x00, False, "not touched"),
        (0x04, False, "not touched"),
        (0x01, True, "no PIN"),
        (0x03, False, "unknown flags"),
        (0x81, False, "unknown flags"),
    ],
)
def test_a_security_key_without_touch_or_pin_is_refused(flags, needs_pin, words):
    raw = sk_signature(flags)
    error = refused(
        "approval-invalid", verify_signature, SK_KEY, SPACE, MESSAGE, raw, needs_pin=needs_pin
    )
    assert words in error.message


def test_flags_that_were_changed_afterwards_are_refused():
    raw = sk_signature(0x00)
    forged = RawSignature(raw.numbers, 0x01, raw.counter)
    refused("approval-invalid", verify_signature, SK_KEY, SPACE, MESSAGE, forged)


def test_a_signature_for_another_application_is_refused():
    raw = sk_signature(0x01, application=b"ssh:other")
    refused("approval-invalid", verify_signature, SK_KEY, SPACE, MESSAGE, raw)


def test_flags_do_not_belong_to_an_ordinary_key():
    raw = KEY.sign(SPACE, MESSAGE).raw
    refused(
        "approval-invalid",
        verify_signature,
        KEY.public,
        SPACE,
        MESSAGE,
        RawSignature(raw.numbers, 1, 1),
    )
    refused("approval-invalid", verify_signature, SK_KEY, SPACE, MESSAGE, raw)


def p256_pair():
    secret = ec.derive_private_key(0xC01D, ec.SECP256R1())
    numbers = secret.public_key().public_numbers()
    point = b"\4" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    return secret, PublicKey(KeyType.SK_P256, point)


def p256_signature():
    from cryptography.hazmat.primitives.hashes import SHA256

    secret, _ = p256_pair()
    seen = b"\1" + struct.pack(">I", 9)
    data = sha256(b"ssh:").digest() + seen + sha256(signed_bytes(SPACE, MESSAGE)).digest()
    r, s = decode_dss_signature(secret.sign(data, ec.ECDSA(SHA256())))
    return RawSignature(r.to_bytes(32, "big") + s.to_bytes(32, "big"), 1, 9)


def test_a_p256_security_key_is_verified_and_its_bytes_come_back():
    _, key = p256_pair()
    made = SshSig(key, SPACE, p256_signature())
    again = parse_sshsig(made.to_blob())
    assert again == made
    assert parse_public_key(key.line) == key
    verify_signature(key, SPACE, MESSAGE, again.raw)


def test_a_p256_point_off_the_curve_is_refused():
    _, key = p256_pair()
    off = key.point[:-1] + bytes((key.point[-1] ^ 1,))
    refused("weak-key", parse_blob, PublicKey(KeyType.SK_P256, off).blob)
    refused("weak-key", parse_blob, PublicKey(KeyType.SK_P256, b"\2" + key.point[1:33]).blob)


def test_zero_numbers_of_ecdsa_are_refused():
    _, key = p256_pair()
    refused(
        "approval-invalid", verify_signature, key, SPACE, MESSAGE, RawSignature(bytes(64), 1, 9)
    )


GOOD = KEY.sign(SPACE, MESSAGE).to_blob()


@pytest.mark.parametrize(
    "blob",
    [
        GOOD + b"\0",
        GOOD[:-1],
        b"",
        b"SSHSIG",
        GOOD.replace(struct.pack(">I", 1), struct.pack(">I", 0), 1),
        GOOD.replace(struct.pack(">I", 1), struct.pack(">I", 2), 1),
        GOOD.replace(string(b"sha512"), string(b"sha256")),
        GOOD.replace(string(SPACE.encode()) + string(b""), string(SPACE.encode()) + string(b"x")),
        GOOD.replace(string(SPACE.encode()), string(b"approve\xc3\xa4coldlever")),
        GOOD.replace(b"SSHSIG", b"SSHSIH"),
        b"\0" * 2000,
    ],
)
def test_another_form_of_signature_is_refused(blob):
    refused("approval-invalid", parse_sshsig, blob)


def test_a_number_that_is_not_in_its_shortest_form_is_refused():
    _, key = p256_pair()
    blob = SshSig(key, SPACE, p256_signature()).to_blob()
    raw = p256_signature()
    r = natural(int.from_bytes(raw.numbers[:32], "big"))
    assert natural(0x80) == string(b"\x00\x80")
    longer = string(b"\0" + r[4:])
    # The lengths around it follow, so that nothing else is wrong.
    inner = r + natural(int.from_bytes(raw.numbers[32:], "big"))
    if inner not in blob:  # ECDSA draws anew each time
        blob = SshSig(key, SPACE, raw).to_blob()
    name = string(b"sk-ecdsa-sha2-nistp256@openssh.com")
    tail = raw.pack()[64:]
    changed = longer + inner[len(r) :]
    bad = blob.replace(string(name + string(inner) + tail), string(name + string(changed) + tail))
    assert bad != blob
    refused("approval-invalid", parse_sshsig, bad)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "x",
        lambda text: text + "\n",
        lambda text: "\n" + text,
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("END SSH", "END  SSH"),
        lambda text: text[: len(text) // 2],
        lambda text: text + text,
    ],
)
def test_armor_takes_nothing_around_the_signature(change):
    refused("approval-invalid", dearmor, change(enarmor(GOOD)))


def test_armor_without_its_last_line_end_is_taken():
    assert dearmor(enarmor(GOOD)[:-1]) == GOOD


@given(st.binary(max_size=200) | st.just(GOOD).map(lambda b: b[:-3] + b"abc"))
@settings(max_examples=300, deadline=None)
def test_foreign_bytes_raise_nothing_but_refusals(data):
    assert {_refusal(read, data) for read in (parse_sshsig, parse_blob, unpack)} <= {
        "approval-invalid",
        "weak-key",
        None,
    }


def _refusal(read, data):
    try:
        read(data)
    except RuleRefused as error:
        return error.code
    return None


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
@settings(max_examples=200, deadline=None)
def test_no_changed_byte_of_a_signature_passes(position, change):
    blob = bytearray(GOOD)
    blob[position] ^= change
    with pytest.raises(RuleRefused):
        _verify_as_ours(bytes(blob))


def _verify_as_ours(blob):
    read = parse_sshsig(blob)
    assert read.to_blob() == blob
    if read.key != KEY.public or read.namespace != SPACE:
        raise RuleRefused("other", "another key or purpose")
    verify_signature(read.key, read.namespace, MESSAGE, read.raw)


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_foreign_text_raises_nothing_but_refusals(text):
    for read in (dearmor, parse_public_key):
        with pytest.raises((RuleRefused, InputRefused)):
            read(text)


def test_a_key_file_opens_with_its_passphrase_alone():
    data = seal_key(SEED, "phrase", LIGHT)
    assert refused("wrong-passphrase", open_key, data, "other", "k").remedy
    refused("wrong-passphrase", open_key, data, None, "k")
    refused("not-an-approver-key", open_key, b"{}", "phrase", "k")
    refused("not-an-approver-key", open_key, data[:120], "phrase", "k")
    assert "phrase" not in repr(KEY)
    assert SEED.hex() not in repr(KEY)
