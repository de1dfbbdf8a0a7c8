"""Public keys as OpenSSH writes them: which kinds count, their fingerprints, and their quality."""

from __future__ import annotations

import base64
import binascii
import enum
import re
from dataclasses import dataclass
from hashlib import sha256

from coldlever.shared.errors import InputRefused, RuleRefused
from coldlever.shared.printable import quoted
from coldlever.shared.sshsig.edwards import point_problem
from coldlever.shared.sshsig.fields import Reader, string

KEY_ID_BYTES = 8
_ED25519_BYTES = 32
_P256_BYTES = 65
_P256_NAME = b"nistp256"
# Another application is a key for another purpose: a web login, or a vault of its own.
APPLICATION = b"ssh:"
_MAX_LINE = 1000
# The comment behind the key is the person's own and not looked at.
_LINE = re.compile(r"([a-z0-9@.-]{1,60}) ([A-Za-z0-9+/]+={0,2})(?: [^\r\n]*)?")


class KeyType(enum.Enum):
    """The kinds of keys that count, by OpenSSH's names."""

    ED25519 = "ssh-ed25519"
    SK_ED25519 = "sk-ssh-ed25519@openssh.com"
    SK_P256 = "sk-ecdsa-sha2-nistp256@openssh.com"

    @property
    def is_security_key(self) -> bool:
        """Whether it lives in a FIDO2 device, which adds flags and a counter to its signatures."""
        return self is not KeyType.ED25519


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key that has been found sound.

    Args:
        kind: its type.
        point: 32 bytes (Ed25519) or 65 (P-256, uncompressed).
    """

    kind: KeyType
    point: bytes

    @property
    def blob(self) -> bytes:
        """The key as OpenSSH has it inside base64."""
        name = string(self.kind.value.encode("ascii"))
        if self.kind is KeyType.ED25519:
            return name + string(self.point)
        curve = string(_P256_NAME) if self.kind is KeyType.SK_P256 else b""
        return name + curve + string(self.point) + string(APPLICATION)

    @property
    def line(self) -> str:
        """The key as a line of ``authorized_keys``, without a comment."""
        return f"{self.kind.value} {base64.b64encode(self.blob).decode('ascii')}"

    @property
    def fingerprint(self) -> str:
        """``SHA256:…``, as ssh-keygen prints it."""
        digest = base64.b64encode(sha256(self.blob).digest()).decode("ascii")
        return "SHA256:" + digest.rstrip("=")

    @property
    def key_id(self) -> bytes:
        """The first 8 bytes of the fingerprint's hash: the key's name inside QR codes."""
        return sha256(self.blob).digest()[:KEY_ID_BYTES]


def parse_public_key(line: str) -> PublicKey:
    """Read a line of ``authorized_keys`` or of a ``.pub`` file.

    Raises:
        InputRefused: ``bad-public-key`` when it is none.
        RuleRefused: ``weak-key`` for kinds and points that do not count.
    """
    text = line.strip(" \n")
    match = _LINE.fullmatch(text) if len(text) <= _MAX_LINE else None
    if match is None:
        raise _no_key(f"found {quoted(text, limit=60)}")
    try:
        blob = base64.b64decode(match[2], validate=True)
    except binascii.Error:
        raise _no_key("its base64 is damaged") from None
    if base64.b64encode(blob).decode("ascii") != match[2]:
        raise _no_key("its base64 is not canonical")
    if not blob.startswith(string(match[1].encode("ascii"))):
        raise _no_key("the type in front is not the one inside")
    try:
        return parse_blob(blob)
    except RuleRefused as error:
        if error.code == "weak-key":
            raise
        raise _no_key(error.message) from None


def parse_blob(blob: bytes) -> PublicKey:
    """Read a key as it stands inside signatures.

    Raises:
        RuleRefused: ``approval-invalid`` when it is malformed, ``weak-key`` when it does not count.
    """
    reader = Reader(blob)
    name = reader.string()
    kind = next((kind for kind in KeyType if kind.value.encode("ascii") == name), None)
    if kind is None:
        raise weak(f"of the kind {quoted(name.decode('latin-1'), limit=60)}", _KINDS)
    if kind is KeyType.SK_P256 and reader.string() != _P256_NAME:
        raise weak("on another curve than nistp256", _KINDS)
    point = reader.string()
    if kind.is_security_key and reader.string() != APPLICATION:
        raise weak(
            'a security key of another application than "ssh:"',
            "make it with `ssh-keygen -t ed25519-sk`, without -O application=",
        )
    reader.end()
    require_sound(kind, point)
    return PublicKey(kind, point)


def require_sound(kind: KeyType, point: bytes) -> None:
    """Refuse points that many could sign with, or that programs judge differently.

    Raises:
        RuleRefused: ``weak-key``.
    """
    size = _P256_BYTES if kind is KeyType.SK_P256 else _ED25519_BYTES
    if len(point) != size:
        raise weak(f"{len(point)} bytes long instead of {size}", _ANOTHER)
    problem = _p256_problem(point) if kind is KeyType.SK_P256 else point_problem(point)
    if problem is not None:
        raise weak(problem, _ANOTHER)


def _p256_problem(point: bytes) -> str | None:
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - only for approvals

    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return "no point of the curve"
    return None


def weak(what: str, remedy: str) -> RuleRefused:
    """``weak-key``: the words follow "the key is"."""
    return RuleRefused("weak-key", f"the key is {what}", remedy)


_KINDS = "use ssh-ed25519, or a security key: sk-ssh-ed25519 or sk-ecdsa-sha2-nistp256"
_ANOTHER = "no honest program makes such a key: have its owner make another one"


def _no_key(reason: str) -> InputRefused:
    return InputRefused(
        "bad-public-key",
        f"not a public key of OpenSSH: {reason}",
        "copy the one line of its .pub file",
    )
