"""A policy that a keystore is sealed to: its text lies in the file, its digest in the passphrase.

    passphrase' = hex(HMAC-SHA-256(key = policy digest,
                                   message = "coldlever/seal/1" || 0x00 || passphrase))

Whoever changes, swaps or removes the text changes the passphrase that opens the file. It is an
ordinary V3 keystore with one member more, so that openssl and any wallet recover the key.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256

from coldlever.shared.errors import RuleRefused
from coldlever.shared.reading import JsonValue, Where, as_object, as_string
from coldlever.shared.statement import PolicyRef
from coldlever.shared.statement.policy_ref import parse_policy_ref
from coldlever.signer.key.passphrase import normalise

MEMBER = "coldlever"
_TAG = b"coldlever/seal/1\0"
_MAX_TEXT = 32 << 10


@dataclass(frozen=True, slots=True)
class SealedPolicy:
    """The policy inside a keystore file.

    Args:
        ref: its version and digest; the digest is that of the text.
        text: the policy file's bytes.
    """

    ref: PolicyRef
    text: bytes

    def passphrase(self, typed: str) -> str:
        """The passphrase that the file itself is locked with.

        Args:
            typed: what the person typed; taken in Unicode form C.
        """
        message = _TAG + normalise(typed).encode("utf-8")
        return hmac.digest(self.ref.digest, message, "sha256").hex()

    def to_wire(self) -> dict[str, object]:
        """The member ``coldlever`` of the keystore file."""
        return {"policy": self.ref.to_wire(), "text": self.text.decode("utf-8")}


def parse_sealed(value: JsonValue, where: Where) -> SealedPolicy | None:
    """Read the member ``coldlever``; None where there is none.

    Raises:
        InputRefused: malformed.
        RuleRefused: ``policy-mismatch`` when the text is not the one that the digest names.
    """
    if value is None:
        return None
    fields = as_object(value, where, ("policy", "text"))
    ref = parse_policy_ref(fields["policy"], where.key("policy"))
    text = as_string(fields["text"], where.key("text"), _MAX_TEXT).encode("utf-8", "replace")
    if sha256(text).digest() != ref.digest:
        raise RuleRefused(
            "policy-mismatch",
            f"{where}: the policy's text in this keystore is not the one whose digest it names",
            "do not use this file: it was altered; take a backup",
        )
    return SealedPolicy(ref, text)
