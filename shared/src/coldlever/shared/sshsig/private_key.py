"""Approver keys: Ed25519 in OpenSSH's own encrypted file, which ssh-keygen and agents read.

An approver key moves no money and signs no action; a wallet key has no place here. The file is
aes256-ctr behind bcrypt, 100 rounds (about a second).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coldlever.shared.errors import InputRefused, RuleRefused
from coldlever.shared.sshsig.public_key import KeyType, PublicKey
from coldlever.shared.sshsig.signature import RawSignature, SshSig, signed_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MAX_BYTES = 16 << 10
DEFAULT_ROUNDS = 100
SEED_BYTES = 32
_HEAD = b"-----BEGIN OPENSSH PRIVATE KEY-----"


@dataclass(frozen=True, slots=True)
class ApproverKey:
    """An opened approver key; `repr` and comparison do not touch the secret.

    Args:
        public: its public half.
    """

    public: PublicKey
    _secret: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"ApproverKey({self.public.fingerprint})"

    def seed(self) -> bytes:
        """The secret itself, 32 bytes, to lock it anew."""
        return self._secret.private_bytes_raw()

    def sign(self, namespace: str, message: bytes) -> SshSig:
        """Sign a statement for one purpose.

        Args:
            namespace: such as ``approve@coldlever``.
            message: the statement's bytes.
        """
        raw = RawSignature(self._secret.sign(signed_bytes(namespace, message)))
        return SshSig(self.public, namespace, raw)


def seal_key(seed: bytes, passphrase: str, rounds: int = DEFAULT_ROUNDS) -> bytes:
    """The bytes of a new, encrypted key file.

    Args:
        seed: 32 random bytes.
        passphrase: normalised, and strong enough.
        rounds: of bcrypt.
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - only for approvals
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - the same

    encryption = (
        serialization.PrivateFormat.OpenSSH.encryption_builder()
        .kdf_rounds(rounds)
        .build(passphrase.encode("utf-8"))
    )
    secret = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    return secret.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, encryption
    )


def public_of(seed: bytes) -> PublicKey:
    """The public half of a key, from its 32 bytes."""
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - see above

    secret = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    return PublicKey(KeyType.ED25519, secret.public_key().public_bytes_raw())


def open_key(data: bytes, passphrase: str | None, source: str) -> ApproverKey:
    """Open a key file.

    Args:
        data: its bytes.
        passphrase: as typed; None for a file that is not encrypted.
        source: its name, printable.

    Raises:
        InputRefused: ``not-an-approver-key``.
        RuleRefused: ``wrong-passphrase``, or ``weak-key`` for other kinds.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - only for approvals
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - the same

    if not data.startswith(_HEAD):
        raise _no_key(source)
    try:
        secret = serialization.load_ssh_private_key(
            data, None if passphrase is None else passphrase.encode("utf-8")
        )
    except (ValueError, TypeError) as error:
        if _is_wrong_passphrase(error):
            raise RuleRefused(
                "wrong-passphrase",
                f"{source}: the passphrase does not open this key",
                "check the keyboard layout and Caps Lock",
            ) from None
        raise _no_key(source) from None
    except UnsupportedAlgorithm:
        raise _no_key(source) from None
    if not isinstance(secret, ed25519.Ed25519PrivateKey):
        raise _no_key(source)
    point = secret.public_key().public_bytes_raw()
    return ApproverKey(PublicKey(KeyType.ED25519, point), secret)


def _is_wrong_passphrase(error: Exception) -> bool:
    # cryptography has one class for all of these, and no other mark.
    text = str(error).lower()
    return "password" in text or "checksum" in text


def _no_key(source: str) -> InputRefused:
    return InputRefused(
        "not-an-approver-key",
        f"{source}: not an Ed25519 key in OpenSSH's format",
        "make one with `approver new`, or `ssh-keygen -t ed25519`; a security key signs with "
        "ssh-keygen itself",
    )
